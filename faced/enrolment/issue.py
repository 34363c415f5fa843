"""A face template becomes what the directory keeps: signed, sealed, with a serial that only ever rises."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nacl import utils

from faced.enrolment.manifest import epochs_to_seal_to
from faced.enrolment.person import PersonDetails
from faced.enrolment.station import RoleKey
from faced.errors import TrustError
from faced.i18n import _
from faced.trust.keys import digest
from faced.trust.realm import Epoch, Verifier
from faced.trust.sealed import (
    LONGEST_DAYS,
    NO_PROVENANCE,
    Provenance,
    SealedTemplate,
    TemplateHeader,
    check_header,
    check_template,
    read_header,
    seal_template,
)
from faced.trust.statement import Kind, Statement
from faced.trust.tombstone import Erased, issue_tombstone, read_tombstone, tombstoned_below
from faced.units import DAY_S

if TYPE_CHECKING:
    from faced.recognition.template import FaceTemplate

#: A tombstone outlives every template it kills, whatever the clocks of station and workstation say.
TOMBSTONE_DAYS = LONGEST_DAYS + 31


@dataclass(frozen=True)
class Standing:
    """What the directory holds about a person already, unverified: the template and the tombstone, if any."""

    template: bytes | None = None
    tombstone: bytes | None = None


def issue_template(
    verifier: Verifier,
    key: RoleKey,
    person: PersonDetails,
    face: FaceTemplate,
    *,
    predictor: bytes,
    standing: Standing,
    not_after: int | None = None,
    provenance: Provenance = NO_PROVENANCE,
    random: Callable[[int], bytes] = utils.random,
) -> tuple[TemplateHeader, SealedTemplate]:
    """Seal and sign a template in the role ``enrol`` or ``sync``, for the purpose logon.

    :param predictor: the id of the predictor the landmarks come from, 32 bytes.
    :param standing: what it replaces; the new serial is above it.
    :param not_after: the end of the person's own period; None for as long as the purpose is renewed.
    :param provenance: what it rests on.
    :raises TrustError: ``wrong_group`` (the realm has no epoch of a group), ``purpose_over`` (the period is empty, or
        no purpose is in force), ``too_long``, or the station's own keys may no longer do this.
    """
    now = verifier.now
    if not_after is not None and not_after <= now:
        raise TrustError(_("The period must end in the future."), reason="purpose_over")
    header = TemplateHeader(
        login=person.login,
        staff_number=person.staff_number,
        serial=next_serial(verifier, person.login, standing),
        not_before=now,
        not_after=not_after,
        predictor=predictor,
        groups=person.groups,
        method="+".join(sorted({sample.source.value for sample in face.samples})),
        provenance=provenance,
    )
    sealed = seal_template(
        verifier.realm, key.sign, header, face.encode(), _epochs(verifier, person.groups), now, random=random
    )
    # A delegation that has run out or a revoked key must show here, not as 3,000 people who cannot log on.
    check_template(verifier, person.login, sealed.template, tombstone=_believed(verifier, person.login, standing))
    return header, sealed


def withdraw_template(
    verifier: Verifier,
    key: RoleKey,
    login: str,
    standing: Standing,
    *,
    reason: str,
    staff_number: str = "",
    decision: str = "",
) -> bytes:
    """The tombstone for all templates that a person has had, signed in the role ``revoke``, ``enrol`` or ``sync``.

    :param staff_number: as the entry has it; what the template says wins.
    """
    tombstone = issue_tombstone(
        verifier.realm,
        key.sign,
        login,
        below_serial=next_serial(verifier, login, standing),
        reason=reason,
        now=verifier.now,
        expires=verifier.now + TOMBSTONE_DAYS * DAY_S,
        erased=_erased(verifier, login, standing.template, staff_number, decision),
    )
    tombstoned_below(verifier, login, tombstone)
    return tombstone


def standing_tombstone(verifier: Verifier, login: str, standing: Standing) -> bytes | None:
    """The tombstone of all that this person has, if it holds: there is nothing left to withdraw.

    What does not verify needs no other tombstone than the one that was made for its very bytes.
    """
    tombstone = _believed(verifier, login, standing)
    if tombstone is None or standing.template is None:
        return tombstone
    says = read_tombstone(verifier.check(tombstone, Kind.TOMBSTONE))
    if says.erased is not None and says.erased.template == digest(standing.template):
        return tombstone
    statement = _past(verifier, login, standing.template)
    return tombstone if statement is not None and statement.serial < says.below_serial else None


def next_serial(verifier: Verifier, login: str, standing: Standing) -> int:
    """Above everything this person has had: the time, unless a serial has run ahead of it.

    What does not verify does not count: somebody who can write to the directory must not be able to use up serials.
    """
    lowest = verifier.now
    manifest = verifier.manifest
    if manifest is not None:
        lowest = max(lowest, manifest.minimum_serials.get(login, 0))
    if standing.template is not None:
        try:
            header = check_header(verifier, standing.template)
            if header.login == login:
                lowest = max(lowest, header.serial + 1)
        except TrustError:
            pass
    if (tombstone := _believed(verifier, login, standing)) is not None:
        lowest = max(lowest, tombstoned_below(verifier, login, tombstone))
    return lowest


def _erased(verifier: Verifier, login: str, template: bytes | None, staff_number: str, decision: str) -> Erased:
    if template is None:
        return Erased(staff_number, decision=decision)
    statement = _past(verifier, login, template)
    if statement is None:
        return Erased(staff_number, digest(template), decision=decision)
    staff = read_header(statement).staff_number
    return Erased(staff, digest(template), statement.serial, statement.issued, decision)


def _past(verifier: Verifier, login: str, template: bytes) -> Statement | None:
    """The person's template, also if its period is over; None if it is not believed to be theirs."""
    try:
        statement, _handler = verifier.check_past(template, Kind.TEMPLATE)
        read_header(statement)
    except TrustError:
        return None
    return statement if statement.subject == login else None


def _believed(verifier: Verifier, login: str, standing: Standing) -> bytes | None:
    """The tombstone, if it holds."""
    if standing.tombstone is None:
        return None
    try:
        tombstoned_below(verifier, login, standing.tombstone)
    except TrustError:
        return None
    return standing.tombstone


def _epochs(verifier: Verifier, groups: tuple[str, ...]) -> list[Epoch]:
    manifest = verifier.manifest
    usable = epochs_to_seal_to(manifest, verifier.now) if manifest else ()
    epochs = [epoch for epoch in usable if epoch.group in groups]
    missing = sorted(set(groups) - {epoch.group for epoch in epochs})
    if missing:
        raise TrustError(
            _(
                "The realm has no key group '{group}' in this fiscal year. Choose one that 'facectl realm show' lists."
            ).format(group=missing[0]),
            reason="wrong_group",
        )
    return epochs
