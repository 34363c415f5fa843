from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from faced.errors import MetricError
from faced.recognition.calibration import OperatingPoint
from faced.recognition.comparisons import FEWEST_CALIBRATED, Subject, compare, fused
from faced.recognition.decision import Decision, Matcher
from faced.recognition.metric import Metric
from faced.recognition.site import SiteCalibration
from faced.recognition.template import FaceTemplate, Sample, Source
from tests.recognition.population import population


def pictures(people: int, each: int, seed: int = 1) -> np.ndarray:
    """(people, each, 68, 2) px."""
    rng = np.random.default_rng(seed)
    drawn = population()
    return drawn.photos(np.repeat(drawn.people(people, rng), each, axis=0), rng).reshape(people, each, 68, 2)


def template(points: np.ndarray, day: int = 0) -> FaceTemplate:
    return FaceTemplate((Sample.from_points(points, 0.003, Source.PHOTO, day),))


def subjects(people: int, each: int, seed: int = 1) -> list[Subject]:
    found = []
    for own in pictures(people, each, seed):
        first, *later = (template(photo, day) for day, photo in enumerate(own))
        found.append(Subject(first, tuple(later)))
    return found


@pytest.mark.parametrize("calibrated", [False, True])
def test_every_comparison_is_decided_as_at_a_workstation_whose_calibration_has_not_seen_the_two(
    trained: Metric, operating_point: OperatingPoint, calibrated: bool
) -> None:
    strict = tuple(replace(entry, score=entry.score + 3) for entry in operating_point.thresholds)
    point = replace(operating_point, uncalibrated=strict)
    staff = subjects(FEWEST_CALIBRATED + 1, 2)
    found = compare(trained, staff, [point], calibrated=calibrated)
    assert len(found.score) == len(staff) ** 2
    for enrolled, probed, score, accepted in zip(
        found.enrolled, found.probed, found.score, found.accepted[:, 0], strict=True
    ):
        site = None
        if calibrated:
            others = [one for number, one in enumerate(staff) if number not in (enrolled, probed)]
            site = SiteCalibration.over(trained, [one.enrolment for one in others])
        matcher = Matcher(trained, point, staff[enrolled].enrolment, site, min_frames=1, max_frames=1)
        (sample,) = staff[probed].probes[0].samples
        matcher.add(sample.points, sample.spread)
        verdict = matcher.verdict()
        assert score == pytest.approx(verdict.score)
        assert accepted == (verdict.decision is Decision.MATCH)


def test_people_with_one_picture_are_compared_with_each_other_once(
    trained: Metric, operating_point: OperatingPoint
) -> None:
    staff = [*subjects(4, 1), *subjects(2, 3, seed=2)]
    found = compare(trained, staff, [operating_point], calibrated=False)
    pairs = [(int(a), int(b)) for a, b in zip(found.enrolled, found.probed, strict=True)]
    assert not any((b, a) in pairs for a, b in pairs if max(a, b) < 4)
    assert sum(max(pair) < 4 for pair in pairs) == 4 * 3 // 2
    assert [pairs.count(pair) for pair in ((0, 4), (4, 0), (4, 4), (4, 5))] == [2, 1, 2, 2]
    assert found.genuine.sum() == 4
    alone = compare(trained, subjects(8, 1), [operating_point], calibrated=False)
    assert (len(alone.score), alone.genuine.sum()) == (8 * 7 // 2, 0)


def test_of_many_people_a_part_is_compared_with_each_other_and_everybody_with_themselves(
    trained: Metric, operating_point: OperatingPoint
) -> None:
    found = compare(trained, subjects(30, 2), [operating_point], calibrated=False, most=10)
    assert len(np.unique(found.enrolled[found.genuine])) == 30
    assert len(np.unique(found.enrolled[~found.genuine])) == len(np.unique(found.probed[~found.genuine])) == 10


def test_several_pictures_fused_tell_people_apart_better_than_one(
    trained: Metric, operating_point: OperatingPoint
) -> None:
    staff = subjects(40, 4)
    missed = []
    for probes in (staff, fused(staff, 3)):
        found = compare(trained, probes, [operating_point], calibrated=False)
        missed.append(1 - found.accepted[found.genuine].mean())
    assert missed[1] < missed[0]
    assert fused(subjects(3, 3), 3) == []


def test_scores_for_rates_of_both_kinds_come_from_people_who_have_both(
    trained: Metric, operating_point: OperatingPoint
) -> None:
    trials = compare(trained, [*subjects(4, 1), *subjects(3, 2, seed=2)], [operating_point], calibrated=False).trials()
    assert sorted(set(trials.genuine_person.tolist())) == [4, 5, 6]
    assert set(trials.impostor_people.reshape(-1).tolist()) == {4, 5, 6}


def test_nobody_and_too_few_people(trained: Metric, operating_point: OperatingPoint) -> None:
    assert len(compare(trained, [], [operating_point], calibrated=False).score) == 0
    with pytest.raises(MetricError):
        compare(trained, subjects(FEWEST_CALIBRATED - 1, 1), [operating_point], calibrated=True)
    with pytest.raises(MetricError):
        compare(trained, subjects(3, 1), [replace(operating_point, metric_id=bytes(32))], calibrated=False)
