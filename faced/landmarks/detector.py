"""Where the faces are: dlib's HOG detector now and then, the landmarks in between."""

from __future__ import annotations

import functools
import threading
from typing import Any, NamedTuple

import cv2
import dlib
import numpy as np
from numpy.typing import NDArray

#: Longest side of the image that the detector sees, px. It finds faces from 80 px on; at this size a face at 70 cm
#: (41 px between the eyes, a box of about 100 px) is found in a 640x480 frame.
LONGEST_SIDE_PX = 640
#: Each level of the detector's pyramid is so much smaller than the one before.
PYRAMID_STEP = 5 / 6
#: Width of a face's box, and how far its centre is above that of the landmarks, by the landmarks' root mean square
#: distance from their centroid. Width: 2.90 on 5,672 press photos, 2.77 on 400 controlled ones, 2.81 on dummies.
_WIDTH_BY_SIZE, _ABOVE_BY_SIZE = 2.80, 0.12


class Box(NamedTuple):
    """A square around a face, px, in the detector's own framing (brows to chin)."""

    left: float
    top: float
    width: float
    height: float

    @property
    def centre(self) -> tuple[float, float]:
        return self.left + self.width / 2, self.top + self.height / 2

    @classmethod
    def around(cls, points: NDArray[np.float32]) -> Box:
        """The box that the detector gives a face with these (68, 2) px landmarks on average.

        The detector's own boxes are as coarse as its pyramid, which shows in the points: a tenth of their variance
        between frames. This box is steadier, and serves as the next frame's.
        """
        centroid = points.mean(axis=0)
        size = max(float(np.sqrt(((points - centroid) ** 2).sum(axis=1).mean())), 1.0)
        width = _WIDTH_BY_SIZE * size
        x, y = float(centroid[0]), float(centroid[1]) - _ABOVE_BY_SIZE * size
        return cls(x - width / 2, y - width / 2, width, width)


class FaceDetector:
    """dlib's frontal face detector; construct it once, it takes 0.2-0.4 s."""

    def __init__(self) -> None:
        self._hog: Any = dlib.get_frontal_face_detector()
        # The detector keeps its feature pyramid between calls.
        self._lock = threading.Lock()

    @staticmethod
    @functools.cache
    def shared() -> FaceDetector:
        """The one detector of this process."""
        return FaceDetector()

    def detect(
        self,
        grey: NDArray[np.uint8],
        *,
        scale: float = 1.0,
        enlarge: bool = False,
        threshold: float = 0.0,
    ) -> list[Box]:
        """All faces, the largest first.

        :param grey: (h, w) uint8.
        :param scale: the image is reduced by this besides; at 0.5 faces from 160 px on are found in a quarter of the
            time.
        :param enlarge: look for faces from 40 px on instead of 80 px; four times the work.
        :param threshold: of the detector's score; below 0 finds doubtful faces too.
        """
        scale = min(1.0, scale * min(1.0, LONGEST_SIDE_PX / max(grey.shape)))
        if scale < 1:
            reduced = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        else:
            reduced = grey
        with self._lock:
            found, _scores, _parts = self._hog.run(np.ascontiguousarray(reduced), 1 if enlarge else 0, threshold)
        # Pixel centres are at whole numbers: the left edge of the first pixel is at -0.5.
        boxes = [
            Box(r.left() / scale - 0.5, r.top() / scale - 0.5, r.width() / scale, r.height() / scale) for r in found
        ]
        return _without_ghosts(sorted(boxes, key=lambda box: -box.width))


def _without_ghosts(boxes: list[Box]) -> list[Box]:
    """Drop detections inside a larger one: a mouth or a shadow, never a second person."""
    kept: list[Box] = []
    for box in boxes:
        x, y = box.centre
        if not any(
            larger.left < x < larger.left + larger.width and larger.top < y < larger.top + larger.height
            for larger in kept
        ):
            kept.append(box)
    return kept
