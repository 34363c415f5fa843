"""Erasures: what the directory's tombstones say, what the servers were seen to have, and which hosts have confirmed.

The tombstone is the record of the erasure; the directory has the last one of each person. The station keeps each in
``erasures/``, and beside it the signed statement that all servers were read back, later that no host waits any more
(docs/decisions/0046).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from faced.directory.connection import Connection
from faced.directory.hosts import Hosts
from faced.directory.people import People
from faced.directory.tree import Tree
from faced.enrolment.station import RoleKey, Station, replace_file
from faced.errors import NotInDirectory, StateError, TrustError
from faced.i18n import _
from faced.trust.erasure import Erasure, HostCounts, issue_erasure, read_erasure
from faced.trust.keys import digest
from faced.trust.realm import CLOCK_SKEW_S, Verifier
from faced.trust.report import read_report
from faced.trust.statement import Kind, parse
from faced.trust.tombstone import Erased, read_tombstone
from faced.units import DAY_S

FOLDER = "erasures"
_TOMBSTONE = ".tombstone"


@dataclass(frozen=True)
class HostWord:
    """What an approved host says of its cache.

    ``refreshed``: as of when nothing in it is older than the directory, 0 if it said nothing that can be believed, and
    ``fault`` says why. ``revoked``: nobody waits for it.
    """

    host: str
    refreshed: int = 0
    fault: str = ""
    revoked: bool = False


@dataclass(frozen=True)
class Waiting:
    """A host that has not confirmed. ``until``: its cache is void after that (unix seconds; 0 while unknown)."""

    host: str
    why: str
    until: int


@dataclass(frozen=True)
class Confirmations:
    """The hosts, by what is known of them about one erasure."""

    confirmed: tuple[str, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    expired: tuple[Waiting, ...] = ()
    revoked: tuple[str, ...] = ()

    @property
    def counts(self) -> HostCounts:
        """As they are signed."""
        return HostCounts(len(self.confirmed), len(self.expired), len(self.revoked))


@dataclass(frozen=True)
class Listed:
    """One erasure.

    ``fault``: why the tombstone is not believed; empty if it is. ``at``: unix seconds; ``handler``: who signed it.
    ``erased``: what it says was erased, None if it is of another version. ``standing``: what the station keeps about
    it, None before all servers were read back. ``hosts``: None once the completion is signed.
    """

    login: str
    tombstone: bytes
    fault: str = ""
    at: int = 0
    handler: str = ""
    reason: str = ""
    erased: Erased | None = None
    standing: Erasure | None = None
    hosts: Confirmations | None = None

    @property
    def completed(self) -> int | None:
        """When the completion was signed; None before."""
        return self.standing.at if self.standing is not None and self.standing.hosts is not None else None

    @property
    def counts(self) -> HostCounts | None:
        """The hosts, as signed or as they are now."""
        if self.standing is not None and self.standing.hosts is not None:
            return self.standing.hosts
        return None if self.hosts is None else self.hosts.counts

    @property
    def complete(self) -> bool:
        """Whether all servers were read back and no host waits any more, signed or not."""
        if self.completed is not None:
            return True
        return self.standing is not None and self.hosts is not None and not self.hosts.waiting


class ErasureRecords:
    """The statements in a station's folder."""

    def __init__(self, station: Station, verifier: Verifier) -> None:
        """
        :param verifier: of the station.
        """
        self._folder = station.path / FOLDER
        self._realm = station.realm
        self._verifier = verifier

    def find(self, tombstone: bytes) -> Erasure | None:
        """What is kept about the erasure with this tombstone; None if nothing is that can be believed.

        :raises StateError: it cannot be read.
        """
        path = self._folder / _name(tombstone)
        try:
            erasure = read_erasure(self._verifier, path.read_bytes())
        except (FileNotFoundError, TrustError):
            return None
        except OSError as error:
            raise StateError(_("{path} cannot be read: {why}.").format(path=path, why=error.strerror)) from None
        return erasure if erasure.tombstone == digest(tombstone) else None

    def tombstones(self) -> tuple[bytes, ...]:
        """All that are kept.

        :raises StateError: one cannot be read.
        """
        paths = sorted(self._folder.glob(f"*{_TOMBSTONE}")) if self._folder.is_dir() else []
        try:
            return tuple(path.read_bytes() for path in paths)
        except OSError as error:
            raise StateError(_("{path} cannot be read: {why}.").format(path=self._folder, why=error.strerror)) from None

    def keep_tombstone(self, tombstone: bytes) -> None:
        """Keep a tombstone: the next one of the same person takes its place in the directory.

        :raises StateError: it cannot be written.
        """
        self._folder.mkdir(mode=0o700, exist_ok=True)
        path = self._folder / f"{_name(tombstone)}{_TOMBSTONE}"
        if not path.exists():
            replace_file(path, tombstone)

    def keep(self, key: RoleKey, tombstone: bytes, erasure: Erasure) -> None:
        """Sign and keep, in place of what was kept before.

        :raises TrustError: ``issuer_lacks_role`` among others: the key may not say so.
        :raises StateError: it cannot be written.
        """
        data = issue_erasure(self._realm, key.sign, erasure)
        read_erasure(self._verifier, data)
        self._folder.mkdir(mode=0o700, exist_ok=True)
        replace_file(self._folder / _name(tombstone), data)

    def keep_read_back(self, key: RoleKey, login: str, tombstone: bytes, replicas: int, now: int) -> None:
        """Sign that all servers were seen without the face, unless that is kept already."""
        if self.find(tombstone) is None:
            self.keep(key, tombstone, Erasure(login, digest(tombstone), now, replicas, now))


