"""A turn of the head against what was asked: direction, amplitude and moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

import numpy as np
from numpy.typing import NDArray

from faced.liveness.challenge import Challenge
from faced.liveness.depth import FEWEST_SIGHTS, relief
from faced.liveness.track import Observed

Array = NDArray[np.float64]

#: Axis (0 yaw, 1 pitch) and sign of a turn as :class:`faced.liveness.track.Sight` counts angles.
DIRECTIONS = {
    Challenge.TURN_LEFT: (0, -1),
    Challenge.TURN_RIGHT: (0, 1),
    Challenge.LOOK_UP: (1, -1),
    Challenge.LOOK_DOWN: (1, 1),
}
#: Degrees of yaw and pitch from where the head was that are a turn. People turn to a side by 45 degrees and nod by 30
#: without effort; asked to, by 15 or more. Somebody who reads a screen moves by less than 5.
TURN_DEG = (10.0, 6.0)
#: Seconds before which nobody has answered what appeared on a screen (simple reactions take 200 ms, of the head 250).
REACTION_S = 0.15
#: Where the head was: seconds before the request.
BEFORE_S = 0.6
#: A turn is held for this long: landmarks of a print that is turned too far jump to and fro.
HELD_S = 0.3
#: Degrees around where a turn began that still count as there.
_AT_REST_DEG = 4.0
#: In parts of a turn: how far beyond the place before the request it must lead, for to sway back is none; and how far
#: to the other side somebody has misunderstood, who may also just sway.
_BEYOND, _MISTAKEN = 0.5, 1.25
#: A head that moves faster towards the side that is asked for is already turning; people who read sway by 10 degrees a
#: second, and turn by 40 or more.
_QUIET_DEG_PER_S, _QUIET_S = 20.0, 0.12
#: Views are compared with the sights that turned by this share of the farthest.
_FARTHEST = 0.75
#: The turn must be this much of the movement across it, each in parts of a turn.
_DOMINANT = 0.6


class Progress(Enum):
    """How far an action is."""

    NOTHING = auto()
    #: It was under way before anybody could have answered.
    EARLY = auto()
    WRONG_SIDE = auto()
    #: The head turned, but depth has not shown.
    FLAT = auto()
    DONE = auto()


@dataclass(frozen=True)
class Angles:
    """The angles of a run of sights: ``times_s`` (n,), ``degrees`` (n, 2) yaw and pitch."""

    times_s: Array
    degrees: Array

    @classmethod
    def of(cls, sights: Sequence[Observed]) -> Angles:
        """Those of sights in the order of time."""
        return cls(
            np.array([sight.timestamp_s for sight in sights], float),
            np.array([(sight.yaw_deg, sight.pitch_deg) for sight in sights], float).reshape(-1, 2),
        )


def steady(sights: Sequence[Observed], limit_deg: float = 5.0) -> bool:
    """Whether the head is still enough to be asked: a movement that is under way cannot be an answer."""
    if len(sights) < FEWEST_SIGHTS:
        return False
    return bool(np.ptp(Angles.of(sights).degrees, axis=0).max() <= limit_deg)


def judge_turn(sights: Sequence[Observed], challenge: Challenge, asked_s: float) -> Progress:
    """Judge a turn.

    :param sights: of one track, from :data:`BEFORE_S` before the request, oldest first.
    :param challenge: one of the turns.
    """
    angles = Angles.of(sights)
    axis, sign = DIRECTIONS[challenge]
    before = (angles.times_s >= asked_s - BEFORE_S) & (angles.times_s <= asked_s + REACTION_S)
    if before.sum() < FEWEST_SIGHTS:
        return Progress.NOTHING
    moved = (angles.degrees - np.median(angles.degrees[before], axis=0)) * sign
    along, across = moved[:, axis], np.abs(moved[:, 1 - axis])
    late = angles.times_s >= asked_s + REACTION_S
    start_deg = _starts(angles.times_s, along, late)
    turned = _held(angles.times_s, (along - start_deg >= TURN_DEG[axis]) & (along >= _BEYOND * TURN_DEG[axis]))
    if not turned.any():
        if _held(angles.times_s, late & (along <= -_MISTAKEN * TURN_DEG[axis])).any():
            return Progress.WRONG_SIDE
        return Progress.EARLY if _held(angles.times_s, late & (along >= TURN_DEG[axis])).any() else Progress.NOTHING
    # As far as enough sights show: a blurred one may tell more.
    far = turned & (along >= _FARTHEST * np.sort(along[turned])[-FEWEST_SIGHTS])
    if along[far].mean() / TURN_DEG[axis] < _DOMINANT * across[far].mean() / TURN_DEG[1 - axis]:
        return Progress.NOTHING
    first = int(np.flatnonzero(far)[0])
    near = np.abs(along - start_deg[first]) <= _AT_REST_DEG
    near[first:] = False
    seen = relief(_chosen(sights, near), _chosen(sights, far))
    turned_deg = float(along[far].mean() - along[near].mean()) if near.any() else 0.0
    return Progress.DONE if seen is not None and seen.shows_turn(axis, sign, turned_deg) else Progress.FLAT


def natural_turn(sights: Sequence[Observed]) -> bool:
    """Whether somebody who was not asked has turned far enough, either way, for depth to show."""
    angles = Angles.of(sights)
    count = max(FEWEST_SIGHTS + 2, len(sights) // 8)
    if len(sights) < 2 * count:
        return False
    for axis, least_deg in enumerate(TURN_DEG):
        order = np.argsort(angles.degrees[:, axis], kind="stable")
        low, high = np.sort(order[:count]), np.sort(order[-count:])
        turned_deg = float(angles.degrees[high, axis].mean() - angles.degrees[low, axis].mean())
        if turned_deg < least_deg:
            continue
        seen = relief([sights[k] for k in low], [sights[k] for k in high])
        if seen is not None and seen.shows_turn(axis, 1, turned_deg, picked=True):
            return True
    return False


def _chosen(sights: Sequence[Observed], which: NDArray[np.bool_]) -> list[Observed]:
    return [sight for sight, chosen in zip(sights, which, strict=True) if chosen]


def _starts(times_s: Array, along: Array, late: NDArray[np.bool_]) -> Array:
    """From where (n,) a turn at each sight can have begun: the farthest back that the head was at rest after the
    request could be answered, else infinitely far ahead."""
    earlier = np.maximum(np.searchsorted(times_s, times_s - _QUIET_S, side="right") - 1, 0)
    passed_s = np.maximum(times_s - times_s[earlier], 1e-3)
    quiet = late & ((along - along[earlier]) / passed_s <= _QUIET_DEG_PER_S)
    return np.asarray(np.minimum.accumulate(np.where(quiet, along, np.inf)))


def _held(times_s: Array, doing: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Those of ``doing`` (n,) that belong to a run of enough sights over enough time."""
    held = np.zeros(len(doing), bool)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], doing, [False]]).astype(int)))
    for start, end in edges.reshape(-1, 2):
        if end - start >= FEWEST_SIGHTS and times_s[end - 1] - times_s[start] >= HELD_S - 1e-6:
            held[start:end] = True
    return held
