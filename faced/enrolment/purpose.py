"""The purpose renewed: each fiscal year anew, under a decision of the organisation (requirement R11).

What is signed waits on the station for the next manifest, which the timer issues daily or a handler at once: whoever
approves need not be able to issue manifests.
"""

from __future__ import annotations

from dataclasses import dataclass

from faced.enrolment.fiscal_year import FiscalYear
from faced.enrolment.manifest import last_manifest, purposes_of
from faced.enrolment.station import RoleKey, Station
from faced.errors import TrustError
from faced.i18n import _
from faced.trust.purpose import LONGEST_DECISION, Purpose, check_purpose, issue_purpose
from faced.units import DAY_S, midnight
from faced.urgency import DAYS_AHEAD

#: So long before 1 April the next fiscal year's purpose is what is renewed.
_NEXT_YEAR_S = DAYS_AHEAD[0] * DAY_S


@dataclass(frozen=True)
class Period:
    """From ``not_before`` until before ``not_after``, unix seconds."""

    not_before: int
    not_after: int


def rest_of_year(now: int) -> Period:
    """From today on to the end of the fiscal year."""
    return Period(midnight(now), FiscalYear.at(now).ends)


def period_to_renew(now: int, begins: int | None = None, ends: int | None = None) -> Period:
    """The next fiscal year when it is near, else the rest of this one; or what was asked for.

    :param begins, ends: unix seconds; with only one of them the other is the bound of the fiscal year, or today.
    """
    if begins is None and ends is None:
        following = FiscalYear.at(now + _NEXT_YEAR_S)
        return rest_of_year(now) if following == FiscalYear.at(now) else Period(following.begins, following.ends)
    if begins is None:
        assert ends is not None  # noqa: S101 - one of the two was given
        begins = max(midnight(now), FiscalYear.at(ends - 1).begins)
    return Period(begins, FiscalYear.at(begins).ends if ends is None else ends)


def check_decision(decision: str) -> str:
    """The number of a decision as it is signed.

    :raises TrustError: ``no_decision``: it says nothing, or too much.
    """
    if not 0 < len(decision.strip()) <= LONGEST_DECISION:
        raise TrustError(
            _("A purpose needs the number of the decision that allows it, of at most {most} characters.").format(
                most=LONGEST_DECISION
            ),
            reason="no_decision",
        )
    return decision.strip()


def sign_purpose(station: Station, key: RoleKey, period: Period, decision: str, now: int) -> Purpose:
    """A purpose in the role ``approve`` that counts from the next manifest on, in place of the year's one before.

    :raises TrustError: ``no_decision``; ``purpose_over``: the period is empty or over; ``too_long``: it goes beyond a
        fiscal year or lies further ahead than the next; or the key may not sign it (any more).
    """
    number = check_decision(decision)
    if not max(now, period.not_before) < period.not_after:
        raise TrustError(_("The purpose must end in the future, and after it begins."), reason="purpose_over")
    if FiscalYear.at(period.not_before).number > FiscalYear.at(now).number + 1:
        raise TrustError(_("Only this fiscal year and the next can be granted."), reason="too_long")
    manifest = last_manifest(station)
    held = purposes_of(station, manifest, now)
    data = issue_purpose(
        station.realm,
        key.sign,
        serial=max([now, *(purpose.serial + 1 for purpose in held)]),
        not_before=period.not_before,
        not_after=period.not_after,
        decision=number,
        now=now,
    )
    # Our own check: what no workstation would believe must show here.
    return check_purpose(station.realm.verifier(station.delegations, None, now).under(manifest), data)
