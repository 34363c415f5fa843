from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from faced.config import LogonConfig
from faced.errors import MetricError
from faced.recognition import accuracy, calibration
from faced.recognition.calibration import OperatingPoint, Threshold
from faced.recognition.metric import Metric
from tests.recognition.population import face_set


def entry(enrol: int, probe: int, score: float) -> Threshold:
    return Threshold(enrol, probe, score, people=100, pairs=4950, comparisons=99_000, fmr_high=0.012)


def test_the_shipped_points_cover_the_configured_rate_and_stricter_ones() -> None:
    configured = OperatingPoint.shipped(LogonConfig().fmr)
    scores = [OperatingPoint.shipped(fmr).threshold(1, 1) for fmr in (0.01, 0.001, 0.0001)]
    assert configured.threshold(1, 1) == scores[0]
    assert scores == sorted(scores)
    assert "people" in configured.measured_on


def test_every_shipped_threshold_says_on_how_many_people_it_stands() -> None:
    for fmr in calibration.FMRS:
        for threshold in OperatingPoint.shipped(fmr).thresholds:
            assert threshold.pairs * fmr >= calibration.FEWEST_PAIRS_ABOVE
            assert threshold.people >= 3
            assert fmr <= threshold.fmr_high < 2.5 * fmr


def test_a_rate_that_was_not_measured_is_refused_with_those_that_were() -> None:
    with pytest.raises(MetricError, match=r"0\.001"):
        OperatingPoint.shipped(0.005)


def test_the_threshold_is_of_the_nearest_layout_with_no_more_samples() -> None:
    point = OperatingPoint(
        0.01, bytes(32), "", (entry(1, 1, 3.0), entry(1, 3, 2.0), entry(3, 1, 2.5), entry(3, 3, 1.0))
    )
    assert point.threshold(1, 1) == 3.0
    assert point.threshold(1.9, 2.99) == 3.0
    assert point.threshold(1, 3) == 2.0
    assert point.threshold(64, 1) == 2.5
    assert point.threshold(3, 1000) == 1.0
    # Of two layouts equally near, the stricter one.
    both = OperatingPoint(0.01, bytes(32), "", (entry(1, 1, 3.0), entry(1, 3, 2.0), entry(3, 1, 2.5)))
    assert both.threshold(3, 3) == 2.5


def test_where_nothing_is_known_of_the_site_the_next_stricter_threshold_holds() -> None:
    point, stricter = OperatingPoint.shipped(0.01), OperatingPoint.shipped(0.001)
    assert point.threshold(1, 1, calibrated=False) == stricter.threshold(1, 1) > point.threshold(1, 1)
    strictest = OperatingPoint.shipped(0.0001)
    assert strictest.threshold(1, 1, calibrated=False) == strictest.threshold(1, 1)


def test_nobody_is_accepted_against_the_evidence() -> None:
    assert OperatingPoint(0.1, bytes(32), "", (entry(1, 1, -4.0),)).threshold(1, 1) == 0.0


def test_a_point_without_a_single_photo_threshold_or_with_a_broken_one_is_refused() -> None:
    for thresholds in ((), (entry(3, 3, 1.0),), (entry(1, 1, float("nan")),), (entry(1, 1, float("-inf")),)):
        with pytest.raises(MetricError):
            OperatingPoint(0.01, bytes(32), "", thresholds)


def test_a_measured_threshold_holds_its_rate_on_other_people(trained: Metric, operating_point: OperatingPoint) -> None:
    others = accuracy.Exam(trained, face_set(150, 6, seed=40))
    for (enrol, probe), scores in accuracy.measure([others], [(1, 1), (3, 3)], gated=False).items():
        measured = next(e for e in operating_point.thresholds if (e.enrol, e.probe) == (enrol, probe))
        assert (scores.impostor > measured.score).mean() < 0.025


def test_layouts_with_too_few_people_get_no_threshold(trained: Metric) -> None:
    found = accuracy.measure([accuracy.Exam(trained, face_set(40, 2, seed=41))], [(1, 1)], gated=False)
    # 780 pairs of people: 7.8 are expected above one in a hundred, 0.8 above one in a thousand.
    assert calibration.measured(found, 0.01)
    assert not calibration.measured(found, 0.001)


def test_a_document_comes_back_from_its_file(trained: Metric, operating_point: OperatingPoint, tmp_path: Path) -> None:
    content = calibration.document(trained, "drawn people", {0.01: operating_point.thresholds})
    (tmp_path / "points.json").write_text(json.dumps(content))
    same = replace(operating_point, uncalibrated=operating_point.thresholds)
    assert OperatingPoint.load(tmp_path / "points.json", 0.01) == same


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"metric": "zz", "measured_on": "", "points": []}',
        '{"metric": "", "measured_on": "", "points": [{}]}',
    ],
)
def test_a_damaged_file_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "points.json").write_text(text)
    with pytest.raises(MetricError):
        OperatingPoint.load(tmp_path / "points.json", 0.01)
    with pytest.raises(MetricError):
        OperatingPoint.load(tmp_path / "nowhere.json", 0.01)


def test_the_interval_of_a_threshold_is_wider_for_fewer_people(trained: Metric) -> None:
    highs = []
    for people in (40, 300):
        exam = accuracy.Exam(trained, face_set(people, 2, seed=42))
        highs.append(calibration.measured(accuracy.measure([exam], [(1, 1)], gated=False), 0.01)[0].fmr_high)
    assert highs[0] > highs[1] > 0.01
    assert np.isfinite(highs).all()
