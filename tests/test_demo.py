"""The demonstration is a promise in the README: every line of it holds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_every_line_of_the_demonstration_holds() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tools.demo"], cwd=ROOT, capture_output=True, text=True, timeout=900, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for part in "abcdefgh":
        assert f"({part})" in done.stdout
    assert "FAIL" not in done.stdout
