"""Turns against a request: direction, amplitude, moment, and depth."""

from __future__ import annotations

import numpy as np
import pytest

from faced.liveness.challenge import TURNS, Challenge
from faced.liveness.track import Sight
from faced.liveness.turning import DIRECTIONS, Progress, judge_turn, natural_turn, steady
from tests.liveness.scene import Face, Paper, film, paper_film, there_and_back

ASKED_S = 1.0
RNG = 7


def turning(
    challenge: Challenge,
    turn_deg: float = 18.0,
    start_s: float = 1.4,
    *,
    other_deg: float = 0.0,
    drift_deg: float = 0.0,
) -> list[Sight]:
    """Three seconds of somebody who turns once and sways by some degrees all the while."""
    axis, sign = DIRECTIONS[challenge]

    def face(time_s: float) -> Face:
        share = there_and_back(time_s, start_s)
        angles = np.zeros(2)
        angles[axis] = sign * turn_deg * share + drift_deg * np.sin(time_s * 1.5)
        angles[1 - axis] = other_deg * share
        return Face(yaw_deg=float(angles[0]), pitch_deg=5 + float(angles[1]))

    return film(3.0, face, np.random.default_rng(RNG))


def progress(sights: list[Sight], challenge: Challenge, until_s: float = 3.0) -> Progress:
    return judge_turn([s for s in sights if ASKED_S - 0.6 <= s.timestamp_s <= until_s], challenge, ASKED_S)


@pytest.mark.parametrize("challenge", TURNS)
def test_a_head_that_turns_as_asked_is_done_within_three_quarters_of_a_second_of_its_start(
    challenge: Challenge,
) -> None:
    sights = turning(challenge)
    assert progress(sights, challenge, until_s=1.5) is Progress.NOTHING
    assert progress(sights, challenge, until_s=2.15) is Progress.DONE


@pytest.mark.parametrize("challenge", TURNS)
def test_the_other_side_is_the_wrong_side(challenge: Challenge) -> None:
    axis, sign = DIRECTIONS[challenge]
    opposite = next(c for c, (a, s) in DIRECTIONS.items() if (a, s) == (axis, -sign))
    assert progress(turning(opposite), challenge) is Progress.WRONG_SIDE


def test_a_nod_is_no_turn_to_the_side() -> None:
    assert progress(turning(Challenge.LOOK_DOWN), Challenge.TURN_LEFT) is Progress.NOTHING


def test_a_turn_that_is_mostly_another_does_not_count() -> None:
    sights = turning(Challenge.TURN_LEFT, 11, other_deg=20)
    assert progress(sights, Challenge.TURN_LEFT) is Progress.NOTHING


def test_a_small_turn_is_none() -> None:
    assert progress(turning(Challenge.TURN_LEFT, 7), Challenge.TURN_LEFT) is Progress.NOTHING


@pytest.mark.parametrize("start_s", [0.8, 1.0])
def test_a_turn_that_was_under_way_at_the_request_does_not_count(start_s: float) -> None:
    assert progress(turning(Challenge.TURN_RIGHT, start_s=start_s), Challenge.TURN_RIGHT, 2.2) is Progress.EARLY


def test_after_an_early_turn_a_later_one_counts() -> None:
    def face(time_s: float) -> Face:
        return Face(yaw_deg=18 * (there_and_back(time_s, 0.8, 1.4) + there_and_back(time_s, 2.6)))

    sights = film(4.0, face, np.random.default_rng(RNG))
    assert progress(sights, Challenge.TURN_RIGHT, 2.5) is not Progress.DONE
    assert progress(sights, Challenge.TURN_RIGHT, 3.4) is Progress.DONE


def test_who_sways_while_reading_can_still_turn() -> None:
    assert progress(turning(Challenge.TURN_LEFT, drift_deg=4), Challenge.TURN_LEFT) is Progress.DONE


@pytest.mark.parametrize("challenge", TURNS)
@pytest.mark.parametrize("radius_mm", [np.inf, 60.0])
def test_a_print_that_is_turned_as_asked_is_flat(challenge: Challenge, radius_mm: float) -> None:
    axis, sign = DIRECTIONS[challenge]

    def paper(time_s: float) -> Paper:
        tilt = sign * 35 * there_and_back(time_s, 1.4)
        bend = radius_mm / max(there_and_back(time_s, 1.4), 1e-3) if np.isfinite(radius_mm) else np.inf
        return Paper(tilt * (axis == 0), tilt * (axis == 1), radius_mm=bend, right_mm=tilt, level=axis == 1)

    assert progress(paper_film(3.0, paper, np.random.default_rng(RNG)), challenge) is Progress.FLAT


def test_nothing_is_judged_without_a_face_before_the_request() -> None:
    sights = [s for s in turning(Challenge.TURN_LEFT) if s.timestamp_s > ASKED_S + 0.1]
    assert progress(sights, Challenge.TURN_LEFT) is Progress.NOTHING


def test_a_moving_head_is_not_steady() -> None:
    sights = turning(Challenge.TURN_LEFT)
    assert steady([s for s in sights if s.timestamp_s < 0.3])
    assert not steady([s for s in sights if 1.5 < s.timestamp_s < 1.8])
    assert not steady(sights[:2])


def test_somebody_who_looks_around_shows_depth_unasked() -> None:
    def face(time_s: float) -> Face:
        return Face(yaw_deg=8 * float(np.sin(time_s * 2)))

    assert natural_turn(film(3.0, face, np.random.default_rng(RNG)))


def test_somebody_who_sits_still_shows_none() -> None:
    def face(time_s: float) -> Face:
        return Face(yaw_deg=3 * float(np.sin(time_s * 2)), pitch_deg=2 * float(np.cos(time_s)))

    assert not natural_turn(film(5.0, face, np.random.default_rng(RNG)))


@pytest.mark.parametrize("level", [False, True])
def test_a_print_that_is_waved_about_shows_none(level: bool) -> None:
    def paper(time_s: float) -> Paper:
        radius = 80 / (abs(np.sin(time_s * 3)) + 1e-3)
        tilts = 25 * np.sin(time_s * 4), 20 * np.sin(time_s * 3 + 1)
        return Paper(float(tilts[0]), float(tilts[1]), radius_mm=float(radius), level=level)

    sights = paper_film(6.0, paper, np.random.default_rng(RNG))
    assert not any(natural_turn(sights[:count]) for count in range(15, len(sights), 5))
