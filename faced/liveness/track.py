"""The sights of one face without a break: what binds the face that matched to the face that acts."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

#: Points are shaped like the mean of this many seconds at most; older sights are forgotten.
KEPT_S = 15.0
#: Seconds without a sight after which it may be somebody else.
LONGEST_GAP_S = 0.5
#: A head moves sideways at up to about 1 m/s, six box widths of 16 cm a second; a box also jitters by some percent.
_WIDTHS_PER_S, _WIDTHS_JITTER = 6.0, 0.12
#: Nobody comes nearer by more than a tenth of the distance in a thirtieth of a second; boxes of turned heads jump by a
#: quarter (natural logarithm).
_SCALES_PER_S, _SCALES_JITTER = 3.0, 0.30
#: Change of the aligned points, rms in parts of the eye distance. A head turns at up to about 400 degrees a second, 13
#: degrees a frame at 30 fps, which moves the aligned points by 0.08 rms; a blink or a mouth adds as much.
_SHAPE_PER_S, _SHAPE_JITTER = 3.0, 0.12


class Observed(Protocol):
    """What a sight must tell; :class:`faced.landmarks.observe.Observation` does."""

    @property
    def timestamp_s(self) -> float: ...
    @property
    def points(self) -> NDArray[np.float32]: ...
    @property
    def yaw_deg(self) -> float: ...
    @property
    def pitch_deg(self) -> float: ...
    @property
    def roll_deg(self) -> float: ...
    @property
    def iod_px(self) -> float: ...
    @property
    def box(self) -> tuple[float, float, float, float]: ...


@dataclass(frozen=True)
class Sight:
    """One face in one frame.

    ``points`` (68, 2) float32 px; ``yaw_deg`` positive when the nose points to the left of the picture (the person's
    own right), ``pitch_deg`` when it points down, ``roll_deg`` when the head leans clockwise in the picture; ``iod_px``
    between the eye centres; ``box`` (left, top, width, height) px.
    """

    timestamp_s: float
    points: NDArray[np.float32]
    yaw_deg: float
    pitch_deg: float
    roll_deg: float
    iod_px: float
    box: tuple[float, float, float, float]


class Track:
    """Collects the sights of one face; a jump of box, scale or landmarks ends it."""

    def __init__(self) -> None:
        self._sights: deque[Observed] = deque()

    def __len__(self) -> int:
        return len(self._sights)

    def __iter__(self) -> Iterator[Observed]:
        return iter(self._sights)

    def add(self, sight: Observed) -> bool:
        """Take the next sight.

        :return: False if it cannot be the same face, and the track now begins with it.
        """
        same = not self._sights or continues(self._sights[-1], sight)
        if not same:
            self._sights.clear()
        self._sights.append(sight)
        while self._sights[0].timestamp_s < sight.timestamp_s - KEPT_S:
            self._sights.popleft()
        return same

    def clear(self) -> None:
        """Forget all of it."""
        self._sights.clear()

    def between(self, start_s: float, end_s: float) -> list[Observed]:
        """The sights from ``start_s`` to ``end_s``, both included, oldest first."""
        return [sight for sight in self._sights if start_s <= sight.timestamp_s <= end_s]


def continues(before: Observed, after: Observed) -> bool:
    """Whether two successive sights can be of one face that moved."""
    gap_s = after.timestamp_s - before.timestamp_s
    if not 0 < gap_s <= LONGEST_GAP_S or not np.isfinite(after.points).all():
        return False
    (x, y, width, height), (u, v, wide, high) = before.box, after.box
    if min(width, wide, before.iod_px, after.iod_px) <= 0:
        return False
    moved = np.hypot(u + wide / 2 - x - width / 2, v + high / 2 - y - height / 2) / min(width, wide)
    grown = abs(np.log(wide / width))
    changed = _shape_change(before.points, after.points)
    return bool(
        moved <= _WIDTHS_JITTER + _WIDTHS_PER_S * gap_s
        and grown <= _SCALES_JITTER + _SCALES_PER_S * gap_s
        and changed <= _SHAPE_JITTER + _SHAPE_PER_S * gap_s
    )


def _shape_change(before: NDArray[np.float32], after: NDArray[np.float32]) -> float:
    """Rms distance of (68, 2) points that were moved, turned and scaled onto each other, in eye distances."""
    here, there = (points[:, 0] + 1j * points[:, 1] for points in (before.astype(float), after.astype(float)))
    here, there = here - here.mean(), there - there.mean()
    factor = np.vdot(here, there) / max(float(np.vdot(here, here).real), 1e-12)
    eyes = abs(there[36:42].mean() - there[42:48].mean())
    return float(np.sqrt(np.mean(np.abs(here * factor - there) ** 2)) / max(float(eyes), 1e-6))
