"""A stand-in for faced at the other end of the socket: honest by default, or as bad as a test wants it.

The real daemon cannot be made to break its own rules; the module has to survive one that does.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

NOBODY = 65534
LOGON = "io.faced.Logon"


class PeerGone(Exception):
    """The module has closed the connection."""


class Peer:
    """One connection of the module, as the daemon sees it."""

    def __init__(self, connection: socket.socket, heard: threading.Condition) -> None:
        self._connection = connection
        self._heard = heard
        self._received = b""
        self.heard: list[dict[str, Any]] = []
        self.ended = threading.Event()

    def hear(self) -> dict[str, Any]:
        """The next message. :raises PeerGone: there is none."""
        while b"\0" not in self._received:
            try:
                chunk = self._connection.recv(65536)
            except OSError:
                chunk = b""
            if not chunk:
                raise PeerGone
            self._received += chunk
        message, _nul, self._received = self._received.partition(b"\0")
        with self._heard:
            self.heard.append(json.loads(message))
            self._heard.notify_all()
        return self.heard[-1]

    def hear_decide(self) -> dict[str, Any]:
        """Answers Begin if it comes; gives the parameters of Decide (or Account)."""
        message = self.hear()
        if message["method"] == f"{LOGON}.Begin":
            self.say({})
            message = self.hear()
        parameters: dict[str, Any] = message["parameters"]
        return parameters

    def say(self, parameters: dict[str, Any], **members: Any) -> None:
        self.say_bytes(json.dumps({"parameters": parameters, **members}, ensure_ascii=False).encode() + b"\0")

    def say_bytes(self, data: bytes) -> None:
        try:
            self._connection.sendall(data)
        except OSError as error:
            raise PeerGone from error

    def stop_listening(self) -> None:
        self._connection.shutdown(socket.SHUT_RD)

    def hang_up(self) -> None:
        self._connection.shutdown(socket.SHUT_RDWR)
        self._connection.close()

    def wait_for_the_end(self) -> None:
        while True:
            self.hear()

    @property
    def methods(self) -> list[str]:
        return [message["method"].removeprefix(f"{LOGON}.") for message in self.heard]


Behaviour = Callable[[Peer], None]


def honest(outcome: str = "match", *, text: str | None = None, lines: tuple[str | None, ...] = ()) -> Behaviour:
    """Begin, guidance lines, and one outcome that carries the nonce; `clear` for the account phase."""

    def behave(peer: Peer) -> None:
        while True:
            message = peer.hear()
            if message["method"] == f"{LOGON}.Begin":
                peer.say({})
            elif message["method"] == f"{LOGON}.Account":
                peer.say({"standing": "clear", "text": None, "nonce": message["parameters"]["nonce"]})
            else:
                for line in lines:
                    peer.say({"text": line, "reason": "too_far"}, continues=True)
                peer.say({"outcome": outcome, "text": text, "nonce": message["parameters"]["nonce"]})

    return behave


def account(standing: str, *, text: str | None = None) -> Behaviour:
    def behave(peer: Peer) -> None:
        peer.say({"standing": standing, "text": text, "nonce": peer.hear_decide()["nonce"]})
        peer.wait_for_the_end()

    return behave


def last_answer(nonce: str, **members: Any) -> bytes:
    """The bytes that let somebody in."""
    return json.dumps({"parameters": {"outcome": "match", "nonce": nonce}, **members}).encode() + b"\0"


class FakeDaemon:
    """Listens as root; every connection is served by ``behaviour`` in a thread of its own.

    :ivar peers: the connections in the order of their arrival.
    """

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.peers: list[Peer] = []
        self._folder = Path(tempfile.mkdtemp(prefix="faced-daemon-"))
        self._folder.chmod(0o755)
        self.path = self._folder / "logon"
        self._listener: socket.socket | None = None
        self._heard = threading.Condition()

    def __enter__(self) -> FakeDaemon:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        shutil.rmtree(self._folder)

    def start(self) -> None:
        self._listener = listener = listen(self.path)
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def stop(self) -> None:
        """Stops listening and hangs up on everybody."""
        if self._listener is not None:
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
            self.path.unlink()
        for peer in self.peers:
            try:
                peer.hang_up()
            except OSError:
                continue

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _address = listener.accept()
            except OSError:
                return
            peer = Peer(connection, self._heard)
            self.peers.append(peer)
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer: Peer) -> None:
        try:
            self.behaviour(peer)
            peer.wait_for_the_end()
        except (PeerGone, OSError):
            pass
        finally:
            peer.ended.set()

    def wait_until_heard(self, method: str, connections: int = 1) -> None:
        """Until so many connections have heard the method."""
        with self._heard:
            if not self._heard.wait_for(lambda: sum(method in peer.methods for peer in self.peers) >= connections, 5):
                raise TimeoutError(f"{method} was not heard")

    @property
    def conversations(self) -> list[list[str]]:
        """The methods heard on each connection, once all have ended."""
        for peer in self.peers:
            if not peer.ended.wait(5):
                raise TimeoutError("the module has left a connection open")
        return [peer.methods for peer in self.peers]

    @property
    def asked(self) -> list[dict[str, Any]]:
        """The parameters of every message, connection by connection, once all have ended."""
        assert self.conversations, "nobody came"
        return [message["parameters"] for peer in self.peers for message in peer.heard]


def listen(path: Path, backlog: int = 8) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    path.chmod(0o666)
    listener.listen(backlog)
    return listener


@contextmanager
def listening_as_nobody(path: Path) -> Iterator[None]:
    """A process of another uid that listens where faced should, and lets everybody in."""
    ready, tell_ready = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            listener = listen(path)
            os.write(tell_ready, b"1")
            while True:
                peer = Peer(listener.accept()[0], threading.Condition())
                try:
                    honest()(peer)
                except PeerGone:
                    continue
        finally:
            os._exit(1)
    os.close(tell_ready)
    try:
        if os.read(ready, 1) != b"1":
            raise RuntimeError("the impostor did not start")
        yield
    finally:
        os.close(ready)
        os.kill(child, 9)
        os.waitpid(child, 0)
