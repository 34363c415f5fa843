"""Workstations in the directory: each has an entry that it binds as, reads, and puts its requests in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from faced.directory import schema
from faced.directory.connection import Connection, Entry, equals
from faced.directory.tree import Tree
from faced.errors import DirectoryError, NotInDirectory

_ACCOUNT_CLASS = "simpleSecurityObject"
_CLASSES = ("device", _ACCOUNT_CLASS, schema.HOST_CLASS)
_ATTRIBUTES = ("cn", schema.KEY_GROUP, schema.HOST_REQUEST, schema.HOST_STATEMENT)


@dataclass(frozen=True)
class Host:
    """A workstation's entry; request and statement are signed bytes, unverified."""

    name: str
    groups: tuple[str, ...]
    request: bytes | None
    statement: bytes | None


@dataclass(frozen=True)
class HostReport:
    """What a workstation reports of failed tries, unverified; ``report`` is None if nobody can use what is there."""

    name: str
    statement: bytes | None
    report: bytes | None


class Hosts:
    """The workstations of one tree, over one connection."""

    def __init__(self, connection: Connection, tree: Tree) -> None:
        self._connection = connection
        self._tree = tree

    def read(self, name: str) -> Host:
        """A workstation's entry.

        :raises NotInDirectory: there is none that this account may see.
        """
        return self.at(self._tree.host(name))

    def at(self, dn: str) -> Host:
        """The workstation's entry of this distinguished name; a workstation knows its own by binding as it.

        :raises NotInDirectory: as :meth:`read`.
        """
        return _host(self._connection.read(dn, _ATTRIBUTES))

    def all(self) -> tuple[Host, ...]:
        """Every workstation: the whole list or an error."""
        return tuple(
            _host(entry)
            for entry in self._connection.find_all(self._tree.hosts, equals(objectClass=schema.HOST_CLASS), _ATTRIBUTES)
        )

    def add(self, name: str, password: str, groups: Sequence[str], statement: bytes | None = None) -> None:
        """Make a workstation's entry with the password it will bind with.

        :raises DirectoryError: ``exists``.
        """
        self._connection.add(
            self._tree.host(name),
            _CLASSES,
            {
                "userPassword": [password.encode()],
                schema.KEY_GROUP: _groups(groups),
                schema.HOST_STATEMENT: schema.bounded(schema.HOST_STATEMENT, [statement] if statement else []),
            },
        )

    def approve(self, name: str, statement: bytes, groups: Sequence[str]) -> None:
        """Publish the statement about a workstation and its groups, and take its request away, in one step."""
        self._connection.modify(
            self._tree.host(name),
            replace={
                schema.HOST_STATEMENT: schema.bounded(schema.HOST_STATEMENT, [statement]),
                schema.KEY_GROUP: _groups(groups),
                schema.HOST_REQUEST: [],
            },
        )

    def reissue(self, name: str, statement: bytes) -> None:
        """Publish a new statement about a workstation; a request of it, if there is one, waits on."""
        self._connection.modify(
            self._tree.host(name), replace={schema.HOST_STATEMENT: schema.bounded(schema.HOST_STATEMENT, [statement])}
        )

    def request(self, name: str, request: bytes) -> None:
        """Put a request of this workstation in its entry, as the workstation."""
        self._connection.modify(
            self._tree.host(name), replace={schema.HOST_REQUEST: schema.bounded(schema.HOST_REQUEST, [request])}
        )

    def report(self, dn: str, report: bytes) -> None:
        """Put a report in place of the one that is there, as the workstation with this distinguished name."""
        self._connection.modify(dn, replace={schema.HOST_REPORT: schema.bounded(schema.HOST_REPORT, [report])})

    def reports(self) -> tuple[HostReport, ...]:
        """The reports of all workstations that made one: the whole list or an error."""
        reported = f"(&{equals(objectClass=schema.HOST_CLASS)}({schema.HOST_REPORT}=*))"
        entries = tuple(self._connection.find_all(self._tree.hosts, reported, ("cn", schema.HOST_STATEMENT)))
        return tuple(
            HostReport(entry.text("cn"), entry.one(schema.HOST_STATEMENT), self._report_of(entry.dn))
            for entry in entries
        )

    def _report_of(self, dn: str) -> bytes | None:
        """Read one by one: what a single workstation wrote there must not spoil the list of all."""
        try:
            return next(iter(self._connection.read(dn, (schema.HOST_REPORT,)).all(schema.HOST_REPORT)), None)
        except DirectoryError as error:
            if error.reason not in ("oversize", NotInDirectory.reason):
                raise
            return None

    def set_password(self, name: str, password: str) -> None:
        """Give a workstation another password: the old one is shut out at once."""
        self._connection.modify(self._tree.host(name), replace={"userPassword": [password.encode()]})

    def shut_out(self, name: str) -> None:
        """Take a workstation's password away for good: it cannot bind any more. The entry stays, for the record.

        :raises NotInDirectory: there is no such workstation.
        """
        try:
            self._connection.modify(
                self._tree.host(name), take={"objectClass": [_ACCOUNT_CLASS.encode()], "userPassword": []}
            )
        except DirectoryError as error:
            # Somebody did it before.
            if error.reason != "no_such_value":
                raise

    def remove(self, name: str) -> None:
        """Remove a workstation's entry: it can no longer ask the directory anything."""
        self._connection.remove(self._tree.host(name))


def _groups(groups: Sequence[str]) -> tuple[bytes, ...]:
    return schema.bounded(schema.KEY_GROUP, (group.encode() for group in groups))


def _host(entry: Entry) -> Host:
    return Host(
        name=entry.text("cn"),
        groups=tuple(sorted(value.decode("utf-8", errors="replace") for value in entry.all(schema.KEY_GROUP))),
        request=next(iter(schema.bounded(schema.HOST_REQUEST, entry.all(schema.HOST_REQUEST))), None),
        statement=next(iter(schema.bounded(schema.HOST_STATEMENT, entry.all(schema.HOST_STATEMENT))), None),
    )
