"""How a connection to the directory is made: never without verified TLS.

LDAPS, or StartTLS before anything else is said; then a simple bind. The first server that can be reached and verified
within the deadline is taken.
"""

from __future__ import annotations

import time
import urllib.parse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from faced.config import DirectoryConfig
from faced.directory.connection import Connection, Limits
from faced.directory.transport import (
    LIBRARY_ERRORS,
    BoundedSocket,
    Deadline,
    VerifiedTls,
    close,
    explain,
    is_verified,
    ldap3,
    leave_values_alone,
    without_delay,
)
from faced.errors import AccountRefused, DirectoryUnavailable
from faced.i18n import _

_SUCCESS = 0
#: inappropriateAuthentication: the entry has no password; invalidCredentials: another one, or there is no entry.
_NO_ACCOUNT = {48, 49}


@dataclass(frozen=True)
class Account:
    """The entry to bind as."""

    dn: str
    password: str = field(repr=False)


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
                _("'{url}' is not a directory server: write ldaps://host or ldap://host, with :port if needed.").format(
                    url=url
                ),
                reason="directory_address",
            )
        implicit = parts.scheme == "ldaps"
        return cls(url, host, port or (636 if implicit else 389), implicit)


class Connector:
    """Connects to the first server that can be reached and verified, beginning with the one that answered last."""

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
        :raises AccountRefused: a server refused the account and no other let it in: one with old data shuts nobody out.
        :raises DirectoryUnavailable: saying what was wrong with each server.
        """
        whole = None if within_s is None else Deadline(within_s, self._monotonic)
        deadline = whole or Deadline(self._timeout_s, self._monotonic)
        failures = []
        refused: AccountRefused | None = None
        for tried in range(len(self._servers)):
            index = (self._first + tried) % len(self._servers)
            address = self._servers[index]
            try:
                raw = self._open(address, deadline.share(len(self._servers) - tried))
            except AccountRefused as error:
                refused = error
            except DirectoryUnavailable as error:
                if error.reason != DirectoryUnavailable.reason:
                    raise
                failures.append(str(error))
            except TimeoutError:
                failures.append(_("{url} did not answer in time.").format(url=address.url))
                break
            else:
                self._first = index
                return Connection(raw, address.url, self._limits, whole, self._timeout_s, self._monotonic)
        if refused is not None:
            raise refused
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
            auto_range=False,
            check_names=False,
            return_empty_attributes=False,
            raise_exceptions=False,
        )
        leave_values_alone(raw)
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
            close(raw)
            if isinstance(error, LIBRARY_ERRORS):
                raise DirectoryUnavailable(explain(address.url, tls.failure or error)) from None
            raise
        return raw

    def _check_bind(self, raw: Any, address: ServerAddress) -> None:
        code = raw.result["result"]
        if code in _NO_ACCOUNT:
            raise AccountRefused(
                _(
                    "{url} refused the account {dn}: it was taken out, or its password is another. "
                    "Ask the station, and join this host again."
                ).format(url=address.url, dn=self._account.dn)
            )
        if code != _SUCCESS or not raw.bound:
            raise DirectoryUnavailable(
                _("{url} refused to let {dn} in: {why}.").format(
                    url=address.url, dn=self._account.dn, why=raw.result["description"]
                )
            )
