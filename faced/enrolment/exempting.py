"""Exemptions as the authority keeps them: granted for a while, withdrawn, looked up."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from faced.directory.people import Person, SealedFace
from faced.enrolment.approving import Approvals, Signed, check_enrolled
from faced.errors import NotAllowed
from faced.i18n import _
from faced.liveness.challenge import ALL, Challenge, remaining
from faced.trust.exemption import LONGEST_DAYS, Exemption, check_exemption, issue_exemption
from faced.units import DAY_S


@dataclass(frozen=True)
class Exemptions(Approvals[Exemption]):
    """The exemptions of one tree.

    What a person holds is none, in_force, withdrawn, unknown_action, too_little_left, or why it does not hold.
    ``challenges``: how many actions are asked for at a logon.
    """

    challenges: int

    def grant(self, person: Person, without: Collection[Challenge], not_after: int) -> Signed[Exemption]:
        """Sign that these actions, and no others, are not asked of a person.

        :param not_after: unix seconds, the first second in which it no longer holds.
        :raises DirectoryError: ``not_enrolled``.
        :raises NotAllowed: ``too_little_left``; ``too_long``, also for a period that is over already.
        :raises TrustError: the station's own keys may no longer do this.
        """
        check_enrolled(person)
        if not remaining(ALL, without, self.challenges):
            raise NotAllowed(
                _(
                    "Too little would be left to ask for: at least one turn of the head (left, right, up or down), and "
                    "{count} different actions in all."
                ).format(count=self.challenges),
                reason="too_little_left",
            )
        if not 0 < not_after - self.verifier.now <= LONGEST_DAYS * DAY_S:
            raise NotAllowed(
                _("The last day must lie ahead, by {days} days at most: whoever still needs it is asked again.").format(
                    days=LONGEST_DAYS
                ),
                reason="too_long",
            )
        return self._issue(person, without, not_after)

    def withdraw(self, person: Person) -> Signed[Exemption]:
        """Sign that everything is asked of a person again.

        Possible without an exemption in the entry too: one that was granted may have been taken out, to be put back.

        :raises TrustError: as :meth:`grant`.
        """
        return self._issue(person, (), self.verifier.now + LONGEST_DAYS * DAY_S)

    def publish(self, signed: Signed[Exemption]) -> None:
        self.people.exempt(signed.says.login, signed.statement)

    def _held_by(self, face: SealedFace) -> bytes | None:
        return face.exemption

    def _read(self, login: str, data: bytes) -> Exemption:
        return check_exemption(self.verifier, login, data)

    def _worth(self, exemption: Exemption) -> str:
        if not exemption.without:
            return "withdrawn"
        if not set(exemption.without) <= set(Challenge):
            return "unknown_action"
        left = remaining(ALL, frozenset(map(Challenge, exemption.without)), self.challenges)
        return "in_force" if left else "too_little_left"

    def _issue(self, person: Person, without: Collection[Challenge], expires: int) -> Signed[Exemption]:
        words = {action.value for action in without}
        realm, now = self.verifier.realm, self.verifier.now
        return self._sign(
            person,
            lambda serial: issue_exemption(
                *(realm, self.key.sign, person.login), serial=serial, without=words, now=now, expires=expires
            ),
        )
