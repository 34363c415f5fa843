"""Many predictor calls for one set of points: jittered boxes, the mirror image, small rotations, an enlarged crop.

dlib's predictor returns whole pixels and jumps with the box it is given. The mean of many calls (never the median,
which ruins the metric) on a crop enlarged four times removes a quarter to a third of the recognition error; how far the
calls lie apart is the best quality figure there is.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from faced.landmarks.detector import Box
from faced.landmarks.predictor import Predictor

ENLARGE = 4
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


def frame_average(predictor: Predictor, grey: NDArray[np.uint8], box: Box, calls: int, turn: int) -> Averaged:
    """The points of one video frame.

    :param calls: how many, rounded down to even, at least 4: half of them on the mirror image.
    :param turn: counts the frames; successive frames take successive jitters, so that a sitting uses all ten.
    """
    count = min(max(calls // 2, 2), len(JITTERS))
    jitters = [JITTERS[(turn * count + step) % len(JITTERS)] for step in range(count)]
    crop = _Crop(grey, box, _HALF_CROP)
    plain, mirrored = _both_ways(predictor, crop.image, crop.centre, crop.width, jitters)
    within = (plain.var(axis=0) + mirrored.var(axis=0)) / 2
    # The spread is defined by ten calls whose variance is taken about their own mean: 9/10 of the true one.
    unbiased = count / (count - 1) * (len(JITTERS) - 1) / len(JITTERS)
    points = (plain.mean(axis=0) + mirrored.mean(axis=0)) / 2
    return Averaged(crop.outside(points), _spread(within * unbiased, crop.width), 2 * count)


def photo_average(predictor: Predictor, grey: NDArray[np.uint8], box: Box) -> Averaged:
    """The points of a still: 36 calls, ten jitters and four on each of two rotated copies, all of them mirrored too."""
    crop = _Crop(grey, box, _HALF_CROP_ROTATED)
    plain, mirrored = _both_ways(predictor, crop.image, crop.centre, crop.width, JITTERS)
    upright = (plain.mean(axis=0) + mirrored.mean(axis=0)) / 2
    rotated = []
    for angle in ROTATIONS_DEG:
        there = cv2.getRotationMatrix2D(crop.centre, angle, 1.0)
        back = cv2.invertAffineTransform(there)
        size = (crop.image.shape[1], crop.image.shape[0])
        turned = cv2.warpAffine(crop.image, there, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE).astype(
            np.uint8, copy=False
        )
        ways = _both_ways(predictor, turned, crop.centre, crop.width, ROTATED_JITTERS)
        mean = (ways[0].mean(axis=0) + ways[1].mean(axis=0)) / 2
        rotated.append(mean @ back[:, :2].T + back[:, 2])
    points = (upright + np.mean(rotated, axis=0)) / 2
    calls = 2 * (len(JITTERS) + len(ROTATIONS_DEG) * len(ROTATED_JITTERS))
    return Averaged(crop.outside(points), _spread(plain.var(axis=0), crop.width), calls)


class _Crop:
    """The surroundings of a box, enlarged; outside the image the border pixels are repeated."""

    def __init__(self, grey: NDArray[np.uint8], box: Box, half: float) -> None:
        x, y = box.centre
        margin = max(int(box.width * half), 1)
        self._left, self._top = int(x) - margin, int(y) - margin
        cut = _cut(grey, self._left, self._top, 2 * margin)
        self.image = cv2.resize(cut, None, fx=ENLARGE, fy=ENLARGE, interpolation=cv2.INTER_LINEAR).astype(
            np.uint8, copy=False
        )
        # Pixel centres are at whole numbers, so that enlarging moves the origin by half a pixel.
        self.centre = ((x - self._left + 0.5) * ENLARGE - 0.5, (y - self._top + 0.5) * ENLARGE - 0.5)
        self.width = box.width * ENLARGE

    def outside(self, points: NDArray[np.float64] | NDArray[np.float32]) -> NDArray[np.float32]:
        """Points of the crop as points of the image."""
        back: NDArray[np.float32] = ((points + 0.5) / ENLARGE - 0.5 + [self._left, self._top]).astype(np.float32)
        return back


def _cut(grey: NDArray[np.uint8], left: int, top: int, side: int) -> NDArray[np.uint8]:
    rows = np.clip(np.arange(top, top + side), 0, grey.shape[0] - 1)
    columns = np.clip(np.arange(left, left + side), 0, grey.shape[1] - 1)
    return np.ascontiguousarray(grey[rows[:, None], columns])


def _both_ways(
    predictor: Predictor,
    grey: NDArray[np.uint8],
    centre: tuple[float, float],
    width: float,
    jitters: tuple[tuple[float, float, float], ...] | list[tuple[float, float, float]],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Points on the image and on its mirror image, both in the coordinates of the image: (len(jitters), 68, 2)."""
    last = grey.shape[1] - 1
    plain = _calls(predictor, grey, centre, width, jitters)
    flipped = np.ascontiguousarray(cv2.flip(grey, 1)).astype(np.uint8, copy=False)
    mirrored = _calls(predictor, flipped, (last - centre[0], centre[1]), width, jitters)[:, MIRROR]
    mirrored[..., 0] = last - mirrored[..., 0]
    return plain, mirrored


def _calls(
    predictor: Predictor,
    grey: NDArray[np.uint8],
    centre: tuple[float, float],
    width: float,
    jitters: tuple[tuple[float, float, float], ...] | list[tuple[float, float, float]],
) -> NDArray[np.float32]:
    return np.stack(
        [
            predictor.points(grey, (centre[0] + right * width, centre[1] + down * width), scale * width)
            for right, down, scale in jitters
        ]
    )


def _spread(variance: NDArray[np.float32], width: float) -> NDArray[np.float32]:
    spread: NDArray[np.float32] = (np.sqrt(variance.sum(axis=1)) / width).astype(np.float32)
    return spread
