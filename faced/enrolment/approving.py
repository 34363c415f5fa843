"""Statements about one person as the authority makes them: signed, read back, and put in the place of the last one.

Why somebody is given one stays in the station's record of acts: the directory and the workstations need not know.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from faced.directory.connection import Connection
from faced.directory.people import People, Person, SealedFace
from faced.directory.tree import Tree
from faced.enrolment.station import RoleKey
from faced.errors import DirectoryError, TrustError
from faced.i18n import _
from faced.trust.realm import Verifier


class Approval(Protocol):
    """What a statement about one person says."""

    @property
    def login(self) -> str:
        """Whom it is about."""

    @property
    def serial(self) -> int:
        """The higher one counts."""


A = TypeVar("A", bound=Approval)


@dataclass(frozen=True)
class Signed(Generic[A]):
    """What a statement says and the statement, not published yet. ``groups``: key groups for somebody who has none."""

    says: A
    statement: bytes
    groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class Held(Generic[A]):
    """What the directory holds of a person.

    ``state`` is none, a word of the kind (in_force, withdrawn, ...), or the reason why it does not hold; without
    ``says`` it cannot be believed.
    """

    person: Person
    state: str
    says: A | None = None


@dataclass(frozen=True)
class Approvals(ABC, Generic[A]):
    """The statements of one kind in one tree, over a connection of the role that ``key`` belongs to."""

    connection: Connection
    tree: Tree
    verifier: Verifier
    key: RoleKey

    @property
    def people(self) -> People:
        """The entries."""
        return People(self.connection, self.tree)

    def state(self, person: Person) -> Held[A]:
        """What a workstation that has not seen it yet would make of what the person holds."""
        data = self._held_by(person.face)
        if data is None:
            return Held(person, "none")
        try:
            says = self._read(person.login, data)
        except TrustError as error:
            return Held(person, error.reason)
        return Held(person, self._worth(says), says)

    @abstractmethod
    def publish(self, signed: Signed[A]) -> None:
        """Put a signed statement in place of the one that is there.

        :raises DirectoryError: what the server refused.
        """

    @abstractmethod
    def _held_by(self, face: SealedFace) -> bytes | None:
        """The standing statement of this kind."""

    @abstractmethod
    def _read(self, login: str, data: bytes) -> A:
        """What it says about this person now; raises TrustError if it cannot be believed."""

    def _worth(self, _says: A) -> str:
        """The state of one that is believed."""
        return "in_force"

    def _sign(self, person: Person, issue: Callable[[int], bytes], groups: tuple[str, ...] = ()) -> Signed[A]:
        """Sign what ``issue`` makes of the next serial: two within a second differ all the same."""
        now, held = self.verifier.now, self.state(person).says
        statement = issue(now if held is None else max(now, held.serial + 1))
        # A delegation that has run out or a revoked key must show here, not at the workstations.
        return Signed(self._read(person.login, statement), statement, groups)


def check_enrolled(person: Person) -> None:
    """PCs see only people who have a key group.

    :raises DirectoryError: ``not_enrolled``.
    """
    if not person.groups:
        raise DirectoryError(
            _("{login} is not enrolled. Enrol the person first.").format(login=person.login), reason="not_enrolled"
        )
