"""Depth from two views: heads have it, sheets have not, however they are held."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from faced.liveness.depth import relief
from faced.liveness.track import Sight
from tests.liveness.scene import Face, Paper, head_sight, paper_sight

NOISE = 0.01
#: Which tests take off what a sheet can do; the other two compare the nose with itself.
EXACT = [0, 1, 2, 3, 5]


def heads(face: Face, count: int = 8, *, seed: int = 0, noise: float = 0.0) -> list[Sight]:
    rng = np.random.default_rng(seed)
    return [head_sight(k / 30, face, rng, noise) for k in range(count)]


def papers(paper: Paper, count: int = 8, *, seed: int = 0, noise: float = 0.0) -> list[Sight]:
    rng = np.random.default_rng(seed)
    return [paper_sight(k / 30, paper, rng, noise) for k in range(count)]


@pytest.mark.parametrize("distance_mm", [400, 600, 800])
@pytest.mark.parametrize("turn", [(12, 0), (-20, 0), (0, 12), (0, -15), (25, 0)])
def test_a_head_shows_the_sine_of_its_turn_in_every_test(turn: tuple[float, float], distance_mm: float) -> None:
    straight, other = Face(distance_mm=distance_mm), Face(*turn, distance_mm=distance_mm)
    seen = relief(heads(straight), heads(other))
    assert seen is not None
    sine = np.sin(np.radians(turn))
    # What is nearer is larger: a little more than the sine, the more the nearer the camera.
    assert (np.abs(seen.sines[EXACT]) <= 1.32 * np.abs(sine) + 0.013).all()
    assert (seen.sines[EXACT] * np.sign(sine) >= 0.94 * np.abs(sine)).all()
    assert (seen.sines * np.sign(sine) >= 0.75 * np.abs(sine)).all()


@pytest.mark.parametrize("distance_mm", [250, 400, 600])
@pytest.mark.parametrize("turn", [(35, 0), (-35, 0), (0, 35), (0, -35), (25, 20)])
def test_a_tilted_print_shows_nothing_in_any_test(turn: tuple[float, float], distance_mm: float) -> None:
    seen = relief(papers(Paper(distance_mm=distance_mm)), papers(Paper(*turn, distance_mm=distance_mm)))
    assert seen is not None
    assert np.abs(seen.sines[EXACT]).max() < 0.002
    assert np.abs(seen.sines).max() < 0.13


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_turned_head_passes_with_the_noise_of_landmarks(axis: int, sign: int) -> None:
    turn_deg = (20.0, 15.0)[axis]
    for seed in range(20):
        straight = heads(Face(), seed=seed, noise=NOISE)
        turned = heads(Face(**{("yaw_deg", "pitch_deg")[axis]: turn_deg * sign}), seed=seed + 100, noise=NOISE)
        seen = relief(straight, turned)
        assert seen is not None
        assert seen.shows_turn(axis, sign, turn_deg)
        assert not seen.shows_turn(axis, -sign, turn_deg), "the other way"
        assert not seen.shows_turn(1 - axis, 1, 0) and not seen.shows_turn(1 - axis, -1, 0), "the other axis"


def test_no_sheet_passes_flat_bent_or_moving() -> None:
    rng = np.random.default_rng(5)
    for seed in range(300):
        # From a sheet of any shape to one of another, tilted further and brought nearer: paper can do all at once.
        bends = [float(rng.choice([np.inf, -1, 1]) * rng.uniform(40, 400)) for _ in range(2)]
        level, tilt = bool(rng.integers(2)), rng.uniform(-40, 40, (2, 2))
        first, second = (
            Paper(*tilt[k], radius_mm=bends[k], level=level, distance_mm=rng.uniform(220, 500)) for k in range(2)
        )
        seen = relief(papers(first, seed=seed, noise=NOISE), papers(second, seed=seed + 1000, noise=NOISE))
        assert seen is not None
        for axis in range(2):
            turned_deg = tilt[1, axis] - tilt[0, axis]
            assert not seen.shows_turn(axis, int(np.sign(turned_deg)), abs(turned_deg)), (seed, first, second, seen)


def test_jitter_is_not_taken_for_depth() -> None:
    for seed in range(100):
        seen = relief(heads(Face(), seed=seed, noise=0.04), heads(Face(), seed=seed + 500, noise=0.04))
        assert seen is not None
        for axis in range(2):
            assert not seen.shows_turn(axis, 1, 0) and not seen.shows_turn(axis, -1, 0)


def test_a_turn_must_show_as_much_depth_as_the_pose_tells() -> None:
    seen = relief(heads(Face()), heads(Face(pitch_deg=7)))
    assert seen is not None
    assert seen.shows_turn(1, 1, 10)
    assert not seen.shows_turn(1, 1, 35)


def test_a_small_turn_to_the_side_could_be_a_bent_prints() -> None:
    for turn_deg, enough in ((10, False), (20, True)):
        seen = relief(heads(Face()), heads(Face(yaw_deg=turn_deg)))
        assert seen is not None
        assert seen.shows_turn(0, 1, turn_deg) is enough


@pytest.mark.parametrize("sign", [1, -1])
def test_one_eye_becomes_wider_than_the_other_as_on_a_head_and_not_as_on_a_cylinder(sign: int) -> None:
    seen = relief(heads(Face()), heads(Face(yaw_deg=20.0 * sign)))
    assert seen is not None
    share = seen.eyes / seen.sines[:, 0].mean()
    assert 0.2 < share < 0.8
    # A sheet that is bent like a head, and on which the predictor sees as much of a nose as on this one.
    around = relief(papers(Paper(radius_mm=90)), papers(Paper(32.0 * sign, radius_mm=90)))
    assert around is not None
    invented = dataclasses.replace(seen, eyes=around.eyes)
    assert seen.shows_turn(0, sign, 20)
    assert not invented.shows_turn(0, sign, 20)
    assert not dataclasses.replace(seen, eyes=float("nan")).shows_turn(0, sign, 20)


def test_a_face_that_is_squeezed_like_a_tilted_sheet_is_none() -> None:
    turned = heads(Face(pitch_deg=12))
    squeezed = [
        Sight(s.timestamp_s, (s.points * (1, 0.78)).astype(np.float32), s.yaw_deg, s.pitch_deg, 0, s.iod_px, s.box)
        for s in turned
    ]
    honest, invented = relief(heads(Face()), turned), relief(heads(Face()), squeezed)
    assert honest is not None and invented is not None
    assert honest.shows_turn(1, 1, 12)
    assert not invented.shows_turn(1, 1, 12)


def test_views_that_were_picked_from_many_are_given_no_allowance() -> None:
    seen = relief(heads(Face()), heads(Face(pitch_deg=4.8)))
    assert seen is not None
    assert seen.shows_turn(1, 1, 6)
    assert not seen.shows_turn(1, 1, 6, picked=True)


def test_too_few_sights_say_nothing() -> None:
    assert relief(heads(Face(), 3), heads(Face(yaw_deg=20))) is None


def test_points_that_are_no_numbers_say_nothing() -> None:
    broken = [Sight(s.timestamp_s, s.points * np.nan, 20, 0, 0, s.iod_px, s.box) for s in heads(Face(yaw_deg=20))]
    assert relief(heads(Face()), broken) is None


def test_points_that_are_all_one_say_nothing() -> None:
    shrunk = [Sight(s.timestamp_s, s.points * 0, 20, 0, 0, s.iod_px, s.box) for s in heads(Face(yaw_deg=20))]
    assert relief(heads(Face()), shrunk) is None
