"""What may be one face that moved, and what may not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from faced.liveness.track import KEPT_S, Sight, Track
from tests.liveness.scene import HEAD, Face, film, head_sight, projected, sight, there_and_back

STEP_S = 1 / 30


def follow(*sights: Sight) -> bool:
    track = Track()
    return all([track.add(one) for one in sights])


def test_a_fast_turn_is_one_track() -> None:
    def face(time_s: float) -> Face:
        return Face(yaw_deg=45 * there_and_back(time_s, 0.3, 1.0, 0.2), right_mm=80 * there_and_back(time_s, 0.3, 1.0))

    assert follow(*film(1.5, face, np.random.default_rng(0)))


def test_a_face_elsewhere_begins_another_track() -> None:
    assert not follow(head_sight(0, Face()), head_sight(STEP_S, Face(right_mm=120)))


def test_a_face_of_another_size_begins_another_track() -> None:
    assert not follow(head_sight(0, Face()), head_sight(STEP_S, Face(distance_mm=350)))


def test_a_face_of_another_shape_begins_another_track() -> None:
    other = HEAD * (1, 1.0, 1)
    other[:, 1] += 0.8 * np.sin(HEAD[:, 0] * 4)
    assert not follow(head_sight(0, Face()), sight(STEP_S, projected(other, 0, 600)))


def test_after_a_gap_it_may_be_somebody_else() -> None:
    assert follow(head_sight(0, Face()), head_sight(0.4, Face()))
    assert not follow(head_sight(0, Face()), head_sight(0.8, Face()))


def test_time_does_not_run_backwards() -> None:
    assert not follow(head_sight(1.0, Face()), head_sight(0.9, Face()))
    assert not follow(head_sight(1.0, Face()), head_sight(1.0, Face()))


def test_points_that_are_no_numbers_end_a_track() -> None:
    good = head_sight(0, Face())
    assert not follow(good, replace(good, timestamp_s=STEP_S, points=good.points * np.nan))


def test_a_new_track_begins_with_the_sight_that_broke_the_old_one() -> None:
    track = Track()
    track.add(head_sight(0, Face()))
    track.add(head_sight(STEP_S, Face(right_mm=200)))
    assert [one.timestamp_s for one in track] == [STEP_S]


def test_old_sights_are_forgotten() -> None:
    track = Track()
    for k in range(round((KEPT_S + 2) * 10)):
        track.add(head_sight(k / 10, Face()))
    assert len(track) <= KEPT_S * 10 + 1
    assert len(track.between(16.0, 16.45)) == 5
