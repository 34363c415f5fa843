"""Connections to the directory that cannot be made without verified TLS.

LDAPS, or StartTLS before anything else is said; then a simple bind; then searches and changes with a deadline, a size
and an exact meaning: one hit is one hit, and a list is the whole list or an error. Referrals are never followed.
"""

from __future__ import annotations

import contextlib
import math
import ssl
import time
import urllib.parse
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from faced.config import DirectoryConfig
from faced.directory.transport import BoundedSocket, Deadline, VerifiedTls, is_verified, ldap3, without_delay
from faced.errors import AmbiguousEntry, DirectoryError, DirectoryUnavailable, NotAllowed, NotInDirectory
from faced.i18n import _

#: Everything below ldap3 that can go wrong on the way: its own errors, the socket's, and its BER decoder's on garbage.
_LIBRARY_ERRORS = (ldap3.core.exceptions.LDAPException, OSError, ValueError, IndexError, KeyError, TypeError)
_SUCCESS, _SIZE_LIMIT, _NO_ATTRIBUTE, _EXISTS_VALUE = 0, 4, 16, 20
_NO_OBJECT, _BAD_CREDENTIALS, _NO_ACCESS, _EXISTS = 32, 49, 50, 68
_TRUNCATED = {3, 4, 11}
_UNAVAILABLE = {51, 52, 80}
_PAGED_RESULTS = "1.2.840.113556.1.4.319"

Values = Mapping[str, Sequence[bytes]]


@dataclass(frozen=True)
class Account:
    """The entry to bind as."""

    dn: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class Limits:
    """What an answer may have: bytes in a value, values in an attribute, bytes in one answer (a page of a list)."""

    value_bytes: int = 64 * 1024
    values: int = 256
    answer_bytes: int = 8 * 1024 * 1024


@dataclass(frozen=True)
class Entry:
    """An entry as the server gave it. Attribute names are in lower case."""

    dn: str
    attributes: Mapping[str, tuple[bytes, ...]]

    def all(self, name: str) -> tuple[bytes, ...]:
        """All values of an attribute, none if it is absent."""
        return self.attributes.get(name.lower(), ())

    def one(self, name: str) -> bytes | None:
        """The value of an attribute that has one, None if it is absent.

        :raises DirectoryError: it has several.
        """
        values = self.all(name)
        if len(values) > 1:
            raise DirectoryError(
                _("The entry {dn} has {count} values of {name}; it must have one.").format(
                    dn=self.dn, count=len(values), name=name
                ),
                reason="several_values",
            )
        return values[0] if values else None

    def text(self, name: str) -> str:
        """The first value of an attribute as text, empty if it is absent or not UTF-8."""
        values = self.all(name)
        return values[0].decode("utf-8", errors="replace") if values else ""


@dataclass(frozen=True)
class ServerAddress:
    """One server of the configuration: ldaps, or ldap with StartTLS."""

    url: str
    host: str
    port: int
    implicit_tls: bool

    @classmethod
    def parse(cls, url: str) -> ServerAddress:
        """
        :raises DirectoryUnavailable: not ``ldap[s]://host[:port]``.
        """
        try:
            parts = urllib.parse.urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:
            parts, host, port = urllib.parse.urlsplit(""), None, None
        if parts.scheme not in ("ldap", "ldaps") or not host or parts.path.strip("/") or parts.query or parts.username:
            raise DirectoryUnavailable(
                _(
                    "“{url}” is not a directory server: write ldaps://host or ldap://host, with :port if need be."
                ).format(url=url),
                reason="directory_address",
            )
        implicit = parts.scheme == "ldaps"
        return cls(url, host, port or (636 if implicit else 389), implicit)


