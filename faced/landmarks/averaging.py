"""Many predictor calls for one set of points: jittered boxes, the mirror image, small rotations, an enlarged crop.

dlib's predictor returns whole pixels and jumps with the box it is given. The mean of many calls (never the median,
which ruins the metric) on an enlarged crop removes a quarter to a third of the recognition error; how far the calls lie
apart is the best quality figure there is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from faced.landmarks.detector import Box
from faced.landmarks.predictor import Predictor

#: Width of the box in the crop that the predictor sees, px. dlib's whole pixels add a variance of 17000 / width squared
#: to 0.41 that ten calls of a frame have anyway (of one training photo's); a larger crop does not stay in the cache.
ENLARGED_BOX_PX = 600.0
#: Index of the point that each of the 68 becomes in a mirror image.
MIRROR = np.array(
    [
        *range(16, -1, -1), *range(26, 16, -1), *range(27, 31), *range(35, 30, -1),
        45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40,
        54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66, 65,
    ]
)  # fmt: skip
#: Jitters of the box: shift right and down in box widths, scale. The spread is defined over these ten.
JITTERS = (
    (-0.04237, 0.01792, 1.01408), (0.02799, 0.03037, 1.06302), (-0.00616, -0.01191, 0.96224),
    (0.02235, -0.04341, 1.00679), (0.04780, -0.02119, 1.05728), (0.00385, 0.04096, 0.94864),
    (0.00011, -0.02866, 1.00328), (-0.04279, -0.00479, 1.03506), (-0.02316, 0.04312, 1.02366),
    (-0.00001, -0.04751, 0.99549),
)  # fmt: skip
#: Jitters used on each rotated copy of a photo.
ROTATED_JITTERS = ((-0.03, -0.02, 0.98), (0.03, 0.02, 1.02), (0.02, -0.03, 1.03), (-0.02, 0.03, 0.97))
ROTATIONS_DEG = (8.0, -8.0)
#: Half the side of the crop, in box widths; rotated copies need the larger one.
_HALF_CROP = 0.75
_HALF_CROP_ROTATED = 0.95


@dataclass(frozen=True)
class Averaged:
    """``points`` (68, 2) float32 px of the image; ``spread_by_point`` (68,) standard deviation (both axes together) of
    the calls on jittered boxes, in box widths; ``calls`` made."""

    points: NDArray[np.float32]
    spread_by_point: NDArray[np.float32]
    calls: int

    @property
    def spread(self) -> float:
        """The mean over the points: the quality figure of a face."""
        return float(self.spread_by_point.mean())


def settled(predictor: Predictor, grey: NDArray[np.uint8], detected: Box) -> Box:
    """The box that goes with the landmarks found in a detector's box, by one call both ways."""
    view = _View(grey, detected, _HALF_CROP)
    plain, mirrored = view.both_ways(predictor, ((0.0, 0.0, 1.0),))
    return Box.around(view.outside((plain[0] + mirrored[0]) / 2))


