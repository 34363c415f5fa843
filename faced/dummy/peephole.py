"""A life-size print with the eyes cut out, held to a stranger's face: his own eyes look and blink through it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from faced.dummy.covering import BARE
from faced.dummy.head import EYES, head_model
from faced.dummy.identity import Identity
from faced.dummy.photo import photo_pose
from faced.dummy.raster import Floats
from faced.dummy.render import Placement, draw, rotation
from faced.dummy.scene import PHOTO_LENS, WEBCAM_LENS, Expression, Light, Picture, Pose
from faced.dummy.solid import grid
from faced.dummy.surface import Finish, Surface, draw_surface, normals_of

_CELLS = (9, 7)
#: Paper touches the tip of the nose.
_BEFORE_NOSE_DM = 0.03
#: Half width and half height of a hole, as shares of the distance between the eyes.
_HOLE = (0.26, 0.13)
#: From where the sheet is fitted to the operator's eyes, dm.
_FITTED_AT_DM = 5.5


class CutPrint:
    """The sheet, fitted to its operator.

    :param photo: (600, 480, 3) of the victim as :func:`faced.dummy.id_photo` makes it, the usual sitting.
    """

    def __init__(self, photo: Picture, victim: Identity, operator: Identity) -> None:
        self._photo, self._operator = photo, operator
        eyes_px = _eyes_in_photo(victim)
        self._holes = _holes(photo.shape[:2], eyes_px)
        height_px, width_px = photo.shape[:2]
        rows, columns = _CELLS
        across, down = np.meshgrid(np.linspace(0, width_px - 1, columns), np.linspace(0, height_px - 1, rows))
        self._texture = np.stack([across.ravel(), down.ravel()], axis=1).astype(np.float32)
        eyes = np.stack([operator.eyes[side] for side, _sign in EYES])
        model = head_model()
        front = float(operator.vertices[model.skin & (model.follows > 0.99), 2].max()) + _BEFORE_NOSE_DM
        # The sheet is nearer to the camera than the eyes are, and its eyes as much closer together.
        nearer = (_FITTED_AT_DM - (front - float(eyes[:, 2].mean()))) / _FITTED_AT_DM
        print_eyes = eyes_px[:, 0] - 1j * eyes_px[:, 1]
        real_eyes = (eyes[:, 0] + 1j * eyes[:, 1]).astype(complex)
        scale = nearer * (real_eyes[0] - real_eyes[1]) / (print_eyes[0] - print_eyes[1])
        placed = real_eyes.mean() + scale * (across.ravel() - 1j * down.ravel() - print_eyes.mean())
        self._sheet = np.stack([placed.real, placed.imag, np.full(placed.shape, front)], axis=1).astype(np.float32)
        self._photo_px_per_dm = float(1 / abs(scale))

    def draw(self, room: Floats, pose: Pose, expression: Expression, light: Light) -> Floats:
        """Light at a webcam's sensor, (480, 640, 3): the operator with the sheet before the face."""
        image = draw(room, [(self._operator, pose, expression, BARE)], light, WEBCAM_LENS)
        turn = rotation(pose.yaw_deg, pose.pitch_deg, pose.roll_deg)
        placement = Placement(turn, self._operator.pivot, pose, WEBCAM_LENS, 1)
        turned = placement.turned(self._sheet, 1.0)
        facing = normals_of(turned.reshape(*_CELLS, 3))
        surface = Surface(placement.pixels(turned), facing, self._texture, grid(*_CELLS))
        reduced = self._photo_px_per_dm / (WEBCAM_LENS.focal_px / (pose.distance_cm / 10))
        draw_surface(image, surface, self._photo, Finish(glare=0.2), light, reduced=reduced, holes=self._holes)
        return image


def _eyes_in_photo(victim: Identity) -> NDArray[np.float64]:
    """(2, 2) column and row of the left and the right eye, px."""
    pose = photo_pose(victim)
    turn = rotation(pose.yaw_deg, pose.pitch_deg, pose.roll_deg)
    placement = Placement(turn, victim.pivot, pose, PHOTO_LENS, 1)
    eyes = np.stack([victim.eyes[side] for side, _sign in EYES]).astype(np.float32)
    return placement.pixels(placement.turned(eyes, 1.0))[:, :2].astype(np.float64)


def _holes(size: tuple[int, ...], eyes_px: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(height, width) where the print is cut out."""
    row, column = np.mgrid[: size[0], : size[1]]
    between = eyes_px[0] - eyes_px[1]
    apart = float(np.hypot(*between))
    along = between / apart
    cut = np.zeros(size[:2], np.bool_)
    for eye in eyes_px:
        right, below = column - eye[0], row - eye[1]
        level = (right * along[0] + below * along[1]) / (_HOLE[0] * apart)
        upright = (below * along[0] - right * along[1]) / (_HOLE[1] * apart)
        cut |= level**2 + upright**2 < 1
    return cut
