"""`facectl realm rotate` against a real slapd: the year change, leaks, interruptions, and what must never happen."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from nacl.public import PrivateKey

from cli import rotation
from faced.directory.connection import Connection
from faced.directory.realm import RealmDocuments
from faced.enrolment.joining import HostRequest
from faced.enrolment.manifest import epoch_of, last_manifest, next_manifest
from faced.enrolment.station import Station
from faced.errors import TrustError
from faced.trust.host import open_epoch_keys
from faced.trust.keys import HostKeys
from faced.trust.realm import Role
from faced.trust.sealed import TemplateKey
from tests.cli.conftest import Office
from tests.cli.year import Pc, as_role, enrol, epochs_of, everything, go_to, halves, renew_purpose, role_key, unix

BEFORE, BEGUN, LATER, OVER = "2027-03-10", "2027-03-20", "2027-04-03", "2027-04-16"
OLD, NEW = ("default", 2026), ("default", 2027)


def rotate(office: Office, *more: object) -> Any:
    return office.json("realm", "rotate", "--reason", "year change", "--yes", *more)


@pytest.fixture
def pc(founded: Office) -> Pc:
    """Joined in October, with tanaka enrolled."""
    made = Pc(founded, "pc-1")
    enrol(founded, "tanaka")
    return made


def test_before_the_time_nothing_is_begun(founded: Office, pc: Pc) -> None:
    go_to(founded, "2027-03-17T23:59")
    before = everything(founded)
    assert rotate(founded)["begun"] == []
    assert "2027-03-18" in founded.facectl("realm", "rotate", "--reason", "x").output
    assert (everything(founded), halves(founded)) == (before, {OLD, ("finance", 2026)})


def test_a_year_change_in_one_run_for_pcs_that_asked_before(founded: Office, pc: Pc) -> None:
    go_to(founded, BEFORE)
    renew_purpose(founded)
    assert pc.renew().made == 2027
    assert pc.refusal("tanaka") == ""
    go_to(founded, BEGUN)
    done = rotate(founded)
    assert done["begun"] == [{"group": "default", "epoch": 2027}, {"group": "finance", "epoch": 2027}]
    assert (done["people"]["rewrapped"], done["computers"]["renewed"], done["computers"]["behind"]) == (1, 1, [])
    assert epochs_of(founded, "tanaka") == {OLD, NEW}
    assert pc.refusal("tanaka") == ""
    go_to(founded, "2027-04-01T08:30")
    assert pc.refusal("tanaka") == "", "nobody was enrolled anew"
    assert (pc.renew().destroyed, pc.boxes) == ((), {2026, 2027}), "a cached statement may still be for the old key"
    go_to(founded, OVER)
    assert pc.refusal("tanaka") == ""
    done = rotate(founded, "--finish")
    assert done["destroyed"] == [{"group": "default", "epoch": 2026}, {"group": "finance", "epoch": 2026}]
    assert epochs_of(founded, "tanaka") == {NEW}
    assert halves(founded) == {NEW, ("finance", 2027)}
    assert pc.renew().destroyed == (2026,)
    assert pc.boxes == {2027}
    assert pc.refusal("tanaka") == ""


def test_a_pc_that_is_switched_off_from_20_march_to_3_april_comes_back_by_itself(founded: Office, pc: Pc) -> None:
    away = pc
    cached = away.bundle("tanaka")
    go_to(founded, BEGUN)
    renew_purpose(founded)
    assert rotate(founded)["computers"]["behind"] == ["pc-1"]
    go_to(founded, LATER)
    # Before it reaches the directory: its manifest is old, and it says so.
    assert away.refusal("tanaka", cached) == "manifest_expired"
    assert away.refusal("tanaka") == ""
    assert away.renew().made == 2027
    assert away.refusal("tanaka") == "", "between its new key and the station's answer"
    assert rotate(founded, "--finish")["computers"]["renewed"] == 1
    assert away.refusal("tanaka") == ""
    go_to(founded, OVER)
    rotate(founded, "--finish")
    assert away.refusal("tanaka") == ""


def test_a_pc_that_is_switched_off_for_longer_asks_and_is_served_without_anybody_comparing(
    founded: Office, pc: Pc
) -> None:
    go_to(founded, BEGUN)
    renew_purpose(founded)
    rotate(founded)
    go_to(founded, "2027-05-20")
    assert rotate(founded, "--finish")["computers"]["refused"] == {"pc-1": "not_renewed"}
    assert pc.refusal("tanaka") == "expired", "its host statement"
    pc.renew()
    assert rotate(founded, "--finish")["computers"]["renewed"] == 1
    assert pc.refusal("tanaka") == ""
    pc.renew()
    assert pc.boxes == {2027}


def test_a_key_of_the_new_year_is_never_sealed_to_a_key_of_the_old(founded: Office, pc: Pc) -> None:
    """Or every backup of the PC from the old year would open it."""
    backup = pc.store.read()

    def opens() -> set[tuple[str, int]]:
        statement = pc.bundle("tanaka").host
        assert statement is not None
        return set(open_epoch_keys(founded.station.verifier(founded.now), statement, backup))

    for day in (BEGUN, LATER):
        go_to(founded, day)
        rotate(founded)
        assert opens() == {OLD}
    pc.renew()
    rotate(founded)
    with pytest.raises(TrustError) as refused:
        opens()
    assert refused.value.reason == "wrong_key"


def test_running_it_again_changes_nothing(founded: Office, pc: Pc) -> None:
    go_to(founded, BEGUN)
    rotate(founded)
    before = everything(founded), founded.station.manifest, halves(founded)
    done = rotate(founded)
    assert (done["begun"], done["people"]["rewrapped"], done["computers"]["reissued"]) == ([], 0, 0)
    assert (everything(founded), founded.station.manifest, halves(founded)) == before


def test_a_dry_run_says_what_would_be_done_and_does_nothing(founded: Office, pc: Pc) -> None:
    go_to(founded, BEFORE)
    pc.renew()
    go_to(founded, BEGUN)
    before = everything(founded), founded.station.manifest, halves(founded), (founded.station_path / "acts").read_text()
    said = rotate(founded, "--dry-run")
    after = everything(founded), founded.station.manifest, halves(founded), (founded.station_path / "acts").read_text()
    assert after == before
    done = rotate(founded)
    assert {**said, "dry_run": False} == done


def test_without_a_yes_nothing_is_begun(founded: Office, pc: Pc) -> None:
    go_to(founded, BEGUN)
    assert founded.facectl("realm", "rotate", "--reason", "x", input="n\n").exit_code == 1
    assert NEW not in halves(founded)


def test_who_is_enrolled_with_an_old_manifest_is_caught_up_with(founded: Office, pc: Pc) -> None:
    go_to(founded, BEGUN)
    enrol(founded, "sato")
    old = everything(founded)[founded.slapd.tree.person("sato")]["facedtemplatekey"]
    rotate(founded)
    with founded.slapd.admin() as admin:
        admin.modify(founded.slapd.tree.person("sato"), replace={"facedTemplateKey": old})
    assert rotate(founded, "--finish")["people"]["rewrapped"] == 1
    assert epochs_of(founded, "sato") == {OLD, NEW}


# --- A leak.


def test_after_a_leak_a_fresh_key_takes_the_place_of_the_old_within_the_hour(founded: Office, pc: Pc) -> None:
    enrol(founded, "sato", groups=("finance",))
    done = rotate(founded, "--leaked", "default")
    assert done["begun"] == [{"group": "default", "epoch": 202601}]
    assert epochs_of(founded, "tanaka") == {OLD, ("default", 202601)}
    assert epochs_of(founded, "sato") == {("finance", 2026)}
    enrol(founded, "suzuki")
    assert epochs_of(founded, "suzuki") == {("default", 202601)}, "nothing new is sealed to the leaked key"
    assert pc.refusal("tanaka") == pc.refusal("suzuki") == ""
    assert rotate(founded, "--leaked", "default")["begun"] == [], "it is being dealt with already"
    founded.now += 3600
    assert pc.refusal("tanaka") == ""
    assert rotate(founded, "--finish")["destroyed"] == [{"group": "default", "epoch": 2026}]
    assert epochs_of(founded, "tanaka") == {("default", 202601)}
    assert halves(founded) == {("default", 202601), ("finance", 2026)}
    assert pc.refusal("tanaka") == ""
    assert rotate(founded, "--leaked", "default")["begun"] == [{"group": "default", "epoch": 202602}]


def test_the_year_change_follows_a_leak(founded: Office, pc: Pc) -> None:
    rotate(founded, "--leaked", "default")
    go_to(founded, BEFORE)
    pc.renew()
    go_to(founded, BEGUN)
    rotate(founded)
    assert epochs_of(founded, "tanaka") == {("default", 202601), NEW}
    assert pc.refusal("tanaka") == ""


@pytest.mark.parametrize("more", [["--leaked", "waterworks"], ["--leaked", "default", "--finish"]])
def test_what_cannot_have_leaked_is_refused(founded: Office, pc: Pc, more: list[str]) -> None:
    before = everything(founded), halves(founded)
    assert founded.facectl("realm", "rotate", "--reason", "x", "--yes", *more).exit_code in (2, 6)
    assert (everything(founded), halves(founded)) == before


# --- Interruptions.

#: Private halves, manifest, the station's copy, three people, two computers.
WRITES = 8
#: Manifest, the station's copy, three people, two computers, private halves.
FINISHING_WRITES = 8


def kill_before(write: int, office: Office, *arguments: object) -> None:
    """Run it in a process that dies by SIGKILL just before its n-th write."""
    child = os.fork()
    if child == 0:
        done, lock = 0, threading.Lock()

        def counted(original: Callable[..., Any]) -> Callable[..., Any]:
            def call(*given: Any, **named: Any) -> Any:
                nonlocal done
                with lock:
                    if done == write:
                        os.kill(os.getpid(), signal.SIGKILL)
                    done += 1
                return original(*given, **named)

            return call

        for owner, name in ((Connection, "modify"), (rotation, "share_epochs"), (Station, "keep_manifest")):
            setattr(owner, name, counted(getattr(owner, name)))
        try:
            office.facectl("realm", "rotate", "--reason", "x", "--yes", *arguments)
        finally:
            os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


@pytest.mark.parametrize("write", range(WRITES))
def test_killed_anywhere_it_is_completed_by_the_next_run(founded: Office, pc: Pc, write: int) -> None:
    other = Pc(founded, "pc-2")
    enrol(founded, "sato", "suzuki")
    go_to(founded, BEFORE)
    for each in (pc, other):
        each.renew()
    go_to(founded, BEGUN)
    kill_before(write, founded)
    for each in (pc, other):
        assert each.refusal("tanaka") == "", "nobody is locked out meanwhile"
    rotate(founded)
    assert {login: epochs_of(founded, login) for login in ("tanaka", "sato", "suzuki")} == {
        login: {OLD, NEW} for login in ("tanaka", "sato", "suzuki")
    }
    assert [each.refusal("tanaka") for each in (pc, other)] == ["", ""]


@pytest.mark.parametrize("write", range(FINISHING_WRITES))
def test_the_end_of_an_epoch_killed_anywhere_is_completed_by_the_next_run(founded: Office, pc: Pc, write: int) -> None:
    other = Pc(founded, "pc-2")
    enrol(founded, "sato", "suzuki")
    go_to(founded, BEFORE)
    for each in (pc, other):
        each.renew()
    go_to(founded, BEGUN)
    renew_purpose(founded)
    rotate(founded)
    go_to(founded, "2027-04-14T12:00")
    founded.now = unix("2027-04-15T00:00")
    assert epochs_of(founded, "tanaka") == {OLD, NEW}
    kill_before(write, founded, "--finish")
    done = rotate(founded, "--finish")
    assert done["destroyed"] == [{"group": "default", "epoch": 2026}, {"group": "finance", "epoch": 2026}]
    assert halves(founded) == {NEW, ("finance", 2027)}
    assert {login: epochs_of(founded, login) for login in ("tanaka", "sato", "suzuki")} == {
        login: {NEW} for login in ("tanaka", "sato", "suzuki")
    }
    enrol(founded, "tanaka")
    assert [each.refusal("tanaka") for each in (pc, other)] == ["", ""]


def test_two_at_once_do_not_make_two_keys_for_one_epoch(founded: Office, pc: Pc) -> None:
    go_to(founded, BEGUN)
    with founded.station.exclusive():
        result = founded.facectl("realm", "rotate", "--reason", "x", "--yes")
    assert result.exit_code == 10
    assert "Another rotation" in result.output
    assert NEW not in halves(founded)


def test_with_the_directory_down_nothing_is_begun(founded: Office, pc: Pc) -> None:
    go_to(founded, BEGUN)
    founded.slapd.stop()
    assert founded.facectl("realm", "rotate", "--reason", "x", "--yes").exit_code == 4
    assert NEW not in halves(founded)


# --- What others may have put there.


def test_nothing_is_wrapped_for_an_epoch_that_is_not_ours(founded: Office, pc: Pc) -> None:
    """Whoever has the manifest key alone, which is online, would otherwise be given every face."""
    thief = epoch_of("default", 2027, bytes(PrivateKey.generate().public_key))
    go_to(founded, BEGUN)
    forged = next_manifest(last_manifest(founded.station), founded.now)
    forged = replace(forged, epochs=(*forged.epochs, thief))
    with as_role(founded, Role.MANIFEST) as connection:
        data = founded.station.realm.issue_manifest(role_key(founded, Role.MANIFEST).sign, forged)
        RealmDocuments(connection, founded.slapd.tree).publish_manifest(data)
    before = everything(founded)
    for more in ((), ("--finish",)):
        result = founded.facectl("realm", "rotate", "--reason", "x", "--yes", *more)
        assert result.exit_code == 6, result.output
        assert "not on this station" in result.output
    assert everything(founded) == before


def test_one_spoilt_key_is_named_and_holds_up_nobody(founded: Office, pc: Pc) -> None:
    enrol(founded, "sato", "suzuki")
    keys = everything(founded)[founded.slapd.tree.person("sato")]["facedtemplatekey"]
    with founded.slapd.admin() as admin:
        sealed = TemplateKey.parse(keys[0]).sealed
        spoilt = keys[0].replace(sealed, sealed[:-1] + bytes([sealed[-1] ^ 1]))
        admin.modify(founded.slapd.tree.person("sato"), replace={"facedTemplateKey": [spoilt]})
        admin.modify(founded.slapd.tree.person("suzuki"), replace={"facedTemplateKey": [b"rubbish"]})
    go_to(founded, BEGUN)
    assert rotate(founded)["people"]["unopened"] == ["sato", "suzuki"]
    assert epochs_of(founded, "tanaka") == {OLD, NEW}


def test_a_request_under_another_signing_key_waits_for_two_people(founded: Office, pc: Pc) -> None:
    """Root's password on the PC, or the directory's administrator, is not the PC's signing key."""
    go_to(founded, BEGUN)
    forged = HostKeys.generate("pc-1", 2027)
    request = HostRequest.of(forged, 2027).sign_with(forged)
    with founded.slapd.admin() as admin:
        admin.modify(founded.slapd.tree.host("pc-1"), replace={"facedHostRequest": [request]})
    done = rotate(founded)
    assert (done["computers"]["renewed"], done["computers"]["behind"]) == (0, ["pc-1"])
    assert founded.json("host", "show", "pc-1")["request"] == HostRequest.of(forged, 2027).fingerprint
    assert pc.refusal("tanaka") == ""


