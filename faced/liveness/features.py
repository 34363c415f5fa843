"""Blinks and the opening of the mouth, relative to the same person a moment ago."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faced.liveness.track import Observed

Array = NDArray[np.float64]

#: First points of the eyes.
_EYES = (36, 42)
#: Share of the usual openness below which an eye is closed, and above which it is open again. Of dlib's eyes the height
#: falls to 0.45 of the usual in a blink (median; 0.68 in one of twenty); landmarks of a picture that is tilted by 35
#: degrees to 0.82.
CLOSED, OPEN = 0.70, 0.85
#: Seconds between the last open sight and the next: blinks take 0.1 to 0.4 s, those that were asked for longer.
SHORTEST_S, LONGEST_S = 0.05, 0.7
_FEWEST = 5
#: A head that nods meanwhile squeezes its eyes in the picture.
_STILL_DEG = 8.0
#: Opening of the lips by the eye distance that is an open mouth: 6 mm; asked to, people open it by 20 or more.
MOUTH_OPEN = 0.10
#: Speaking opens the mouth by 3 mm and then some; what is below counts as closed.
_MOUTH_SHUT = 0.05
MOUTH_HELD_S = 0.1
_INNER_LIPS = ((61, 67), (62, 66), (63, 65))


@dataclass(frozen=True)
class Blink:
    """Both eyes closed and opened again; times of the last open sight before and the first one after."""

    start_s: float
    end_s: float


def blinks(sights: Sequence[Observed]) -> list[Blink]:
    """All blinks of some seconds of a track, in order; for most of the time the eyes must be open."""
    if len(sights) < _FEWEST:
        return []
    times_s = np.array([sight.timestamp_s for sight in sights])
    pitch_deg = np.array([sight.pitch_deg for sight in sights])
    openness = np.stack([eye_openness(sight.points) for sight in sights])
    share = openness / np.maximum(np.median(openness, axis=0), 1e-6)
    shut, wide = np.all(share < CLOSED, axis=1), np.all(share >= OPEN, axis=1)
    found: list[Blink] = []
    for k in np.flatnonzero(shut):
        if found and times_s[k] < found[-1].end_s:
            continue
        earlier, later = np.flatnonzero(wide[:k]), np.flatnonzero(wide[k:]) + k
        if not (len(earlier) and len(later)):
            continue
        start, end = int(earlier[-1]), int(later[0])
        lasted_s = times_s[end] - times_s[start]
        still = np.ptp(pitch_deg[[start, end]]) <= _STILL_DEG
        if SHORTEST_S <= lasted_s <= LONGEST_S and still:
            found.append(Blink(float(times_s[start]), float(times_s[end])))
    return found


def eye_openness(points: NDArray[np.float32]) -> Array:
    """Height by width of the person's right and left eye, (2,) (the eye aspect ratio of Soukupova and Cech, 2016)."""
    ratios = []
    for first in _EYES:
        eye = points[first : first + 6].astype(float)
        height = np.linalg.norm(eye[1] - eye[5]) + np.linalg.norm(eye[2] - eye[4])
        ratios.append(height / max(2 * float(np.linalg.norm(eye[0] - eye[3])), 1e-6))
    return np.array(ratios)


def opened_mouth(sights: Sequence[Observed], after_s: float) -> bool:
    """Whether the mouth was closed after that time, and then open."""
    times_s = np.array([sight.timestamp_s for sight in sights])
    gape = np.array([_gape(sight) for sight in sights])
    if not len(gape):
        return False
    usual = float(np.median(gape[times_s <= after_s])) if (times_s <= after_s).any() else float(gape[0])
    opened = gape - usual
    shut = np.flatnonzero((times_s >= after_s) & (opened <= _MOUTH_SHUT))
    if not len(shut):
        return False
    wide = times_s[(np.arange(len(gape)) > shut[0]) & (opened >= MOUTH_OPEN)]
    return len(wide) >= 3 and float(wide[-1] - wide[0]) >= MOUTH_HELD_S - 1e-6


def _gape(sight: Observed) -> float:
    points = sight.points
    heights = [float(np.linalg.norm(points[upper] - points[lower])) for upper, lower in _INNER_LIPS]
    return float(np.mean(heights)) / max(sight.iod_px, 1e-6)
