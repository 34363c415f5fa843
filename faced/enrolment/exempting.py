"""Exemptions as the authority keeps them: granted for a while, withdrawn, looked up.

Why somebody is exempted stays in the station's record of acts: the directory and the workstations need not know.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from faced.directory.connection import Connection
from faced.directory.people import People, Person
from faced.directory.tree import Tree
from faced.enrolment.station import RoleKey
from faced.errors import DirectoryError, NotAllowed, TrustError
from faced.i18n import _
from faced.liveness.challenge import ALL, Challenge, remaining
from faced.trust.exemption import LONGEST_DAYS, Exemption, check_exemption, issue_exemption
from faced.trust.realm import Verifier

_DAY_S = 86400


@dataclass(frozen=True)
class SignedExemption:
    """An exemption and its statement, not published yet."""

    exemption: Exemption
    statement: bytes


@dataclass(frozen=True)
class ExemptionState:
    """What the directory holds of a person's exemption.

    ``state`` is none, in_force, withdrawn, unknown_action, too_little_left, or the reason why it does not hold; without
    an ``exemption`` it cannot be believed.
    """

    person: Person
    state: str
    exemption: Exemption | None = None


@dataclass(frozen=True)
class Exemptions:
    """The exemptions of one tree, over a connection of the role that ``key`` belongs to.

    ``challenges``: how many actions are asked for at a logon.
    """

    connection: Connection
    tree: Tree
    verifier: Verifier
    key: RoleKey
    challenges: int

    @property
    def people(self) -> People:
        """The entries."""
        return People(self.connection, self.tree)

    def grant(self, person: Person, without: Collection[Challenge], not_after: int) -> SignedExemption:
        """Sign that these actions, and no others, are not asked of a person.

        :param not_after: unix seconds, the first second in which it no longer holds.
        :raises DirectoryError: ``not_enrolled``.
        :raises NotAllowed: ``too_little_left``; ``too_long``, also for a period that is over already.
        :raises TrustError: the station's own keys may no longer do this.
        """
        if not person.groups:
            raise DirectoryError(
                _("{login} is not enrolled. Enrol the person first.").format(login=person.login), reason="not_enrolled"
            )
        if not remaining(ALL, without, self.challenges):
            raise NotAllowed(
                _(
                    "Too little would be left to ask for: at least one turn of the head (left, right, up or down), and "
                    "{count} different actions in all."
                ).format(count=self.challenges),
                reason="too_little_left",
            )
        if not 0 < not_after - self.verifier.now <= LONGEST_DAYS * _DAY_S:
            raise NotAllowed(
                _("The last day must lie ahead, by {days} days at most: whoever still needs it is asked again.").format(
                    days=LONGEST_DAYS
                ),
                reason="too_long",
            )
        return self._sign(person, without, not_after)

    def withdraw(self, person: Person) -> SignedExemption:
        """Sign that everything is asked of a person again.

        Possible without an exemption in the entry too: one that was granted may have been taken out, to be put back.

        :raises TrustError: as :meth:`grant`.
        """
        return self._sign(person, (), self.verifier.now + LONGEST_DAYS * _DAY_S)

    def publish(self, signed: SignedExemption) -> None:
        """Put a signed exemption in place of the one that is there.

        :raises DirectoryError: what the server refused.
        """
        self.people.exempt(signed.exemption.login, signed.statement)

    def state(self, person: Person) -> ExemptionState:
        """What a workstation would make of the person's exemption."""
        if person.face.exemption is None:
            return ExemptionState(person, "none")
        try:
            exemption = check_exemption(self.verifier, person.login, person.face.exemption)
        except TrustError as error:
            return ExemptionState(person, error.reason)
        return ExemptionState(person, self._worth(exemption), exemption)

    def _worth(self, exemption: Exemption) -> str:
        if not exemption.without:
            return "withdrawn"
        if not set(exemption.without) <= set(Challenge):
            return "unknown_action"
        left = remaining(ALL, frozenset(map(Challenge, exemption.without)), self.challenges)
        return "in_force" if left else "too_little_left"

    def _sign(self, person: Person, without: Collection[Challenge], expires: int) -> SignedExemption:
        held = self.state(person).exemption
        statement = issue_exemption(
            self.verifier.realm,
            self.key.sign,
            person.login,
            serial=self.verifier.now if held is None else max(self.verifier.now, held.serial + 1),
            without={action.value for action in without},
            now=self.verifier.now,
            expires=expires,
        )
        # A delegation that has run out or a revoked key must show here, not at the workstations.
        return SignedExemption(check_exemption(self.verifier, person.login, statement), statement)