def frame_average(predictor: Predictor, grey: NDArray[np.uint8], box: Box, calls: int, turn: int) -> Averaged:
    """The points of one video frame.

    :param calls: how many, rounded down to even, at least 4: half of them on the mirror image.
    :param turn: counts the frames; successive frames take successive jitters, so that a sitting uses all ten.
    """
    count = min(max(calls // 2, 2), len(JITTERS))
    jitters = [JITTERS[(turn * count + step) % len(JITTERS)] for step in range(count)]
    view = _View(grey, box, _HALF_CROP)
    plain, mirrored = view.both_ways(predictor, jitters)
    within = (plain.var(axis=0) + mirrored.var(axis=0)) / 2
    # The spread is defined by ten calls whose variance is taken about their own mean: 9/10 of the true one.
    unbiased = count / (count - 1) * (len(JITTERS) - 1) / len(JITTERS)
    points = (plain.mean(axis=0) + mirrored.mean(axis=0)) / 2
    return Averaged(view.outside(points), _spread(within * unbiased, view.width), 2 * count)


def photo_average(predictor: Predictor, grey: NDArray[np.uint8], box: Box) -> Averaged:
    """The points of a still: 36 calls, ten jitters and four on each of two rotated copies, all of them mirrored too."""
    view = _View(grey, box, _HALF_CROP)
    plain, mirrored = view.both_ways(predictor, JITTERS)
    upright = view.outside((plain.mean(axis=0) + mirrored.mean(axis=0)) / 2)
    rotated = []
    for angle_deg in ROTATIONS_DEG:
        turned = _View(grey, box, _HALF_CROP_ROTATED, angle_deg)
        ways = turned.both_ways(predictor, ROTATED_JITTERS)
        rotated.append(turned.outside((ways[0].mean(axis=0) + ways[1].mean(axis=0)) / 2))
    points = ((upright + np.mean(rotated, axis=0)) / 2).astype(np.float32)
    calls = 2 * (len(JITTERS) + len(ROTATIONS_DEG) * len(ROTATED_JITTERS))
    return Averaged(points, _spread(plain.var(axis=0), view.width), calls)


class _View:
    """The surroundings of a box, enlarged; outside the image the border pixels are repeated."""

    def __init__(self, grey: NDArray[np.uint8], box: Box, half: float, angle_deg: float = 0.0) -> None:
        """
        :param half: half the side of the view, in box widths.
        :param angle_deg: how far the face is turned counter-clockwise in the view.
        """
        x, y = box.centre
        margin = max(round(box.width * half), 1)
        left, top = round(x) - margin, round(y) - margin
        side = round(2 * margin * ENLARGED_BOX_PX / max(box.width, 1.0))
        self.enlarged = side / (2 * margin)
        self.width = box.width * self.enlarged
        # Pixel centres are at whole numbers, so that enlarging moves the origin by half a pixel.
        corner = np.array([left, top]) + 0.5 / self.enlarged - 0.5
        self.centre = (np.array([x, y]) - corner) * self.enlarged
        self._turn = _rotation(angle_deg) / self.enlarged
        self._origin = np.array([x, y]) - self._turn @ self.centre
        if angle_deg:
            there = np.column_stack([self._turn, self._origin])
            flags, border = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, cv2.BORDER_REPLICATE
            image = cv2.warpAffine(grey, there, (side, side), flags=flags, borderMode=border)
        else:
            image = cv2.resize(_cut(grey, left, top, 2 * margin), (side, side), interpolation=cv2.INTER_LINEAR)
        self.image = image.astype(np.uint8, copy=False)

    def outside(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Points (68, 2) of the view as points of the image."""
        back: NDArray[np.float32] = (points @ self._turn.T + self._origin).astype(np.float32)
        return back

    def both_ways(
        self, predictor: Predictor, jitters: Sequence[tuple[float, float, float]]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Points on the view and on its mirror image, both in the coordinates of the view: (len(jitters), 68, 2)."""
        last = self.image.shape[1] - 1
        x, y = self.centre
        plain = self._calls(predictor, self.image, (x, y), jitters)
        flipped = cv2.flip(self.image, 1).astype(np.uint8, copy=False)
        mirrored = self._calls(predictor, flipped, (last - x, y), jitters)[:, MIRROR]
        mirrored[..., 0] = last - mirrored[..., 0]
        return plain, mirrored

    def _calls(
        self,
        predictor: Predictor,
        image: NDArray[np.uint8],
        centre: tuple[float, float],
        jitters: Sequence[tuple[float, float, float]],
    ) -> NDArray[np.float32]:
        (x, y), width = centre, self.width
        return np.stack(
            [
                predictor.points(image, (x + right * width, y + down * width), scale * width)
                for right, down, scale in jitters
            ]
        )


def _rotation(angle_deg: float) -> NDArray[np.float64]:
    cosine, sine = np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))
    return np.array([[cosine, -sine], [sine, cosine]])


def _cut(grey: NDArray[np.uint8], left: int, top: int, side: int) -> NDArray[np.uint8]:
    height, width = grey.shape
    right, bottom = left + side, top + side
    if left >= 0 and top >= 0 and right <= width and bottom <= height:
        return grey[top:bottom, left:right]
    rows = np.clip(np.arange(top, bottom), 0, height - 1)
    columns = np.clip(np.arange(left, right), 0, width - 1)
    return np.ascontiguousarray(grey[rows[:, None], columns])


def _spread(variance: NDArray[np.float32], width: float) -> NDArray[np.float32]:
    spread: NDArray[np.float32] = (np.sqrt(variance.sum(axis=1)) / width).astype(np.float32)
    return spread
