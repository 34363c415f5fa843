"""What a host reports of failed tries: after the answer, once for each change, and nothing of who was recognised."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from faced.logon.lockout import Counter
from faced.trust.report import COUNTED_S, Report, read_report, subject_of
from tests.service.office import SUZUKI, TANAKA, Office, office


@pytest.fixture
def pc(open_folder: Path) -> Iterator[Office]:
    with office(open_folder) as opened:
        yield opened


def reports(pc: Office) -> list[Report]:
    """Those that faced-directory was given, checked as the station does."""
    authority = pc.authority
    now = int(time.time()) + pc.later_s
    verifier = authority.realm.verifier(authority.delegations, authority.signed_manifest(), now)
    return [read_report(verifier, "pc-1", authority.host_statement, data) for data in pc.directory.reports]


def counts(report: Report, pc: Office) -> dict[str, int]:
    names = {subject_of(pc.authority.realm, login): login for login in ("tanaka", "suzuki")}
    return {names[one.subject]: one.count for one in report.failed}


def said(pc: Office, number: int) -> dict[str, int]:
    """What the report of this number says, once it was made."""
    pc.until(lambda: len(pc.directory.reports) >= number)
    assert len(pc.directory.reports) == number
    return counts(reports(pc)[-1], pc)


def settled(pc: Office) -> None:
    """Whatever was to be reported was."""
    pc.until(lambda: not pc.reporter._at_it)


def test_a_failed_try_is_reported_after_the_answer_and_taken_back_by_a_match(pc: Office) -> None:
    pc.scene.shows = 2
    assert pc.decide()["outcome"] == "no_match"
    assert pc.directory.reports == []
    assert said(pc, 1) == {"tanaka": 1}
    pc.scene.shows = 1
    assert pc.decide()["outcome"] == "match"
    assert said(pc, 2) == {}
    first, second = reports(pc)
    assert second.serial > first.serial


def test_who_is_recognised_at_once_is_not_reported(pc: Office) -> None:
    assert pc.decide()["outcome"] == "match"
    settled(pc)
    assert pc.directory.reports == []


def test_counters_of_faces_are_added_up_and_codes_are_no_faces(pc: Office) -> None:
    for counter, times in ((Counter.GREETER, 2), (Counter.LOCKER, 3), (Counter.CODE, 4)):
        for _time in range(times):
            pc.lockout.charge(TANAKA, counter)
    pc.lockout.charge(SUZUKI, Counter.GREETER)
    pc.lockout.charge(4711, Counter.GREETER)
    pc.loop.soon(pc.reporter.changed)
    assert said(pc, 1) == {"tanaka": 5, "suzuki": 1}


def test_what_is_older_than_a_day_is_not_reported_and_what_was_is_taken_back(pc: Office) -> None:
    pc.lockout.charge(TANAKA, Counter.GREETER)
    pc.loop.soon(pc.reporter.changed)
    assert said(pc, 1) == {"tanaka": 1}
    pc.later_s = COUNTED_S + 60
    pc.loop.soon(pc.reporter.changed)
    pc.until(lambda: len(pc.directory.reports) == 2)
    del pc.directory.reports[0]
    assert said(pc, 1) == {}


def test_several_changes_at_once_are_one_report(pc: Office) -> None:
    for _time in range(5):
        pc.lockout.charge(TANAKA, Counter.GREETER)
        pc.loop.soon(pc.reporter.changed)
    pc.until(lambda: bool(pc.directory.reports))
    settled(pc)
    assert said(pc, 1) == {"tanaka": 5}


def test_after_a_restart_what_stands_is_reported_again_with_a_higher_serial(open_folder: Path) -> None:
    serials = []
    for _start in range(2):
        with office(open_folder) as pc:
            if not serials:
                pc.lockout.charge(TANAKA, Counter.GREETER)
            pc.loop.soon(pc.reporter.changed)
            assert said(pc, 1) == {"tanaka": 1}
            serials.append(reports(pc)[0].serial)
    assert serials[1] > serials[0]


def test_a_report_that_was_not_taken_is_made_again(pc: Office) -> None:
    pc.lockout.charge(TANAKA, Counter.GREETER)
    pc.directory.refuses_reports = True
    pc.loop.soon(pc.reporter.changed)
    pc.until(lambda: pc.directory.refused_reports == 1)
    settled(pc)
    pc.directory.refuses_reports = False
    pc.loop.soon(pc.reporter.changed)
    assert said(pc, 1) == {"tanaka": 1}


def test_a_damaged_memory_stops_reports_and_no_logon(pc: Office) -> None:
    (pc.folder / "report.json").write_text("{}")
    pc.scene.shows = 2
    assert pc.decide()["outcome"] == "no_match"
    settled(pc)
    pc.scene.shows = 1
    assert pc.decide()["outcome"] == "match"
    settled(pc)
    assert pc.directory.reports == []


def test_a_refresh_that_is_due_is_reported_though_nobody_failed(pc: Office) -> None:
    pc.directory.refreshed, pc.directory.report_due = int(time.time()) - 5, True
    pc.loop.soon(pc.reporter.changed)
    assert said(pc, 1) == {}
    assert reports(pc)[0].refreshed == pc.directory.refreshed
    pc.loop.soon(pc.reporter.changed)
    settled(pc)
    assert said(pc, 1) == {}, "once"


def test_a_failed_try_is_reported_though_faced_directory_says_nothing_of_its_cache(pc: Office) -> None:
    pc.lockout.charge(TANAKA, Counter.GREETER)
    pc.directory.silent_status = True
    pc.loop.soon(pc.reporter.changed)
    assert said(pc, 1) == {"tanaka": 1}
    assert reports(pc)[0].refreshed == 0
