"""The units, judged by systemd-analyze without booting anything."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

UNITS = Path(__file__).parent.parent.parent / "packaging/systemd"


@pytest.mark.parametrize(
    ("unit", "most"),
    [
        ("faced.service", 0.6),
        ("faced-directory.service", 1.2),
        ("faced-manifest.service", 1.6),
        ("faced-renew.service", 2.3),
        ("faced-sync.service", 2.1),
    ],
)
def test_the_exposure_stays_where_it_is(unit: str, most: float) -> None:
    """As tight as it goes: nearly every option of a unit weighs a tenth or more, so that losing one shows."""
    command = ["systemd-analyze", "security", "--offline=true", f"--threshold={10 * most:.0f}", "--no-pager", unit]
    judged = subprocess.run(command, cwd=UNITS, capture_output=True, text=True)
    assert "Overall exposure level" in judged.stdout + judged.stderr
    assert judged.returncode == 0, judged.stdout


def test_the_camera_daemon_tells_callers_apart() -> None:
    """In a user namespace of its own every caller would be uid 65534."""
    assert "PrivateUsers=no" in (UNITS / "faced.service").read_text().splitlines()


def test_units_of_one_refusal_share_its_conditions() -> None:
    """A socket whose service is held back by a condition would be triggered again and again."""

    def conditions(name: str) -> set[str]:
        return {line for line in (UNITS / name).read_text().splitlines() if line.startswith("Condition")}

    assert conditions("faced.service") == conditions("faced.socket") == conditions("faced-status.socket")
    assert conditions("faced-renew.service") == conditions("faced.service")
    assert conditions("faced-directory.service") == conditions("faced-directory.socket")
