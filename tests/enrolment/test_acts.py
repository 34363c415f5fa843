"""The record of acts: signed, chained, and checked with public keys only."""

from __future__ import annotations

import json
import multiprocessing
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from faced.enrolment.acts import Act, ActLog, ActRecord, Verification
from faced.enrolment.manifest import last_manifest, next_manifest
from faced.enrolment.station import KEYS, SHARED, RoleKey, Station
from faced.errors import StateError
from faced.trust.keys import key_id
from faced.trust.realm import RecordHead, Role
from tests.enrolment.conftest import NOW

RECORD = ActRecord(NOW, Act.ENROL, "suzuki", "clerk", "tanaka", "new member", decision="R8-12")


@pytest.fixture
def log(station: Station, role_key: Callable[[Role], RoleKey]) -> ActLog:
    """Six lines by three keys."""
    log = ActLog(station.path)
    for number, role in enumerate([Role.ENROL, Role.APPROVE, Role.ENROL, Role.MANIFEST, Role.ENROL, Role.ENROL]):
        log.write(replace(RECORD, subject=f"person-{number}"), station.realm, role_key(role).sign)
    return log


def verify(station: Station, *points: RecordHead) -> Verification:
    return ActLog(station.path).verify(station.realm.verifier(station.history, station.manifest, NOW), points)


def flaws(station: Station, *points: RecordHead) -> list[tuple[int, str]]:
    return [(flaw.line, flaw.reason) for flaw in verify(station, *points).flaws]


def change_lines(station: Station, change: Callable[[list[bytes]], list[bytes]]) -> None:
    path = station.path / "acts"
    path.write_bytes(b"".join(change(path.read_bytes().splitlines(keepends=True))))


def test_an_untouched_record_verifies_without_any_private_key(station: Station, log: ActLog, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(station.path, copy)
    for folder in (KEYS, SHARED):
        shutil.rmtree(copy / folder)
    head = log.head()
    assert head is not None
    result = verify(Station.open(copy), head)
    assert (result.lines, result.anchored, result.flaws, result.intact) == (6, 6, (), True)
    assert [record.subject for record in log.read()] == [f"person-{number}" for number in range(6)]
    assert {record.decision for record in log.read()} == {"R8-12"}


@pytest.mark.parametrize(
    "field", ["number", "at", "act", "handler", "operator", "subject", "reason", "outcome", "decision", "agreement"]
)
def test_every_changed_field_shows_where_it_is(station: Station, log: ActLog, field: str) -> None:
    def change(lines: list[bytes]) -> list[bytes]:
        fields = json.loads(lines[2])
        fields[field] = {"number": 9, "at": NOW + 1, "act": "erase"}.get(field, "somebody")
        return [*lines[:2], json.dumps(fields, ensure_ascii=False).encode() + b"\n", *lines[3:]]

    change_lines(station, change)
    found = flaws(station)
    assert found[0] == (3, "wrong_number" if field == "number" else "bad_signature")
    assert (4, "broken_chain") in found
    assert not verify(station).intact


def test_a_line_that_is_taken_out_put_in_or_moved_shows(station: Station, log: ActLog) -> None:
    whole = (station.path / "acts").read_bytes()
    for change in (
        lambda lines: lines[:2] + lines[3:],
        lambda lines: lines[:3] + [lines[2]] + lines[3:],
        lambda lines: [lines[1], lines[0], *lines[2:]],
        lambda lines: [*lines[:2], b"{}\n", *lines[2:]],
        lambda lines: [*lines, b"rubbish\n"],
    ):
        (station.path / "acts").write_bytes(whole)
        assert not flaws(station)
        change_lines(station, change)
        assert flaws(station)


def test_a_record_cut_off_at_its_end_shows_by_the_checkpoint_of_the_manifest(station: Station, log: ActLog) -> None:
    head = log.head()
    assert head is not None
    change_lines(station, lambda lines: lines[:4])
    assert flaws(station) == []
    assert flaws(station, head) == [(5, "cut_off")]


def test_a_record_written_anew_with_stolen_keys_shows_by_the_checkpoint(
    station: Station, log: ActLog, role_key: Callable[[Role], RoleKey]
) -> None:
    head = log.head()
    (station.path / "acts").unlink()
    for _line in range(6):
        log.write(RECORD, station.realm, role_key(Role.ENROL).sign)
    assert head is not None
    assert flaws(station) == []
    assert flaws(station, head) == [(6, "rewritten")]


def test_an_act_in_another_handlers_name_shows(
    station: Station, log: ActLog, role_key: Callable[[Role], RoleKey]
) -> None:
    log.write(replace(RECORD, handler="mori"), station.realm, role_key(Role.ENROL).sign)
    assert flaws(station) == [(7, "wrong_handler")]


def test_what_a_leaked_key_signed_is_doubtful_and_vouched_for_by_the_lines_after_it(
    station: Station, log: ActLog, role_key: Callable[[Role], RoleKey]
) -> None:
    approve = key_id(role_key(Role.APPROVE).public)
    new = replace(next_manifest(last_manifest(station), NOW), revoked_keys=frozenset({approve}))
    station.keep_manifest(station.realm.issue_manifest(role_key(Role.MANIFEST).sign, new))
    assert flaws(station) == [(2, "issuer_revoked")]
    assert verify(station).intact


def test_an_act_signed_after_the_handler_left_is_no_act(
    station: Station, log: ActLog, role_key: Callable[[Role], RoleKey]
) -> None:
    enrol = key_id(role_key(Role.ENROL).public)
    new = replace(next_manifest(last_manifest(station), NOW), retired_keys={enrol: NOW + 1})
    station.keep_manifest(station.realm.issue_manifest(role_key(Role.MANIFEST).sign, new))
    log.write(replace(RECORD, at=NOW + 1), station.realm, role_key(Role.ENROL).sign)
    assert flaws(station) == [(7, "issuer_retired")]


def test_what_a_power_cut_left_of_a_line_is_cleared_by_the_next(
    station: Station, log: ActLog, role_key: Callable[[Role], RoleKey]
) -> None:
    with (station.path / "acts").open("ab") as file:
        file.write(b'{"number": 7, "at"')
    assert len(list(log.read())) == 6
    log.write(RECORD, station.realm, role_key(Role.ENROL).sign)
    assert len(list(log.read())) == 7
    assert flaws(station) == []


def test_nothing_is_appended_to_a_record_that_is_damaged(
    station: Station, log: ActLog, role_key: Callable[[Role], RoleKey]
) -> None:
    with (station.path / "acts").open("ab") as file:
        file.write(b"rubbish\n")
    with pytest.raises(StateError, match="nothing was done"):
        log.write(RECORD, station.realm, role_key(Role.ENROL).sign)


def write_ten(path: Path, key: RoleKey) -> None:
    station = Station.open(path)
    for _line in range(10):
        ActLog(path).write(RECORD, station.realm, key.sign)


def test_two_programs_that_write_at_once_make_one_chain(station: Station, role_key: Callable[[Role], RoleKey]) -> None:
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=write_ten, args=(station.path, role_key(Role.ENROL))) for _writer in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    result = verify(station)
    assert (result.lines, result.flaws) == (30, ())
