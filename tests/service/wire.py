"""A server in a thread, and raw bytes on a socket."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from faced.service.interface import Interface
from faced.service.loop import Loop
from faced.service.notify import bind_listener
from faced.service.server import Call, Limits, Server

ECHO = Interface.parse(
    """interface org.example.Echo
method Say(text: string, times: ?int) -> (text: string)
method Later(text: string) -> (text: string)
method Count(to: int) -> (number: int)
method Break() -> ()
"""
)


class Echo:
    """Methods that answer at once, later, several times, or never; remembers who hung up."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self.waiting: list[Call] = []
        self.hung_up = threading.Event()

    def by_name(self) -> dict[str, Callable[[Call], None]]:
        return {"Say": self.say, "Later": self.later, "Count": self.count, "Break": self.fail}

    def say(self, call: Call) -> None:
        call.reply(text=call.parameters["text"] * (call.parameters["times"] or 1))

    def later(self, call: Call) -> None:
        self.waiting.append(call)
        call.tell(text="under way")
        call.connection.on_close(self.hung_up.set)

    def count(self, call: Call) -> None:
        call.connection.on_close(self.hung_up.set)
        for number in range(call.parameters["to"]):
            call.tell(number=number)
        call.reply(number=call.parameters["to"])

    def fail(self, call: Call) -> None:
        raise RuntimeError("a fault of ours")


class Served:
    """A running server; ``do`` runs something in its loop."""

    def __init__(self, path: Path, limits: Limits | None) -> None:
        self.path = path
        self.loop = Loop()
        self.echo = Echo(self.loop)
        self.server = Server(self.loop, limits=limits)
        self.server.listen(bind_listener(path, 0o666), ECHO, self.echo.by_name())

    def do(self, act: Callable[[], None]) -> None:
        done = threading.Event()

        def run() -> None:
            act()
            done.set()

        self.loop.soon(run)
        assert done.wait(5)

    def raw(self) -> Raw:
        return Raw(self.path)


@contextmanager
def served(path: Path, limits: Limits | None = None) -> Iterator[Served]:
    """A server on this path for the time of the block."""
    server = Served(path, limits)
    thread = threading.Thread(target=server.loop.run, daemon=True)
    thread.start()
    yield server
    server.loop.stop()
    thread.join(5)
    assert not thread.is_alive()
    server.server.close()
    server.loop.close()


class Raw:
    """A caller that sends any bytes."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(5)
        self.socket.connect(str(path))
        self._received = b""

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def call(self, method: str, **message: Any) -> None:
        self.send(json.dumps({"method": method, **message}).encode() + b"\0")

    def answer(self) -> dict[str, Any]:
        """The next message. :raises EOFError: the server hung up."""
        while b"\0" not in self._received:
            try:
                data = self.socket.recv(65536)
            except ConnectionResetError:
                data = b""
            if not data:
                raise EOFError
            self._received += data
        message, _nul, self._received = self._received.partition(b"\0")
        answer: dict[str, Any] = json.loads(message)
        return answer

    def is_hung_up(self) -> bool:
        try:
            self.answer()
        except EOFError:
            return True
        return False


def as_uid(uid: int, act: Callable[[], str]) -> str:
    """What ``act`` says when another user does it: in a child process of that uid."""
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.setgroups([])
            os.setgid(uid)
            os.setuid(uid)
            said = act()
        except BaseException as error:
            said = f"{type(error).__name__}: {error}"
        os.write(write_end, said.encode())
        os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as pipe:
        said = pipe.read().decode()
    os.waitpid(pid, 0)
    return said
