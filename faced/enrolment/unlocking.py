"""Unlocks as the authority makes them: new tries for somebody who has used theirs up."""

from __future__ import annotations

from faced.directory.people import Person, SealedFace
from faced.enrolment.approving import Approvals, Signed, check_enrolled
from faced.errors import NotAllowed
from faced.i18n import _
from faced.trust.unlock import LONGEST_HOURS, Unlock, issue_unlock, read_unlock
from faced.units import HOUR_S


class Unlocks(Approvals[Unlock]):
    """The unlocks of one tree."""

    def grant(self, person: Person, host: str, hours: int) -> Signed[Unlock]:
        """Sign that a person may try again.

        :param host: the only PC where it holds; empty for every PC.
        :param hours: until it can no longer be used.
        :raises DirectoryError: ``not_enrolled``.
        :raises NotAllowed: ``too_long``.
        :raises TrustError: the station's own keys may no longer do this.
        """
        check_enrolled(person)
        if not 0 < hours <= LONGEST_HOURS:
            raise NotAllowed(
                _("An unlock can be used for 1 to {most} hours.").format(most=LONGEST_HOURS), reason="too_long"
            )
        realm, now = self.verifier.realm, self.verifier.now
        expires = now + hours * HOUR_S
        return self._sign(
            person,
            lambda serial: issue_unlock(
                *(realm, self.key.sign, person.login), host=host, serial=serial, now=now, expires=expires
            ),
        )

    def publish(self, signed: Signed[Unlock]) -> None:
        self.people.unlock(signed.says.login, signed.statement)

    def _held_by(self, face: SealedFace) -> bytes | None:
        return face.unlock

    def _read(self, login: str, data: bytes) -> Unlock:
        return read_unlock(self.verifier, login, data)
