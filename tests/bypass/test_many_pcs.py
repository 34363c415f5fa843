"""A stolen password that is tried on one PC after the other: real PCs, one after the other, over one real directory."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from faced.directory.hosts import Hosts
from faced.dummy import StaffMember
from faced.liveness.challenge import Challenge
from faced.logon import guidance
from tests.bypass.conftest import Film
from tests.rig.pam import Code
from tests.rig.town import COUNTERS, HOST, Logon, Town

#: With a poll every second. What takes longer is a fault.
SOON_S = 40.0
#: Yesterday's failures on each PC, which the next one makes five.
BEFORE = 4


class OwnTown(Town):
    """Its PCs look at the manifest every second."""

    _asked: Challenge | None = None

    def become(self, name: str) -> None:
        super().become(name)
        self.hurry()

    def _obey(self, text: str) -> bool:
        """Once for each line: to go on turning left by oneself is the wrong side when right is asked for next."""
        for challenge in Challenge:
            if text.endswith(guidance.request(challenge, again=False)):
                self._asked = challenge
        if self._asked is not None:
            self.camera.act(self._asked)
        return True

    def hurry(self) -> None:
        path = self.system.path("/etc/faced/faced.toml")
        path.write_text(path.read_text().replace("[directory]\n", "[directory]\npoll_s = 1\n"))
        if self._daemons:
            self.restart("faced-directory")


@pytest.fixture(scope="module")
def own_town(members: list[StaffMember], clerk: StaffMember) -> Iterator[OwnTown]:
    """Its PCs come and go, so it is nobody else's. The clerk is asked for nothing but turns to the side."""
    with tempfile.TemporaryDirectory(prefix="faced-many-") as folder, OwnTown(Path(folder), members[:2]) as town:
        assert not town.enrol(members[:2])["refused"]
        others = set(Challenge) - {Challenge.TURN_LEFT, Challenge.TURN_RIGHT}
        without = [word for action in sorted(others) for word in ("--without", action.value)]
        until = str(date.today() + timedelta(days=30))
        town.facectl("exemption", "grant", clerk.login, *without, "--until", until, "--reason", "decided in file 12")
        town.hurry()
        town.start()
        yield town


def logon(town: Town, member: StaffMember) -> Logon:
    return town.logon(member.login, town.passwords[member.login])


def recognised(town: OwnTown, member: StaffMember) -> Logon:
    """Whose face it is may need a second try, as everybody does."""
    for _try in range(5):
        town.forgive_all()
        town._asked = None
        done = logon(town, member)
        if done.code == Code.SUCCESS:
            return done
    raise AssertionError(f"{town.reasons()[-1]} {done.conversation}")


def asked_for(done: Logon) -> set[Challenge]:
    """What the screen asked for."""
    return {
        challenge
        for challenge in Challenge
        if any(text.endswith(guidance.request(challenge, again=False)) for text in done.conversation.info)
    }


def fail_five_times(town: Town, clerk: StaffMember, intruders_face: Film) -> None:
    """Four times before, of which nothing but the counter is left, and once more now."""
    path = town.system.path(COUNTERS) / f"tries-greeter-{town.uids[clerk.login]}.json"
    path.write_text(json.dumps({"charged": BEFORE, "boot": "yesterday", "boottime": 1.0, "wall": 1.0e9}))
    path.chmod(0o600)
    town.seat(intruders_face)
    assert logon(town, clerk).code == Code.AUTH_ERR


def reported(town: Town, status: int = 0) -> dict[str, Any]:
    done = town.facectl("lockouts", "realm", "--json", check=False)
    assert done.returncode == status, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def hosts_of(town: Town, login: str) -> dict[str, int]:
    """What each PC says of a person."""
    done = json.loads(town.facectl("lockouts", "realm", "--json", check=False).stdout)
    return {
        one["host"]: one["failures"] for person in done["people"] if person["login"] == login for one in person["hosts"]
    }


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + SOON_S
    while not holds():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.2)


def test_a_password_that_is_tried_on_two_pcs_is_watched_on_the_third(
    own_town: OwnTown,
    clerk: StaffMember,
    intruder: StaffMember,
    intruders_face: Film,
    clerks_face: tuple[Film, dict[str, Film]],
) -> None:
    town = own_town
    town.seat(*clerks_face)
    assert len(asked_for(recognised(town, clerk))) == 1

    # One PC alone: it is listed, and nothing else.
    fail_five_times(town, clerk, intruders_face)
    until(lambda: hosts_of(town, clerk.login) == {HOST: 5})
    assert reported(town)["people"][0]["state"] == "one_host"
    town.facectl("realm", "manifest", "--if-due")
    assert json.loads(town.facectl("realm", "show", "--json").stdout)["alarms"] == []
    first = town.system.path("/etc/faced/host.keys").read_bytes()
    kept = report_of(town, HOST)

    # The second.
    town.become("pc-002")
    fail_five_times(town, clerk, intruders_face)
    until(lambda: hosts_of(town, clerk.login) == {HOST: 5, "pc-002": 5})
    alarm = reported(town, status=1)
    assert (alarm["people"][0]["state"], alarm["doubted"]) == ("alarm", [])
    town.facectl("realm", "manifest", "--if-due")
    assert [one["what"] for one in json.loads(town.facectl("realm", "show", "--json").stdout)["alarms"]] == ["failures"]
    assert [event["reason"] for event in town.reasons() if event["event"] == "alarm"] == ["failed_on_several_hosts"]

    # The third, which has seen no failure.
    town.become("pc-003")
    assert first != town.system.path("/etc/faced/host.keys").read_bytes(), "or it is no other PC"
    town.seat(*clerks_face)
    watched = recognised(town, clerk)
    assert asked_for(watched) == {Challenge.TURN_LEFT, Challenge.TURN_RIGHT}
    town.seat(intruders_face)
    assert logon(town, clerk).code == Code.AUTH_ERR
    assert logon(town, clerk).code == Code.MAXTRIES, "the first failure costs a wait"
    assert not json.loads(town.facectl("lockouts", "list", "--json").stdout)[0]["locked"]
    # A colleague has the tries that everybody has.
    town.seat(clerks_face[0])
    assert [logon(town, intruder).code for _try in range(2)] == [Code.AUTH_ERR] * 2

    # The first PC's report from before is no news; calmed, the clerk is asked as everybody is.
    until(lambda: hosts_of(town, clerk.login).get("pc-003") == 1)
    with town.slapd.admin() as admin:
        Hosts(admin, town.slapd.tree).report(town.slapd.tree.host("pc-002"), kept)
    assert reported(town, status=1)["doubted"] == [{"host": "pc-002", "reason": "wrong_host"}]
    town.facectl("lockouts", "realm", "--calm", clerk.login, "--reason", "a new password")
    town.seat(*clerks_face)
    until(lambda: len(asked_for(recognised(town, clerk))) == 1)


def report_of(town: Town, host: str) -> bytes:
    with town.slapd.admin() as admin:
        report = admin.read(town.slapd.tree.host(host), ["facedHostReport"]).one("facedHostReport")
    assert report is not None
    return report
