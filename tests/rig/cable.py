"""The cable between a client and a server: what the server sends is counted, and at some byte something happens."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable


class Cable:
    """A TCP relay on loopback; what it carries may be encrypted, it does not look.

        with Cable(server_port) as cable:
            cable.at(5000, slapd.kill)
            ... connect to cable.port ...

    :ivar carried: bytes from the server so far, over all connections.
    """

    def __init__(self, to_port: int) -> None:
        self._to_port = to_port
        self.carried = 0
        self._at: int | None = None
        self._happens: Callable[[], None] = _nothing
        self._lock = threading.Lock()

    def __enter__(self) -> Cable:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_exception: object) -> None:
        # Closing alone would not wake the thread.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def at(self, carried: int, happens: Callable[[], None]) -> None:
        """Let something happen once, when so many bytes from now on have come, before the next go on."""
        with self._lock:
            self.carried, self._at, self._happens = 0, carried, happens

    @property
    def happened(self) -> bool:
        """Whether it did."""
        return self._at is None

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _address = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._to_port))
                for source, target, counted in ((client, server, False), (server, client, True)):
                    threading.Thread(target=self._carry, args=(source, target, counted), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket, counted: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(512):
                if counted:
                    self._count(len(data))
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _count(self, size: int) -> None:
        with self._lock:
            self.carried += size
            if self._at is not None and self.carried >= self._at:
                self._at = None
                self._happens()


def _nothing() -> None:
    pass
