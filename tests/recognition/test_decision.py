from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from faced.errors import MetricError
from faced.recognition.calibration import OperatingPoint
from faced.recognition.decision import CERTAIN, HOPELESS, Decision, Matcher, looked
from faced.recognition.metric import Metric
from faced.recognition.template import FaceTemplate, Sample, Source
from tests.recognition.population import population

Maker = Callable[..., Matcher]
PEOPLE = 40
FRAMES = 12


@pytest.fixture(scope="module")
def sittings() -> np.ndarray:
    """(people, 1 + frames, 68, 2): one photo of each person, then the frames of a sitting."""
    rng = np.random.default_rng(50)
    drawn = population()
    who = drawn.people(PEOPLE, rng)
    return drawn.photos(np.repeat(who, 1 + FRAMES, axis=0), rng).reshape(PEOPLE, 1 + FRAMES, 68, 2)


def template(points: np.ndarray) -> FaceTemplate:
    return FaceTemplate((Sample.from_points(points, 0.003, Source.PHOTO, 17_000),))


@pytest.fixture
def matcher_of(trained: Metric, operating_point: OperatingPoint, sittings: np.ndarray) -> Maker:
    def make(person: int, **frames: int) -> Matcher:
        limits = {"min_frames": 3, "max_frames": FRAMES} | frames
        return Matcher(trained, operating_point, template(sittings[person, 0]), **limits)

    return make


def test_the_same_person_matches(matcher_of: Maker, sittings: np.ndarray) -> None:
    matched = 0
    for person in range(PEOPLE):
        matcher = matcher_of(person)
        for frame in sittings[person, 1:]:
            matcher.add(frame, 0.003)
        matched += matcher.verdict().decision is Decision.MATCH
    assert matched >= 0.9 * PEOPLE


def test_few_strangers_match(matcher_of: Maker, sittings: np.ndarray) -> None:
    accepted = 0
    for person in range(PEOPLE):
        for stranger in range(PEOPLE):
            if stranger == person:
                continue
            matcher = matcher_of(person, max_frames=4)
            for frame in sittings[stranger, 1:5]:
                matcher.add(frame, 0.003)
            accepted += matcher.verdict().decision is Decision.MATCH
    assert accepted <= 0.02 * PEOPLE * (PEOPLE - 1)


def test_nobody_is_accepted_before_the_least_number_of_frames(matcher_of: Maker, sittings: np.ndarray) -> None:
    for person in range(PEOPLE):
        matcher = matcher_of(person, min_frames=5)
        for frame in sittings[person, 1:5]:
            matcher.add(frame, 0.003)
            assert matcher.verdict().decision is Decision.UNDECIDED


def test_it_is_always_decided_at_the_most_frames(matcher_of: Maker, sittings: np.ndarray) -> None:
    for stranger in range(1, PEOPLE):
        matcher = matcher_of(0)
        for frame in sittings[stranger, 1:]:
            matcher.add(frame, 0.003)
        assert matcher.verdict().decision is not Decision.UNDECIDED


def decided_after(matcher: Matcher, frames: np.ndarray) -> list[Decision]:
    """The decision after each frame."""
    decisions = []
    for frame in frames:
        matcher.add(frame, 0.003)
        decisions.append(matcher.verdict().decision)
    return decisions


def test_most_people_and_most_strangers_are_told_at_the_first_look(matcher_of: Maker, sittings: np.ndarray) -> None:
    own = [decided_after(matcher_of(person), sittings[person, 1:4])[-1] for person in range(PEOPLE)]
    strangers = [decided_after(matcher_of(person - 1), sittings[person, 1:4])[-1] for person in range(PEOPLE)]
    assert own.count(Decision.MATCH) > 0.8 * PEOPLE
    assert strangers.count(Decision.NO_MATCH) > 0.6 * PEOPLE


