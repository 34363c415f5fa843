"""ID photos of dummies, as a personnel section keeps them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from faced.dummy.covering import BARE, Worn
from faced.dummy.identity import Identity
from faced.dummy.raster import Floats
from faced.dummy.render import draw
from faced.dummy.scene import PHOTO_LENS, STUDIO, Expression, Light, Picture, Pose

_SUPERSAMPLING = 2
JPEG_QUALITY = 88
_AWAY_CM = 160
#: How wide the world is in an ID photo, where the face is.
PHOTO_CM = PHOTO_LENS.width_px * _AWAY_CM / PHOTO_LENS.focal_px


def id_photo(identity: Identity, seed: int | None = None, *, worn: Worn = BARE, pose: Pose | None = None) -> Picture:
    """A portrait before a plain wall: (600, 480, 3) uint8 BGR.

    :param seed: another sitting for another photo (pose within a few degrees, light, wall); None for the usual one.
    :param pose: None for nearly straight, as people sit.
    """
    sitting = _sitting(identity, seed)
    light = Light(left=0.3 * sitting.side, up=0.35, front=1.0, lamp=0.72, room=0.48)
    expression = Expression(smile=max(0.0, 0.08 * sitting.smile))
    height_px, width_px = PHOTO_LENS.height_px * _SUPERSAMPLING, PHOTO_LENS.width_px * _SUPERSAMPLING
    canvas = np.ones((height_px, width_px, 3), np.float32) * sitting.wall
    person = (identity, pose or sitting.pose, expression, worn)
    seen = draw(canvas, [person], light, PHOTO_LENS, supersampling=_SUPERSAMPLING)
    return STUDIO.develop(seen, sitting.rng)


def photo_pose(identity: Identity, seed: int | None = None) -> Pose:
    """How the person sits in :func:`id_photo` with the same seed."""
    return _sitting(identity, seed).pose


@dataclass(frozen=True)
class _Sitting:
    """What a seed says of a sitting at the photographer's; ``rng`` goes on with the grain of the picture."""

    wall: Floats
    pose: Pose
    side: float
    smile: float
    rng: np.random.Generator


def _sitting(identity: Identity, seed: int | None) -> _Sitting:
    rng = np.random.default_rng([11, identity.seed, identity.look_seed, 0 if seed is None else seed + 1])
    wall = np.array([0.80, 0.80, 0.78], np.float32) + np.float32(rng.uniform(-0.08, 0.08))
    yaw, pitch, roll, side, smile = rng.normal(0, 1, 5)
    pose = Pose(yaw_deg=1.5 * yaw, pitch_deg=1.5 * pitch, roll_deg=roll, distance_cm=_AWAY_CM)
    return _Sitting(wall, pose, side, smile, rng)


def encode_jpeg(picture: Picture, quality: int = JPEG_QUALITY) -> bytes:
    """The picture as a JPEG file."""
    done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert done  # noqa: S101 - a BGR array always encodes
    return data.tobytes()
