"""Properties of the averaged predictor calls that the trained metric relies on."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from faced.dummy import Identity, id_photo
from faced.landmarks.averaging import JITTERS, MIRROR, Averaged, frame_average, photo_average
from faced.landmarks.detector import Box, FaceDetector
from faced.landmarks.predictor import Predictor

Face = tuple[NDArray[np.uint8], Box]


@pytest.fixture(scope="module")
def face(people: tuple[Identity, ...]) -> Face:
    grey = cv2.cvtColor(id_photo(people[1]), cv2.COLOR_BGR2GRAY).astype(np.uint8)
    return grey, FaceDetector.shared().detect(grey)[0]


@pytest.fixture(scope="module")
def photo(predictor: Predictor, face: Face) -> Averaged:
    return photo_average(predictor, *face)


def distance(one: NDArray[np.float32], other: NDArray[np.float32], box: Box) -> float:
    """Mean distance of points, in box widths."""
    return float(np.linalg.norm(one - other, axis=1).mean() / box.width)


def test_mirroring_twice_is_nothing() -> None:
    assert (MIRROR[MIRROR] == np.arange(68)).all()


def test_the_mirror_image_of_a_face_has_the_mirrored_points(predictor: Predictor, face: Face, photo: Averaged) -> None:
    grey, box = face
    last = grey.shape[1] - 1
    flipped = np.ascontiguousarray(grey[:, ::-1])
    there = photo_average(predictor, flipped, Box(last - box.left - box.width, box.top, box.width, box.height)).points
    back = there[MIRROR] * [-1, 1] + [last, 0]
    # Not the same to the bit: the jitters themselves are not symmetric.
    assert distance(back, photo.points, box) < 0.003


def test_a_face_elsewhere_in_the_picture_has_the_same_points_there(
    predictor: Predictor, face: Face, photo: Averaged
) -> None:
    grey, box = face
    moved = np.pad(grey, ((31, 0), (17, 0)), mode="edge")
    points = photo_average(predictor, moved, Box(box.left + 17, box.top + 31, box.width, box.height)).points
    assert points == pytest.approx(photo.points + [17, 31], abs=1e-3)


def test_points_are_finer_than_the_pixels_that_dlib_gives(photo: Averaged) -> None:
    assert len(np.unique(photo.points[:, 0] % 1)) > 30


def test_a_photo_takes_36_calls_and_a_frame_as_many_as_asked(predictor: Predictor, face: Face, photo: Averaged) -> None:
    assert photo.calls == 36
    assert [frame_average(predictor, *face, calls, 0).calls for calls in (1, 4, 10, 11, 20, 99)] == [
        4,
        4,
        10,
        10,
        20,
        20,
    ]


def test_frames_of_a_sitting_average_to_the_points_of_a_photo(
    predictor: Predictor, face: Face, photo: Averaged
) -> None:
    grey, box = face
    single = predictor.points(grey, box.centre, box.width)
    frames = [frame_average(predictor, grey, box, 10, turn).points for turn in range(2)]
    together = np.mean(frames, axis=0)
    assert distance(together, photo.points, box) < 0.5 * distance(single, photo.points, box)


def test_successive_frames_use_other_jitters_until_all_had_their_turn(predictor: Predictor, face: Face) -> None:
    first, second, third = (frame_average(predictor, *face, 10, turn).points for turn in range(3))
    assert not np.array_equal(first, second)
    assert np.array_equal(first, third)


def test_the_spread_of_few_calls_estimates_the_spread_of_all_ten(
    predictor: Predictor, people: tuple[Identity, ...]
) -> None:
    ratios = []
    for person in people:
        grey = cv2.cvtColor(id_photo(person), cv2.COLOR_BGR2GRAY).astype(np.uint8)
        box = FaceDetector.shared().detect(grey)[0]
        few = [frame_average(predictor, grey, box, 10, turn).spread for turn in range(2)]
        ratios.append(np.mean(few) / photo_average(predictor, grey, box).spread)
    assert np.mean(ratios) == pytest.approx(1, abs=0.15)


def test_the_spread_tells_a_face_from_a_wall(predictor: Predictor, face: Face, photo: Averaged) -> None:
    noise = np.random.default_rng(5).integers(0, 255, face[0].shape, np.uint8)
    assert frame_average(predictor, noise, face[1], 10, 0).spread > 4 * photo.spread


def test_a_box_that_leaves_the_picture_is_no_accident(predictor: Predictor, face: Face) -> None:
    grey, box = face
    averaged = frame_average(predictor, grey, Box(-box.width / 2, -10, box.width, box.height), 4, 0)
    assert np.isfinite(averaged.points).all()


def test_the_jitters_are_the_ten_that_the_spread_is_defined_by() -> None:
    assert len(JITTERS) == 10
    assert np.abs(JITTERS).max(axis=0)[:2].max() <= 0.05
