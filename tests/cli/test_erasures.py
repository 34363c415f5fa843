"""`facectl erasures`: PCs with real caches drop who was erased, say so, and are believed as far as they can be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from faced.directory.hosts import Hosts
from faced.directory.people import People
from faced.enrolment.acts import Act, ActLog
from faced.enrolment.erasures import FOLDER
from faced.errors import NotAllowed, NotInDirectory
from faced.trust.erasure import HostCounts, read_erasure
from faced.trust.keys import HostKeys, digest
from faced.trust.realm import CLOCK_SKEW_S, Role
from faced.trust.report import issue_report
from tests.cli.conftest import NOW, Office
from tests.cli.erasing import STAFF, CachingPc, answered, enrol
from tests.cli.year import as_role

WHY = ("--reason", "left the office")
QUARTER_S = 900
DAY = 86_400


@pytest.fixture
def staffed(founded: Office) -> Office:
    enrol(founded, *STAFF)
    return founded


@pytest.fixture
def pcs(staffed: Office) -> list[CachingPc]:
    """On both sato has logged on, and they have reported since."""
    made = [CachingPc(staffed, f"pc-{number}") for number in (1, 2)]
    for pc in made:
        pc.logs_on("sato")
        pc.logs_on("ito")
        pc.visit()
    return made


def erase(office: Office, login: str = "sato") -> None:
    answered(office, 0, "erase", login, *WHY, "--decision", "R8-40", "--yes")


def waiting(office: Office) -> dict[str, str]:
    """Who has not confirmed the only erasure there is, and why."""
    result = office.facectl("erasures", "--json")
    [listed] = json.loads(result.stdout)
    found = {one["host"]: one["why"] for one in listed["hosts"]["waiting"]}
    assert (result.exit_code == 0) is listed["complete"] is (not found)
    return found


def template_of(office: Office, login: str) -> bytes:
    with office.slapd.admin() as admin:
        template = People(admin, office.slapd.tree).face(login).template
    assert template is not None
    return template


def test_a_pc_drops_the_template_and_confirms(staffed: Office, pcs: list[CachingPc]) -> None:
    template, others = template_of(staffed, "sato"), template_of(staffed, "ito")
    assert all(pc.holds(template) for pc in pcs)
    erase(staffed)
    assert waiting(staffed) == {"pc-1": "not_refreshed", "pc-2": "not_refreshed"}
    staffed.now += QUARTER_S
    pcs[0].visit()
    assert not pcs[0].holds(template) and pcs[0].holds(others)
    assert pcs[1].holds(template)
    assert waiting(staffed) == {"pc-2": "not_refreshed"}
    text = staffed.facectl("erasures").output
    assert "1 confirmed, 1 awaited" in text and "sato: pc-2 has not confirmed" in text
    pcs[1].visit()
    assert waiting(staffed) == {}


def test_what_is_listed_of_an_erasure(staffed: Office, pcs: list[CachingPc]) -> None:
    template = template_of(staffed, "sato")
    erase(staffed)
    [listed] = answered(staffed, 1, "erasures", "sato")
    noon = "2026-10-15T12:00:00+09:00"
    until = "2026-10-29T12:05:00+09:00"
    assert listed == {
        "login": "sato",
        "fault": None,
        "at": noon,
        "handler": "suzuki",
        "reason": "left the office",
        "decision": "R8-40",
        "staff_number": "N-sato",
        "template": digest(template).hex(),
        "serial": NOW,
        "made": noon,
        "servers": 1,
        "removed": noon,
        "hosts": {
            "confirmed": 0,
            "expired": 0,
            "revoked": 0,
            "waiting": [{"host": f"pc-{n}", "why": "not_refreshed", "until": until} for n in (1, 2)],
            "expired_names": [],
            "revoked_names": [],
        },
        "complete": False,
        "completed": None,
    }
    assert staffed.facectl("erasures", "nobody").exit_code == 5


def test_a_refresh_that_may_have_been_before_the_erasure_does_not_count(staffed: Office, pcs: list[CachingPc]) -> None:
    """A clock may be ahead of the station's by as much as is accepted."""
    erase(staffed)
    staffed.now += CLOCK_SKEW_S - 1
    pcs[0].visit()
    assert set(waiting(staffed)) == {"pc-1", "pc-2"}
    staffed.now += 1
    pcs[1].visit()
    assert set(waiting(staffed)) == {"pc-1"}
    staffed.now += QUARTER_S
    pcs[0].visit()
    assert waiting(staffed) == {}, "the next refresh is reported though it dropped nobody"


