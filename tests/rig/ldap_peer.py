"""Directory servers that misbehave: they accept, and then do what no honest server does."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable
from typing import Self

_PROTOCOL_ERROR, _SUCCESS = 2, 0
_BIND_RESPONSE, _SEARCH_ENTRY, _SEARCH_DONE, _EXTENDED_RESPONSE = 0x61, 0x64, 0x65, 0x78


def reply(request: bytes, kind: int, code: int) -> bytes:
    """A response without more than a result code (RFC 4511, 4.1.9)."""
    start = 2 + (request[1] & 0x7F if request[1] & 0x80 else 0)
    message_id = request[start : start + 2 + request[start + 1]]
    body = message_id + bytes([kind, 7, 0x0A, 1, code, 4, 0, 4, 0])
    return bytes([0x30, len(body)]) + body


class LdapPeer:
    """A server on a loopback port that runs ``behave`` for each connection, in a thread, and notes all it receives."""

    def __init__(self, behave: Callable[[LdapPeer, socket.socket], None]) -> None:
        self._behave = behave
        self.received = bytearray()
        self.connections = 0
        self.done = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.done.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(timeout=5)

    @property
    def plain_url(self) -> str:
        """For StartTLS."""
        return f"ldap://127.0.0.1:{self.port}"

    @property
    def tls_url(self) -> str:
        """For TLS from the start."""
        return f"ldaps://127.0.0.1:{self.port}"

    def read(self, sock: socket.socket) -> bytes:
        """Whatever comes next, noted."""
        sock.settimeout(0.05)
        while not self.done.is_set():
            try:
                data = sock.recv(65536)
            except TimeoutError:
                continue
            except OSError:
                return b""
            self.received += data
            return data
        return b""

    def _accept(self) -> None:
        while not self.done.is_set():
            try:
                sock, _address = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(sock,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError), sock:
            self._behave(self, sock)


def silent(peer: LdapPeer, sock: socket.socket) -> None:
    """Takes everything and answers nothing."""
    while peer.read(sock):
        pass


def refuses_starttls(peer: LdapPeer, sock: socket.socket) -> None:
    """What a man in the middle does who strips StartTLS, hoping for a password in the clear."""
    sock.sendall(reply(peer.read(sock), _EXTENDED_RESPONSE, _PROTOCOL_ERROR))
    silent(peer, sock)


def feigns_starttls(peer: LdapPeer, sock: socket.socket) -> None:
    """Agrees to StartTLS and goes on in the clear, with a success to whatever is asked next."""
    sock.sendall(reply(peer.read(sock), _EXTENDED_RESPONSE, _SUCCESS))
    while request := peer.read(sock):
        sock.sendall(reply(request, _BIND_RESPONSE, _SUCCESS))


def injects(peer: LdapPeer, sock: socket.socket) -> None:
    """Agrees to StartTLS and puts answers in the clear behind it, to be taken for what came inside TLS."""
    request = peer.read(sock)
    forged = bytearray(request)
    forged[3 + request[3]] += 1
    sock.sendall(reply(request, _EXTENDED_RESPONSE, _SUCCESS) + reply(bytes(forged), _BIND_RESPONSE, _SUCCESS))
    silent(peer, sock)


def ignores_paging(peer: LdapPeer, sock: socket.socket) -> None:
    """Lets everybody in and answers searches without a word about pages (to be put inside TLS)."""
    sock.sendall(reply(peer.read(sock), _BIND_RESPONSE, _SUCCESS))
    while request := peer.read(sock):
        sock.sendall(reply(request, _SEARCH_DONE, _SUCCESS))


def answers_with(entry: bytes) -> Callable[[LdapPeer, socket.socket], None]:
    """Lets everybody in and answers searches with one entry of this content (to be put inside TLS)."""

    def behave(peer: LdapPeer, sock: socket.socket) -> None:
        sock.sendall(reply(peer.read(sock), _BIND_RESPONSE, _SUCCESS))
        while request := peer.read(sock):
            done = reply(request, _SEARCH_DONE, _SUCCESS)
            body = done[2 : 4 + done[3]] + bytes([_SEARCH_ENTRY, len(entry)]) + entry
            sock.sendall(bytes([0x30, len(body)]) + body + done)

    return behave


def drips(peer: LdapPeer, sock: socket.socket) -> None:
    """Sends an answer that never ends, a byte at a time: no single wait is long."""
    peer.read(sock)
    sock.sendall(bytes.fromhex("30847fffffff"))
    while not peer.done.wait(0.02):
        sock.sendall(b"\0")


def tls_server(
    context: ssl.SSLContext, behave: Callable[[LdapPeer, socket.socket], None]
) -> Callable[[LdapPeer, socket.socket], None]:
    """The same behaviour inside TLS."""

    def serve(peer: LdapPeer, sock: socket.socket) -> None:
        sock.settimeout(5)
        with context.wrap_socket(sock, server_side=True) as wrapped:
            behave(peer, wrapped)

    return serve
