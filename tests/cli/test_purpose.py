"""`facectl purpose` against a real directory, and what a PC makes of it over the year change."""

from __future__ import annotations

from typing import Any

import pytest

from faced.enrolment.acts import ActLog
from faced.enrolment.manifest import last_manifest
from tests.cli.conftest import Office
from tests.cli.year import Pc, enrol, go_to, unix

WHY = ("--reason", "the council decided", "--decision", "R9-1")
MARCH = "2027-03-05"


@pytest.fixture
def pc(founded: Office) -> Pc:
    """Joined in October, with tanaka enrolled."""
    made = Pc(founded, "pc-1")
    enrol(founded, "tanaka")
    return made


def renew(office: Office, *more: object) -> Any:
    return office.json("purpose", "renew", *WHY, *more)


def shown(office: Office) -> list[tuple[str, str, str]]:
    return [(one["from"], one["until"], one["state"]) for one in office.json("purpose", "show")["purposes"]]


def open_the_whole_year(office: Office, pc: Pc) -> None:
    """Epochs and keys of the new year, so that nothing but the purpose can be over."""
    go_to(office, "2027-03-20")
    pc.renew()
    office.json("realm", "rotate", "--reason", "year change", "--yes")


def test_a_new_realm_has_a_purpose_until_31_march(founded: Office) -> None:
    assert shown(founded) == [("2026-10-15", "2027-03-31", "in_force")]
    facts = founded.json("purpose", "show")
    assert (facts["until"], facts["level"], facts["purposes"][0]["decision"]) == ("2027-03-31", None, "R8-1")


def test_on_1_april_a_clerk_logs_on_with_the_renewed_purpose(founded: Office, pc: Pc) -> None:
    go_to(founded, MARCH)
    renew(founded)
    open_the_whole_year(founded, pc)
    for moment in ("2027-03-31T23:59", "2027-04-01T00:00", "2027-04-01T08:30"):
        go_to(founded, moment)
        assert pc.refusal("tanaka") == "", moment


def test_and_without_it_does_not(founded: Office, pc: Pc) -> None:
    open_the_whole_year(founded, pc)
    go_to(founded, "2027-03-31T23:59")
    assert pc.refusal("tanaka") == ""
    go_to(founded, "2027-04-01T00:00")
    assert pc.refusal("tanaka") == "purpose_over"
    # Renewed late, it serves from then on; nobody is enrolled anew.
    renew(founded)
    assert pc.refusal("tanaka") == "purpose_over", "the manifest does not carry it yet"
    go_to(founded, "2027-04-01T09:00")
    assert pc.refusal("tanaka") == ""


def test_whoever_is_enrolled_to_an_end_of_their_own_ends_there(founded: Office, pc: Pc) -> None:
    go_to(founded, MARCH)
    renew(founded)
    enrol(founded, "sato", not_after=unix("2027-04-02"))
    open_the_whole_year(founded, pc)
    for moment, refusal in (("2027-04-01T12:00", ""), ("2027-04-02T00:00", "purpose_over")):
        go_to(founded, moment)
        assert (pc.refusal("sato"), pc.refusal("tanaka")) == (refusal, "")


def test_with_papers_of_before_the_renewal_a_pc_that_was_off_matches_nobody(founded: Office, pc: Pc) -> None:
    open_the_whole_year(founded, pc)
    cached = pc.bundle("tanaka")
    renew(founded)
    go_to(founded, "2027-04-01T08:30")
    assert pc.refusal("tanaka", cached) == "purpose_over"
    assert pc.refusal("tanaka") == ""


def test_a_dead_clock_of_1970_or_a_year_ahead_opens_nothing(founded: Office, pc: Pc) -> None:
    go_to(founded, MARCH)
    renew(founded)
    open_the_whole_year(founded, pc)
    go_to(founded, "2027-04-01T08:30")
    assert pc.refusal("tanaka", now=0) == "not_yet_valid"
    assert pc.refusal("tanaka", now=unix("2028-04-01")) == "manifest_expired"
    assert pc.refusal("tanaka") == ""


def test_it_waits_on_the_station_for_the_next_manifest(founded: Office) -> None:
    go_to(founded, MARCH)
    this = ("2026-10-15", "2027-03-31", "in_force")
    assert renew(founded)["state"] == "waits"
    assert len(last_manifest(founded.station).purposes) == 1
    assert shown(founded) == [this, ("2027-04-01", "2028-03-31", "waits")]
    go_to(founded, MARCH)
    assert shown(founded) == [this, ("2027-04-01", "2028-03-31", "ahead")]
    go_to(founded, "2027-04-01")
    assert shown(founded) == [("2027-04-01", "2028-03-31", "in_force")]
    assert len(last_manifest(founded.station).purposes) == 1, "what is over is not carried on"


