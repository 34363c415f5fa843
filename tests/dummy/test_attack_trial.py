"""The trial of liveness: requests are answered, only what matched counts, and shares have honest upper ends."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from faced.dummy import Identity
from faced.dummy.occasion import Occasion, SeedSet, attacks, living
from faced.dummy.species import Species
from faced.landmarks.observe import FrameReport, Observation, Observer
from faced.landmarks.predictor import Predictor
from faced.landmarks.surroundings import Cue
from faced.liveness.challenge import Challenge
from faced.liveness.judge import LivenessState, LivenessVerdict
from faced.recognition.calibration import OperatingPoint
from faced.recognition.decision import Matcher
from faced.recognition.error_rates import upper95
from faced.recognition.metric import Metric
from tools import bench_liveness as bench
from tools.bench_liveness import Result, Sitter, attempt, counted, toolbox

PERSON = living(SeedSet.TUNING, 1)[0]


class AsksForATurn:
    """Asks for a turn to the left as soon as it may, and takes the first turn beyond twelve degrees for life."""

    def __init__(self) -> None:
        self.begun_s: float | None = None
        self.rest_deg = 0.0
        self.yaws: list[float] = []
        self.frames: set[bytes] = set()
        self.cues: list[float] = []

    def see(self, sight: Observation) -> bool:
        self.yaws.append(sight.yaw_deg)
        return True

    def lost(self) -> None:
        self.begun_s = None

    def frame(self, timestamp_s: float, digest: bytes) -> None:
        self.frames.add(digest)

    def cue(self, name: str, value: float, timestamp_s: float) -> None:
        self.cues.append(value)

    def begin(self, now_s: float) -> Challenge:
        self.begun_s, self.rest_deg = now_s, self.yaws[-1]
        return Challenge.TURN_LEFT

    def verdict(self, now_s: float) -> LivenessVerdict:
        if self.begun_s is None:
            return LivenessVerdict(LivenessState.WAITING)
        if max(self.cues, default=0) > 1:
            return LivenessVerdict(LivenessState.NOT_LIVE, "screen_cue")
        # A turn to the person's own left is negative for the landmarks.
        if self.yaws[-1] < self.rest_deg - 12:
            return LivenessVerdict(LivenessState.LIVE)
        if now_s > self.begun_s + 2.5:
            return LivenessVerdict(LivenessState.NOT_LIVE, "no_action")
        return LivenessVerdict(LivenessState.ASK, challenge=Challenge.TURN_LEFT)


def matcher_of(person: int) -> Matcher:
    template = bench._template(person)
    assert template is not None
    return Matcher(Metric.shipped(), OperatingPoint.shipped(0.01), template)


def tried(occasion: Occasion, *, cue: float = 0.0) -> tuple[Result, AsksForATurn]:
    plain, strict = AsksForATurn(), AsksForATurn()
    observer = Observer(Predictor.load())

    def observe(image: NDArray[np.uint8], timestamp_s: float) -> FrameReport:
        return replace(observer.observe(image, timestamp_s), cues=(Cue("screen_edges", cue),))

    result = attempt(
        Sitter(occasion, Identity(occasion.person)),
        observe,
        lambda: matcher_of(occasion.person),
        plain,
        strict,
    )
    return result, plain


def test_a_person_is_matched_asked_turns_and_passes() -> None:
    result, judge = tried(PERSON)
    assert result.matched and result.passed and result.passed_cues
    assert result.asked == ("turn_left",)
    assert result.accept_s is not None and PERSON.reaction_s < result.accept_s < PERSON.reaction_s + 1.0
    assert len(judge.frames) == result.frames == len(judge.yaws)


def test_cues_deny_only_where_they_are_on() -> None:
    result, judge = tried(PERSON, cue=1.5)
    assert result.passed and not result.passed_cues
    assert not judge.cues


def test_a_film_of_nothing_is_matched_and_does_not_turn() -> None:
    result, _judge = tried(attacks(SeedSet.TUNING, Species.REPLAY_NEUTRAL, 1)[0])
    assert result.matched and not result.passed
    assert result.rule == "no_action"
    assert result.accept_s is None


def test_only_what_matched_counts() -> None:
    occasions = attacks(SeedSet.TUNING, Species.FLAT_PRINT, 4)
    results = [
        Result(occasions[0], matched=True, rule="flat"),
        Result(occasions[1], matched=True, passed=True, passed_cues=False),
        Result(occasions[2], matched=False),
        Result(occasions[3], matched=True, rule="flat"),
    ]
    row = counted(results, cues=False)
    assert (row["n"], row["presented"], row["passed"]) == (3, 4, 1)
    assert row["denied_by"] == {"flat": 2}
    assert row["window_of_3"] == pytest.approx(1 - (2 / 3) ** 3, abs=1e-4)
    assert counted(results, cues=True)["passed"] == 0


@pytest.mark.parametrize(
    ("passed", "of", "expected"),
    # 1 - 0.05 ** (1 / n) for none; others from tables of the binomial distribution (Clopper and Pearson).
    [(0, 43, 0.0673), (0, 10, 0.2589), (1, 43, 0.1057), (5, 10, 0.7776), (10, 10, 1.0)],
)
def test_the_upper_end_is_that_of_the_exact_interval(passed: int, of: int, expected: float) -> None:
    assert upper95(passed, of) == pytest.approx(expected, abs=5e-4)


@pytest.mark.parametrize(
    ("first_ten", "next_ten", "verdict", "presented"),
    [(0, 0, "pass", 10), (1, 9, "pass", 10), (2, 0, "pass", 20), (2, 1, "fail", 20), (3, 0, "fail", 10)],
)
def test_the_toolbox_gives_a_second_ten_after_two(first_ten: int, next_ten: int, verdict: str, presented: int) -> None:
    chance = random.Random(1)

    def ten(first: int, end: int) -> list[Result]:
        count = first_ten if first == 0 else next_ten
        results = [Result(PERSON, matched=True, passed=which < count) for which in range(end - first)]
        chance.shuffle(results)
        return results

    box = toolbox(ten)
    assert (box["verdict"], box["n"]) == (verdict, presented)
