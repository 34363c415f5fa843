"""A solid head of somebody else onto which the victim's photo is projected: a mask or a bust made from one photo.

Seen from the front it is the photo; turned, it has the depth of a head, only not of the right one. Nothing moves in it:
the lids and the mouth are painted.
"""

from __future__ import annotations

import cv2
import numpy as np

from faced.dummy.covering import BARE
from faced.dummy.head import EYES, Part, head_model, normals
from faced.dummy.identity import Identity
from faced.dummy.photo import photo_pose
from faced.dummy.raster import Floats
from faced.dummy.render import Placement, draw, rotation
from faced.dummy.scene import OFFICE_LIGHT, PHOTO_LENS, WEBCAM_LENS, Expression, Light, Picture, Pose
from faced.dummy.surface import Finish, Surface, draw_surface


class Bust:
    """The head.

    :param photo: (600, 480, 3) of the victim as :func:`faced.dummy.id_photo` makes it, the usual sitting.
    :param sculpted: whose head it is, enlarged or reduced until its eyes lie where the victim's do.
    """

    def __init__(self, photo: Picture, victim: Identity, sculpted: Identity) -> None:
        model = head_model()
        theirs, own = (np.stack([head.eyes[side] for side, _sign in EYES]) for head in (victim, sculpted))
        size = float(np.linalg.norm(theirs[0] - theirs[1]) / np.linalg.norm(own[0] - own[1]))
        self._vertices = ((sculpted.vertices - own.mean(0)) * size + theirs.mean(0)).astype(np.float32)
        self._pivot = victim.pivot
        self._triangles = model.triangles[(model.part != Part.LASHES) & (model.part != Part.TEETH)]
        self._follows = model.follows[:, None]
        pose = photo_pose(victim)
        turn = rotation(pose.yaw_deg, pose.pitch_deg, pose.roll_deg)
        placement = Placement(turn, self._pivot, pose, PHOTO_LENS, 1)
        place = placement.pixels(placement.turned(self._vertices, self._follows))[:, :2]
        self._texture = np.clip(place, 0, (photo.shape[1] - 1, photo.shape[0] - 1)).astype(np.float32)
        self._photo = _spread_out(photo, victim, pose)

    def draw(self, room: Floats, pose: Pose, light: Light) -> Floats:
        """Light at a webcam's sensor, (480, 640, 3)."""
        image = room.copy()
        turn = rotation(pose.yaw_deg, pose.pitch_deg, pose.roll_deg)
        placement = Placement(turn, self._pivot, pose, WEBCAM_LENS, 1)
        turned = placement.turned(self._vertices, self._follows)
        facing = normals(turned, self._triangles)
        surface = Surface(placement.pixels(turned), facing, self._texture, self._triangles, two_sided=False)
        reduced = (PHOTO_LENS.focal_px / 16) / (WEBCAM_LENS.focal_px / (pose.distance_cm / 10))
        draw_surface(image, surface, self._photo, Finish(glare=0.1), light, reduced=reduced)
        return image


def _spread_out(photo: Picture, victim: Identity, pose: Pose) -> Picture:
    """The photo with the person's edge continued over the wall, so that no wall gets onto a head of another shape."""
    size = (PHOTO_LENS.height_px, PHOTO_LENS.width_px, 3)
    person = (victim, pose, Expression(), BARE)
    on_black, on_white = (
        draw(np.full(size, wall, np.float32), [person], OFFICE_LIGHT, PHOTO_LENS) for wall in (0.0, 1.0)
    )
    wall = (np.abs(on_black - on_white).max(axis=2) > 0).astype(np.uint8)
    # The rim of the silhouette is mixed with the wall.
    wall = cv2.dilate(wall, np.ones((7, 7), np.uint8)).astype(np.uint8)
    _far, nearest = cv2.distanceTransformWithLabels(wall, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    colours = np.zeros((int(nearest.max()) + 1, 3), np.uint8)
    colours[nearest[wall == 0]] = photo[wall == 0]
    return np.asarray(colours[nearest], np.uint8)
