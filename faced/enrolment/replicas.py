"""What each directory server has after an erasure: all are read, because replication is late when it matters."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from faced.directory.connection import Connection
from faced.directory.connector import Connector
from faced.directory.people import People
from faced.directory.tree import Tree
from faced.errors import AmbiguousEntry, DirectoryError, NotInDirectory

#: How long a server that is behind may take.
PATIENCE_S = 30.0
_PAUSE_S = 0.2
BEHIND = "behind"


@dataclass(frozen=True)
class Replica:
    """One server. ``fault``: empty if everything was seen to be gone; else ``behind`` or why it could not be asked.

    ``left``: people whose erasure has not arrived.
    """

    server: str
    fault: str
    left: int


class Replicas:
    """The servers of the directory, each asked by itself.

    :param connectors: by address, one for each server alone, as an account that may read the people.
    """

    def __init__(
        self,
        connectors: Mapping[str, Connector],
        tree: Tree,
        *,
        patience_s: float = PATIENCE_S,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._connectors = connectors
        self._tree = tree
        self._patience_s = patience_s
        self._monotonic = monotonic
        self._sleep = sleep

    def __len__(self) -> int:
        return len(self._connectors)

    def read_back(
        self, tombstones: Mapping[str, bytes], *, seen: Callable[[], None] = lambda: None
    ) -> tuple[Replica, ...]:
        """Wait until each server has these tombstones (by login name) and nothing else of these people's faces.

        :param seen: called for each person on each server.
        """
        return tuple(self._one(server, dict(tombstones), seen) for server in self._connectors)

    def _one(self, server: str, left: dict[str, bytes], seen: Callable[[], None]) -> Replica:
        until = self._monotonic() + self._patience_s
        try:
            with self._connectors[server].connect() as connection:
                while True:
                    for login in list(self._arrived(connection, left.items())):
                        del left[login]
                        seen()
                    if not left:
                        return Replica(server, "", 0)
                    if self._monotonic() >= until:
                        return Replica(server, BEHIND, len(left))
                    self._sleep(_PAUSE_S)
        except DirectoryError as error:
            return Replica(server, error.reason, len(left))

    def _arrived(self, connection: Connection, wanted: Iterable[tuple[str, bytes]]) -> Iterable[str]:
        people = People(connection, self._tree)
        for login, tombstone in wanted:
            try:
                person = people.find(login)
            except (NotInDirectory, AmbiguousEntry):
                # Without the tombstone no cache that asks this server learns of it.
                continue
            if people.is_erased(person) and person.face.tombstone == tombstone:
                yield login
