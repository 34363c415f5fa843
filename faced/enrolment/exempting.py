"""Exemptions as the authority keeps them: granted for a while, withdrawn, looked up."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from faced.directory.people import Person, SealedFace
from faced.enrolment.approving import Approvals, Signed, check_enrolled
from faced.enrolment.founding import DEFAULT_GROUP
from faced.errors import NotAllowed
from faced.i18n import _
from faced.liveness.challenge import ALL, Challenge, remaining
from faced.trust.exemption import LONGEST_DAYS, Exemption, check_exemption, is_factor, issue_exemption
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
        self._check_end(not_after)
        return self._issue(person, not_after, without)

    def grant_instead(self, person: Person, factor: str, not_after: int) -> Signed[Exemption]:
        """Sign that another factor takes the place of a person's face.

        Somebody who was never enrolled gets a key group, for the PCs could not see it otherwise.

        :param factor: its word, as the PCs' configuration has it.
        :param not_after: as :meth:`grant`.
        :raises NotAllowed: ``bad_factor``, ``too_long``.
        :raises TrustError: as :meth:`grant`.
        """
        if not is_factor(factor):
            raise NotAllowed(
                _("The factor must be one word as in [logon] other_factors of the PCs: a-z, 0-9 and _."),
                reason="bad_factor",
            )
        self._check_end(not_after)
        return self._issue(person, not_after, instead=factor, groups=() if person.groups else (DEFAULT_GROUP,))

    def withdraw(self, person: Person) -> Signed[Exemption]:
        """Sign that everything is asked of a person again.

        Possible without an exemption in the entry too: one that was granted may have been taken out, to be put back.

        :raises TrustError: as :meth:`grant`.
        """
        return self._issue(person, self.verifier.now + LONGEST_DAYS * DAY_S)

    def publish(self, signed: Signed[Exemption]) -> None:
        self.people.exempt(signed.says.login, signed.statement, signed.groups)

    def _held_by(self, face: SealedFace) -> bytes | None:
        return face.exemption

    def _read(self, login: str, data: bytes) -> Exemption:
        return check_exemption(self.verifier, login, data)

    def _worth(self, exemption: Exemption) -> str:
        if exemption.withdrawn:
            return "withdrawn"
        if exemption.instead:
            return "in_force"
        if not set(exemption.without) <= set(Challenge):
            return "unknown_action"
        left = remaining(ALL, frozenset(map(Challenge, exemption.without)), self.challenges)
        return "in_force" if left else "too_little_left"

    def _check_end(self, not_after: int) -> None:
        if not 0 < not_after - self.verifier.now <= LONGEST_DAYS * DAY_S:
            raise NotAllowed(
                _("The last day must lie ahead, by {days} days at most: whoever still needs it is asked again.").format(
                    days=LONGEST_DAYS
                ),
                reason="too_long",
            )

    def _issue(
        self,
        person: Person,
        expires: int,
        without: Collection[Challenge] = (),
        *,
        instead: str = "",
        groups: tuple[str, ...] = (),
    ) -> Signed[Exemption]:
        return self._sign(
            person,
            lambda serial: issue_exemption(
                *(self.verifier.realm, self.key.sign, person.login),
                serial=serial,
                without={action.value for action in without},
                now=self.verifier.now,
                expires=expires,
                instead=instead,
            ),
            groups,
        )
