"""What ldap3 is given in place of its own TLS and sockets, which check nothing and wait for ever.

ldap3 2.9.1 verifies no certificate unless told to, cannot match IP addresses on Python 3.12, bounds neither the time
nor the size of an answer, leaves Nagle's algorithm on (14 ms a request after StartTLS), and decodes every value as text
beside the bytes (40 % of the time of a long list).
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from faced.errors import DirectoryUnavailable
from faced.i18n import _

with warnings.catch_warnings():
    # ldap3 uses names that pyasn1 0.6.1 renamed and still has; there is no newer ldap3.
    warnings.filterwarnings("ignore", category=DeprecationWarning, message="(tag|type)Map is deprecated")
    import ldap3 as ldap3

#: Everything below ldap3 that can go wrong on the way: its own errors, the socket's, and its BER decoder's on garbage.
LIBRARY_ERRORS = (ldap3.core.exceptions.LDAPException, OSError, ValueError, IndexError, KeyError, TypeError)
_TOO_LATE = "deadline passed"
#: RFC 4511, 4.5.2.
_SEARCH_ENTRY = 4


class Deadline:
    """A moment on the monotonic clock by which something must be done."""

    def __init__(self, timeout_s: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._at = monotonic() + timeout_s

    def remaining_s(self) -> float:
        """Seconds left, more than 0.

        :raises TimeoutError: there are none left.
        """
        left = self._at - self._monotonic()
        if left <= 0:
            raise TimeoutError(_TOO_LATE)
        return left

    def share(self, parts: int) -> Deadline:
        """The deadline of the next of ``parts`` attempts that must fit in what is left: a hanging one leaves time."""
        return Deadline(self.remaining_s() / parts, self._monotonic)


class BoundedSocket:
    """A connected socket that keeps a deadline and refuses an answer without end.

    Offers what ldap3's synchronous strategy uses: recv, sendall, shutdown, close.
    """

    def __init__(self, inner: socket.socket, deadline: Deadline, answer_bytes: int) -> None:
        self.inner = inner
        self._limit = answer_bytes
        self.begin(deadline)

    def begin(self, deadline: Deadline) -> None:
        """A new operation with its own deadline and its own allowance of bytes."""
        self._deadline = deadline
        self._left = self._limit

    @property
    def exceeded(self) -> bool:
        """Whether the answer was larger than allowed."""
        return self._left < 0

    def recv(self, size: int) -> bytes:
        """As :meth:`socket.socket.recv`.

        :raises TimeoutError: at the deadline, however the bytes drip.
        :raises OSError: the answer is larger than allowed.
        """
        self.inner.settimeout(self._deadline.remaining_s())
        data = self.inner.recv(size)
        self._left -= len(data)
        if self.exceeded:
            raise OSError(f"answer of more than {self._limit} bytes")
        return data

    def sendall(self, data: bytes) -> None:
        """As :meth:`socket.socket.sendall`, with the deadline for all of it."""
        view = memoryview(data)
        while view:
            self.inner.settimeout(self._deadline.remaining_s())
            view = view[self.inner.send(view) :]

    def shutdown(self, how: int) -> None:
        """As :meth:`socket.socket.shutdown`."""
        self.inner.shutdown(how)

    def close(self) -> None:
        """As :meth:`socket.socket.close`."""
        self.inner.close()


class VerifiedTls(ldap3.Tls):  # type: ignore[misc]
    """TLS 1.2 or newer to a server whose certificate is signed by our CA and names the host we asked for."""

    def __init__(self, ca_file: Path, deadline: Deadline) -> None:
        """
        :param ca_file: PEM file of the only authorities that count; the system's are not asked.
        :raises DirectoryUnavailable: there is no such file or no certificate in it.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            context.load_verify_locations(cafile=ca_file)
        except (OSError, ssl.SSLError) as error:
            raise DirectoryUnavailable(
                _(
                    "The directory's certificate authority {path} cannot be read ({why}). "
                    "Put its PEM certificate there; without it no server is trusted."
                ).format(path=ca_file, why=error.strerror or error),
                reason="directory_ca",
            ) from None
        super().__init__(validate=ssl.CERT_REQUIRED, ca_certs_file=str(ca_file))
        self._context = context
        self._deadline = deadline
        #: Why the last handshake failed; ldap3 keeps only its text.
        self.failure: Exception | None = None

    def wrap_socket(self, connection: Any, do_handshake: bool = False) -> None:
        """Called by ldap3 after connecting (ldaps) or after the server agreed to StartTLS."""
        bounded = connection.socket if isinstance(connection.socket, BoundedSocket) else None
        plain = bounded.inner if bounded else connection.socket
        try:
            plain.settimeout(self._deadline.remaining_s())
            wrapped = self._context.wrap_socket(plain, server_hostname=connection.server.host)
        except Exception as error:
            self.failure = error
            raise
        if bounded:
            bounded.inner = wrapped
        else:
            connection.socket = wrapped


def is_verified(sock: object) -> bool:
    """Whether this socket is TLS with a verified certificate: asked once more before any password is sent."""
    inner = sock.inner if isinstance(sock, BoundedSocket) else sock
    return (
        isinstance(inner, ssl.SSLSocket)
        and inner.context.verify_mode is ssl.CERT_REQUIRED
        and inner.context.check_hostname
        and bool(inner.getpeercert())
    )


def without_delay(sock: socket.socket) -> None:
    """Send each request at once."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def leave_values_alone(raw: Any) -> None:
    """Let an ldap3 connection give entries as ``dn`` and ``raw_attributes`` (name -> bytes) and nothing else."""
    decode = raw.strategy.decode_response_fast

    def decode_response(message: Any) -> Any:
        if message["protocolOp"] != _SEARCH_ENTRY:
            return decode(message)
        name, (*_tag, attributes) = message["payload"]
        return {
            "type": "searchResEntry",
            "dn": _octets(name).decode("utf-8", errors="replace"),
            "raw_attributes": {
                _octets(description).decode("ascii"): [_octets(value) for value in values[3]]
                for *_tag, (description, values) in attributes
            },
        }

    raw.strategy.decode_response_fast = decode_response


def _octets(element: Any) -> bytes:
    """The octet string that an element (class, constructed, type, value) of an answer must be."""
    value = element[3]
    if not isinstance(value, bytes):
        raise ValueError("malformed entry")
    return value


def close(raw: Any) -> None:
    """End an ldap3 connection; never fails."""
    # Not unbind(): it would wait for a server that hangs. Closing the socket ends the session all the same.
    with contextlib.suppress(*LIBRARY_ERRORS):
        raw.strategy.close()


def explain(url: str, error: BaseException) -> str:
    """What is wrong with a server, for a person."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _("{url} has no certificate that can be trusted: {why}. Check ca_file and the server's name.").format(
            url=url, why=error.verify_message.rstrip(".")
        )
    if isinstance(error, ldap3.core.exceptions.LDAPStartTLSError):
        return _("{url} refused an encrypted connection ({why}).").format(url=url, why=error)
    # ldap3 makes errors of its own out of a socket's and keeps the text.
    if isinstance(error, TimeoutError) or str(error).endswith(("timed out", _TOO_LATE)):
        return _("{url} did not answer in time.").format(url=url)
    if isinstance(error, ssl.SSLError):
        return _("{url} does not speak TLS ({why}).").format(url=url, why=error.reason or error)
    return _("{url} cannot be reached: {why}.").format(url=url, why=str(error).rstrip("."))
