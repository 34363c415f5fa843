"""Shapes free of position, size and rotation: what is left of 68 points is the face.

The order of the points is that of the 300-W annotation (0-16 jaw, 17-26 brows, 27-35 nose, 36-47 eyes, 48-67 mouth).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from faced.errors import MetricError

POINTS = 68

Floats = NDArray[np.float64]

#: ``points[:, MIRROR]`` renames the points of a mirrored picture, so that "left eye" means the left eye again.
MIRROR: NDArray[np.intp] = np.array(
    [*range(16, -1, -1), *range(26, 16, -1), *range(27, 31), *range(35, 30, -1)]
    + [45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40]
    + [*range(54, 47, -1), *range(59, 54, -1), *range(64, 59, -1), *range(67, 64, -1)],
    dtype=np.intp,
)


def shapes(points: NDArray[np.floating]) -> Floats:
    """The points as float64, checked.

    :param points: (n, 68, 2), px or any other unit.
    :raises MetricError: another form, a value that is not finite, or a face without extent.
    """
    array = np.asarray(points, dtype=np.float64)
    if array.ndim != 3 or array.shape[1:] != (POINTS, 2):
        raise MetricError("Expected the 68 landmarks of each face, two coordinates each.")
    if not np.isfinite(array).all():
        raise MetricError("A landmark is not a finite number; the frame must not be judged.")
    if len(array) and not (np.ptp(array, axis=1).max(axis=1) > 0).all():
        raise MetricError("All landmarks of a face are in one place; the frame must not be judged.")
    return array


def normalised(points: NDArray[np.floating]) -> Floats:
    """Shapes with their centroid at the origin and a centroid size (root of the summed squares) of 1; rotation is kept.

    :param points: (n, 68, 2), any unit.
    :return: (n, 68, 2).
    :raises MetricError: as :func:`shapes`.
    """
    centred = shapes(points)
    centred = centred - centred.mean(axis=1, keepdims=True)
    size: Floats = np.sqrt((centred**2).sum(axis=(1, 2), keepdims=True))
    shape: Floats = centred / size
    return shape


def align(points: NDArray[np.floating], reference: Floats) -> Floats:
    """Each shape moved, turned and scaled onto the reference with least squared distance (a reflection is never used).

    :param points: (n, 68, 2), any unit.
    :param reference: (68, 2).
    :return: (n, 68, 2) in the units of the reference, centred.
    :raises MetricError: as :func:`shapes`.
    """
    source = shapes(points)
    source = source - source.mean(axis=1, keepdims=True)
    target = reference - reference.mean(axis=0)
    energy = (source**2).sum(axis=(1, 2))
    x, y = source[..., 0], source[..., 1]
    cosine = ((x * target[:, 0] + y * target[:, 1]).sum(axis=1) / energy)[:, None]
    sine = ((x * target[:, 1] - y * target[:, 0]).sum(axis=1) / energy)[:, None]
    return np.stack([cosine * x - sine * y, sine * x + cosine * y], axis=-1)


def mean_shape(points: NDArray[np.floating], rounds: int = 8) -> Floats:
    """The generalised Procrustes mean (Gower 1975), unit centroid size, turned like the first shape.

    :param points: (n, 68, 2), n >= 1.
    :return: (68, 2).
    :raises MetricError: as :func:`shapes`.
    """
    mean: Floats = normalised(points[:1])[0]
    for _round in range(rounds):
        mean = normalised(align(points, mean).mean(axis=0)[None])[0]
    return mean


def mirrored(points: NDArray[np.floating]) -> Floats:
    """The shapes as a mirror shows them, points renamed accordingly: (n, 68, 2) -> (n, 68, 2)."""
    flipped = shapes(points)[:, MIRROR] * np.array([-1.0, 1.0], dtype=np.float64)
    return np.asarray(flipped, dtype=np.float64)