def test_another_station_carries_on_what_it_finds_published(founded: Office) -> None:
    go_to(founded, MARCH)
    renew(founded)
    go_to(founded, MARCH)
    for path in (founded.station_path / "purposes").iterdir():
        path.unlink()
    go_to(founded, "2027-03-06")
    assert len(last_manifest(founded.station).purposes) == 2


def test_the_period_is_the_next_year_when_that_is_near_and_else_the_rest_of_this(founded: Office) -> None:
    for day, first, last in (
        ("2027-01-30", "2027-01-30", "2027-03-31"),
        ("2027-01-31", "2027-04-01", "2028-03-31"),
        ("2027-03-31", "2027-04-01", "2028-03-31"),
    ):
        founded.now = unix(day)
        said = renew(founded, "--dry-run")
        assert (said["from"], said["until"]) == (first, last), day


def test_days_can_be_given(founded: Office) -> None:
    def period(*options: str) -> tuple[str, str]:
        said = renew(founded, "--dry-run", *options)
        return said["from"], said["until"]

    assert period("--until", "2026-12-28") == ("2026-10-15", "2026-12-28")
    assert period("--from", "2027-04-10") == ("2027-04-10", "2028-03-31")
    assert period("--until", "2027-09-30") == ("2027-04-01", "2027-09-30")
    assert period("--from", "2026-11-01", "--until", "2026-11-30") == ("2026-11-01", "2026-11-30")


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--until", "2026-10-14"), 6),
        (("--from", "2026-12-01", "--until", "2026-11-30"), 6),
        (("--from", "2027-03-01", "--until", "2027-04-01"), 6),
        (("--from", "2028-04-01"), 6),
        (("--decision", "x" * 201), 6),
        (("--decision", " "), 6),
        (("--reason", " "), 2),
    ],
)
def test_a_period_or_a_decision_that_cannot_be_is_refused(founded: Office, options: tuple[str, ...], code: int) -> None:
    result = founded.facectl("purpose", "renew", *WHY, *options)
    assert result.exit_code == code, result.output
    assert not (founded.station_path / "purposes").exists()
    assert not list(ActLog(founded.station_path).read())


def test_a_purpose_can_be_ended_early(founded: Office, pc: Pc) -> None:
    renew(founded)
    founded.now += 1
    renew(founded, "--until", "2026-10-20")
    go_to(founded, "2026-10-20T23:59")
    assert pc.refusal("tanaka") == ""
    go_to(founded, "2026-10-21T00:00")
    assert pc.refusal("tanaka") == "purpose_over"
    go_to(founded, "2026-10-22")
    assert pc.refusal("tanaka") == "purpose_over", "the one that it took the place of is not back"
    assert shown(founded) == [("2026-10-15", "2026-10-20", "over")]
    # Nobody is enrolled or evaluated meanwhile either.
    assert founded.json("list")[0]["state"] == "purpose_over"
    refused = founded.facectl("enroll", "tanaka", "--camera", "--reason", "x")
    assert refused.exit_code == 6
    assert "facectl purpose renew" in refused.output


def test_a_dry_run_signs_nothing_that_stays(founded: Office) -> None:
    assert renew(founded, "--dry-run")["dry_run"] is True
    assert not (founded.station_path / "purposes").exists()
    assert not list(ActLog(founded.station_path).read())


def test_the_renewal_is_on_record_with_its_decision(founded: Office) -> None:
    founded.now = unix(MARCH)
    renew(founded)
    begun, done = ActLog(founded.station_path).read()
    assert (begun.act, begun.outcome, done.outcome) == ("renew_purpose", "begun", "done")
    assert (done.handler, done.subject, done.decision) == ("suzuki", "2027-04-01 - 2028-03-31", "R9-1")
    assert done.reason == "the council decided"


def test_it_is_said_days_ahead_and_until_it_is_renewed(founded: Office) -> None:
    founded.now = unix("2027-03-25")
    result = founded.facectl("purpose", "show")
    assert result.exit_code == 0
    assert "ends in 7 days" in result.stderr
    go_to(founded, "2027-03-25")
    assert [(one["what"], one["level"]) for one in founded.json("realm", "show")["alarms"]] == [("purpose", "urgent")]
    renew(founded)
    assert founded.json("realm", "show")["alarms"] == []
    assert founded.json("purpose", "show")["level"] is None


def test_whoever_may_not_approve_renews_nothing(founded: Office) -> None:
    approve = founded.station.key_path("suzuki.approve")
    approve.unlink()
    assert founded.facectl("purpose", "renew", *WHY).exit_code != 0
    assert not (founded.station_path / "purposes").exists()