@pytest.mark.parametrize(
    ("margin", "expected"),
    [
        (CERTAIN + 0.5, [Decision.MATCH, Decision.MATCH]),
        (CERTAIN - 1.5, [Decision.UNDECIDED, Decision.MATCH]),
        (-0.5, [Decision.UNDECIDED, Decision.NO_MATCH]),
        (-HOPELESS + 0.5, [Decision.UNDECIDED, Decision.NO_MATCH]),
        (-HOPELESS - 0.5, [Decision.NO_MATCH, Decision.NO_MATCH]),
    ],
)
def test_an_early_look_needs_a_margin_and_the_last_one_decides_at_the_threshold(
    margin: float, expected: list[Decision]
) -> None:
    assert [looked(margin, last=last) for last in (False, True)] == expected


def test_frames_after_the_last_one_that_counts_change_nothing(matcher_of: Maker, sittings: np.ndarray) -> None:
    matcher = matcher_of(0)
    for frame in sittings[1, 1:]:
        matcher.add(frame, 0.003)
    refused = matcher.verdict()
    for frame in sittings[0, 1:]:
        matcher.add(frame, 0.003)
    assert matcher.verdict() == refused


def test_the_order_of_frames_does_not_matter(matcher_of: Maker, sittings: np.ndarray) -> None:
    forwards, backwards = (matcher_of(0, min_frames=FRAMES) for _order in range(2))
    for frame in sittings[0, 1:]:
        forwards.add(frame, 0.003)
    for frame in sittings[0, :0:-1]:
        backwards.add(frame, 0.003)
    assert forwards.verdict().score == pytest.approx(backwards.verdict().score)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_frame_that_is_not_a_number_is_refused_and_not_counted(
    matcher_of: Maker, sittings: np.ndarray, bad: float
) -> None:
    matcher = matcher_of(0, min_frames=FRAMES)
    for frame in sittings[1, 1:4]:
        matcher.add(frame, 0.003)
    before = matcher.verdict()
    broken = sittings[0, 1].copy()
    broken[8, 0] = bad
    with pytest.raises(MetricError):
        matcher.add(broken, 0.003)
    with pytest.raises(MetricError):
        matcher.add(sittings[0, 1], bad)
    assert matcher.verdict() == before


def test_no_frame_at_all_is_undecided(matcher_of: Maker) -> None:
    verdict = matcher_of(0).verdict()
    assert (verdict.decision, verdict.frames, verdict.band) == (Decision.UNDECIDED, 0, "none")


def test_the_same_frame_again_and_again_gains_no_more_than_two_samples(
    matcher_of: Maker, sittings: np.ndarray, trained: Metric
) -> None:
    matcher = matcher_of(0, min_frames=1000, max_frames=1000)
    for _again in range(1000):
        matcher.add(sittings[0, 1], 0.003)
    enrolled, seen = (trained.evidence(sittings[0, [row]], np.array([0.003])).latent for row in (0, 1))
    twice = trained.population.llr(enrolled, seen, 1, 2)[0, 0]
    assert matcher.verdict().score == pytest.approx(twice, abs=0.2)


def test_the_band_tells_the_side_and_no_more(matcher_of: Maker, sittings: np.ndarray) -> None:
    for person, expected in ((0, {"above", "just_above"}), (1, {"below", "just_below"})):
        matcher = matcher_of(0)
        for frame in sittings[person, 1:]:
            matcher.add(frame, 0.003)
        assert matcher.verdict().band in expected


def test_thresholds_of_another_metric_are_refused(
    trained: Metric, operating_point: OperatingPoint, sittings: np.ndarray
) -> None:
    other = replace(operating_point, metric_id=bytes(32))
    with pytest.raises(MetricError):
        Matcher(trained, other, template(sittings[0, 0]))


@pytest.mark.parametrize(("least", "most"), [(0, 5), (6, 5), (-1, -1)])
def test_impossible_numbers_of_frames_are_refused(matcher_of: Maker, least: int, most: int) -> None:
    with pytest.raises(ValueError, match="min_frames"):
        matcher_of(0, min_frames=least, max_frames=most)
