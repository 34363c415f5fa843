"""Clips: the truth that is told is what can be seen."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from faced.dummy import Act, Challenge, Identity, clip, nobody
from faced.dummy.motion import script
from faced.errors import StateError
from tests.dummy.conftest import Eyes, openness

FPS = 10.0


def at(time_s: float) -> int:
    return round(time_s * FPS)


def test_a_clip_is_the_same_in_any_order_and_however_often(somebody: Identity) -> None:
    film = clip(somebody, 1, 0.5, FPS)
    assert len(film) == 5
    backwards = [film[index] for index in (4, 2, 0)]
    frames = list(film)
    assert all(np.array_equal(frames[index], frame) for index, frame in zip((4, 2, 0), backwards, strict=True))
    assert np.array_equal(film.kept()[-1], frames[4])
    with pytest.raises(IndexError):
        film[5]


def test_another_seed_is_another_occasion() -> None:
    one, other = script(1, 3, FPS).truth, script(2, 3, FPS).truth
    assert not np.array_equal(one.yaw_deg, other.yaw_deg)
    assert one.blinks_s != other.blinks_s


def test_blinks_happen_when_the_truth_says(somebody: Identity, eyes: Eyes) -> None:
    film = clip(somebody, 1, 1.5, FPS, motion=0.3, blinks_s=[0.8])
    assert film.truth.blinks_s == (0.8,)
    opened, shut = (openness(eyes.points(film[at(time)])) for time in (0.3, 0.8))
    assert film.truth.lids[at(0.8)] == 1
    assert shut < 0.72 * opened


def test_people_blink_now_and_then_unless_told_otherwise() -> None:
    blinks = script(5, 30, FPS).truth.blinks_s
    assert 6 < len(blinks) < 20
    assert np.diff(blinks).min() > 1.5
    assert script(5, 30, FPS, blinks_s=[]).truth.blinks_s == ()
    assert script(5, 30, FPS, blinks_s=[]).truth.lids.max() == 0


@pytest.mark.parametrize(
    ("challenge", "track", "direction"),
    [
        (Challenge.LEFT, "yaw_deg", 1),
        (Challenge.RIGHT, "yaw_deg", -1),
        (Challenge.DOWN, "pitch_deg", 1),
        (Challenge.UP, "pitch_deg", -1),
        (Challenge.MOUTH, "jaw", 1),
    ],
)
def test_a_challenge_moves_its_own_track_and_no_other(challenge: Challenge, track: str, direction: int) -> None:
    calm = script(3, 4, FPS, blinks_s=[]).truth
    obeying = script(3, 4, FPS, blinks_s=[], acts=[Act(challenge, 1.0)]).truth
    for name in ("yaw_deg", "pitch_deg", "roll_deg", "jaw", "lids"):
        moved = getattr(obeying, name) - getattr(calm, name)
        if name == track:
            assert direction * moved[at(2.0)] > 0.4
            assert moved[at(0.9)] == moved[at(3.1)] == 0
        else:
            assert not moved.any()


def test_the_blink_challenge_is_two_blinks() -> None:
    truth = script(3, 4, FPS, blinks_s=[], acts=[Act(Challenge.BLINK, 1.0)]).truth
    assert truth.blinks_s == pytest.approx((1.3, 2.0))


def test_motion_none_is_a_statue() -> None:
    truth = script(3, 2, FPS, motion=0).truth
    assert not truth.yaw_deg.any() and not truth.pitch_deg.any() and not truth.roll_deg.any()


def test_two_people_are_two_faces_and_an_empty_room_is_none(somebody: Identity, another: Identity, eyes: Eyes) -> None:
    together, empty = clip(somebody, 1, 0.2, FPS, beside=another), nobody(2, 0.2, FPS)
    assert (together.truth.people, eyes.faces(together[0])) == (2, 2)
    assert (empty.truth.people, eyes.faces(empty[0])) == (0, 0)
    assert not empty.truth.live


def test_a_saved_clip_is_a_film_with_its_truth_beside_it(somebody: Identity, tmp_path: Path) -> None:
    film = clip(somebody, 1, 0.4, FPS, acts=[Act(Challenge.LEFT, 0.0, 0.4)])
    film.save(tmp_path / "look.avi")
    truth = json.loads((tmp_path / "look.json").read_text(encoding="utf-8"))
    assert (truth["fps"], truth["frames"], truth["people"], truth["live"]) == (FPS, 4, 1, True)
    assert truth["acts"] == [{"challenge": "left", "start_s": 0.0, "length_s": 0.4, "extent": 1.0}]
    assert truth["yaw_deg"] == pytest.approx(film.truth.yaw_deg.tolist(), abs=1e-3)
    capture = cv2.VideoCapture(str(tmp_path / "look.avi"))
    assert capture.get(cv2.CAP_PROP_FPS) == FPS
    for frame in film:
        grabbed, picture = capture.read()
        assert grabbed
        assert np.abs(picture.astype(int) - frame).mean() < 6
    assert not capture.read()[0]


def test_a_film_that_cannot_be_written_says_so(somebody: Identity, tmp_path: Path) -> None:
    with pytest.raises(StateError, match="cannot be written"):
        clip(somebody, 1, 0.1, FPS).save(tmp_path / "missing" / "look.avi")
