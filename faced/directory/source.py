"""What a workstation asks of the directory: its realm's papers and the sealed faces of its people."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from faced.directory.bundle import RealmPapers
from faced.directory.connection import Connection
from faced.directory.connector import Connector
from faced.directory.hosts import Hosts
from faced.directory.people import People, SealedFace
from faced.directory.realm import RealmDocuments
from faced.directory.tree import Tree
from faced.errors import AmbiguousEntry, DirectoryError, NotAllowed, NotInDirectory
from faced.i18n import _

_OF_ONE_ENTRY = {NotInDirectory.reason, AmbiguousEntry.reason, "oversize", "several_values", "referral"}


@dataclass(frozen=True)
class Answer:
    """One visit to the directory. ``faces``: by login; None for who is not there exactly once, with usable bytes."""

    papers: RealmPapers
    faces: dict[str, SealedFace | None]


class Source(Protocol):
    """Where fresh bytes come from."""

    def ask(self, logins: Iterable[str], within_s: float | None) -> Answer:
        """The realm's papers and these people's faces, over one connection; blocks.

        :param within_s: for all of it; None: a time for each question.
        :raises DirectoryUnavailable: no server could be reached and verified, or it broke off.
        :raises DirectoryError: it answered with something that cannot be used.
        """

    def manifest(self) -> bytes | None:
        """The realm's manifest alone, which is little work for the servers; blocks, and raises as :meth:`ask`."""

    def report(self, report: bytes) -> None:
        """Put this workstation's report into its entry; blocks, and raises as :meth:`ask`."""


class DirectorySource:
    """The directory, asked as this workstation.

    A connection lasts for one visit: thousands of workstations that each hold one open would cost the servers more
    than the few milliseconds of a handshake cost a logon.
    """

    def __init__(self, connector: Connector, tree: Tree, host_dn: str) -> None:
        """
        :param host_dn: the entry of this workstation, which ``connector`` binds as.
        """
        self._connector = connector
        self._tree = tree
        self._host_dn = host_dn

    def ask(self, logins: Iterable[str], within_s: float | None) -> Answer:
        try:
            with self._connector.connect(within_s) as connection:
                papers = self._papers(connection)
                people = People(connection, self._tree)
                return Answer(papers, {login: _face(people.face, login) for login in logins})
        except NotAllowed as error:
            raise DirectoryError(str(error), reason=error.reason) from None

    def manifest(self) -> bytes | None:
        with self._connector.connect() as connection:
            return RealmDocuments(connection, self._tree).manifest()

    def report(self, report: bytes) -> None:
        with self._connector.connect() as connection:
            Hosts(connection, self._tree).report(self._host_dn, report)

    def _papers(self, connection: Connection) -> RealmPapers:
        try:
            realm = RealmDocuments(connection, self._tree).read()
            host = Hosts(connection, self._tree).at(self._host_dn)
        except NotInDirectory as error:
            raise DirectoryError(
                _("The directory shows this host no realm or no entry of its own: {why}").format(why=error),
                reason="no_realm",
            ) from None
        return RealmPapers(realm.manifest, realm.delegations, host.statement)


def _face(ask: Callable[[str], SealedFace], login: str) -> SealedFace | None:
    try:
        return ask(login)
    except DirectoryError as error:
        # One entry that is missing, double or spoilt must not stand in the way of everybody else's.
        if error.reason in _OF_ONE_ENTRY:
            return None
        raise
