"""ID photo against webcam with the real landmark predictor: the whole way from pictures to a decision."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def rows() -> dict[str, dict[str, float]]:
    """Ten dummies, one short sitting each; without and with the calibration of their site."""
    command = [sys.executable, str(ROOT / "tools" / "benchmark_staff.py"), "--json"]
    command += ["--people", "10", "--occasions", "1", "--seconds", "0.7"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, cwd="/")
    assert done.returncode == 0, done.stderr
    return {row["site"]: row for row in json.loads(done.stdout)["rows"]}


def test_staff_are_known_again_from_their_id_photo(rows: dict[str, dict[str, float]]) -> None:
    for row in rows.values():
        assert row["own"] >= 8
        assert row["rejected"] <= 1


def test_a_site_calibration_keeps_colleagues_apart(rows: dict[str, dict[str, float]]) -> None:
    before, after = rows["nobody"], rows["others"]
    assert before["strangers"] == after["strangers"] >= 72
    assert after["accepted"] <= 0.1 * after["strangers"]
    assert after["accepted"] < before["accepted"]
