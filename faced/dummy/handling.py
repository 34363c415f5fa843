"""What a hand does with a sheet, a screen or a stick before the camera, also when it obeys what the camera asks for.

The operator of an attack reads the prompt as anybody does: asked to turn left he turns the sheet to the left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from faced.dummy.motion import Act, Challenge, Track, doing, drift

#: A quick tilt that makes both eyes narrower for as long as a blink does: the nearest that a sheet can do.
_FLICK_DEG, _FLICK_S = 30.0, 0.3
#: Asked for an open mouth, a sheet is brought nearer and bent: the nearest that it can do.
_LUNGE = 0.12
_LUNGE_BEND_PER_DM = 0.5
_BY_NECK = (Challenge.LEFT, Challenge.RIGHT, Challenge.UP, Challenge.DOWN)


@dataclass(frozen=True)
class Hand:
    """How a hand holds something.

    :param yaw_deg: ``pitch_deg``, ``roll_deg``, ``slide_cm`` and ``reach``: how far it sways when nothing is asked,
        about; ``reach`` is a share of the distance.
    :param bend_per_dm: curvature of the sheet as it is held, and ``flex_per_dm`` how much that changes.
    :param turn_deg: how far it is turned when a turn is asked, ``tilt_deg`` when a nod is.
    :param carry_cm: how far it is moved to the asked side meanwhile, and ``bow_per_dm`` how much more it is bent, as if
        that were depth.
    """

    yaw_deg: float = 2.0
    pitch_deg: float = 2.0
    roll_deg: float = 1.5
    slide_cm: float = 0.6
    reach: float = 0.02
    bend_per_dm: float = 0.0
    flex_per_dm: float = 0.0
    turn_deg: float = 30.0
    tilt_deg: float = 20.0
    carry_cm: float = 2.0
    bow_per_dm: float = 0.0


@dataclass(frozen=True)
class Handled:
    """Where it is in each frame: turned (signs as in :class:`faced.dummy.scene.Pose`), to the right of the picture, up,
    its distance as a share of the usual one, and one over the radius that it is bent to."""

    yaw_deg: Track
    pitch_deg: Track
    roll_deg: Track
    right_cm: Track
    up_cm: Track
    nearer: Track
    bend_per_dm: Track


def handled(hand: Hand, rng: np.random.Generator, time: Track, acts: Sequence[Act]) -> Handled:
    """Follow a hand through the acts; what is drawn from ``rng`` does not depend on them.

    :param time: (frames,) seconds.
    """
    yaw, pitch = drift(rng, time, 0.9, hand.yaw_deg), drift(rng, time, 1.1, hand.pitch_deg)
    roll = drift(rng, time, 1.4, hand.roll_deg)
    right, up = drift(rng, time, 1.0, hand.slide_cm), drift(rng, time, 1.2, hand.slide_cm)
    nearer = 1 + drift(rng, time, 1.5, hand.reach)
    bend = hand.bend_per_dm + drift(rng, time, 1.0, hand.flex_per_dm)
    for act in acts:
        share = act.extent * doing(act, time)
        if act.challenge in _BY_NECK:
            bend = bend + hand.bow_per_dm * share
        match act.challenge:
            case Challenge.LEFT:
                yaw, right = yaw + hand.turn_deg * share, right + hand.carry_cm * share
            case Challenge.RIGHT:
                yaw, right = yaw - hand.turn_deg * share, right - hand.carry_cm * share
            case Challenge.UP:
                pitch, up = pitch - hand.tilt_deg * share, up + hand.carry_cm * share
            case Challenge.DOWN:
                pitch, up = pitch + hand.tilt_deg * share, up - hand.carry_cm * share
            case Challenge.BLINK:
                for start_s in (act.start_s + 0.3, act.start_s + 1.0):
                    phase = np.clip((time - start_s) / (_FLICK_S / 2), -1, 1)
                    pitch = pitch + _FLICK_DEG * np.cos(phase * np.pi / 2)
            case Challenge.MOUTH:
                nearer = nearer - _LUNGE * share
                bend = bend + _LUNGE_BEND_PER_DM * share
            case Challenge.SMILE:
                bend = bend + _LUNGE_BEND_PER_DM * share
    return Handled(yaw, pitch, roll, right, up, nearer, bend)
