"""Questions to faced-directory that do not hold up the loop: one connection and one deadline each."""

from __future__ import annotations

import selectors
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from faced.errors import ProtocolError
from faced.service.loop import Loop
from faced.service.varlink import MESSAGE_BYTES, DeadlinePassed, Framer, VarlinkError, decode, encode

Answer = dict[str, Any] | VarlinkError | ProtocolError
Receiver = Callable[[Answer], None]

#: What faced-directory waits beyond the deadline of a visit, for what no deadline can end: a hanging name resolver.
PATIENCE_S = 0.5


class DirectoryLink:
    """The way to the other daemon.

    :param path: of its socket.
    :param timeout_s: after which a question is answered by :class:`DeadlinePassed`.
    """

    def __init__(self, loop: Loop, path: Path, timeout_s: float) -> None:
        self._loop = loop
        self._path = path
        self._timeout_s = timeout_s

    def ask(self, method: str, parameters: dict[str, Any], receive: Receiver) -> None:
        """Ask ``io.faced.Directory.<method>``; exactly one answer or error is received, later and in the loop."""
        _Question(self._loop, self._path, self._timeout_s, f"io.faced.Directory.{method}", parameters, receive)


class _Question:
    def __init__(
        self, loop: Loop, path: Path, timeout_s: float, method: str, parameters: dict[str, Any], receive: Receiver
    ) -> None:
        self._loop = loop
        self._receive: Receiver | None = receive
        self._framer = Framer()
        self._output = encode({"method": method, "parameters": parameters})
        self._timer = loop.later(timeout_s, lambda: self._end(DeadlinePassed("faced-directory does not answer.")))
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        try:
            # On AF_UNIX this succeeds or fails at once; a full backlog is a failure too.
            self._socket.connect(str(path))
        except OSError:
            loop.soon(lambda: self._end(ProtocolError("faced-directory does not run.")))
        else:
            loop.watch(self._socket, selectors.EVENT_WRITE, self._ready)

    def _ready(self, events: int) -> None:
        try:
            if events & selectors.EVENT_WRITE:
                self._output = self._output[self._socket.send(self._output) :]
                if not self._output:
                    self._loop.watch(self._socket, selectors.EVENT_READ, self._ready)
            elif events & selectors.EVENT_READ:
                self._read()
        except BlockingIOError:
            return
        except OSError:
            self._end(ProtocolError("faced-directory hung up."))
        except ProtocolError as error:
            self._end(error)

    def _read(self) -> None:
        data = self._socket.recv(MESSAGE_BYTES)
        if not data:
            raise ProtocolError("faced-directory hung up.")
        self._framer.feed(data)
        message = self._framer.take()
        if message is None:
            return
        answer = decode(message)
        parameters = answer.get("parameters")
        if parameters is None:
            parameters = {}
        if not isinstance(parameters, dict):
            raise ProtocolError("faced-directory answers without sense.")
        error = answer.get("error")
        self._end(parameters if error is None else VarlinkError(str(error), parameters))

    def _end(self, answer: Answer) -> None:
        receive, self._receive = self._receive, None
        if receive is None:
            return
        self._timer.cancel()
        self._loop.watch(self._socket, 0, self._ready)
        self._socket.close()
        receive(answer)
