"""What the desks of a building differ by: the light there, and how the camera exposes for it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from faced.dummy.render import room_brightness
from faced.dummy.scene import WEBCAM, Light, Sensor

_PAPER = 0.88


def usual_light(rng: np.random.Generator) -> Light:
    """The light at some desk: a lamp or window ahead, to either side, brighter or darker, never only from the side."""
    left, up, lamp, room = rng.uniform((-0.6, 0.3, 0.5, 0.3), (0.6, 0.8, 0.9, 0.5))
    return Light(left=float(left), up=float(up), lamp=float(lamp), room=float(room))


def exposed(light: Light) -> Sensor:
    """A webcam that exposes less in bright light, as all do by themselves: white paper stays below white."""
    return replace(WEBCAM, gain=min(1.0, _PAPER / float(room_brightness(light))))