def test_a_pc_that_is_off_is_awaited_and_confirms_when_it_is_back(staffed: Office, pcs: list[CachingPc]) -> None:
    template = template_of(staffed, "sato")
    erase(staffed)
    staffed.now += 2 * DAY
    pcs[0].visit()
    assert waiting(staffed) == {"pc-2": "not_refreshed"}
    pcs[1].switch_on()
    assert pcs[1].holds(template)
    pcs[1].visit()
    assert not pcs[1].holds(template)
    assert waiting(staffed) == {}


def test_a_pc_that_never_comes_back_is_void_after_a_fortnight_with_that_date(
    staffed: Office, pcs: list[CachingPc]
) -> None:
    erase(staffed)
    staffed.now += QUARTER_S
    pcs[0].visit()
    staffed.now = NOW + 14 * DAY + CLOCK_SKEW_S
    staffed.facectl("realm", "manifest")
    assert set(waiting(staffed)) == {"pc-2"}
    staffed.now += 1
    [listed] = answered(staffed, 0, "erasures")
    assert listed["hosts"]["expired_names"] == [
        {"host": "pc-2", "why": "not_refreshed", "until": "2026-10-29T12:05:00+09:00"}
    ]
    assert (listed["hosts"]["confirmed"], listed["hosts"]["expired"], listed["complete"]) == (1, 1, True)
    assert pcs[1].cache.find("sato") is None, "what it still has may no longer be used"


def test_a_revoked_pc_is_named_and_not_awaited(staffed: Office, pcs: list[CachingPc]) -> None:
    erase(staffed)
    staffed.json("host", "revoke", "pc-2", "--reason", "stolen", "--yes")
    staffed.now += QUARTER_S
    pcs[0].visit()
    [listed] = answered(staffed, 0, "erasures")
    assert (listed["hosts"]["revoked_names"], listed["hosts"]["confirmed"]) == (["pc-2"], 1)


def test_a_report_of_another_pc_or_by_another_key_confirms_nothing(staffed: Office, pcs: list[CachingPc]) -> None:
    erase(staffed)
    staffed.now += QUARTER_S
    pcs[0].visit()
    hosts_tree = staffed.slapd.tree
    keys, realm = pcs[0].store.read(), staffed.station.realm
    forged = issue_report(realm, HostKeys("pc-2", keys.sign, {}), NOW, staffed.now, [], staffed.now)
    ahead = issue_report(realm, pcs[1].store.read(), NOW, staffed.now + 3600, [], staffed.now + 3600)
    with staffed.slapd.admin() as admin:
        hosts = Hosts(admin, hosts_tree)
        [own] = [one.report for one in hosts.reports() if one.name == "pc-1"]
        assert own is not None
        for report, why in ((own, "wrong_host"), (forged, "bad_signature"), (b"rubbish", "malformed")):
            hosts.report(hosts_tree.host("pc-2"), report)
            assert waiting(staffed) == {"pc-2": why}
        hosts.report(hosts_tree.host("pc-2"), ahead)
        assert waiting(staffed) == {"pc-2": "not_yet_valid"}


def test_a_pc_that_was_moved_to_another_group_cannot_confirm_what_it_still_holds(
    staffed: Office, pcs: list[CachingPc]
) -> None:
    """The directory does not show it the tombstone any more."""
    template = template_of(staffed, "sato")
    with as_role(staffed, Role.OPERATE) as connection:
        hosts = Hosts(connection, staffed.slapd.tree)
        statement = hosts.read("pc-2").statement
        assert statement is not None
        hosts.approve("pc-2", statement, ["finance"])
    erase(staffed)
    staffed.now += QUARTER_S
    for pc in pcs:
        pc.visit()
    assert pcs[1].holds(template)
    assert waiting(staffed) == {"pc-2": "not_refreshed"}


def test_before_all_servers_were_read_back_nobody_confirms(staffed: Office, pcs: list[CachingPc]) -> None:
    """A PC may have met the server that still has everything."""
    staffed.write_config(servers=[staffed.slapd.ldaps_url, "ldaps://127.0.0.1:9"])
    answered(staffed, 1, "erase", "sato", *WHY, "--yes")
    staffed.now += QUARTER_S
    for pc in pcs:
        pc.visit()
    assert set(waiting(staffed)) == {"pc-1", "pc-2"}
    assert "not read back" in staffed.facectl("erasures").output
    staffed.write_config()
    answered(staffed, 0, "erase", "sato", *WHY, "--yes")
    assert set(waiting(staffed)) == {"pc-1", "pc-2"}, "what they said was before the read-back"
    staffed.now += QUARTER_S
    for pc in pcs:
        pc.visit()
    assert waiting(staffed) == {}


