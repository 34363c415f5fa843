"""Unlocks as the authority makes them: new tries for somebody who has used theirs up."""

from __future__ import annotations

from dataclasses import dataclass

from faced.directory.connection import Connection
from faced.directory.people import People, Person
from faced.directory.tree import Tree
from faced.enrolment.station import RoleKey
from faced.errors import DirectoryError, NotAllowed, TrustError
from faced.i18n import _
from faced.trust.realm import Verifier
from faced.trust.unlock import LONGEST_HOURS, Unlock, issue_unlock, read_unlock

_HOUR_S = 3600


@dataclass(frozen=True)
class SignedUnlock:
    """An unlock and its statement, not published yet."""

    unlock: Unlock
    statement: bytes


@dataclass(frozen=True)
class Unlocks:
    """The unlocks of one tree, over a connection of the role that ``key`` belongs to."""

    connection: Connection
    tree: Tree
    verifier: Verifier
    key: RoleKey

    @property
    def people(self) -> People:
        """The entries."""
        return People(self.connection, self.tree)

    def grant(self, person: Person, host: str, hours: int) -> SignedUnlock:
        """Sign that a person may try again.

        :param host: the only PC where it holds; empty for every PC.
        :param hours: until it can no longer be used.
        :raises DirectoryError: ``not_enrolled``.
        :raises NotAllowed: ``too_long``.
        :raises TrustError: the station's own keys may no longer do this.
        """
        if not person.groups:
            raise DirectoryError(
                _("{login} is not enrolled. Enrol the person first.").format(login=person.login), reason="not_enrolled"
            )
        if not 0 < hours <= LONGEST_HOURS:
            raise NotAllowed(
                _("An unlock can be used for 1 to {most} hours.").format(most=LONGEST_HOURS), reason="too_long"
            )
        now = self.verifier.now
        statement = issue_unlock(
            self.verifier.realm,
            self.key.sign,
            person.login,
            host=host,
            serial=max(now, self._standing_serial(person) + 1),
            now=now,
            expires=now + hours * _HOUR_S,
        )
        # A delegation that has run out or a revoked key must show here, not at the workstations.
        return SignedUnlock(read_unlock(self.verifier, person.login, statement), statement)

    def publish(self, signed: SignedUnlock) -> None:
        """Put a signed unlock in place of the one that is there.

        :raises DirectoryError: what the server refused.
        """
        self.people.unlock(signed.unlock.login, signed.statement)

    def _standing_serial(self, person: Person) -> int:
        """Two unlocks within a second differ all the same; one that no longer holds is not looked at."""
        try:
            return read_unlock(self.verifier, person.login, person.face.unlock).serial if person.face.unlock else 0
        except TrustError:
            return 0
