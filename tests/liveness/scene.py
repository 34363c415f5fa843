"""A head and sheets of paper as points in space, seen by a pinhole camera: exact geometry, with the noise of landmarks.

Lengths are in eye distances (63 mm) and angles are the person's as :class:`faced.liveness.track.Sight` counts them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from faced.liveness.track import Sight

Array = NDArray[np.float64]

EYE_MM, FOCAL_PX = 63.0, 620.0
FPS = 30.0
_HALF = {
    # point: x of the picture (the person's right half), y down, depth towards the camera
    0: (-1.16, 0.03, -0.89), 1: (-1.14, 0.33, -0.82), 2: (-1.11, 0.64, -0.76), 3: (-1.04, 0.93, -0.62),
    4: (-0.92, 1.20, -0.44), 5: (-0.74, 1.44, -0.26), 6: (-0.52, 1.65, -0.10), 7: (-0.27, 1.81, 0.02),
    17: (-0.93, -0.17, -0.17), 18: (-0.77, -0.30, -0.02), 19: (-0.59, -0.35, 0.11), 20: (-0.40, -0.33, 0.20),
    21: (-0.19, -0.26, 0.27), 31: (-0.23, 0.68, 0.34), 32: (-0.12, 0.73, 0.41),
    36: (-0.69, 0.00, -0.07), 37: (-0.57, -0.07, 0.00), 38: (-0.43, -0.07, 0.02), 39: (-0.30, 0.02, 0.02),
    40: (-0.43, 0.07, 0.02), 41: (-0.57, 0.07, 0.00),
    48: (-0.45, 1.07, 0.03), 49: (-0.28, 1.00, 0.22), 50: (-0.11, 0.96, 0.33), 59: (-0.26, 1.22, 0.20),
    58: (-0.12, 1.29, 0.28), 60: (-0.40, 1.08, 0.06), 61: (-0.12, 1.07, 0.30), 67: (-0.12, 1.08, 0.28),
}  # fmt: skip
_MIDDLE = {
    8: (0, 1.87, 0.08), 27: (0, -0.04, 0.26), 28: (0, 0.15, 0.39), 29: (0, 0.35, 0.53), 30: (0, 0.55, 0.66),
    33: (0, 0.76, 0.45), 51: (0, 0.98, 0.36), 57: (0, 1.31, 0.28), 62: (0, 1.08, 0.32), 66: (0, 1.09, 0.30),
}  # fmt: skip
_OTHER = {
    **{k: 16 - k for k in range(8)}, **{k: 43 - k for k in range(17, 22)}, 31: 35, 32: 34,
    36: 45, 37: 44, 38: 43, 39: 42, 40: 47, 41: 46, 48: 54, 49: 53, 50: 52, 59: 55, 58: 56, 60: 64, 61: 63, 67: 65,
}  # fmt: skip
_UPPER_LIDS, _LOWER_LIDS = ((37, 38), (43, 44)), ((41, 40), (47, 46))
_LOWER_LIPS = (55, 56, 57, 58, 59, 65, 66, 67)


def _head() -> Array:
    head = np.zeros((68, 3))
    for point, place in _MIDDLE.items():
        head[point] = place
    for point, (x, y, depth) in _HALF.items():
        head[point] = x, y, depth
        head[_OTHER[point]] = -x, y, depth
    return head


HEAD = _head()


@dataclass(frozen=True)
class Face:
    """What a face does: angles, how far each eye is closed (the person's right and left) and the lips are apart, and
    where it is."""

    yaw_deg: float = 0.0
    pitch_deg: float = 0.0
    roll_deg: float = 0.0
    lids: tuple[float, float] = (0.0, 0.0)
    gape: float = 0.0
    right_mm: float = 0.0
    distance_mm: float = 600.0


@dataclass(frozen=True)
class Paper:
    """A print of a face in its true size: tilted, and bent about an upright or a level axis with this radius."""

    yaw_deg: float = 0.0
    pitch_deg: float = 0.0
    radius_mm: float = np.inf
    level: bool = False
    right_mm: float = 0.0
    distance_mm: float = 300.0


def turned(points: Array, yaw_deg: float, pitch_deg: float, roll_deg: float = 0.0) -> Array:
    """Points (n, 3) of a head that turns its nose to its right, down, and leans clockwise in the picture."""
    yaw, pitch, roll = np.radians([yaw_deg, pitch_deg, roll_deg])
    side = np.array([[np.cos(yaw), 0, -np.sin(yaw)], [0, 1, 0], [np.sin(yaw), 0, np.cos(yaw)]])
    nod = np.array([[1, 0, 0], [0, np.cos(pitch), np.sin(pitch)], [0, -np.sin(pitch), np.cos(pitch)]])
    lean = np.array([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
    return points @ (lean @ side @ nod).T


def projected(points: Array, right_mm: float, distance_mm: float) -> Array:
    """Points (n, 3) in the picture, (n, 2) px."""
    away = distance_mm - points[:, 2] * EYE_MM
    flat = points[:, :2] * EYE_MM + (right_mm, 0.0)
    return FOCAL_PX * flat / away[:, None] + (320.0, 240.0)


def head_points(face: Face) -> Array:
    """(68, 2) px."""
    head = HEAD.copy()
    for shut, upper, lower in zip(face.lids, _UPPER_LIDS, _LOWER_LIDS, strict=True):
        middle = (head[list(upper), 1] + head[list(lower), 1]) / 2
        head[list(upper), 1] += (middle - head[list(upper), 1]) * shut
        head[list(lower), 1] += (middle - head[list(lower), 1]) * shut
    head[list(_LOWER_LIPS), 1] += face.gape
    return projected(turned(head, face.yaw_deg, face.pitch_deg, face.roll_deg), face.right_mm, face.distance_mm)


def paper_points(paper: Paper, of: Face | None = None) -> Array:
    """(68, 2) px of a print of a face that was photographed from 1.6 m."""
    photo = (head_points(replace(of or Face(), distance_mm=1600.0)) - (320.0, 240.0)) * 1600 / FOCAL_PX / EYE_MM
    x, y = photo.T
    depth = np.zeros(len(x))
    if np.isfinite(paper.radius_mm):
        radius = paper.radius_mm / EYE_MM
        along = y - 0.6 if paper.level else x
        depth = radius * (np.cos(along / radius) - 1)
        along = radius * np.sin(along / radius)
        x, y = (x, along + 0.6) if paper.level else (along, y)
    sheet = np.stack([x, y, depth], axis=1)
    return projected(turned(sheet, paper.yaw_deg, paper.pitch_deg), paper.right_mm, paper.distance_mm)


def sight(time_s: float, points: Array, yaw_deg: float = 0.0, pitch_deg: float = 0.0, roll_deg: float = 0.0) -> Sight:
    """A sight of these points, with the angles that the pose is taken to tell."""
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    eyes = float(np.linalg.norm(points[36:42].mean(axis=0) - points[42:48].mean(axis=0)))
    box = (float(left), float(top), float(right - left), float(bottom - top))
    return Sight(time_s, points.astype(np.float32), yaw_deg, pitch_deg, roll_deg, eyes, box)


def head_sight(time_s: float, face: Face, rng: np.random.Generator | None = None, noise: float = 0.0) -> Sight:
    """A sight of a head; ``noise`` of each coordinate in eye distances."""
    points = _noisy(head_points(face), rng, noise)
    return sight(time_s, points, face.yaw_deg, face.pitch_deg, face.roll_deg)


def paper_sight(time_s: float, paper: Paper, rng: np.random.Generator | None = None, noise: float = 0.0) -> Sight:
    """A sight of a print whose tilt the pose takes for a turn of the head: the worst that it could do."""
    return sight(time_s, _noisy(paper_points(paper), rng, noise), paper.yaw_deg, paper.pitch_deg)


def film(seconds: float, face: Callable[[float], Face], rng: np.random.Generator, noise: float = 0.01) -> list[Sight]:
    """A head at 30 frames a second."""
    return [head_sight(time_s, face(time_s), rng, noise) for time_s in times_s(seconds)]


def paper_film(
    seconds: float, paper: Callable[[float], Paper], rng: np.random.Generator, noise: float = 0.01
) -> list[Sight]:
    """A print at 30 frames a second."""
    return [paper_sight(time_s, paper(time_s), rng, noise) for time_s in times_s(seconds)]


def times_s(seconds: float) -> Iterable[float]:
    return (float(k) / FPS for k in range(round(seconds * FPS)))


def there_and_back(time_s: float, start_s: float, length_s: float = 2.0, rise_s: float = 0.5) -> float:
    """0 to 1 and back, smoothly."""
    phase = np.clip(min(time_s - start_s, start_s + length_s - time_s) / rise_s, 0, 1)
    return float(phase * phase * (3 - 2 * phase))


def _noisy(points: Array, rng: np.random.Generator | None, noise: float) -> Array:
    if rng is None or not noise:
        return points
    eyes = float(np.linalg.norm(points[36:42].mean(axis=0) - points[42:48].mean(axis=0)))
    return points + rng.normal(0, noise * eyes, points.shape)
