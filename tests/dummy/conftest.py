"""dlib's eyes for the tests of the dummies, and two people to look at."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import dlib
import numpy as np
import pytest
from numpy.typing import NDArray

from faced.dummy import Identity, roster

PREDICTOR = Path("/usr/share/dlib/shape_predictor_68_face_landmarks.dat")
LEFT_CORNER, RIGHT_CORNER = 36, 45


@dataclass(frozen=True)
class Eyes:
    """The HOG detector and the 68-point predictor."""

    detector: dlib.fhog_object_detector
    predictor: dlib.shape_predictor

    def faces(self, picture: NDArray[np.uint8]) -> int:
        return len(self.detector(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), 0))

    def points(self, picture: NDArray[np.uint8]) -> NDArray[np.float64]:
        """(68, 2) px of the only face."""
        grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
        boxes = self.detector(grey, 0)
        assert len(boxes) == 1, f"{len(boxes)} faces where one was drawn"
        shape = self.predictor(grey, boxes[0])
        return np.array([(shape.part(index).x, shape.part(index).y) for index in range(68)], float)


def eye_distance(points: NDArray[np.float64]) -> float:
    return float(np.linalg.norm(points[LEFT_CORNER] - points[RIGHT_CORNER]))


def openness(points: NDArray[np.float64]) -> float:
    """The mean eye aspect ratio."""
    ratios = []
    for eye in (points[36:42], points[42:48]):
        height = np.linalg.norm(eye[1] - eye[5]) + np.linalg.norm(eye[2] - eye[4])
        ratios.append(height / (2 * np.linalg.norm(eye[0] - eye[3])))
    return float(np.mean(ratios))


def difference(points: NDArray[np.float64], reference: NDArray[np.float64]) -> float:
    """Mean distance of the inner points after a similarity alignment, in percent of the outer eye corners' distance."""
    one, other = (p[:, 0] + 1j * p[:, 1] for p in (points[17:], reference[17:]))
    one, other = one - one.mean(), other - other.mean()
    turn = np.vdot(one, other) / np.vdot(one, one)
    return float(np.abs(one * turn - other).mean()) / eye_distance(reference) * 100


@pytest.fixture(scope="session")
def eyes() -> Eyes:
    return Eyes(dlib.get_frontal_face_detector(), dlib.shape_predictor(str(PREDICTOR)))


@pytest.fixture(scope="session")
def somebody() -> Identity:
    return Identity(roster(3)[1])


@pytest.fixture(scope="session")
def another() -> Identity:
    return Identity(roster(8)[7])