def host_words(connection: Connection, tree: Tree, verifier: Verifier) -> tuple[HostWord, ...]:
    """What every host that was ever approved says of its cache, by name.

    :param connection: of the role ``audit`` or ``manifest``.
    :raises DirectoryError: the list cannot be read.
    """
    hosts = Hosts(connection, tree)
    reports = {one.name: one.report for one in hosts.reports()}
    approved = (host for host in hosts.all() if host.statement is not None)
    return tuple(
        _word(verifier, host.name, host.statement, reports.get(host.name))
        for host in sorted(approved, key=lambda host: host.name)
    )


def confirmations(words: Iterable[HostWord], removed: int | None, now: int, cache_days: int) -> Confirmations:
    """What the hosts' words mean for an erasure.

    :param removed: when all servers had been read back (unix seconds); a refresh before that may have met one that was
        behind, and the clock of a host may be ahead by as much as we accept. None: not yet, so nobody can confirm.
    """
    confirmed, waiting, expired, revoked = [], [], [], []
    until = 0 if removed is None else removed + cache_days * DAY_S + CLOCK_SKEW_S
    for word in words:
        held = Waiting(word.host, word.fault or "not_refreshed", until)
        if word.revoked:
            revoked.append(word.host)
        elif removed is not None and word.refreshed >= removed + CLOCK_SKEW_S:
            confirmed.append(word.host)
        elif removed is not None and now > until:
            expired.append(held)
        else:
            waiting.append(held)
    return Confirmations(tuple(confirmed), tuple(waiting), tuple(expired), tuple(revoked))


def list_erasures(
    connection: Connection,
    tree: Tree,
    station: Station,
    verifier: Verifier,
    *,
    cache_days: int,
    login: str | None = None,
) -> tuple[Listed, ...]:
    """All erasures that the directory or the station knows of, or one person's, oldest first.

    :param connection: of the role ``audit``.
    :param verifier: of the station.
    :raises NotInDirectory: there is no such person.
    :raises DirectoryError, StateError: something cannot be read.
    """
    records, words = ErasureRecords(station, verifier), host_words(connection, tree, verifier)
    found = []
    for tombstone, name in _tombstones(People(connection, tree), records, login).items():
        standing = records.find(tombstone)
        if standing is not None and standing.hosts is not None:
            hosts = None
        else:
            removed = None if standing is None else standing.removed
            hosts = confirmations(words, removed, verifier.now, cache_days)
        found.append(_listed(verifier, name, tombstone, standing, hosts))
    return tuple(sorted(found, key=lambda one: (one.at, one.login)))


def complete(records: ErasureRecords, key: RoleKey, listed: Listed, now: int) -> None:
    """Sign that an erasure is complete.

    :raises ValueError: it is not.
    """
    if not listed.complete or listed.standing is None or listed.hosts is None:
        raise ValueError("servers or hosts are still waited for")
    standing = listed.standing
    done = Erasure(listed.login, standing.tombstone, standing.removed, standing.replicas, now, listed.hosts.counts)
    records.keep(key, listed.tombstone, done)


def _tombstones(people: People, records: ErasureRecords, login: str | None) -> dict[bytes, str]:
    """The tombstones that the station keeps and those of the directory, with the login name of each."""
    kept = {tombstone: parse(tombstone).unverified.subject for tombstone in records.tombstones()}
    found = {tombstone: name for tombstone, name in kept.items() if login in (None, name)}
    if login is None:
        there = people.all()
    else:
        try:
            there = (people.find(login),)
        except NotInDirectory:
            if not found:
                raise
            there = ()
    return found | {one.face.tombstone: one.login for one in there if one.face.tombstone is not None}


def _listed(
    verifier: Verifier, login: str, tombstone: bytes, standing: Erasure | None, hosts: Confirmations | None
) -> Listed:
    try:
        statement, handler = verifier.check_past(tombstone, Kind.TOMBSTONE)
        if statement.subject != login:
            return Listed(login, tombstone, "wrong_person")
        says = read_tombstone(statement)
    except TrustError as error:
        return Listed(login, tombstone, error.reason)
    return Listed(login, tombstone, "", statement.issued, handler, says.reason, says.erased, standing, hosts)


def _word(verifier: Verifier, host: str, statement: bytes | None, report: bytes | None) -> HostWord:
    if verifier.manifest is not None and host in verifier.manifest.revoked_hosts:
        return HostWord(host, revoked=True)
    if report is None:
        return HostWord(host, fault="no_report")
    try:
        return HostWord(host, read_report(verifier, host, statement, report, longest_s=None).refreshed)
    except TrustError as error:
        return HostWord(host, fault=error.reason)


def _name(tombstone: bytes) -> str:
    return digest(tombstone).hex()