def test_a_request_of_another_pc_in_its_place_is_not_answered(founded: Office, pc: Pc) -> None:
    other = Pc(founded, "pc-2")
    go_to(founded, BEGUN)
    other.renew()
    with founded.slapd.admin() as admin:
        request = admin.read(founded.slapd.tree.host("pc-2"), ["facedHostRequest"]).all("facedHostRequest")
        admin.modify(founded.slapd.tree.host("pc-1"), replace={"facedHostRequest": request})
    assert rotate(founded)["computers"]["behind"] == ["pc-1"]


def test_a_moved_statement_gives_a_pc_no_more_groups(founded: Office, pc: Pc) -> None:
    rich = Pc(founded, "pc-2", groups=("default", "finance"))
    go_to(founded, BEGUN)
    with founded.slapd.admin() as admin:
        statement = admin.read(founded.slapd.tree.host(rich.name), ["facedHostStatement"]).all("facedHostStatement")
        admin.modify(founded.slapd.tree.host("pc-1"), replace={"facedHostStatement": statement})
    assert rotate(founded)["computers"]["refused"] == {"pc-1": "wrong_host"}


def test_a_revoked_pc_gets_nothing(founded: Office, pc: Pc) -> None:
    go_to(founded, BEGUN)
    pc.renew()
    manifest = replace(next_manifest(last_manifest(founded.station), founded.now), revoked_hosts=frozenset({"pc-1"}))
    founded.station.keep_manifest(founded.station.realm.issue_manifest(role_key(founded, Role.MANIFEST).sign, manifest))
    before = everything(founded, ["hosts"])
    assert rotate(founded)["computers"]["refused"] == {"pc-1": "host_revoked"}
    assert everything(founded, ["hosts"]) == before


def test_what_was_done_and_why_is_on_record(founded: Office, pc: Pc) -> None:
    go_to(founded, BEGUN)
    rotate(founded)
    acts = (founded.station_path / "acts").read_text()
    assert '"act": "rotate"' in acts
    assert "default 2027, finance 2027" in acts
    assert "year change" in acts
