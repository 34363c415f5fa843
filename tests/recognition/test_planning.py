"""The tools that say what an attempt is worth and whom day one will refuse, on drawn people."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from faced.recognition.evidence import Evidence
from faced.recognition.metric import Metric
from tests.recognition.population import face_set, write
from tools import benchmark_attempts
from tools.benchmark_attempts import Sittings

ROOT = Path(__file__).parent.parent.parent


def tool(name: str, *arguments: object) -> Any:
    command = [sys.executable, "-m", f"tools.{name}", *map(str, arguments), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_looks_tries_and_windows_are_counted_apart(tmp_path: Path) -> None:
    data = write(face_set(24, 10), tmp_path / "room.npz")
    result = tool("benchmark_attempts", "--people", 0, "--data", data, "--fmr", 0.01, "--fmr", 0.001)
    loose, strict = result["rows"]
    for row in (loose, strict):
        assert row["strangers"] == 10 * 12 * 3 * 11
        assert row["own"] == 10 * 12 * 3
        assert row["fmr"] <= row["far_attempt"] <= row["far_every_look"]
        assert row["far_attempt"] <= row["far_window"] <= 3 * row["far_attempt"]
    assert strict["far_attempt"] <= loose["far_attempt"]


def sittings(common: float, seed: int = 0) -> Sittings:
    """Films of people whose error is shared within a sitting to that part."""
    metric, rng = Metric.shipped(), np.random.default_rng(seed)
    tries = {}
    for person in range(40):
        for occasion in range(3):
            shared = rng.normal(size=metric.dimensions) * np.sqrt(common)
            frames = shared + rng.normal(size=(20, metric.dimensions)) * np.sqrt(1 - common)
            tries[person, occasion] = Evidence(frames, np.ones((20, 1)), np.ones(20))
    return Sittings("dummy clips", {}, tries, first=6, last=20)


@pytest.mark.parametrize("common", [0.2, 0.5, 0.8])
def test_the_correlation_within_a_sitting_is_measured(common: float) -> None:
    assert benchmark_attempts.correlation(Metric.shipped(), [sittings(common)]) == pytest.approx(common, abs=0.05)


def test_day_one_is_a_bracket_that_a_stricter_rate_makes_worse(tmp_path: Path) -> None:
    faces = face_set(80, 5)
    faces.points[:] += np.random.default_rng(0).normal(size=faces.points.shape)
    estimates = tool("estimate_rollout", "--data", write(faces, tmp_path / "faces.npz"))
    by_rate = {estimate["fmr"]: estimate for estimate in estimates if estimate["photo_spread"] == 0.01}
    for estimate in by_rate.values():
        assert estimate["people"] == 80
        assert estimate["three_tries"] <= estimate["one_try"]
        low, high = estimate["one_try_interval"]
        assert low <= estimate["one_try"] <= high
    assert by_rate[0.01]["one_try"] <= by_rate[0.001]["one_try"]
