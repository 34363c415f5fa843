"""Consent and approval as the authority records them: what people signed on paper, and what the chief decided."""

from __future__ import annotations

from datetime import date

from faced.directory.people import Person, SealedFace
from faced.enrolment.approving import Approvals, Signed
from faced.enrolment.fiscal_year import OVERLAP, FiscalYear, end_of, start_of
from faced.errors import NotAllowed
from faced.i18n import _
from faced.trust.consent import (
    WITHDRAWN_DAYS,
    Approval,
    Consent,
    issue_approval,
    issue_consent,
    read_approval,
    read_consent,
)
from faced.trust.permission import above_manifest
from faced.trust.statement import Kind
from faced.units import DAY_S

_LONGEST_DECISION = 60


class Consents(Approvals[Consent]):
    """The consents of one tree; a person holds none, one in_force or withdrawn, or one that does not hold."""

    def record(self, person: Person, given: date, until: date | None = None) -> Signed[Consent]:
        """Sign that a person agreed, on a day in Japan.

        :param until: the last day; None for the end of the fiscal year.
        :raises NotAllowed: ``not_yet_given``; ``too_long``.
        :raises TrustError: the station's own keys may no longer do this.
        """
        now = self.verifier.now
        if start_of(given) > now:
            raise NotAllowed(_("A consent cannot be recorded before it is given."), reason="not_yet_given")
        return self._issue(person, start_of(given), period_end(now, until), withdrawn=False)

    def withdraw(self, person: Person) -> Signed[Consent]:
        """Sign that a person does not agree any more; the day of the consent stays on record.

        Possible without a consent in the entry too: it may have been taken out, to be put back.

        :raises TrustError: as :meth:`record`.
        """
        now, held = self.verifier.now, self.state(person).says
        return self._issue(person, held.given if held else now, now + WITHDRAWN_DAYS * DAY_S, withdrawn=True)

    def publish(self, signed: Signed[Consent]) -> None:
        self.people.consent(signed.says.login, signed.statement)

    def _held_by(self, face: SealedFace) -> bytes | None:
        return face.consent

    def _read(self, login: str, data: bytes) -> Consent:
        return read_consent(self.verifier, login, data)

    def _worth(self, consent: Consent) -> str:
        return "withdrawn" if consent.withdrawn else "in_force"

    def _issue(self, person: Person, given: int, expires: int, *, withdrawn: bool) -> Signed[Consent]:
        def issue(serial: int) -> bytes:
            serial = above_manifest(self.verifier, Kind.CONSENT, person.login, serial)
            consent = Consent(person.login, serial, given, self.verifier.now, expires, withdrawn)
            return issue_consent(self.verifier.realm, self.key.sign, consent)

        return self._sign(person, issue)


class ChiefsApprovals(Approvals[Approval]):
    """The section chief's approvals of one tree; states as of :class:`Consents`."""

    def record(self, person: Person, decision: str, until: date | None = None) -> Signed[Approval]:
        """Sign that the chief approved a person.

        :param decision: its number.
        :param until: the last day; None for the end of the fiscal year.
        :raises NotAllowed: ``decision``; ``too_long``.
        :raises TrustError: the station's own keys may no longer do this.
        """
        if not decision.strip() or len(decision) > _LONGEST_DECISION or not decision.isprintable():
            raise NotAllowed(
                _("The number of the decision needs 1 to {most} characters.").format(most=_LONGEST_DECISION),
                reason="decision",
            )
        return self._issue(person, decision, period_end(self.verifier.now, until), withdrawn=False)

    def withdraw(self, person: Person) -> Signed[Approval]:
        """Sign that the chief does not approve any more; the number of the decision stays on record.

        :raises TrustError: as :meth:`record`.
        """
        held, expires = self.state(person).says, self.verifier.now + WITHDRAWN_DAYS * DAY_S
        return self._issue(person, held.decision if held else "", expires, withdrawn=True)

    def publish(self, signed: Signed[Approval]) -> None:
        self.people.approve(signed.says.login, signed.statement)

    def _held_by(self, face: SealedFace) -> bytes | None:
        return face.approval

    def _read(self, login: str, data: bytes) -> Approval:
        return read_approval(self.verifier, login, data)

    def _worth(self, approval: Approval) -> str:
        return "withdrawn" if approval.withdrawn else "in_force"

    def _issue(self, person: Person, decision: str, expires: int, *, withdrawn: bool) -> Signed[Approval]:
        def issue(serial: int) -> bytes:
            serial = above_manifest(self.verifier, Kind.APPROVAL, person.login, serial)
            approval = Approval(person.login, serial, decision, self.verifier.now, expires, withdrawn)
            return issue_approval(self.verifier.realm, self.key.sign, approval)

        return self._sign(person, issue)


def period_end(now: int, until: date | None) -> int:
    """The first second after the period of a consent or an approval that is recorded now.

    It ends with the fiscal year at the latest, or with the next one's from the fortnight before that on.

    :raises NotAllowed: ``too_long``, also for a period that is over already.
    """
    latest = FiscalYear.at(now + int(OVERLAP.total_seconds())).ends
    end = FiscalYear.at(now).ends if until is None else end_of(until)
    if not now < end <= latest:
        raise NotAllowed(
            _("The last day must lie ahead, and not after the fiscal year: each one is agreed and approved anew."),
            reason="too_long",
        )
    return end
