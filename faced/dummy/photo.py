"""ID photos of dummies, as a personnel section keeps them."""

from __future__ import annotations

import cv2
import numpy as np

from faced.dummy.covering import BARE, Worn
from faced.dummy.identity import Identity
from faced.dummy.render import draw
from faced.dummy.scene import PHOTO_LENS, STUDIO, Expression, Light, Picture, Pose

_SUPERSAMPLING = 2
JPEG_QUALITY = 88


def id_photo(identity: Identity, seed: int | None = None, *, worn: Worn = BARE, pose: Pose | None = None) -> Picture:
    """A portrait before a plain wall: (600, 480, 3) uint8 BGR.

    :param seed: another sitting for another photo (pose within a few degrees, light, wall); None for the usual one.
    :param pose: None for nearly straight, as people sit.
    """
    rng = np.random.default_rng([11, identity.seed, identity.look_seed, 0 if seed is None else seed + 1])
    wall = np.array([0.80, 0.80, 0.78], np.float32) + np.float32(rng.uniform(-0.08, 0.08))
    yaw, pitch, roll, side, smile = rng.normal(0, 1, 5)
    if pose is None:
        pose = Pose(yaw_deg=1.5 * yaw, pitch_deg=1.5 * pitch, roll_deg=roll, distance_cm=160)
    light = Light(left=0.3 * side, up=0.35, front=1.0, lamp=0.72, room=0.48)
    expression = Expression(smile=max(0.0, 0.08 * smile))
    canvas = (
        np.ones((PHOTO_LENS.height_px * _SUPERSAMPLING, PHOTO_LENS.width_px * _SUPERSAMPLING, 3), np.float32) * wall
    )
    seen = draw(canvas, [(identity, pose, expression, worn)], light, PHOTO_LENS, supersampling=_SUPERSAMPLING)
    return STUDIO.develop(seen, rng)


def encode_jpeg(picture: Picture, quality: int = JPEG_QUALITY) -> bytes:
    """The picture as a JPEG file."""
    done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert done  # noqa: S101 - a BGR array always encodes
    return data.tobytes()
