"""What can be measured on a face besides its points: light, sharpness, eyes, and whether a mouth is to be seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from faced.landmarks.averaging import Averaged
from faced.landmarks.detector import Box

_MOUTH = slice(48, 68)
#: Side of the square that a face is reduced to before its sharpness is measured, px.
_SHARPNESS_SIDE = 96
#: An eye patch: columns from corner to corner, and rows.
_EYE_COLUMNS, _EYE_ROWS = 32, 24
#: Dark lines thinner than this many rows (lashes, a closed lid) do not count as an iris.
_IRIS_ROWS = 5
#: What a lens covers, from the eye's centre: its width by the distance of the eyes, its columns and rows.
_LENS_WIDTH, _LENS_COLUMNS, _LENS_ROWS = 0.43, 24, np.arange(-9, 16)
#: The cheek below the lens, in the same steps.
_CHEEK_COLUMNS, _CHEEK_ROWS = 8, np.arange(27, 35)
#: A mouth patch, in units of the mouth's width: half height, and its rows and columns.
_MOUTH_HALF_HEIGHT = 0.36
_MOUTH_ROWS, _MOUTH_COLUMNS = 33, 24


@dataclass(frozen=True)
class Measures:
    """Numbers of one face.

    ``grey`` mean brightness of the face, 0-255; ``burnt`` share of its pixels that are saturated; ``sharpness`` share
    of its contrast that is in the finest detail, along the blurrier axis; ``openness`` height of the eyes by their
    width; ``iris`` how much darker than the skin the dark of the eye is (0-1); ``eye_light`` brightness around the eyes
    by that of the cheeks below, the lighter eye; ``eye_dark`` the darkest around the eyes (pupil, lashes) by the light
    there, mean of both; ``cover`` evidence that the mouth is
    hidden, up to one point each for: no dark line between lips, no redness of lips, another tint around the mouth than
    in the upper face; and up to half a point for mouth points that do not hold still.
    """

    grey: float
    burnt: float
    sharpness: float
    openness: float
    iris: float
    eye_light: float
    eye_dark: float
    cover: float


def measure(image: NDArray[np.uint8], grey: NDArray[np.uint8], averaged: Averaged, box: Box) -> Measures:
    """Measure one face.

    :param image: (h, w, 3) uint8 BGR; ``grey`` (h, w) uint8 of the same.
    """
    points = averaged.points
    left, top = max(int(box.left), 0), max(int(box.top), 0)
    face = grey[top : int(box.top + box.height), left : int(box.left + box.width)]
    if face.size == 0:
        return Measures(0.0, 0.0, 0.0, eye_openness(points), 0.0, 0.0, 1.0, 0.0)
    eye_light, eye_dark = _around_eyes(grey, points)
    return Measures(
        grey=float(face.mean()),
        burnt=float((face >= 250).mean()),
        sharpness=_sharpness(face),
        openness=eye_openness(points),
        iris=_iris_darkness(grey, points),
        eye_light=eye_light,
        eye_dark=eye_dark,
        cover=_cover(image, averaged),
    )


def inter_ocular_px(points: NDArray[np.float32]) -> float:
    """Distance between the centres of the eyes of (68, 2) px points."""
    return float(np.linalg.norm(points[36:42].mean(axis=0) - points[42:48].mean(axis=0)))


def eye_openness(points: NDArray[np.float32]) -> float:
    """Height of the eye opening by its width, mean of both eyes (the eye aspect ratio of Soukupova and Cech, 2016)."""
    ratios = []
    for first in (36, 42):
        eye = points[first : first + 6]
        height = float(np.linalg.norm(eye[1] - eye[5]) + np.linalg.norm(eye[2] - eye[4]))
        ratios.append(height / max(2 * float(np.linalg.norm(eye[0] - eye[3])), 1e-6))
    return float(np.mean(ratios))


def _sharpness(face: NDArray[np.uint8]) -> float:
    side = (_SHARPNESS_SIDE, _SHARPNESS_SIDE)
    small = cv2.resize(face, side, interpolation=cv2.INTER_AREA).astype(np.float32)
    # Each axis by itself: a face that moves is sharp across its motion only.
    fine = [float((small - cv2.GaussianBlur(small, kernel, 1.0)).std()) for kernel in ((5, 1), (1, 5))]
    return min(fine) / max(float(small.std()), 1.0)


def _iris_darkness(grey: NDArray[np.uint8], points: NDArray[np.float32]) -> float:
    darkness = []
    for first in (36, 42):
        eye = points[first : first + 6]
        axis = (eye[3] - eye[0]) / _EYE_COLUMNS
        patch = _patch(grey, eye.mean(axis=0), axis, _EYE_COLUMNS, np.arange(_EYE_ROWS) - _EYE_ROWS / 2 + 0.5)
        smooth = cv2.GaussianBlur(patch, (0, 0), 0.8)
        without_lines = cv2.morphologyEx(smooth, cv2.MORPH_CLOSE, np.ones((_IRIS_ROWS, 1), np.uint8))
        dark = _quantile(without_lines[4:-4, 6:-6], 0.04)
        darkness.append(1 - dark / max(_quantile(smooth, 0.80), 10.0))
    return float(np.mean(darkness))


def _around_eyes(grey: NDArray[np.uint8], points: NDArray[np.float32]) -> tuple[float, float]:
    """What a lens would cover, by the light on the cheek below: (``eye_light``, ``eye_dark``)."""
    eyes = [points[first : first + 6].mean(axis=0) for first in (36, 42)]
    across = eyes[1] - eyes[0]
    step = across * (_LENS_WIDTH / _LENS_COLUMNS)
    light, dark = [], []
    for eye in eyes:
        lens = _patch(grey, eye, step, _LENS_COLUMNS, _LENS_ROWS)
        cheek = _patch(grey, eye, step, _CHEEK_COLUMNS, _CHEEK_ROWS)
        light.append(_quantile(lens, 0.50) / max(_quantile(cheek, 0.50), 10.0))
        dark.append(_quantile(lens, 0.04) / max(_quantile(lens, 0.80), 10.0))
    return max(light), sum(dark) / 2


def _quantile(values: NDArray[Any], share: float) -> float:
    """The value below which that share of the values lies; a tenth of the time of np.percentile."""
    rank = round(share * (values.size - 1))
    return float(np.partition(values, rank, axis=None)[rank])


def _cover(image: NDArray[np.uint8], averaged: Averaged) -> float:
    mouth = averaged.points[_MOUTH]
    left, right = mouth[0], mouth[6]
    # Centred between the inner lips, so that an open mouth keeps its dark middle.
    centre = mouth[12:20].mean(axis=0)
    rows = np.linspace(-_MOUTH_HALF_HEIGHT, _MOUTH_HALF_HEIGHT, _MOUTH_ROWS) * _MOUTH_COLUMNS
    patch = _patch(image, centre, (right - left) / _MOUTH_COLUMNS, _MOUTH_COLUMNS, rows).astype(np.float32)
    profile = patch[:, 5:-5].mean(axis=(1, 2))
    contrast = float(profile.std() / max(float(profile.mean()), 10.0))
    lips, beside, upper = (_colours(image, *places) for places in _places(averaged.points))
    redness = _redness(lips) - _redness(beside)
    change = float(np.linalg.norm(_tint(beside) - _tint(upper)))
    unrest = float(averaged.spread_by_point[_MOUTH].mean())
    return (
        _between(contrast, 0.16, 0.06)
        + _between(redness, 0.07, 0.01)
        + _between(change, 0.10, 0.20)
        + _between(unrest, 0.006, 0.018) / 2
    )


def _between(value: float, none: float, full: float) -> float:
    """0 at ``none``, 1 at ``full``, linear in between."""
    return float(np.clip((value - none) / (full - none), 0, 1))


def _places(points: NDArray[np.float32]) -> tuple[tuple[NDArray[np.float32], float], ...]:
    """Where to look at the colour of lips, of the skin around the mouth and of the upper face.

    :return: three pairs of places (k, 2) px and half the side of the square around each.
    """
    width = max(float(np.linalg.norm(points[16] - points[0])), 1.0)
    across = points[16] - points[0]
    down = np.array([-across[1], across[0]], np.float32)
    lips = points[[49, 51, 53, 57]]
    beside = points[[48, 54, 57]] + np.stack([-0.1 * across, 0.1 * across, 0.09 * down])
    upper = np.stack(
        [(points[21] + points[22]) / 2 - 0.1 * down, points[28], points[39] + 0.13 * down, points[42] + 0.13 * down]
    )
    return (lips, 0.02 * width), (beside, 0.04 * width), (upper, 0.03 * width)


def _colours(image: NDArray[np.uint8], places: NDArray[np.float32], half: float) -> NDArray[np.float32]:
    reach = np.arange(-max(int(half), 2), max(int(half), 2) + 1)
    rows = np.clip(np.round(places[:, 1]).astype(int)[:, None] + reach, 0, image.shape[0] - 1)
    columns = np.clip(np.round(places[:, 0]).astype(int)[:, None] + reach, 0, image.shape[1] - 1)
    squares = image[rows[:, :, None], columns[:, None, :]].reshape(len(places), -1, 3)
    colours: NDArray[np.float32] = np.median(squares, axis=1).astype(np.float32)
    return colours


def _tint(colours: NDArray[np.float32]) -> NDArray[np.float32]:
    """Logarithms of red by green and of green by blue, which the light's strength does not change: the medians (2,)
    of (k, 3) BGR."""
    logs = np.log(np.maximum(colours, 1))
    tint: NDArray[np.float32] = np.median(logs[:, [2, 1]] - logs[:, [1, 0]], axis=0)
    return tint


def _redness(colours: NDArray[np.float32]) -> float:
    return float(_tint(colours)[0])


def _patch(
    image: NDArray[np.uint8],
    centre: NDArray[np.float32],
    step: NDArray[np.float32],
    columns: int,
    rows: NDArray[Any],
) -> NDArray[np.uint8]:
    """A turned rectangle of the image: ``step`` (2,) px from column to column, ``rows`` in the same unit."""
    u, v = np.arange(columns) - columns / 2 + 0.5, rows[:, None]
    x = (centre[0] + u * step[0] - v * step[1]).astype(np.float32)
    y = (centre[1] + u * step[1] + v * step[0]).astype(np.float32)
    return cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).astype(np.uint8, copy=False)