class Connector:
    """Makes connections to the first server that can be reached and verified, beginning with the one that answered last."""

    def __init__(
        self,
        servers: Sequence[str],
        ca_file: Path,
        account: Account,
        *,
        timeout_s: float = 2.0,
        limits: Limits | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """
        :param timeout_s: for connecting to all servers together, and for each operation on a connection.
        :raises DirectoryUnavailable: no server, no account, or not a server's address.
        """
        if not servers:
            raise DirectoryUnavailable(
                _("No directory server is configured. Name one under [directory] servers."), reason="directory_address"
            )
        if not account.dn or not account.password:
            # LDAP takes a bind without password for an anonymous one and calls it a success (RFC 4513, 5.1.2).
            raise DirectoryUnavailable(
                _("The account or the password for the directory is missing. Set bind_dn and the password file."),
                reason="directory_account",
            )
        self._servers = [ServerAddress.parse(url) for url in servers]
        self._first = 0
        self._ca_file = ca_file
        self._account = account
        self._timeout_s = timeout_s
        self._limits = limits or Limits()
        self._monotonic = monotonic

    @classmethod
    def configured(cls, config: DirectoryConfig, password: str) -> Connector:
        """A connector for this machine's own account."""
        return cls(config.servers, config.ca_file, Account(config.bind_dn, password), timeout_s=config.timeout_s)

    def connect(self, within_s: float | None = None) -> Connection:
        """A bound connection over verified TLS.

        :param within_s: everything on this connection must be done in this time; None: each operation has the timeout.
        :raises DirectoryUnavailable: saying what was wrong with each server.
        """
        whole = None if within_s is None else Deadline(within_s, self._monotonic)
        deadline = whole or Deadline(self._timeout_s, self._monotonic)
        failures = []
        for tried in range(len(self._servers)):
            index = (self._first + tried) % len(self._servers)
            address = self._servers[index]
            try:
                raw = self._open(address, deadline.share(len(self._servers) - tried))
            except DirectoryUnavailable as error:
                if error.reason != "directory_unavailable":
                    raise
                failures.append(str(error))
            except TimeoutError:
                failures.append(_("{url} did not answer in time.").format(url=address.url))
                break
            else:
                self._first = index
                return Connection(raw, address.url, self._limits, whole, self._timeout_s, self._monotonic)
        raise DirectoryUnavailable(" ".join(failures))

    def _open(self, address: ServerAddress, deadline: Deadline) -> Any:
        tls = VerifiedTls(self._ca_file, deadline)
        server = ldap3.Server(
            address.host,
            port=address.port,
            use_ssl=address.implicit_tls,
            tls=tls,
            get_info=ldap3.NONE,
            mode=ldap3.IP_SYSTEM_DEFAULT,
        )
        raw = ldap3.Connection(
            server,
            user=self._account.dn,
            password=self._account.password,
            authentication=ldap3.SIMPLE,
            client_strategy=ldap3.SYNC,
            auto_bind=ldap3.AUTO_BIND_NONE,
            auto_referrals=False,
            check_names=False,
            return_empty_attributes=False,
            raise_exceptions=False,
        )
        try:
            server.connect_timeout = deadline.remaining_s() / max(1, len(server.candidate_addresses()))
            raw.open(read_server_info=False)
            raw.socket = BoundedSocket(raw.socket, deadline, self._limits.answer_bytes)
            without_delay(raw.socket.inner)
            if not address.implicit_tls and not raw.start_tls(read_server_info=False):
                raise ldap3.core.exceptions.LDAPStartTLSError(raw.last_error or "not started")
            if not is_verified(raw.socket):
                raise ldap3.core.exceptions.LDAPStartTLSError("connection is not verified")
            raw.bind(read_server_info=False)
            self._check_bind(raw, address)
        except BaseException as error:
            _close(raw)
            if isinstance(error, _LIBRARY_ERRORS):
                raise DirectoryUnavailable(_why(address.url, tls.failure or error)) from None
            raise
        return raw

    def _check_bind(self, raw: Any, address: ServerAddress) -> None:
        code = raw.result["result"]
        if code == _BAD_CREDENTIALS:
            raise DirectoryUnavailable(
                _("{url} refused the password of {dn}. Join this host again, or correct the password file.").format(
                    url=address.url, dn=self._account.dn
                ),
                reason="directory_account",
            )
        if code != _SUCCESS or not raw.bound:
            raise DirectoryUnavailable(
                _("{url} refused to let {dn} in: {why}.").format(
                    url=address.url, dn=self._account.dn, why=raw.result["description"]
                )
            )


class Connection:
    """A bound, verified connection; a context manager. For one thread at a time."""

    def __init__(
        self,
        raw: Any,
        url: str,
        limits: Limits,
        whole: Deadline | None,
        timeout_s: float,
        monotonic: Callable[[], float],
    ) -> None:
        self._raw = raw
        #: The server at the other end.
        self.url = url
        self._limits = limits
        self._whole = whole
        self._timeout_s = timeout_s
        self._monotonic = monotonic

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        """End the connection; never fails."""
        _close(self._raw)

    def read(self, dn: str, attributes: Sequence[str]) -> Entry:
        """The entry of this name.

        :raises NotInDirectory: there is none, or this account may not see it.
        :raises DirectoryError: as :meth:`find`.
        """
        return self._exactly_one(dn, "(objectClass=*)", attributes, ldap3.BASE)

    def find(self, base: str, filter_text: str, attributes: Sequence[str]) -> Entry:
        """The one entry below ``base`` that a filter describes. Build the filter with :func:`equals`.

        :raises NotInDirectory: there is none.
        :raises AmbiguousEntry: there are several.
        :raises DirectoryError: a value is larger than allowed, or the server refused.
        :raises DirectoryUnavailable: the connection broke or the deadline passed.
        """
        return self._exactly_one(base, filter_text, attributes, ldap3.SUBTREE)

    def list(
        self,
        base: str,
        filter_text: str,
        attributes: Sequence[str],
        *,
        page_size: int = 250,
        progress: Callable[[int], None] | None = None,
    ) -> Iterator[Entry]:
        """All entries below ``base`` that a filter describes, page by page.

        Whatever makes the list end early raises: an exhausted iterator has given every entry.

        :param progress: called after each page with the number of entries so far.
        :raises DirectoryError: as :meth:`find`; reason ``truncated`` when the server stops before the end.
        """
        cookie: bytes | None = None
        count = 0
        while True:
            self._search(base, filter_text, attributes, ldap3.SUBTREE, paged_size=page_size, paged_cookie=cookie)
            self._check(base)
            entries = self._entries(base)
            count += len(entries)
            control = (self._raw.result.get("controls") or {}).get(_PAGED_RESULTS)
            if control is None:
                raise DirectoryError(
                    _("{url} does not answer in pages, so nobody can tell whether a list is whole.").format(
                        url=self.url
                    ),
                    reason="truncated",
                )
            yield from entries
            if progress is not None:
                progress(count)
            cookie = control["value"]["cookie"]
            if not cookie:
                return

    def add(self, dn: str, classes: Sequence[str], attributes: Values) -> None:
        """Make an entry.

        :raises NotAllowed: this account may not.
        :raises DirectoryError: reason ``exists``, or what the server said.
        """
        with self._operation():
            self._raw.add(dn, list(classes), {name: list(values) for name, values in attributes.items() if values})
        self._check(dn)

    def replace(self, dn: str, attributes: Values) -> None:
        """Give attributes these values in place of all they have, in one step; no values removes an attribute.

        :raises NotInDirectory, NotAllowed, DirectoryError: as :meth:`add`.
        """
        self._modify(dn, {name: [(ldap3.MODIFY_REPLACE, list(values))] for name, values in attributes.items()})

    def take(self, dn: str, attributes: Sequence[str]) -> None:
        """Remove these attributes with all their values, in one step.

        :raises DirectoryError: reason ``absent`` if one of them has none; then nothing was removed.
        """
        self._modify(dn, {name: [(ldap3.MODIFY_DELETE, [])] for name in attributes})

    def give(self, dn: str, attributes: Values) -> None:
        """Add values to attributes, in one step.

        :raises DirectoryError: reason ``exists`` if one of them is there already.
        """
        self._modify(dn, {name: [(ldap3.MODIFY_ADD, list(values))] for name, values in attributes.items()})

    def remove(self, dn: str) -> None:
        """Remove an entry.

        :raises NotInDirectory, NotAllowed, DirectoryError: as :meth:`add`.
        """
        with self._operation():
            self._raw.delete(dn)
        self._check(dn)

    def _modify(self, dn: str, changes: Mapping[str, Any]) -> None:
        with self._operation():
            self._raw.modify(dn, dict(changes))
        self._check(dn)

    def _exactly_one(self, base: str, filter_text: str, attributes: Sequence[str], scope: str) -> Entry:
        self._search(base, filter_text, attributes, scope, size_limit=2)
        if self._raw.result["result"] != _SIZE_LIMIT:
            self._check(base)
        entries = self._entries(base)
        if not entries:
            raise NotInDirectory(_("There is no such entry in the directory below {base}.").format(base=base))
        if len(entries) > 1:
            raise AmbiguousEntry(
                _("Several entries below {base} answer to {what}. Only one may.").format(base=base, what=filter_text)
            )
        return entries[0]

    def _search(self, base: str, filter_text: str, attributes: Sequence[str], scope: str, **more: Any) -> None:
        with self._operation() as deadline:
            self._raw.search(
                base,
                filter_text,
                scope,
                dereference_aliases=ldap3.DEREF_NEVER,
                attributes=list(attributes) or [ldap3.NO_ATTRIBUTES],
                time_limit=max(1, math.ceil(deadline.remaining_s())),
                paged_criticality="paged_size" in more,
                **more,
            )

    @contextlib.contextmanager
    def _operation(self) -> Iterator[Deadline]:
        deadline = self._whole or Deadline(self._timeout_s, self._monotonic)
        try:
            if self._raw.closed or not is_verified(self._raw.socket):
                raise OSError("connection closed")
            self._raw.socket.begin(deadline)
            yield deadline
            if not isinstance(self._raw.result, dict) or "result" not in self._raw.result:
                raise OSError("no answer")
        except _LIBRARY_ERRORS as error:
            self.close()
            raise DirectoryUnavailable(_why(self.url, error)) from None

    def _entries(self, base: str) -> list[Entry]:
        entries = []
        for response in self._raw.response or ():
            if response["type"] != "searchResEntry":
                raise DirectoryError(
                    _(
                        "Part of {base} is on another server, which is not asked. Name that server or another base."
                    ).format(base=base),
                    reason="referral",
                )
            entry = Entry(
                response["dn"], {name.lower(): tuple(values) for name, values in response["raw_attributes"].items()}
            )
            for name, values in entry.attributes.items():
                if len(values) > self._limits.values or any(len(value) > self._limits.value_bytes for value in values):
                    raise DirectoryError(
                        _("The attribute {name} of {dn} is larger than anything we would have written.").format(
                            name=name, dn=entry.dn
                        ),
                        reason="oversize",
                    )
            entries.append(entry)
        return entries

    def _check(self, dn: str) -> None:
        code = self._raw.result["result"]
        if code == _SUCCESS:
            return
        why = self._raw.result["description"]
        if code == _NO_OBJECT:
            raise NotInDirectory(_("There is no entry {dn} in the directory.").format(dn=dn))
        if code == _NO_ACCESS:
            raise NotAllowed(_("The directory does not allow this account to do that at {dn}.").format(dn=dn))
        if code in _TRUNCATED:
            raise DirectoryError(
                _("{url} stopped before the end ({why}). Raise its limit for this account.").format(
                    url=self.url, why=why
                ),
                reason="truncated",
            )
        if code in (_EXISTS, _EXISTS_VALUE):
            raise DirectoryError(_("{dn} is in the directory already.").format(dn=dn), reason="exists")
        if code == _NO_ATTRIBUTE:
            raise DirectoryError(_("{dn} has nothing of the kind to remove.").format(dn=dn), reason="absent")
        if code in _UNAVAILABLE:
            raise DirectoryUnavailable(_("{url} cannot serve just now: {why}.").format(url=self.url, why=why))
        raise DirectoryError(_("{url} refused a request about {dn}: {why}.").format(url=self.url, dn=dn, why=why))


def equals(**attributes: str) -> str:
    """A filter for entries with exactly these values, which are escaped (RFC 4515).

    ``equals(objectClass="person", uid="tanaka")`` is ``(&(objectClass=person)(uid=tanaka))``.
    """
    parts = [f"({name}={ldap3.utils.conv.escape_filter_chars(value)})" for name, value in attributes.items()]
    return parts[0] if len(parts) == 1 else f"(&{''.join(parts)})"


def _close(raw: Any) -> None:
    # Not unbind(): it would wait for a server that hangs. Closing the socket ends the session all the same.
    with contextlib.suppress(*_LIBRARY_ERRORS):
        raw.strategy.close()


def _why(url: str, error: BaseException) -> str:
    """What is wrong with a server, for a person."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _("{url} has no certificate that can be trusted: {why}. Check ca_file and the server's name.").format(
            url=url, why=error.verify_message.rstrip(".")
        )
    if isinstance(error, ldap3.core.exceptions.LDAPStartTLSError):
        return _("{url} refused an encrypted connection ({why}).").format(url=url, why=error)
    if isinstance(error, TimeoutError | ldap3.core.exceptions.LDAPSocketReceiveError) and "tim" in str(error):
        return _("{url} did not answer in time.").format(url=url)
    if isinstance(error, ssl.SSLError):
        return _("{url} does not speak TLS ({why}).").format(url=url, why=error.reason or error)
    return _("{url} cannot be reached: {why}.").format(url=url, why=str(error).rstrip("."))
