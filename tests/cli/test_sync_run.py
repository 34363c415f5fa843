"""`facectl sync plan`, `approve`, `apply`, and `worklist`: two real directories, photos of staff who do not exist."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from faced.dummy import Identity, encode_jpeg, id_photo
from faced.enrolment.acts import Act, ActLog
from faced.enrolment.register import Register, is_confirmed
from faced.enrolment.suspending import Suspensions
from faced.trust.realm import Role
from tests.cli.conftest import ROLE_PASSPHRASE, Office
from tests.cli.syncing import (
    DAY,
    STAFF,
    WHY,
    Hr,
    all_entries,
    apply,
    done_of,
    first_run,
    opened,
    person,
    planned,
    steps,
    template,
)
from tests.cli.test_host import joined


def test_the_first_run_is_planned_approved_applied_and_then_there_is_nothing_to_do(founded: Office, hr: Hr) -> None:
    stopped = apply(founded)
    assert stopped.exit_code == 9
    assert "sync approve" in stopped.output
    assert not all_entries(founded)
    first_run(founded)
    assert {acts.subject for acts in ActLog(founded.station_path).read() if acts.act is Act.ENROL} == set(STAFF)
    before = all_entries(founded)
    found = planned(founded)
    assert (found["records"], found["enrolled"], found["changes"], found["open"]) == (len(STAFF), len(STAFF), [], [])
    assert done_of(apply(founded)) == 0
    assert all_entries(founded) == before, "nothing was written"


def test_an_approval_is_of_one_plan_and_of_the_role_that_approves(founded: Office, hr: Hr, pictures: Any) -> None:
    saved = founded.folder / "plan.json"
    founded.facectl("sync", "plan", "--no-photos", "--save", saved)
    assert founded.facectl("sync", "approve", saved, "--decision", "7", *WHY, "--yes").exit_code == 0
    hr.add("suzuki", pictures["again"])
    result = apply(founded, "--plan", saved)
    assert result.exit_code == 9
    assert "+ suzuki" in result.stderr
    assert apply(founded).exit_code == 9, "the new plan is not the approved one"
    assert not all_entries(founded)
    hr.remove("suzuki")
    founded.now += 8 * DAY
    assert apply(founded).exit_code == 9, "a week is over"
    document = json.loads(saved.read_text())
    document["changes"] = document["changes"][:1]
    saved.write_text(json.dumps(document))
    assert founded.facectl("sync", "approve", saved, "--decision", "7", *WHY, "--yes").exit_code == 0
    assert apply(founded).exit_code == 9, "what was shown was another plan"


def test_the_first_of_april_is_approved_in_march(enrolled: Office, pictures: dict[str, bytes], tmp_path: Path) -> None:
    """A list with dates: whoever leaves and joins on that day is known before."""
    for login in STAFF:
        (tmp_path / f"{login}.jpg").write_bytes(pictures[login])
    (tmp_path / "new.jpg").write_bytes(pictures["again"])
    rows = [f"{login},N-{login},Hanako Tanaka,{login}@example.jp,regular,," for login in STAFF[1:]]
    rows += [f"{STAFF[0]},N-{STAFF[0]},Hanako Tanaka,{STAFF[0]}@example.jp,regular,,2026-10-31"]
    rows += ["new,N-new,Hanako Tanaka,new@example.jp,regular,2026-11-01,"]
    (tmp_path / "staff.csv").write_text("\n".join(["login,staff_number,name,mail,category,starts,ends", *rows]))
    source, saved = ("--source", f"dir:{tmp_path}"), tmp_path / "plan.json"
    assert steps(enrolled, *source) == []
    assert steps(enrolled, *source, "--day", "2026-11-01", "--save", saved) == [
        ("suspend", STAFF[0], "left"),
        ("enrol", "new", "joined"),
    ]
    assert apply(enrolled, *source, "--plan", saved).exit_code == 9, "not today"
    enrolled.now += 17 * DAY
    renew_manifest(enrolled)
    applied = apply(enrolled, *source, "--plan", saved)
    assert (applied.exit_code, done_of(applied)) == (0, 2), applied.output


def test_name_and_mail_follow_and_the_face_stays(enrolled: Office, hr: Hr) -> None:
    before = template(enrolled, "ito")
    hr.change("ito", cn="Ito Midori", mail="midori@example.jp")
    assert steps(enrolled) == [("describe", "ito", "details")]
    assert done_of(apply(enrolled)) == 1
    after = person(enrolled, "ito")
    assert (after.name, after.mail, after.face.template) == ("Ito Midori", "midori@example.jp", before)
    assert steps(enrolled) == []


def test_an_intruder_does_not_become_the_mayor(enrolled: Office, hr: Hr, pictures: dict[str, bytes]) -> None:
    """Whoever writes the personnel section's directory puts their own photo into somebody else's record."""
    before = template(enrolled, "tanaka")
    hr.change("tanaka", jpegPhoto=pictures["again"])
    assert ("tanaka", "photo_changed") in opened(planned(enrolled)), "nothing here can compare"
    result = apply(enrolled)
    assert (result.exit_code, done_of(result)) == (1, 0)
    assert template(enrolled, "tanaka") == before
    hr.change("tanaka", jpegPhoto=pictures["ito"])
    assert opened(planned(enrolled)) == [("tanaka", "same_photo")]
    hr.change("tanaka", employeeNumber="N-ito-2")
    assert opened(planned(enrolled)) == [("tanaka", "other_number")]
    assert done_of(apply(enrolled)) == 0
    assert template(enrolled, "tanaka") == before


def test_a_new_photo_is_compared_with_the_keys_of_this_computer(
    enrolled: Office, hr: Hr, pictures: dict[str, bytes]
) -> None:
    join(enrolled)
    before = template(enrolled, "tanaka")
    hr.change("tanaka", jpegPhoto=encode_jpeg(id_photo(Identity(62))))
    assert opened(planned(enrolled)) == [("tanaka", "mismatch")]
    assert done_of(apply(enrolled)) == 0
    assert template(enrolled, "tanaka") == before
    hr.change("tanaka", jpegPhoto=pictures["again"])
    assert opened(planned(enrolled)) == []
    assert done_of(apply(enrolled)) == 1
    assert template(enrolled, "tanaka") not in (None, before)
    assert steps(enrolled) == []


def test_a_handler_who_has_looked_accepts_by_name(enrolled: Office, hr: Hr, pictures: dict[str, bytes]) -> None:
    before = template(enrolled, "tanaka")
    hr.change("tanaka", jpegPhoto=pictures["again"])
    result = apply(enrolled, "--accept", "tanaka")
    assert (result.exit_code, done_of(result)) == (0, 1)
    assert template(enrolled, "tanaka") not in (None, before)


@pytest.mark.parametrize(
    ("photo", "reason"),
    [
        ("landscape", "no_face"),
        ("two", "several_faces"),
        ("huge", "photo_too_many_pixels"),
        ("three bytes", "photo_damaged"),
    ],
)
def test_a_photo_replaced_by_something_else_leaves_the_person_as_they_are(
    enrolled: Office, hr: Hr, pictures: dict[str, bytes], photo: str, reason: str
) -> None:
    before = template(enrolled, "mori")
    hr.change("mori", jpegPhoto=pictures[photo])
    found = opened(planned(enrolled))
    assert [login for login, _reason in found] == ["mori"]
    assert done_of(apply(enrolled)) == 0
    assert template(enrolled, "mori") == before
    assert found == [("mori", reason)]


def test_a_photo_that_is_gone_erases_nobody_and_a_joiner_without_one_is_open(enrolled: Office, hr: Hr) -> None:
    hr.change("mori", jpegPhoto=None)
    hr.add("suzuki", None)
    found = planned(enrolled)
    assert opened(found) == [("suzuki", "no_photo")]
    assert [each["login"] for each in found["changes"]] == ["suzuki"]
    assert done_of(apply(enrolled)) == 0
    assert template(enrolled, "mori") is not None


def test_a_leaver_is_suspended_comes_back_leaves_and_is_erased(
    enrolled: Office, hr: Hr, pictures: dict[str, bytes]
) -> None:
    hr.remove("aoki")
    assert done_of(apply(enrolled)) == 1
    assert suspended(enrolled, "aoki")
    assert template(enrolled, "aoki") is not None
    assert steps(enrolled) == []
    hr.add("aoki", pictures["aoki"])
    assert steps(enrolled)[0] == ("resume", "aoki", "returned")
    assert apply(enrolled).exit_code == 0
    assert not suspended(enrolled, "aoki")
    hr.remove("aoki")
    enrolled.now += DAY
    assert done_of(apply(enrolled)) == 1
    enrolled.now += 9 * DAY
    renew_manifest(enrolled)
    enrolled.now += 12 * DAY
    renew_manifest(enrolled)
    enrolled.now += 9 * DAY
    assert steps(enrolled) == [("erase", "aoki", "grace_over")]
    assert done_of(apply(enrolled)) == 1
    assert (template(enrolled, "aoki"), person(enrolled, "aoki").face.tombstone is not None) == (None, True)
    assert steps(enrolled) == []
    hr.add("aoki", pictures["aoki"])
    assert opened(planned(enrolled)) == [("aoki", "erased")], "a returning person starts anew, by somebody's decision"
    assert done_of(apply(enrolled, "--accept", "aoki")) == 2
    assert template(enrolled, "aoki") is not None
    assert not suspended(enrolled, "aoki")
    assert steps(enrolled) == []


def test_a_renamed_person_is_enrolled_anew_by_somebodys_decision(
    enrolled: Office, hr: Hr, pictures: dict[str, bytes]
) -> None:
    hr.remove("sato")
    hr.add("kato", pictures["sato"], employeeNumber="N-sato")
    assert opened(planned(enrolled)) == [("kato", "renamed")]
    assert done_of(apply(enrolled)) == 0
    assert template(enrolled, "sato") is not None
    result = apply(enrolled, "--accept", "kato")
    assert (result.exit_code, done_of(result)) == (0, 2), result.output
    assert (template(enrolled, "sato"), template(enrolled, "kato") is not None) == (None, True)
    assert steps(enrolled) == []


def test_doubles_are_open_and_nobody_is_taken_for_a_leaver(
    enrolled: Office, hr: Hr, pictures: dict[str, bytes]
) -> None:
    hr.add("suzuki", pictures["again"], employeeNumber="N-ito")
    found = planned(enrolled)
    assert sorted(opened(found)) == [("ito", "duplicate_staff_number"), ("suzuki", "duplicate_staff_number")]
    assert found["changes"] == []


def test_an_empty_source_and_one_that_was_cut_off_change_nothing(enrolled: Office, hr: Hr) -> None:
    before = all_entries(enrolled)
    for login in STAFF[:4]:
        hr.remove(login)
    assert apply(enrolled).exit_code == 9, "three are left of seven"
    for login in STAFF[4:]:
        hr.remove(login)
    result = apply(enrolled)
    assert result.exit_code == 9
    assert "nobody" in result.stderr
    hr.slapd.stop()
    assert apply(enrolled).exit_code == 4
    assert all_entries(enrolled) == before


def test_who_is_no_regular_member_of_staff_waits_for_approval_and_consent(
    enrolled: Office, hr: Hr, pictures: dict[str, bytes]
) -> None:
    hr.add("suzuki", pictures["again"], employeeType="part-time")
    assert opened(planned(enrolled)) == [("suzuki", "no_approval"), ("suzuki", "no_consent")]
    assert done_of(apply(enrolled)) == 0
    add = ("--staff-number", "N-suzuki", "--name", "Hanako Tanaka", "--mail", "suzuki@example.jp")
    assert enrolled.facectl("add", "suzuki", *add, *WHY).exit_code == 0
    assert enrolled.facectl("approval", "record", "suzuki", "--decision", "12", *WHY).exit_code == 0
    assert opened(planned(enrolled)) == [("suzuki", "no_consent")]
    given = enrolled.facectl("consent", "record", "suzuki", "--given", "2026-10-01", *WHY)
    assert given.exit_code == 0, given.output
    assert done_of(apply(enrolled)) == 1
    assert steps(enrolled) == []


def test_what_was_made_at_the_camera_is_not_lowered(
    enrolled: Office, hr: Hr, pictures: dict[str, bytes], film: Path
) -> None:
    with enrolled.config.open("a", encoding="utf-8") as config:
        config.write(f'[camera]\nname = "clip:{film}"\nfps = 10\n')
    assert enrolled.facectl("enroll", "ito", "--camera", *WHY).exit_code == 0
    hr.remove("ito")
    assert steps(enrolled) == [("suspend", "ito", "left")], "it still came from the personnel section"
    hr.add("ito", pictures["ito"])
    before = template(enrolled, "ito")
    hr.change("ito", jpegPhoto=pictures["again"], cn="Ito Midori")
    assert steps(enrolled) == [("describe", "ito", "details")]
    assert apply(enrolled).exit_code == 0
    assert template(enrolled, "ito") == before
    assert confirmed(enrolled, "ito")


def test_two_at_once_the_second_leaves(enrolled: Office, hr: Hr) -> None:
    with enrolled.station.exclusive():
        result = apply(enrolled)
    assert result.exit_code == 10
    assert "running on this station" in result.output


def test_a_run_that_was_cut_off_is_completed_by_the_next(
    founded: Office, hr: Hr, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = founded.folder / "plan.json"
    founded.facectl("sync", "plan", "--no-photos", "--save", saved)
    founded.facectl("sync", "approve", saved, "--decision", "7", *WHY, "--yes")
    whole = Register.enrol

    def until_the_server_dies(self: Register, details: Any, *given: Any, **more: Any) -> Any:
        if details.login == "mori":
            founded.slapd.kill()
        return whole(self, details, *given, **more)

    with monkeypatch.context() as patch:
        patch.setattr(Register, "enrol", until_the_server_dies)
        result = apply(founded, "--plan", saved)
    assert result.exit_code == 4
    assert "Stopped after 2 changes" in result.stderr
    founded.slapd.start()
    assert [login for _step, login, _why in steps(founded)] == list(STAFF[2:])
    result = apply(founded)
    assert (result.exit_code, done_of(result)) == (0, 5)
    assert steps(founded) == []


def test_a_timer_does_what_the_site_lets_it_and_leaves_the_rest(
    enrolled: Office, hr: Hr, pictures: dict[str, bytes]
) -> None:
    with enrolled.config.open("a", encoding="utf-8") as config:
        config.write('[sync]\nunattended = ["describe"]\n')
    hr.change("ito", cn="Ito Midori")
    hr.remove("aoki")
    result = enrolled.facectl("sync", "apply", "--unattended", "--json")
    assert (result.exit_code, done_of(result)) == (1, 1), result.output
    assert opened(json.loads(result.stdout)) == [("aoki", "handler")]
    assert steps(enrolled) == [("suspend", "aoki", "left")]
    accepting = enrolled.facectl("sync", "apply", "--unattended", "--accept", "ito")
    assert accepting.exit_code == 2


def test_a_timer_stops_and_erases_who_left_and_lets_nobody_in_again(
    enrolled: Office, hr: Hr, pictures: dict[str, bytes]
) -> None:
    timer = ("sync", "apply", "--unattended", "--json")
    hr.remove("aoki")
    assert done_of(enrolled.facectl(*timer)) == 1
    assert suspended(enrolled, "aoki")
    hr.add("aoki", pictures["aoki"])
    waiting = enrolled.facectl(*timer)
    assert (waiting.exit_code, done_of(waiting)) == (1, 0)
    assert opened(json.loads(waiting.stdout)) == [("aoki", "handler")]
    hr.remove("aoki")
    for days in (10, 12, 9):
        enrolled.now += days * DAY
        renew_manifest(enrolled)
    assert done_of(enrolled.facectl(*timer)) == 1
    gone = person(enrolled, "aoki")
    assert (gone.face.template, gone.name, gone.staff_number) == (None, "aoki", "")
    assert done_of(enrolled.facectl(*timer)) == 0


def test_the_work_list_says_what_to_do(enrolled: Office, hr: Hr, pictures: dict[str, bytes]) -> None:
    assert enrolled.facectl("worklist").exit_code == 0
    hr.add("suzuki", pictures["landscape"])
    hr.add("kato", pictures["again"], employeeType="councillor")
    hr.remove("sato")
    hr.add("saito", pictures["sato"], employeeNumber="N-sato")
    result = enrolled.facectl("worklist")
    assert result.exit_code == 1
    assert "facectl sync apply --accept saito, which erases sato" in result.output
    assert "3 people are on the work list" in result.output
    (only,) = json.loads(enrolled.facectl("worklist", "--reason", "category", "--json").stdout)
    assert only["login"] == "kato"


def test_a_dry_run_writes_nothing(enrolled: Office, hr: Hr) -> None:
    before = all_entries(enrolled)
    hr.remove("aoki")
    result = apply(enrolled, "--dry-run")
    assert done_of(result) == 0
    assert all_entries(enrolled) == before


def test_every_line_of_the_page_works(founded: Office, hr: Hr, pictures: dict[str, bytes]) -> None:
    """docs/personnel.md from the list to the return of somebody who had left, as it is printed."""
    seen = []
    for heading, lines in printed():
        prepare(heading, founded, hr, pictures)
        statuses = [run_printed(founded, line) for line in lines]
        seen.append((heading, statuses))
        if heading == "New photos":
            assert person(founded, "tanaka").face.template
            assert steps(founded) == [], "the new photo is the standing one now"
        if heading == "New names and new numbers":
            assert (template(founded, "sato"), template(founded, "kato") is not None) == (None, True)
        if heading == "Leavers":
            assert template(founded, "aoki") is None
        if heading == "Returning people":
            assert template(founded, "aoki") is not None
    assert seen == [
        ("Look before anything is done", [0, 0, 0]),
        ("The first run", [12, 0, 0, 0]),
        ("The work list", [1, 1, 0]),
        ("New photos", [0]),
        ("New names and new numbers", [0]),
        ("Leavers", [0, 0]),
        ("Returning people", [0]),
        ("31 March and 1 April", [12, 0, 0]),
    ]
    assert person(founded, "ito").mail == "new@example.jp"


def printed() -> Iterator[tuple[str, list[str]]]:
    """The commands of the page by the heading above them."""
    text = (Path(__file__).parents[2] / "docs" / "personnel.md").read_text(encoding="utf-8")
    _before, *parts = re.split(r"^#{2,3} (.*)$", text, flags=re.MULTILINE)
    for heading, section in zip(parts[::2], parts[1::2], strict=True):
        blocks = re.findall(r"^```sh\n(.*?)^```", section, flags=re.MULTILINE | re.DOTALL)
        if blocks:
            yield heading, [line for block in blocks for line in block.splitlines()]


def run_printed(office: Office, line: str) -> int:
    program, *words = shlex.split(line.replace("/root/", f"{office.folder}/"), comments=True)
    assert program == "facectl"
    result = office.facectl(*words, input="y\n")
    assert result.exit_code in (0, 1, 12), f"{line}\n{result.output}"
    return result.exit_code


def prepare(heading: str, office: Office, hr: Hr, pictures: dict[str, bytes]) -> None:
    """What the personnel section does before each section of the page."""
    match heading:
        case "The work list":
            hr.add("suzuki", None)
        case "New photos":
            hr.remove("suzuki")
            hr.change("tanaka", jpegPhoto=pictures["again"])
        case "New names and new numbers":
            hr.remove("sato")
            hr.add("kato", pictures["sato"], employeeNumber="N-sato")
        case "Leavers":
            hr.remove("aoki")
            assert done_of(apply(office)) == 1
            assert suspended(office, "aoki")
        case "Returning people":
            hr.add("aoki", pictures["aoki"])
        case "31 March and 1 April":
            with office.config.open("a", encoding="utf-8") as config:
                config.write("[sync]\nmost_changes = 1\nmost_changes_percent = 0\n")
            hr.change("ito", mail="new@example.jp")
            hr.change("mori", mail="other@example.jp")
            assert apply(office).exit_code == 9


def test_who_waits_for_a_handlers_run_is_on_the_work_list(enrolled: Office, hr: Hr, pictures: dict[str, bytes]) -> None:
    hr.remove("aoki")
    assert done_of(apply(enrolled)) == 1
    hr.add("aoki", pictures["aoki"])
    result = enrolled.facectl("worklist")
    assert result.exit_code == 1
    assert "A handler must do this (let in again): facectl sync apply" in result.output


def test_what_stands_against_one_person_is_said_in_words(enrolled: Office, hr: Hr) -> None:
    """A withdrawn consent stops regular staff too; the run finds out when it enrols."""
    withdrawn = enrolled.facectl("consent", "withdraw", "ito", *WHY, "--yes")
    assert withdrawn.exit_code == 0, withdrawn.output
    result = enrolled.facectl("sync", "apply", "--accept", "ito", *WHY)
    assert result.exit_code == 1
    assert "The person withdrew the consent" in result.output
    assert template(enrolled, "ito") is None


def test_no_picture_is_left_on_the_station_or_in_the_directory(enrolled: Office) -> None:
    kept = [path.read_bytes() for path in enrolled.folder.rglob("*") if path.is_file()]
    kept += [value for values in all_entries(enrolled).values() for each in values.values() for value in each]
    assert not [data for data in kept if b"\xff\xd8\xff" in data]


def suspended(office: Office, login: str) -> bool:
    key = office.station.role(Role.ENROL, lambda _name: ROLE_PASSPHRASE.encode())
    with office.slapd.admin() as admin:
        held = Suspensions(admin, office.slapd.tree, office.station.verifier(office.now), key)
        return held.state(held.people.find(login)).state == "suspended"


def renew_manifest(office: Office) -> None:
    assert office.facectl("realm", "manifest").exit_code == 0


def join(office: Office) -> None:
    """The station's computer becomes a PC of the realm."""
    joined(office)


def confirmed(office: Office, login: str) -> bool:
    with office.slapd.admin() as admin:
        key = office.station.role(Role.ENROL, lambda _name: ROLE_PASSPHRASE.encode())
        register = Register(admin, office.slapd.tree, office.station.verifier(office.now), key)
        header = register.header(register.people.find(login))
        return header is not None and is_confirmed(header)
