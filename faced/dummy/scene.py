"""How a dummy is looked at: pose, expression, light, lens and sensor."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from faced.dummy.raster import Floats

#: (height, width, 3) uint8 BGR.
Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Pose:
    """Where the head is and how it is turned.

    ``yaw_deg`` is positive when the person turns to their own left (to the right in the picture), ``pitch_deg`` when
    they look down, ``roll_deg`` when their left ear rises (counter-clockwise in the picture). ``left_cm`` and
    ``up_cm`` shift the head, ``distance_cm`` is from the lens to the eyes. (:class:`faced.landmarks.pose.Pose`
    counts yaw and roll the other way round: it knows pictures, not people.)
    """

    yaw_deg: float = 0.0
    pitch_deg: float = 0.0
    roll_deg: float = 0.0
    left_cm: float = 0.0
    up_cm: float = 0.0
    distance_cm: float = 62.0


@dataclass(frozen=True)
class Expression:
    """What the face does; shares from 0 to 1.

    ``left_lid`` and ``right_lid`` close the eyes; ``gaze_left`` and ``gaze_up`` are millimetres on the eyeball.
    """

    left_lid: float = 0.0
    right_lid: float = 0.0
    smile: float = 0.0
    jaw: float = 0.0
    brows: float = 0.0
    gaze_left: float = 0.0
    gaze_up: float = 0.0


SHUT = Expression(left_lid=1.0, right_lid=1.0)


@dataclass(frozen=True)
class Light:
    """A lamp and the light from everywhere.

    ``left``, ``up``, ``front`` point to the lamp; ``lamp`` and ``room`` are how bright each is; 0.7 and 0.44 light a
    face well.
    """

    left: float = 0.35
    up: float = 0.55
    front: float = 0.9
    lamp: float = 0.75
    room: float = 0.42

    @property
    def direction(self) -> Floats:
        """(3,) unit vector towards the lamp."""
        towards = np.array([self.left, self.up, self.front], np.float32)
        return np.asarray(towards / np.linalg.norm(towards), np.float32)


OFFICE_LIGHT = Light()
#: Night with one lamp far off: a face can still be made out, but hardly.
DIM_LIGHT = Light(lamp=0.13, room=0.07)
#: A window exactly beside the person: half of the face is in the dark.
SIDE_LIGHT = Light(left=1.0, up=0.1, front=0.1, lamp=1.05, room=0.14)
#: Sun into the room.
GLARING_LIGHT = Light(lamp=1.75, room=0.9)


@dataclass(frozen=True)
class Lens:
    """The picture's size and how much of the world is in it; ``eyes_row`` is where the face's middle is drawn."""

    width_px: int
    height_px: int
    focal_px: float
    eyes_row: float


WEBCAM_LENS = Lens(640, 480, 620.0, 0.47)
#: A portrait lens from 1.6 m, the usual ID photo: less perspective than a webcam, a real difference to be matched over.
PHOTO_LENS = Lens(480, 600, 2650.0, 0.483)


@dataclass(frozen=True)
class Sensor:
    """What the camera adds: ``noise`` (standard deviation in mid grey), blur, gain, and the channels' balance."""

    noise: float = 0.012
    blur_px: float = 0.6
    gain: float = 1.0
    balance_bgr: tuple[float, float, float] = (1.0, 1.0, 1.0)

    def develop(self, light: Floats, rng: np.random.Generator) -> Picture:
        """The picture of a scene (height, width, 3) float32, 1.0 being white."""
        height, width = light.shape[:2]
        image = light * (np.array(self.balance_bgr, np.float32) * np.float32(self.gain))
        if self.blur_px > 0.2:
            image = cv2.GaussianBlur(image, (0, 0), self.blur_px)
        if self.noise:
            bank = _noise_bank()
            row = int(rng.integers(0, bank.shape[0] - height + 1))
            column = int(rng.integers(0, bank.shape[1] - width + 1))
            grain = bank[row : row + height, column : column + width]
            strength = (cv2.sqrt(np.clip(image[..., 1], 0, 1)) + np.float32(0.5)) * np.float32(self.noise)
            image = cv2.add(image, cv2.multiply(grain, cv2.merge([strength] * 3)))
        return np.asarray(cv2.convertScaleAbs(np.maximum(image, 0), alpha=255), np.uint8)


WEBCAM = Sensor()
STUDIO = Sensor(noise=0.006, blur_px=0.4)
#: A webcam at the end of its gain.
DIM_WEBCAM = Sensor(noise=0.03, gain=1.0)

_bank: Floats | None = None


def _noise_bank() -> Floats:
    """(1000, 1000, 3) noise, part of it coarse as sensors' is; drawn once, for drawing noise is dearer than a frame."""
    global _bank
    if _bank is None:
        white = np.random.default_rng(77).standard_normal((1000, 1000, 3), dtype=np.float32)
        _bank = (0.8 * white + 1.05 * cv2.GaussianBlur(white, (0, 0), 1)).astype(np.float32)
    return _bank


def office(seed: int, width_px: int = 640, height_px: int = 480) -> Floats:
    """(height, width, 3) float32: a room out of focus."""
    rng = np.random.default_rng([3, seed])
    # It is blurred anyway: a quarter of the size looks the same and costs a tenth.
    whole, wide_px, high_px = (width_px, height_px), width_px // 4, height_px // 4
    room = np.ones((high_px, wide_px, 3), np.float32) * rng.uniform(0.35, 0.75)
    room *= 1 + rng.normal(0, 0.05, 3).astype(np.float32)
    for _thing in range(14):
        left, top = int(rng.integers(-25, wide_px)), int(rng.integers(-25, high_px))
        wide, high = int(rng.integers(8, 65)), int(rng.integers(8, 65))
        colour = np.clip(rng.uniform(0.15, 0.9) * np.clip(1 + rng.normal(0, 0.13, 3), 0.6, 1.4), 0, 1)
        cv2.rectangle(room, (left, top), (left + wide, top + high), colour.tolist(), -1)
    blurred = cv2.resize(cv2.GaussianBlur(room, (0, 0), rng.uniform(1.2, 2.5)), whole, interpolation=cv2.INTER_CUBIC)
    falloff = np.linspace(0.9, 1.1, width_px, dtype=np.float32)[None, :, None]
    return np.asarray(blurred * falloff, np.float32)
