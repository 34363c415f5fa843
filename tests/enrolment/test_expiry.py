"""Alarms days ahead: appointments at 60, 30 and 7 days, the manifest at 7 of its 14."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from faced.enrolment.expiry import alarms
from faced.enrolment.fiscal_year import FiscalYear
from faced.enrolment.founding import DELEGATION_DAYS
from faced.enrolment.handlers import appointments, without_keys
from faced.enrolment.manifest import last_manifest, next_manifest
from faced.enrolment.purpose import period_to_renew, sign_purpose
from faced.enrolment.station import RoleKey, Station
from faced.trust.realm import Role
from faced.urgency import Level
from tests.enrolment.conftest import NOW

DAY = 86400
OVER = NOW + DELEGATION_DAYS * DAY


def renew(station: Station, role_key: Callable[[Role], RoleKey], now: int) -> None:
    station.keep_manifest(
        station.realm.issue_manifest(role_key(Role.MANIFEST).sign, next_manifest(last_manifest(station), now))
    )


def test_a_new_realm_gives_no_alarm(station: Station) -> None:
    assert alarms(station, NOW) == ()


@pytest.mark.parametrize(
    ("left", "level"),
    [
        (60 * DAY + 1, None),
        (60 * DAY, Level.AHEAD),
        (30 * DAY + 1, Level.AHEAD),
        (30 * DAY, Level.SOON),
        (7 * DAY + 1, Level.SOON),
        (7 * DAY, Level.URGENT),
        (1, Level.URGENT),
        (0, Level.OVER),
    ],
)
def test_an_appointment_that_ends_is_pressing_by_degrees(
    station: Station, role_key: Callable[[Role], RoleKey], left: int, level: Level | None
) -> None:
    now = OVER - left
    renew(station, role_key, min(now, OVER - 1))
    found = [alarm for alarm in alarms(station, now) if alarm.what == "appointment"]
    assert {(alarm.level, alarm.days) for alarm in found} == ({(level, left // DAY)} if level else set())
    assert len(found) == (len(Role) if level else 0)
    assert all("facectl handler renew suzuki" in alarm.text for alarm in found)


@pytest.mark.parametrize(
    ("left", "level"), [(7 * DAY + 1, None), (7 * DAY, Level.URGENT), (1, Level.URGENT), (0, Level.OVER)]
)
def test_a_manifest_that_was_not_renewed_for_a_week_is_urgent(station: Station, left: int, level: Level | None) -> None:
    found = alarms(station, NOW + 14 * DAY - left)
    assert [(alarm.what, alarm.level) for alarm in found] == ([("manifest", level)] if level else [])


@pytest.mark.parametrize(
    ("left", "level"),
    [
        (60 * DAY + 1, None),
        (60 * DAY, Level.AHEAD),
        (30 * DAY, Level.SOON),
        (7 * DAY, Level.URGENT),
        (1, Level.URGENT),
        (0, Level.OVER),
        (-DAY, Level.OVER),
    ],
)
def test_a_purpose_that_ends_is_pressing_by_degrees_until_it_is_renewed(
    station: Station, role_key: Callable[[Role], RoleKey], left: int, level: Level | None
) -> None:
    now = FiscalYear(2026).ends - left
    renew(station, role_key, now)
    found = alarms(station, now)
    assert [(alarm.what, alarm.level, alarm.days) for alarm in found] == (
        [("purpose", level, max(0, left // DAY))] if level else []
    )
    assert all("facectl purpose renew" in alarm.text for alarm in found)
    signed = sign_purpose(station, role_key(Role.APPROVE), period_to_renew(now), "R9-1", now)
    station.keep_purpose(signed.statement, signed.serial)
    assert [alarm.what for alarm in alarms(station, now)] == []


def test_who_was_dismissed_raises_no_alarm(station: Station, role_key: Callable[[Role], RoleKey]) -> None:
    gone = [one for one in appointments(station, NOW) if one.role is Role.ENROL]
    later = OVER - DAY
    new = without_keys(next_manifest(last_manifest(station), later), gone, later, leaked=False)
    station.keep_manifest(station.realm.issue_manifest(role_key(Role.MANIFEST).sign, new))
    roles = {alarm.role for alarm in alarms(station, later) if alarm.what == "appointment"}
    assert roles == {role.value for role in Role} - {"enrol"}
