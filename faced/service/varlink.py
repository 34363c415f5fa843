"""Varlink messages on a stream socket, and a small blocking client.

A message is one JSON object ended by NUL (https://varlink.org/Method-Call). Missing, null and {} mean the same; unknown
fields are ignored; a message has at most 64 KiB.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from faced.errors import ProtocolError

#: The longest message, its NUL included.
MESSAGE_BYTES = 64 * 1024


class VarlinkError(Exception):
    """An error reply: a qualified name and its parameters. A method raises it, a client gets it."""

    def __init__(self, name: str, parameters: Mapping[str, Any] | None = None) -> None:
        super().__init__(name)
        self.name = name
        self.parameters = dict(parameters or {})


class DeadlinePassed(ProtocolError):
    """The other end did not answer in time."""

    reason = "deadline"


def method_not_found(method: str) -> VarlinkError:
    """The error for a method that this socket does not have."""
    return VarlinkError("org.varlink.service.MethodNotFound", {"method": method})


def invalid_parameter(parameter: str) -> VarlinkError:
    """The error for a parameter that is missing or of another type."""
    return VarlinkError("org.varlink.service.InvalidParameter", {"parameter": parameter})


def encode(message: Mapping[str, Any]) -> bytes:
    """One message, ended by NUL.

    :raises ProtocolError: if it would be too long.
    """
    # A caller's lone surrogate that is echoed in an error becomes a question mark.
    data = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode(errors="replace") + b"\0"
    if len(data) > MESSAGE_BYTES:
        raise ProtocolError("A message on a local socket would be too long.")
    return data


def decode(data: bytes) -> dict[str, Any]:
    """One message without its NUL.

    :raises ProtocolError: for anything but a JSON object in UTF-8.
    """
    try:
        message = json.loads(data.decode(), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise ProtocolError("A message on a local socket is not JSON.") from None
    if not isinstance(message, dict):
        raise ProtocolError("A message on a local socket is not a JSON object.")
    return message


def _refuse_constant(word: str) -> Any:
    raise ValueError(word)


class Framer:
    """Cuts a stream into messages."""

    def __init__(self, limit: int = MESSAGE_BYTES) -> None:
        self._limit = limit
        self._buffer = bytearray()

    @property
    def pending(self) -> bool:
        """Whether bytes wait here, of an unfinished message or of one not yet taken."""
        return bool(self._buffer)

    def feed(self, data: bytes) -> None:
        """Take bytes in.

        :raises ProtocolError: if more is waiting than anybody needs to send ahead.
        """
        self._buffer += data
        if len(self._buffer) > 2 * self._limit:
            raise ProtocolError("Too much is waiting on a local socket.")

    def take(self) -> bytes | None:
        """The next whole message without its NUL, or None.

        :raises ProtocolError: if it is, or is going to be, too long.
        """
        end = self._buffer.find(b"\0", 0, self._limit)
        if end < 0:
            if len(self._buffer) >= self._limit:
                raise ProtocolError("A message on a local socket is too long.")
            return None
        message = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return message


class Client:
    """A blocking connection to a varlink server; one deadline for all that is done with it.

    :param path: the socket.
    :param timeout_s: from now on, for everything.
    :raises ProtocolError: if nobody listens; :class:`DeadlinePassed` when the time is over (here and in the calls).
    """

    def __init__(self, path: Path | str, timeout_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._deadline = clock() + timeout_s
        self._framer = Framer()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._arm()
            self._socket.connect(str(path))
        except TimeoutError:
            self._socket.close()
            raise DeadlinePassed(f"Nobody answers at {path}.") from None
        except OSError as error:
            self._socket.close()
            raise ProtocolError(f"Nobody listens at {path} ({error.strerror}).") from None

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Ask once and give back the parameters of the answer.

        :raises VarlinkError: if the server answers with an error.
        :raises ProtocolError: as for the class, and when the server hangs up or speaks something else.
        """
        self._send({"method": method, "parameters": parameters})
        return self._receive()[0]

    def stream(self, method: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        """Ask with ``more`` and give every answer until the last; raises as :meth:`call`."""
        self._send({"method": method, "parameters": parameters, "more": True})
        continues = True
        while continues:
            answer, continues = self._receive()
            yield answer

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _arm(self) -> None:
        remaining_s = self._deadline - self._clock()
        if remaining_s <= 0:
            raise TimeoutError
        self._socket.settimeout(remaining_s)

    def _send(self, message: Mapping[str, Any]) -> None:
        data = encode(message)
        try:
            self._arm()
            self._socket.sendall(data)
        except TimeoutError:
            raise DeadlinePassed("A local service does not take the question.") from None
        except OSError:
            raise ProtocolError("A local service hung up.") from None

    def _receive(self) -> tuple[dict[str, Any], bool]:
        while (data := self._framer.take()) is None:
            try:
                self._arm()
                chunk = self._socket.recv(MESSAGE_BYTES)
            except TimeoutError:
                raise DeadlinePassed("A local service does not answer.") from None
            except OSError:
                raise ProtocolError("A local service hung up.") from None
            if not chunk:
                raise ProtocolError("A local service hung up.")
            self._framer.feed(chunk)
        message = decode(data)
        parameters = message.get("parameters")
        if parameters is None:
            parameters = {}
        if not isinstance(parameters, dict):
            raise ProtocolError("A local service answers without sense.")
        if (error := message.get("error")) is not None:
            raise VarlinkError(str(error), parameters)
        return parameters, message.get("continues") is True
