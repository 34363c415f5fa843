"""The lock at the ceiling and its end, on the whole system: real directory, station, daemons, libpam and camera."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from faced.directory import schema
from faced.dummy import StaffMember
from tests.bypass.conftest import Film
from tests.rig.pam import Code
from tests.rig.town import COUNTERS, Town

CEILING = 10
#: As slapd answers.
UNLOCK = schema.UNLOCK.lower()
WHY = ("--reason", "called at 08:30")


@pytest.fixture
def locked(town: Town, clerk: StaffMember, intruders_face: Film) -> Iterator[Town]:
    """The clerk's last try at the logon screen is one that somebody else has just failed."""
    before = town.read_person(clerk.login)
    _almost(town, clerk, "greeter")
    town.seat(intruders_face)
    assert town.logon(clerk.login, town.passwords[clerk.login]).code == Code.AUTH_ERR
    yield town
    town.write_person(clerk.login, {UNLOCK: before.get(UNLOCK, [])})
    town.forgive_all()


def _almost(town: Town, member: StaffMember, counter: str) -> None:
    """Nine tries were failed yesterday; the daemon reads its counters from the disk each time."""
    uid = town.uids[member.login]
    path = town.system.path(COUNTERS) / f"tries-{counter}-{uid}.json"
    path.write_text(json.dumps({"charged": CEILING - 1, "boot": "yesterday", "boottime": 1.0, "wall": 1.0e9}))
    path.chmod(0o600)


def lockouts(town: Town) -> list[dict[str, Any]]:
    answer: list[dict[str, Any]] = json.loads(town.facectl("lockouts", "list", "--json", check=False).stdout)
    return answer


def test_the_clerk_is_locked_until_the_station_says_otherwise(
    locked: Town, clerk: StaffMember, clerks_face: Any
) -> None:
    town = locked
    assert [(event["event"], event["reason"]) for event in town.reasons()[-2:]] == [
        ("refused", ""),
        ("locked", "ceiling"),
    ]
    town.seat(*clerks_face)
    refused = town.logon(clerk.login, town.passwords[clerk.login])
    assert refused.code == Code.MAXTRIES
    assert "Locked: call the IS section." in refused.conversation.info
    (one,) = lockouts(town)
    assert (one["locked"], one["failed"]) == (True, CEILING)
    assert clerk.login not in str(one)
    town.facectl("unlock", clerk.login, *WHY)
    # At once: no cache is emptied and no refresh awaited.
    assert town.logon(clerk.login, town.passwords[clerk.login]).code == Code.SUCCESS
    assert [event["event"] for event in town.reasons()[-2:]] == ["unlocked", "admitted"]
    assert lockouts(town) == []


def test_an_unlock_lets_nobody_in_by_itself_and_works_once(
    locked: Town, clerk: StaffMember, intruders_face: Film, clerks_face: Any
) -> None:
    town = locked
    town.facectl("unlock", clerk.login, *WHY)
    town.seat(intruders_face)
    assert town.logon(clerk.login, town.passwords[clerk.login]).code == Code.AUTH_ERR
    kept = town.read_person(clerk.login)[UNLOCK]
    _almost(town, clerk, "greeter")
    assert town.logon(clerk.login, town.passwords[clerk.login]).code == Code.AUTH_ERR
    town.write_person(clerk.login, {UNLOCK: kept})
    town.seat(*clerks_face)
    assert town.logon(clerk.login, town.passwords[clerk.login]).code == Code.MAXTRIES


def test_what_the_directorys_administrator_writes_is_no_unlock(
    locked: Town, clerk: StaffMember, intruder: StaffMember, clerks_face: Any
) -> None:
    town = locked
    town.facectl("unlock", intruder.login, *WHY)
    for forged in (town.read_person(intruder.login)[UNLOCK], [b"rubbish"]):
        town.write_person(clerk.login, {UNLOCK: forged})
        town.seat(*clerks_face)
        assert town.logon(clerk.login, town.passwords[clerk.login]).code == Code.MAXTRIES
    town.write_person(intruder.login, {UNLOCK: []})


def test_without_the_directory_the_lock_holds(locked: Town, clerk: StaffMember, clerks_face: Any) -> None:
    town = locked
    town.seat(*clerks_face)
    town.slapd.stop()
    try:
        assert town.logon(clerk.login, town.passwords[clerk.login]).code == Code.MAXTRIES
    finally:
        town.slapd.start()
