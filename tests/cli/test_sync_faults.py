"""`facectl sync apply` when a server, a disk, a clock, a key or the power fails: nothing by halves, clear words."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result

from faced.directory.tree import RoleAccount
from faced.enrolment.acts import Act, ActLog
from tests.cli.conftest import Office
from tests.cli.syncing import (
    DAY,
    STAFF,
    WHY,
    Hr,
    all_entries,
    apply,
    done_of,
    first_run,
    planned,
    steps,
)
from tests.rig.cable import Cable
from tests.rig.personnel import PersonnelSlapd

#: They have no photo and are open; the list is some pages longer for them.
MORE = 40
PATIENCE_S = 120


@pytest.fixture
def cable(enrolled: Office, hr: Hr) -> Iterator[Cable]:
    """Between the station and the personnel section, whose list has many pages; one change is due."""
    for number in range(MORE):
        hr.add(f"more{number}", None)
    hr.remove("aoki")
    with Cable(hr.slapd.tls_port) as laid:
        configure(enrolled, hr, f"ldaps://127.0.0.1:{laid.port}", page_size=2, timeout_s=2)
        yield laid


def configure(office: Office, hr: Hr, server: str, **more: object) -> None:
    text = office.config.read_text(encoding="utf-8").replace(hr.slapd.ldaps_url, server)
    lines = "".join(f"{name} = {value}\n" for name, value in more.items())
    office.config.write_text(text.replace("[personnel]\n", f"[personnel]\n{lines}"), encoding="utf-8")


def acts(office: Office) -> list[tuple[Act, str, str]]:
    return [(one.act, one.subject, one.outcome) for one in ActLog(office.station_path).read()]


def length_of_the_list(office: Office, cable: Cable) -> int:
    """Bytes from the personnel section's server for its list and no photo."""
    cable.at(1 << 40, lambda: None)
    assert office.facectl("sync", "plan", "--no-photos").exit_code == 12
    return cable.carried


def nothing_was_done(office: Office, result: Result, status: int, *words: str) -> None:
    assert result.exit_code == status, result.output
    assert not [word for word in words if word not in result.stderr], result.stderr


