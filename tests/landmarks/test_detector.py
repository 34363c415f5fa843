"""Finding faces, and following them in between."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from faced.dummy import Identity, Pose, clip, render_frame
from faced.landmarks.detector import PYRAMID_STEP, Box, FaceDetector
from faced.landmarks.predictor import Predictor


def grey(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return cv2.cvtColor(image, cv2.COLOR_BGR2GRAY).astype(np.uint8)


@pytest.fixture(scope="module")
def detector() -> FaceDetector:
    return FaceDetector.shared()


@pytest.fixture(scope="module")
def frame(people: tuple[Identity, ...]) -> NDArray[np.uint8]:
    return grey(render_frame(people[0]))


def test_the_detector_is_made_once() -> None:
    assert FaceDetector.shared() is FaceDetector.shared()


def test_one_face_is_found_where_it_is(detector: FaceDetector, people: tuple[Identity, ...]) -> None:
    middle, left = (detector.detect(grey(render_frame(people[0], Pose(left_cm=cm)))) for cm in (0.0, 8.0))
    assert len(middle) == len(left) == 1
    # The person's left is the right of the picture.
    assert left[0].centre[0] - middle[0].centre[0] > 40


def test_two_people_are_two_faces(detector: FaceDetector, people: tuple[Identity, ...]) -> None:
    assert len(detector.detect(grey(clip(people[0], seconds=0.2, beside=people[1])[0]))) == 2


def test_a_large_picture_is_reduced_and_the_box_comes_back_in_its_own_pixels(
    detector: FaceDetector, frame: NDArray[np.uint8]
) -> None:
    large = cv2.resize(frame, None, fx=3, fy=3, interpolation=cv2.INTER_LINEAR).astype(np.uint8)
    (small_box,), (large_box,) = detector.detect(frame), detector.detect(large)
    assert large_box.width == pytest.approx(3 * small_box.width, rel=0.03)
    assert large_box.centre == pytest.approx([3 * value + 1 for value in small_box.centre], abs=6)


def test_a_reduced_picture_shows_the_large_face_in_the_same_place(
    detector: FaceDetector, frame: NDArray[np.uint8]
) -> None:
    (whole,), (reduced,) = detector.detect(frame), detector.detect(frame, scale=PYRAMID_STEP**2)
    assert reduced.width == pytest.approx(whole.width, rel=0.05)
    assert reduced.centre == pytest.approx(whole.centre, abs=0.03 * whole.width)
    assert detector.detect(frame, scale=0.3) == []


def test_a_small_face_is_found_when_the_picture_is_enlarged(detector: FaceDetector, frame: NDArray[np.uint8]) -> None:
    small = cv2.resize(frame, None, fx=0.35, fy=0.35, interpolation=cv2.INTER_AREA).astype(np.uint8)
    assert detector.detect(small) == []
    assert len(detector.detect(small, enlarge=True)) == 1


def test_the_box_around_landmarks_is_the_detectors_and_goes_where_they_go(
    detector: FaceDetector, predictor: Predictor, frame: NDArray[np.uint8]
) -> None:
    detected = detector.detect(frame)[0]
    points = predictor.points(frame, detected.centre, detected.width)
    box = Box.around(points)
    assert box.centre == pytest.approx(detected.centre, abs=0.1 * detected.width)
    assert box.width == pytest.approx(detected.width, rel=0.15)
    left, top, width, height = box
    assert Box.around(points + np.float32(7)) == pytest.approx(Box(left + 7, top + 7, width, height), abs=1e-3)
    assert Box.around(points * np.float32(1.5)) == pytest.approx([1.5 * side for side in box], abs=1e-3)
