"""`facectl acts`: what an auditor sees, at a real directory or with a copy of the folder."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from faced.enrolment.manifest import last_manifest
from tests.cli.conftest import NOW, Office

DAY = 86_400


@pytest.fixture
def busy(founded: Office) -> Office:
    """Two manifests on two days; the second vouches for the lines before its own end."""
    for day in (1, 2):
        founded.now = NOW + day * DAY
        assert founded.facectl("realm", "manifest").exit_code == 0
    return founded


def cut(office: Office, lines: int) -> None:
    path = office.station_path / "acts"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:lines]))


def test_everything_that_was_done_is_listed_with_who_and_why(busy: Office) -> None:
    listed = busy.json("acts", "list")
    assert [(one["act"], one["handler"], one["outcome"]) for one in listed] == [
        ("manifest", "suzuki", outcome) for outcome in ("begun", "done") * 2
    ]
    assert len(busy.json("acts", "list", "--since", "2026-10-17")) == 2
    assert busy.json("acts", "list", "--by", "mori") == []
    assert "suzuki" in busy.facectl("acts", "list").output


def test_an_untouched_record_is_intact_and_the_daily_manifest_vouches_for_it(busy: Office) -> None:
    assert busy.json("acts", "verify") == {"intact": True, "lines": 4, "anchored": 3, "flaws": []}
    assert busy.json("acts", "verify", "--directory")["intact"]
    assert "intact: 4 lines, 3 of them" in busy.facectl("acts", "verify").output


def test_an_auditor_needs_no_private_key(busy: Office, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(busy.station_path, copy, ignore=shutil.ignore_patterns("keys", "shared", "proposals"))
    assert not list(copy.rglob("*.key"))
    result = busy.facectl("acts", "verify", "--station", copy)
    assert result.exit_code == 0, result.output


def test_a_changed_reason_is_found(busy: Office) -> None:
    path = busy.station_path / "acts"
    lines = path.read_text().splitlines()
    lines[1] = json.dumps({**json.loads(lines[1]), "reason": "another"})
    path.write_text("\n".join(lines) + "\n")
    result = busy.facectl("acts", "verify")
    assert result.exit_code == 1
    assert "line 2: bad_signature" in result.output
    assert "NOT intact" in result.output


def test_a_record_cut_off_is_found_by_the_published_manifest_although_the_stations_own_was_put_back(
    busy: Office,
) -> None:
    older = busy.station.manifest
    assert older is not None
    busy.now += DAY
    assert busy.facectl("realm", "manifest").exit_code == 0
    kept = busy.folder / "kept.manifest"
    kept.write_bytes(busy.station.manifest or b"")
    cut(busy, 4)
    busy.station.keep_manifest(older)
    assert busy.facectl("acts", "verify").exit_code == 0
    assert busy.facectl("acts", "verify", "--manifest", kept).exit_code == 1
    assert "cut_off" in busy.facectl("acts", "verify", "--directory").output


def test_the_next_manifest_does_not_vouch_for_a_record_that_contradicts_the_last(busy: Office) -> None:
    vouched = last_manifest(busy.station).record
    cut(busy, 1)
    busy.now += DAY
    result = busy.facectl("realm", "manifest", "--json")
    assert result.exit_code == 0, result.output
    assert [alarm["what"] for alarm in json.loads(result.stdout)["alarms"]] == ["record"]
    assert last_manifest(busy.station).record == vouched
    assert busy.facectl("acts", "verify").exit_code == 1


def test_a_manifest_of_another_realm_vouches_for_nothing(busy: Office, tmp_path: Path) -> None:
    stranger = tmp_path / "stranger"
    stranger.write_bytes(b"rubbish")
    assert busy.facectl("acts", "verify", "--manifest", stranger).exit_code == 6


def test_without_a_record_there_is_nothing_to_verify(founded: Office) -> None:
    assert founded.json("acts", "list") == []
    assert founded.json("acts", "verify")["lines"] == 0
