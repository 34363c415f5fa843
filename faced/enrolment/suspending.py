"""Suspensions as the authority makes them: at once, and until a newer one lifts it."""

from __future__ import annotations

from faced.directory.people import Person, SealedFace
from faced.enrolment.approving import Approvals, Signed
from faced.trust.permission import above_manifest
from faced.trust.statement import Kind
from faced.trust.suspension import LONGEST_DAYS, Suspension, issue_suspension, read_suspension
from faced.units import DAY_S


class Suspensions(Approvals[Suspension]):
    """The suspensions of one tree; a person holds none, one that is suspended or lifted, or one that does not hold."""

    def suspend(self, person: Person, reason: str) -> Signed[Suspension]:
        """Sign that nobody is let in by this person's face.

        :param reason: a word of small letters: left, leave, incident ...
        :raises TrustError: the station's own keys may no longer do this.
        """
        return self._issue(person, reason, suspended=True)

    def resume(self, person: Person) -> Signed[Suspension]:
        """Sign that a suspension is over. Possible without one in the entry too: PCs remember one that was there.

        :raises TrustError: as :meth:`suspend`.
        """
        return self._issue(person, "lifted", suspended=False)

    def publish(self, signed: Signed[Suspension]) -> None:
        self.people.suspend(signed.says.login, signed.statement)

    def _held_by(self, face: SealedFace) -> bytes | None:
        return face.suspension

    def _read(self, login: str, data: bytes) -> Suspension:
        return read_suspension(self.verifier, login, data)

    def _worth(self, suspension: Suspension) -> str:
        return "suspended" if suspension.suspended else "lifted"

    def _issue(self, person: Person, reason: str, *, suspended: bool) -> Signed[Suspension]:
        now = self.verifier.now

        def issue(serial: int) -> bytes:
            serial = above_manifest(self.verifier, Kind.SUSPENSION, person.login, serial)
            suspension = Suspension(person.login, serial, suspended, reason, now, now + LONGEST_DAYS * DAY_S)
            return issue_suspension(self.verifier.realm, self.key.sign, suspension)

        return self._sign(person, issue)
