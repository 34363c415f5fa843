"""Angles against heads whose angles are known."""

from __future__ import annotations

import numpy as np
import pytest

from faced.dummy import Identity, Pose, render_frame
from faced.landmarks.observe import Observation, Observer
from faced.landmarks.pose import pose_of
from faced.landmarks.predictor import Predictor


def seen(predictor: Predictor, person: Identity, pose: Pose) -> Observation:
    observation = Observer(predictor).observe(render_frame(person, pose), 0.0).observation
    assert observation is not None
    return observation


def test_yaw_follows_the_head_and_is_positive_towards_the_persons_right(
    predictor: Predictor, people: tuple[Identity, ...]
) -> None:
    truth, found = [], []
    for person in people[:3]:
        straight = seen(predictor, person, Pose()).yaw_deg
        for yaw_deg in (-24.0, -12.0, 12.0, 24.0):
            truth.append(-yaw_deg)
            found.append(seen(predictor, person, Pose(yaw_deg=yaw_deg)).yaw_deg - straight)
    assert np.corrcoef(truth, found)[0, 1] > 0.97
    assert np.polyfit(truth, found, 1)[0] == pytest.approx(1, abs=0.3)


def test_pitch_follows_the_head_and_is_positive_downwards(predictor: Predictor, people: tuple[Identity, ...]) -> None:
    for person in people[:2]:
        up, straight, down = (seen(predictor, person, Pose(pitch_deg=pitch)).pitch_deg for pitch in (-12.0, 0.0, 12.0))
        assert up < straight - 4
        assert down > straight + 4


def test_roll_is_the_angle_of_the_head_in_the_picture(predictor: Predictor, people: tuple[Identity, ...]) -> None:
    straight = seen(predictor, people[0], Pose()).roll_deg
    # The dummies count counter-clockwise.
    tilted = seen(predictor, people[0], Pose(roll_deg=12.0)).roll_deg
    assert tilted - straight == pytest.approx(-12, abs=2)


def test_the_pose_does_not_depend_on_where_and_how_large_the_face_is(
    predictor: Predictor, people: tuple[Identity, ...]
) -> None:
    points = seen(predictor, people[0], Pose(yaw_deg=8.0)).points
    assert pose_of(points * 2.5 + 40) == pytest.approx(pose_of(points), abs=0.01)


def test_turning_the_picture_changes_the_roll_alone(predictor: Predictor, people: tuple[Identity, ...]) -> None:
    points = seen(predictor, people[0], Pose(yaw_deg=8.0)).points
    angle = np.radians(20)
    turned = points @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]], np.float32)
    before, after = pose_of(points), pose_of(turned)
    assert after.roll_deg - before.roll_deg == pytest.approx(20, abs=0.01)
    assert after[:2] == pytest.approx(before[:2], abs=0.01)


def test_a_closed_eye_or_an_open_mouth_does_not_turn_the_head() -> None:
    points = np.random.default_rng(2).uniform(0, 100, (68, 2)).astype(np.float32)
    speaking = points.copy()
    speaking[48:68] += 9
    speaking[[37, 38, 40, 41, 43, 44, 46, 47, 8]] -= 3
    assert pose_of(speaking) == pose_of(points)
