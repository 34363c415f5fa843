"""Pictures of a dummy before the camera: a sheet of paper, flat or bent, and a screen. Who holds them and how is
for :mod:`faced.dummy.species`.

A print matches its person better than the person does, which is why matching alone must never be enough. Nothing here
helps against a real system that the picture of a real person would not: there are no masks and no forgeries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from faced.dummy.clip import Clip
from faced.dummy.motion import Truth
from faced.dummy.raster import Floats
from faced.dummy.render import rotation
from faced.dummy.scene import OFFICE_LIGHT, WEBCAM, WEBCAM_LENS, Light, Picture, office
from faced.dummy.solid import grid
from faced.dummy.surface import Finish, Surface, draw_flat, draw_surface, normals_of

_CELLS = (13, 17)
_PORTRAIT_PX = (slice(30, 450), slice(152, 488))
#: How wide the world is in :func:`portrait` of a frame of somebody at 56 cm.
PORTRAIT_CM = 336 * 56 / WEBCAM_LENS.focal_px


class Bend(StrEnum):
    """How a sheet of paper is bent."""

    FLAT = "flat"
    #: About an upright axis, like a cylinder: the usual try to look deep.
    UPRIGHT = "upright"
    #: About a level axis.
    LEVEL = "level"


@dataclass(frozen=True)
class Sheet:
    """A print or a screen before the camera.

    :param width_cm: of the picture without its margin or bezel.
    :param distance_cm: from the lens.
    :param sway: how much the hand that holds it moves and tilts it; 0 is a stand, 1 about 18 degrees.
    :param bend: of paper; ``curvature`` is one over the radius in dm, at most.
    :param screen: a display (bezel, moire, its own light) instead of paper (white margin, raster dots).
    :param glare: reflections of the lamp on it.
    """

    width_cm: float = 16.0
    distance_cm: float = 28.0
    sway: float = 1.0
    bend: Bend = Bend.FLAT
    curvature: float = 0.35
    screen: bool = False
    glare: float = 1.0


def shown_photo(
    photo: Picture, seed: int = 0, seconds: float = 2.0, fps: float = 15.0, *, sheet: Sheet | None = None
) -> Clip:
    """A photo on paper or a screen, swayed by a hand that obeys nobody.

    :param photo: (h, w, 3) uint8 BGR, such as :func:`faced.dummy.id_photo` gives.
    :param sheet: None for a flat print.
    """
    held = sheet or Sheet()
    rng = np.random.default_rng([23, seed])
    phase = rng.uniform(0, 2 * np.pi, 8)
    room = office(seed)
    still = np.zeros(max(1, round(seconds * fps)))
    truth = Truth(fps, np.arange(len(still)) / fps, still, still, still, still, still, (), live=False)

    def drawn(index: int) -> Picture:
        time_s = float(truth.timestamps_s[index])

        def swing(which: int, period_s: float) -> float:
            return float(held.sway * np.sin(2 * np.pi * time_s / period_s + phase[which]))

        seen = show(
            photo,
            held,
            room,
            turn_deg=(18 * swing(0, 1.6), 8 * swing(1, 2.1), 4 * swing(2, 2.5)),
            shift_cm=(1.5 * swing(3, 1.9), swing(4, 2.2)),
            nearer=1 + 0.06 * swing(5, 2.7),
            curvature=held.curvature * float(np.sin(2 * np.pi * time_s / 1.8 + phase[6])),
            flicker=10.5 * time_s + float(phase[7]),
        )
        return WEBCAM.develop(seen, np.random.default_rng([45, seed, index]))

    return Clip(truth, drawn)


def show(
    picture: Picture,
    sheet: Sheet,
    background: Floats,
    *,
    turn_deg: Sequence[float] = (0, 0, 0),
    shift_cm: Sequence[float] = (0, 0),
    curvature: float = 0.0,
    nearer: float = 1.0,
    flicker: float = 0.0,
    light: Light = OFFICE_LIGHT,
) -> Floats:
    """Light at a webcam's sensor, (480, 640, 3) float32, with a picture on a sheet or screen in view.

    :param turn_deg: yaw, pitch, roll of the sheet; ``shift_cm`` to the right in the picture and up.
    :param curvature: one over the bending radius, in 1/dm; positive bulges towards the lens.
    :param nearer: factor on the sheet's distance.
    :param flicker: phase of the moire pattern, in radians.
    """
    lens = WEBCAM_LENS
    height_px, width_px = picture.shape[:2]
    width = sheet.width_cm / 10
    height = width * height_px / width_px
    margin_px = round(width_px * (0.085 if sheet.screen else 0.06))
    margin = width * margin_px / width_px
    rows, columns = _CELLS
    x, y = np.meshgrid(
        np.linspace(-width / 2 - margin, width / 2 + margin, columns),
        np.linspace(height / 2 + margin, -height / 2 - margin, rows),
    )
    across, down = (x + width / 2) / width * width_px, (height / 2 - y) / height * height_px
    places = _bent(x, y, sheet.bend, curvature) @ rotation(turn_deg[0], turn_deg[1], turn_deg[2]).T
    facing = normals_of(places.reshape(rows, columns, 3))
    places = places + np.array([shift_cm[0] / 10, shift_cm[1] / 10, 0])
    away = sheet.distance_cm / 10 * nearer - places[:, 2]
    points = np.stack(
        [
            lens.width_px / 2 + lens.focal_px * places[:, 0] / away,
            lens.height_px / 2 - lens.focal_px * places[:, 1] / away,
            -away,
        ],
        axis=1,
    ).astype(np.float32)
    finish = Finish(sheet.screen, sheet.glare, flicker)
    reduced = width_px / (lens.focal_px * width / (sheet.distance_cm / 10 * nearer))
    image = background.copy()
    if sheet.bend is Bend.FLAT:
        corners = points[[0, columns - 1, -columns, -1], :2]
        draw_flat(image, corners, facing[0], margin_px, picture, finish, light, reduced=reduced)
    else:
        texture = np.stack([across.ravel(), down.ravel()], axis=1).astype(np.float32)
        surface = Surface(points, facing, texture, grid(rows, columns))
        draw_surface(image, surface, picture, finish, light, reduced=reduced)
    return image


def portrait(frame: Picture) -> Picture:
    """The middle of a webcam frame, which is what somebody would fill a telephone's screen with."""
    return np.ascontiguousarray(frame[_PORTRAIT_PX])


def _bent(x: NDArray[np.floating], y: NDArray[np.floating], bend: Bend, curvature: float) -> NDArray[np.floating]:
    """(n, 3) points of a sheet that is bent but not stretched."""
    z = np.zeros_like(x)
    if bend is not Bend.FLAT and abs(curvature) > 1e-4:
        along = x if bend is Bend.UPRIGHT else y
        z = -(1 - np.cos(curvature * along)) / curvature
        along = np.sin(curvature * along) / curvature
        x, y = (along, y) if bend is Bend.UPRIGHT else (x, along)
    return np.stack([x, y, z], axis=-1).reshape(-1, 3)