# --- The completion.


def record_of(office: Office) -> Path:
    [path] = [path for path in (office.station_path / FOLDER).iterdir() if path.suffix != ".tombstone"]
    return path


def test_the_completion_is_signed_when_nobody_is_awaited_and_stays(staffed: Office, pcs: list[CachingPc]) -> None:
    erase(staffed)
    assert answered(staffed, 0, "erasures", "--complete")[0]["completed"] is None
    staffed.now += QUARTER_S
    for pc in pcs:
        pc.visit()
    assert answered(staffed, 0, "erasures")[0]["completed"] is None
    assert "Would sign 1 completions" in staffed.facectl("erasures", "--complete", "--dry-run").output
    [listed] = answered(staffed, 0, "erasures", "--complete")
    assert listed["completed"] == "2026-10-15T12:15:00+09:00"
    erasure = read_erasure(staffed.station.verifier(staffed.now), record_of(staffed).read_bytes())
    assert (erasure.hosts, erasure.replicas, erasure.removed) == (HostCounts(2, 0, 0), 1, NOW)
    record = tuple(ActLog(staffed.station_path).read())[-1]
    assert (record.act, record.subject, record.outcome) == (Act.COMPLETE_ERASURE, "sato", "done")

    acts = len(tuple(ActLog(staffed.station_path).read()))
    CachingPc(staffed, "pc-3")
    [listed] = answered(staffed, 0, "erasures", "--complete")
    assert listed["hosts"]["confirmed"] == 2, "what was signed does not change when a PC joins"
    assert len(tuple(ActLog(staffed.station_path).read())) == acts


def test_who_enrols_again_and_is_erased_again_has_two_erasures(staffed: Office) -> None:
    erase(staffed)
    staffed.now += 60
    enrol(staffed, "sato")
    staffed.now += 60
    answered(staffed, 0, "erase", "sato", "--reason", "left again", "--yes")
    assert [one["reason"] for one in answered(staffed, 0, "erasures", "sato")] == ["left the office", "left again"]
    with as_role(staffed, Role.REVOKE) as connection:
        People(connection, staffed.slapd.tree).remove("sato")
    assert len(answered(staffed, 0, "erasures", "sato")) == 2, "the station's record outlives the entry"


def test_a_record_that_was_changed_or_is_another_persons_counts_as_none(staffed: Office) -> None:
    erase(staffed)
    erase(staffed, "ito")
    answered(staffed, 0, "erasures", "--complete")
    kept = {path.name: path for path in (staffed.station_path / FOLDER).iterdir() if path.suffix != ".tombstone"}
    one, other = kept.values()
    genuine = one.read_bytes()
    one.write_bytes(other.read_bytes())
    assert sum(not listed["complete"] for listed in answered(staffed, 1, "erasures")) == 1
    changed = bytearray(genuine)
    changed[-1] ^= 1
    one.write_bytes(changed)
    assert sum(not listed["complete"] for listed in answered(staffed, 1, "erasures")) == 1


def test_a_tombstone_that_nobody_may_have_signed_is_shown_as_such(staffed: Office) -> None:
    with staffed.slapd.admin() as admin:
        People(admin, staffed.slapd.tree).bury("sato", b"rubbish")
    [listed] = answered(staffed, 1, "erasures")
    assert (listed["login"], listed["fault"], listed["complete"]) == ("sato", "malformed", False)
    assert "not valid (malformed)" in staffed.facectl("erasures").output


def test_without_erasures_there_is_nothing_to_say(staffed: Office) -> None:
    assert answered(staffed, 0, "erasures") == []
    assert answered(staffed, 0, "erasures", "ito") == []


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.AUDIT, Role.MANIFEST}))
def test_who_erases_reads_no_pcs_reports(staffed: Office, pcs: list[CachingPc], role: Role) -> None:
    """What PCs report of failed tries is nobody else's business: the list is read as the auditor's account."""
    with as_role(staffed, role) as connection:
        try:
            found = Hosts(connection, staffed.slapd.tree).reports()
        except (NotAllowed, NotInDirectory):
            found = ()
    assert found == ()
