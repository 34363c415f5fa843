"""Dummies who sit before a webcam and do what a living person does."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from faced.dummy import Identity, clip
from faced.dummy.clip import Clip
from faced.dummy.motion import Act
from faced.dummy.motion import Challenge as Doing
from faced.liveness.challenge import Challenge

Frames = list[NDArray[np.uint8]]

#: What a dummy does that is asked for something.
DOING = {
    Challenge.TURN_LEFT: Doing.LEFT,
    Challenge.TURN_RIGHT: Doing.RIGHT,
    Challenge.LOOK_UP: Doing.UP,
    Challenge.LOOK_DOWN: Doing.DOWN,
    Challenge.BLINK_TWICE: Doing.BLINK,
    Challenge.OPEN_MOUTH: Doing.MOUTH,
}
#: Seconds until somebody who was asked begins, and how long they take.
_REACTION_S, _ACT_S = 0.3, 1.3
#: In shares of a turn of 20 degrees or a nod of 12.
_EXTENT = 1.4


@functools.lru_cache(maxsize=4)
def sitter(identity: Identity, seed: int = 3) -> tuple[Frames, dict[str, Frames]]:
    """Somebody who does what is asked, at 30 frames a second.

    :return: a second of sitting there, to be shown round and round, and for each challenge an act that begins and ends
        where the sitting does.
    """

    def film(seconds: float, *acts: Act) -> Frames:
        return list(clip(identity, seed, seconds, fps=30, motion=0.3, blinks_s=(), acts=acts))

    idle = film(1.0)
    seconds = _REACTION_S + _ACT_S + 0.1
    acts = {asked.value: film(seconds, Act(done, _REACTION_S, _ACT_S, _EXTENT)) for asked, done in DOING.items()}
    return idle + idle[-2:0:-1], acts


@functools.lru_cache(maxsize=4)
def fidgeter(identity: Identity, seed: int = 1, seconds: float = 3.0, fps: float = 15.0) -> Clip:
    """Somebody who looks left and right and blinks unasked, for services that show no text."""
    starts = np.arange(0.5, seconds - 1.0, 1.2)
    acts = [Act((Doing.LEFT, Doing.RIGHT)[turn % 2], float(start), 1.0) for turn, start in enumerate(starts)]
    blinks = [float(start) - 0.15 for start in starts]
    return clip(identity, seed, seconds, fps, motion=0.3, blinks_s=blinks, acts=acts).kept()