def test_the_personnel_sections_server_dies_between_two_pages(enrolled: Office, hr: Hr, cable: Cable) -> None:
    before, done = all_entries(enrolled), acts(enrolled)
    cable.at(length_of_the_list(enrolled, cable) // 2, hr.slapd.kill)
    nothing_was_done(enrolled, apply(enrolled), 4, "cannot be reached")
    assert cable.happened and not hr.slapd.running
    assert (all_entries(enrolled), acts(enrolled)) == (before, done)
    hr.slapd.start()
    assert done_of(apply(enrolled)) == 1


def test_the_personnel_sections_server_hangs_for_a_moment(enrolled: Office, hr: Hr, cable: Cable) -> None:
    """It goes on when the station has noticed nothing but that no answer came yet."""

    def hang() -> None:
        hr.slapd.freeze()
        threading.Timer(0.5, hr.slapd.thaw).start()

    cable.at(length_of_the_list(enrolled, cable) // 2, hang)
    result = apply(enrolled)
    assert cable.happened
    assert done_of(result) == 1, result.output


def test_the_personnel_sections_server_hangs_for_longer_than_the_timeout(
    enrolled: Office, hr: Hr, cable: Cable
) -> None:
    before, done = all_entries(enrolled), acts(enrolled)
    cable.at(length_of_the_list(enrolled, cable) // 2, hr.slapd.freeze)
    try:
        nothing_was_done(enrolled, apply(enrolled), 4, "in time")
    finally:
        hr.slapd.thaw()
    assert cable.happened
    assert (all_entries(enrolled), acts(enrolled)) == (before, done)


def test_many_joiners_without_a_photo_do_not_stop_the_run(enrolled: Office, hr: Hr, cable: Cable) -> None:
    """They would in every run; nothing could be done about them."""
    result = apply(enrolled)
    assert (result.exit_code, done_of(result)) == (1, 1)
    assert {case["reason"] for case in json.loads(result.stdout)["open"]} == {"no_photo"}


def test_a_limit_at_the_personnel_sections_server_is_no_list(enrolled: Office, hr: Hr) -> None:
    """Five of seven: more than half, so that only the server's own word says that it is not all."""
    before, done = all_entries(enrolled), acts(enrolled)
    with PersonnelSlapd(most=5, authority=hr.slapd.authority) as limited:
        limited.fill([], {}, "".join(limited.entry(login) for login in STAFF))
        enrolled.secret("personnel.password", limited.reader_password)
        configure(enrolled, hr, limited.ldaps_url)
        nothing_was_done(enrolled, apply(enrolled), 5, "limit")
    assert (all_entries(enrolled), acts(enrolled)) == (before, done)


@pytest.mark.parametrize("damage", ["gone", "empty", "short"])
def test_without_the_key_of_the_digests_nothing_is_compared(enrolled: Office, hr: Hr, damage: str) -> None:
    """Everybody's photo would look like a new one."""
    hr.remove("aoki")
    before, done = all_entries(enrolled), acts(enrolled)
    key = enrolled.station_path / "keys" / "digests.key"
    if damage == "gone":
        key.unlink()
    else:
        key.write_bytes(b"" if damage == "empty" else key.read_bytes()[:31])
    nothing_was_done(enrolled, apply(enrolled), 10, "digests.key")
    assert (all_entries(enrolled), acts(enrolled)) == (before, done)


def test_with_another_key_of_the_digests_no_face_is_replaced(enrolled: Office, hr: Hr) -> None:
    """Somebody "repaired" it. The photos are the same, and nothing tells so but the faces, which nobody here opens."""
    before = all_entries(enrolled)
    (enrolled.station_path / "keys" / "digests.key").write_bytes(bytes(32))
    result = apply(enrolled)
    assert (result.exit_code, done_of(result)) == (1, 0)
    assert all_entries(enrolled) == before


def test_a_clock_that_was_set_back_by_a_day(enrolled: Office, hr: Hr) -> None:
    hr.remove("aoki")
    before, done = all_entries(enrolled), acts(enrolled)
    enrolled.now -= DAY
    nothing_was_done(enrolled, apply(enrolled), 6, "clock")
    assert (all_entries(enrolled), acts(enrolled)) == (before, done)
    enrolled.now += DAY
    assert done_of(apply(enrolled)) == 1


def test_a_password_of_the_directory_that_is_not_the_stations_any_more(enrolled: Office, hr: Hr) -> None:
    hr.remove("aoki")
    before, done = all_entries(enrolled), acts(enrolled)
    account = enrolled.slapd.tree.role(RoleAccount.ENROL)
    with enrolled.slapd.admin() as admin:
        held = admin.read(account, ["userPassword"]).all("userPassword")
        admin.modify(account, replace={"userPassword": [b"another"]})
        result = apply(enrolled)
        admin.modify(account, replace={"userPassword": list(held)})
    nothing_was_done(enrolled, result, 5, account, "backup")
    assert (all_entries(enrolled), acts(enrolled)) == (before, done)


def test_a_password_that_the_personnel_section_has_changed(enrolled: Office, hr: Hr) -> None:
    hr.remove("aoki")
    before, done = all_entries(enrolled), acts(enrolled)
    enrolled.secret("personnel.password", "another")
    nothing_was_done(enrolled, apply(enrolled), 5, "personnel.password", "bind_dn")
    assert (all_entries(enrolled), acts(enrolled)) == (before, done)


def test_a_plan_that_was_edited_after_it_was_approved(founded: Office, hr: Hr) -> None:
    saved = founded.folder / "plan.json"
    assert founded.facectl("sync", "plan", "--no-photos", "--save", saved).exit_code == 12
    assert founded.facectl("sync", "approve", saved, "--decision", "7", *WHY, "--yes").exit_code == 0
    genuine = saved.read_text(encoding="utf-8")
    for edited in (
        genuine.replace("N-ito", "N-mori2"),
        genuine.replace('"joined"', '"accepted"', 1),
        genuine.replace('"login": "ito"', '"login": "intruder"').replace('"ito"', '"intruder"'),
    ):
        assert edited != genuine
        saved.write_text(edited, encoding="utf-8")
        assert apply(founded, "--plan", saved).exit_code == 9
    for edited in (genuine[:-20], genuine.replace('"enrolled"', '"Enrolled"'), "[" * 100_000, ""):
        saved.write_text(edited, encoding="utf-8")
        result = apply(founded, "--plan", saved)
        assert (result.exit_code, "is no plan" in result.stderr) == (10, True)
    assert not all_entries(founded)
    saved.write_text(genuine, encoding="utf-8")
    assert done_of(apply(founded, "--plan", saved)) == len(STAFF)


def test_an_approval_is_used_up_by_its_run(enrolled: Office, hr: Hr, pictures: dict[str, bytes]) -> None:
    """The same people leave again within the week: that is another decision."""
    with enrolled.config.open("a", encoding="utf-8") as config:
        config.write("[sync]\nmost_removals = 1\n")
    saved = enrolled.folder / "leavers.json"
    for login in STAFF[:2]:
        hr.remove(login)
    assert apply(enrolled).exit_code == 9
    enrolled.facectl("sync", "plan", "--save", saved)
    assert enrolled.facectl("sync", "approve", saved, "--decision", "7", *WHY, "--yes").exit_code == 0
    assert done_of(apply(enrolled, "--plan", saved)) == 2
    for login in STAFF[:2]:
        hr.add(login, pictures[login])
    enrolled.now += DAY
    apply(enrolled)
    for login in STAFF[:2]:
        hr.remove(login)
    assert [step for step, _login, _why in steps(enrolled)] == ["suspend", "suspend"]
    assert apply(enrolled, "--plan", saved).exit_code == 9
    assert apply(enrolled).exit_code == 9


def test_an_approved_plan_that_was_not_begun_is_not_done_in_parts(
    enrolled: Office, hr: Hr, pictures: dict[str, bytes]
) -> None:
    """Only what a run of it left over may be less than what was approved."""
    saved = enrolled.folder / "leavers.json"
    for login in STAFF[:2]:
        hr.remove(login)
    enrolled.facectl("sync", "plan", "--save", saved)
    assert enrolled.facectl("sync", "approve", saved, "--decision", "7", *WHY, "--yes").exit_code == 0
    hr.add(STAFF[0], pictures[STAFF[0]])
    assert apply(enrolled, "--plan", saved).exit_code == 9


def test_another_batch_put_in_the_place_of_an_approved_one_is_none(founded: Office, hr: Hr) -> None:
    """Whoever can write the station's folder copies an old approval to the name of a new plan."""
    first_run(founded)
    with founded.config.open("a", encoding="utf-8") as config:
        config.write("[sync]\nmost_removals = 0\nmost_removals_percent = 0\n")
    hr.remove("aoki")
    saved = founded.folder / "one.json"
    founded.facectl("sync", "plan", "--save", saved)
    founded.facectl("sync", "approve", saved, "--decision", "7", *WHY, "--yes")
    [approval] = (founded.station_path / "batches").iterdir()
    hr.remove("ito")
    approval.rename(approval.with_name(planned(founded)["plan"]))
    assert apply(founded).exit_code == 9


# --- Real processes.


class Crowd:
    """Twenty-one people wait to be enrolled by an approved plan; facectl runs as a process of its own."""

    def __init__(self, office: Office, logins: list[str], plan: Path) -> None:
        self.office = office
        self.logins = logins
        self.plan = plan

    def start(self, *before: str) -> subprocess.Popen[str]:
        """A run that does the plan. ``before``: what it is started by."""
        facectl = [Path(sys.executable).parent / "facectl", "--config", self.office.config]
        return subprocess.Popen(
            [*before, *map(str, facectl), "sync", "apply", "--plan", str(self.plan), *WHY, "--json"],
            env={**os.environ, "FACED_PASSPHRASE_FILE": str(self.office.passphrases)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def enrolled(self, outcome: str = "done") -> Counter[str]:
        """How often each was enrolled, as the record of acts says."""
        return Counter(subject for act, subject, ended in acts(self.office) if (act, ended) == (Act.ENROL, outcome))

    def wait_for(self, count: int) -> None:
        """Until so many were enrolled."""
        until = time.monotonic() + PATIENCE_S
        while self.enrolled().total() < count:
            assert time.monotonic() < until
            time.sleep(0.02)


@pytest.fixture
def crowd(office: Office, hr: Hr, pictures: dict[str, bytes]) -> Crowd:
    """The office is founded today: a process has no other clock."""
    office.now = int(time.time())
    office.found()
    for login in STAFF:
        for number in (1, 2):
            # A trailer makes it another file of the same face.
            hr.add(f"{login}{number}", pictures[login] + bytes(number))
    saved = office.folder / "plan.json"
    assert office.facectl("sync", "plan", "--no-photos", "--save", saved).exit_code == 12
    assert office.facectl("sync", "approve", saved, "--decision", "7", *WHY, "--yes").exit_code == 0
    return Crowd(office, sorted(f"{login}{number}" for login in STAFF for number in ("", 1, 2)), saved)


def test_a_run_that_is_killed_is_completed_by_the_next_and_nothing_is_done_twice(crowd: Crowd) -> None:
    with crowd.office.config.open("a", encoding="utf-8") as config:
        config.write("[sync]\nmost_changes = 1\nmost_changes_percent = 0\n")
    first = crowd.start()
    crowd.wait_for(5)
    first.kill()
    first.communicate()
    crowd.office.now = int(time.time())
    done = crowd.enrolled()
    assert 5 <= done.total() < len(crowd.logins) - 1, "more are left than a run may do unapproved"
    before = all_entries(crowd.office)
    assert apply(crowd.office).exit_code == 9, "only with the approved plan"
    out, err = crowd.start().communicate(timeout=PATIENCE_S)
    # Who was written when the power failed, and not written down, is there.
    left = len(crowd.logins) - len(before)
    assert json.loads(out)["done"] == left, err
    crowd.office.now = int(time.time())
    after = all_entries(crowd.office)
    assert {dn: after[dn] for dn in before} == before, "who was enrolled was left alone"
    assert set(crowd.enrolled().values()) == {1}
    assert sum(crowd.enrolled("begun").values()) <= len(crowd.logins) + 1
    assert (len(after), steps(crowd.office)) == (len(crowd.logins), [])
    assert crowd.office.facectl("acts", "verify").exit_code == 0
    assert apply(crowd.office, "--plan", crowd.plan).exit_code == 9, "the approval is used up"


def test_two_runs_at_once(crowd: Crowd) -> None:
    first = crowd.start()
    crowd.wait_for(1)
    first.send_signal(signal.SIGSTOP)
    second = crowd.start()
    _out, err = second.communicate(timeout=PATIENCE_S)
    first.send_signal(signal.SIGCONT)
    out, _err = first.communicate(timeout=PATIENCE_S)
    assert (second.returncode, "running on this station" in err) == (10, True), err
    assert (first.returncode, json.loads(out)["done"]) == (0, len(crowd.logins))
    assert crowd.enrolled() == Counter(crowd.logins)


def test_a_disk_that_is_full_stops_the_run_before_the_act(crowd: Crowd) -> None:
    """The station lies on a file system of its own, in which some blocks are left for the record of acts."""
    script = (
        'mount -t tmpfs -o size=256k,mode=0700 tmpfs "$0.disk" && cp -a "$0/." "$0.disk" || exit 99;'
        ' mount --bind "$0.disk" "$0" && dd if=/dev/zero of="$0/filler" bs=4096 2>/dev/null;'
        ' truncate -s -8192 "$0/filler"; "$@"; code=$?; cp "$0/acts" "$0.acts"; exit $code'
    )
    station = crowd.office.station_path
    station.with_name("station.disk").mkdir()
    wrapped = ("unshare", "--mount", "sh", "-c", script, str(station))
    run = crowd.start(*wrapped)
    _out, err = run.communicate(timeout=PATIENCE_S)
    assert run.returncode == 10, err
    assert "cannot be written" in err and "so nothing was done" in err
    (station / "acts").write_bytes(station.with_name("station.acts").read_bytes())
    done = crowd.enrolled()
    assert 0 < done.total() < len(crowd.logins)
    people = {dn.partition(",")[0].partition("=")[2] for dn in all_entries(crowd.office)}
    assert people <= set(crowd.enrolled("begun")), "whom the record does not name was not enrolled"
