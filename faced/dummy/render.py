"""Draws dummies: identity, pose, expression, light and lens -> light at the sensor, and the webcam's picture of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from faced.dummy.covering import BARE, Worn, darken_lenses, draw_glare, solids_worn
from faced.dummy.head import HeadModel, Part, head_model, normals, smooth
from faced.dummy.identity import Identity
from faced.dummy.paint import STRAND_MIDDLE, STRAND_SCALE, texel
from faced.dummy.raster import Floats, Ints, rasterise
from faced.dummy.scene import (
    OFFICE_LIGHT,
    WEBCAM,
    WEBCAM_LENS,
    Expression,
    Lens,
    Light,
    Picture,
    Pose,
    Sensor,
    office,
)
from faced.dummy.solid import Solid

_CALM, _STRAIGHT = Expression(), Pose()
#: Vertex values that are interpolated over a triangle.
_AROUND, _HEIGHT, _DIFFUSE, _AMBIENT, _SHINE, _TINT, _HAIR, _SHIRT = range(8)
#: Triangles of solids are numbered from here, one number a solid.
_FIRST_SOLID = 10
_EYE_FRONT_DM = 0.9
_LOOK_BELOW_EYES_DM = 0.12
_LASHES_NEARER_DM = 0.03
_SCLERA = np.array([0.80, 0.82, 0.86], np.float32)
_ENAMEL = np.array([0.66, 0.72, 0.76], np.float32)
_LAMP_COLOUR = np.array([0.97, 1.0, 1.04], np.float32)
_ROOM_COLOUR = np.array([0.969, 0.97, 1.0185], np.float32)
_REMAP_WIDTH = 1024


def render_frame(
    identity: Identity,
    pose: Pose = _STRAIGHT,
    expression: Expression = _CALM,
    light: Light = OFFICE_LIGHT,
    *,
    worn: Worn = BARE,
    background: Floats | None = None,
    lens: Lens = WEBCAM_LENS,
    sensor: Sensor = WEBCAM,
    seed: int = 0,
) -> Picture:
    """One frame of the dummy as a webcam gives it: (480, 640, 3) uint8 BGR.

    :param background: (480, 640, 3) float32 in full light; None for an office that goes with the identity.
    :param seed: the sensor's noise.
    """
    room = office(identity.seed, lens.width_px, lens.height_px) if background is None else background
    seen = draw(room * room_brightness(light), [(identity, pose, expression, worn)], light, lens)
    return sensor.develop(seen, np.random.default_rng([43, seed]))


def room_brightness(light: Light) -> np.float32:
    """How bright a background is in a light, relative to :data:`OFFICE_LIGHT`."""
    return np.float32(min((light.lamp + light.room) / (OFFICE_LIGHT.lamp + OFFICE_LIGHT.room), 1.6))


def draw(
    canvas: Floats,
    people: Sequence[tuple[Identity, Pose, Expression, Worn]],
    light: Light,
    lens: Lens,
    *,
    supersampling: int = 1,
) -> Floats:
    """Light at the sensor, (height, width, 3) float32: ``canvas`` with people before it, the last one nearest.

    :param canvas: what is behind, in the lens's size or supersampled as the result is before it is reduced.
    """
    wide, high = lens.width_px * supersampling, lens.height_px * supersampling
    same = canvas.shape[:2] == (high, wide)
    image = canvas.copy() if same else np.asarray(cv2.resize(canvas, (wide, high)), np.float32)
    for identity, pose, expression, worn in people:
        _draw_person(image, identity, pose, expression, worn, light, lens, supersampling)
    if supersampling > 1:
        reduced = cv2.resize(image, (lens.width_px, lens.height_px), interpolation=cv2.INTER_AREA)
        return np.asarray(reduced, np.float32)
    return image


@dataclass(frozen=True)
class Placement:
    """From the model's coordinates to pixels, for one pose and one lens."""

    rotation: Floats
    pivot: Floats
    pose: Pose
    lens: Lens
    supersampling: int

    def turned(self, vertices: Floats, share: Floats | float) -> Floats:
        """Vertices (n, 3) relative to the pivot, after as much of the rotation as their share (n, 1) says."""
        centred = vertices - self.pivot
        return np.asarray(centred + share * (centred @ self.rotation.T - centred), np.float32)

    def pixels(self, turned: Floats) -> Floats:
        """(n, 3) column px, row px and depth."""
        scale = self.lens.focal_px * self.supersampling
        away = self.pose.distance_cm / 10 - (turned[:, 2] - _EYE_FRONT_DM)
        column = self.lens.width_px * self.supersampling / 2
        row = self.lens.height_px * self.supersampling * self.lens.eyes_row
        level = 1.0 - _LOOK_BELOW_EYES_DM
        return np.stack(
            [
                column + scale * (turned[:, 0] + self.pose.left_cm / 10) / away,
                row - scale * (turned[:, 1] - level + self.pose.up_cm / 10) / away,
                -away,
            ],
            axis=1,
        ).astype(np.float32)


def rotation(yaw_deg: float, pitch_deg: float, roll_deg: float) -> Floats:
    """(3, 3) the head's rotation; signs as in :class:`Pose`."""
    (cy, cp, cr), (sy, sp, sr) = (f(np.deg2rad([yaw_deg, pitch_deg, roll_deg])) for f in (np.cos, np.sin))
    turn = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    nod = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    tilt = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return np.asarray(turn @ nod @ tilt, np.float32)


def _draw_person(
    image: Floats,
    identity: Identity,
    pose: Pose,
    expression: Expression,
    worn: Worn,
    light: Light,
    lens: Lens,
    supersampling: int,
) -> None:
    model = head_model()
    solids = [*identity.hair, *solids_worn(identity, worn)]
    turn = rotation(pose.yaw_deg, pose.pitch_deg, pose.roll_deg)
    placement = Placement(turn, identity.pivot, pose, lens, supersampling)
    face = model.morphed(identity.vertices, _movements(identity, expression))
    scene = _Scene(model, identity, placement.turned(face, model.follows[:, None]))
    for solid in solids:
        scene.add(solid, placement)
    values = scene.values(light)
    points = placement.pixels(scene.points)
    points[model.lashes, 2] += _LASHES_NEARER_DM
    points[:, 2] += scene.nearer
    height, width = image.shape[:2]
    fragments = rasterise(points, scene.triangles, width, height)
    colours = _shade(fragments.interpolate(values), scene.part[fragments.triangle], identity, solids, expression, light)
    image.reshape(-1, 3)[fragments.pixel] = colours.T
    if worn.sunglasses:
        darken_lenses(image, identity, lambda outline: placement.pixels(placement.turned(outline, 1.0)))
    if worn.glare:
        draw_glare(image, identity, worn.glare, lambda outline: placement.pixels(placement.turned(outline, 1.0)))


def _movements(identity: Identity, expression: Expression) -> dict[str, float]:
    return {
        **identity.lids(expression.left_lid, expression.right_lid),
        "arkit/mouthSmileLeft": expression.smile,
        "arkit/mouthSmileRight": expression.smile,
        "arkit/jawOpen": expression.jaw,
        "arkit/browInnerUp": expression.brows * 0.6,
        "arkit/browOuterUpLeft": expression.brows * 0.6,
        "arkit/browOuterUpRight": expression.brows * 0.6,
    }


class _Scene:
    """The head and the solids on it as one mesh."""

    def __init__(self, model: HeadModel, identity: Identity, turned: Floats) -> None:
        self._points, self._normals = [turned], [normals(turned, model.triangles)]
        self._triangles, self._part = [model.triangles], [model.part]
        zeros = np.zeros(len(turned), np.float32)
        self._nearer = [zeros]
        self._still = [
            np.stack([model.around, model.height, model.lips, identity.hair_edge, identity.shirt_edge], axis=1)
        ]
        occlusion = np.clip(0.12 + 0.95 * model.occlusion, 0, 1) * (1 - 0.42 * model.under_chin)
        self._open = [occlusion.astype(np.float32)]
        self._dark = [model.lash_line]
        self._count = len(turned)
        self._next_part = _FIRST_SOLID

    def add(self, solid: Solid, placement: Placement) -> None:
        count = len(solid.vertices)
        if solid.on_head:
            # Hair that hangs to the shoulders stays there when the head turns.
            hanging = smooth(-1.2, 0.2, solid.vertices[:, 1:2] - placement.pivot[1]).astype(np.float32)
            turned = placement.turned(solid.vertices, hanging if solid.colour is None else 1.0)
        else:
            turned = placement.turned(solid.vertices, 0.0)
        triangles = solid.triangles
        facing = normals(turned, triangles)
        if solid.two_sided:
            triangles = np.concatenate([triangles, triangles[:, [0, 2, 1]]])
        self._points.append(turned)
        self._normals.append(facing)
        self._triangles.append(triangles + self._count)
        part = Part.SKIN if solid.colour is None else self._next_part
        self._part.append(np.full(len(triangles), part, np.uint8))
        self._nearer.append(np.full(count, solid.nearer_dm, np.float32))
        inside = np.full(count, 1.0 if solid.colour is None else -1.0, np.float32)
        around = np.arctan2(solid.vertices[:, 0], -solid.vertices[:, 2]).astype(np.float32)
        height = np.float32(3.9) + solid.vertices[:, 1] * np.float32(0.5)
        self._still.append(np.stack([around, height, solid.shade, inside, np.ones(count, np.float32)], axis=1))
        self._open.append(np.full(count, 0.69 if solid.colour is None else 0.95, np.float32))
        self._dark.append(np.zeros(count, np.float32))
        self._count += count
        self._next_part += 1

    @property
    def points(self) -> Floats:
        return np.concatenate(self._points)

    @property
    def triangles(self) -> Ints:
        return np.concatenate(self._triangles)

    @property
    def part(self) -> NDArray[np.uint8]:
        return np.concatenate(self._part)

    @property
    def nearer(self) -> Floats:
        return np.concatenate(self._nearer)

    def values(self, light: Light) -> Floats:
        """(8, n) what is interpolated: place in the paint, light received, and what the surface is."""
        facing = np.concatenate(self._normals)
        open_sky = np.concatenate(self._open)
        lit = 1 - np.concatenate(self._dark)
        towards = light.direction
        halfway = towards + np.array([0, 0, 1], np.float32)
        halfway /= np.linalg.norm(halfway)
        diffuse = np.clip((facing @ towards + 0.25) / 1.25, 0, 1) ** 1.2 * (0.35 + 0.65 * open_sky) * lit
        shine = np.clip(facing @ halfway, 0, 1) ** 18 * open_sky
        ambient = open_sky * (0.75 + 0.35 * (0.5 + 0.5 * facing[:, 1])) * lit
        around, height, *surface = np.concatenate(self._still).T
        return np.stack([around, height, diffuse, ambient, shine, *surface]).astype(np.float32)


def _shade(
    values: Floats,
    part: NDArray[np.uint8],
    identity: Identity,
    solids: Sequence[Solid],
    expression: Expression,
    light: Light,
) -> Floats:
    """(3, m) colour of each pixel, from the values (8, m) there."""
    looks = identity.looks
    diffuse, ambient, tint = values[_DIFFUSE], values[_AMBIENT], values[_TINT]
    painted = _sample(identity.paint, values[_AROUND], values[_HEIGHT])
    colour = painted[:3] * np.float32(1 / 255)
    gloss = np.float32(0.10) * values[_SHINE]
    lips = np.nonzero(tint > 0)[0]
    colour[:, lips] += (looks.lips[:, None] - colour[:, lips]) * (tint[lips] * np.float32(0.85))
    hair = np.nonzero(values[_HAIR] > -0.12)[0]
    strand = (painted[3, hair] - STRAND_MIDDLE) / STRAND_SCALE
    hairy = smooth(-0.02, 0.045, values[_HAIR, hair] + 0.016 * strand)
    tress = looks.hair[:, None] * (1 + 0.22 * strand) + 0.012 * strand
    colour[:, hair] += (np.clip(tress, 0, 1) - colour[:, hair]) * hairy
    gloss[hair] *= 1 - 0.3 * hairy
    shirt = np.nonzero(values[_SHIRT] < 0.006)[0]
    clothed = smooth(0.006, -0.006, values[_SHIRT, shirt])
    colour[:, shirt] += (looks.shirt[:, None] - colour[:, shirt]) * clothed
    gloss[shirt] *= 1 - clothed
    eyes = np.nonzero((part == Part.LEFT_EYE) | (part == Part.RIGHT_EYE))[0]
    colour[:, eyes], gloss[eyes] = _eye(values[_AROUND, eyes], values[_HEIGHT, eyes], identity, expression)
    ambient[eyes] = np.maximum(ambient[eyes], 0.75)
    teeth = np.nonzero(part == Part.TEETH)[0]
    colour[:, teeth] = _ENAMEL[:, None]
    ambient[teeth] *= 0.6
    diffuse[teeth] *= 0.5
    lashes = np.nonzero(part == Part.LASHES)[0]
    colour[:, lashes] = looks.brows[:, None] * 0.45
    gloss[lashes] = 0
    for number, solid in enumerate(solids, _FIRST_SOLID):
        if solid.colour is not None:
            mine = np.nonzero(part == number)[0]
            colour[:, mine] = solid.colour[:, None] * tint[mine]
            gloss[mine] = 0.10 * solid.gloss * values[_SHINE, mine]
    lamp, room = _LAMP_COLOUR * np.float32(light.lamp), _ROOM_COLOUR * np.float32(light.room)
    colour *= lamp[:, None] * diffuse + room[:, None] * ambient
    colour += gloss * np.float32(light.lamp)
    return np.clip(colour, 0, 1.2, out=colour)


def _eye(across: Floats, up: Floats, identity: Identity, expression: Expression) -> tuple[Floats, Floats]:
    """Colour (3, m) and gloss (m,) of the eyeball at offsets in dm from its centre."""
    across_gaze, up_gaze = across - expression.gaze_left / 100, up - expression.gaze_up / 100
    radius_mm = np.hypot(across_gaze, up_gaze) * 100
    ring = 1.15 - 0.5 * smooth(4.5, 6.4, radius_mm) + 0.25 * smooth(4, 2.5, radius_mm)
    white = _SCLERA[:, None]
    colour = white + (identity.looks.iris[:, None] * ring - white) * smooth(6.8, 6.2, radius_mm)
    colour *= 1 - 0.97 * smooth(2.9, 2.3, radius_mm)
    colour *= (1 - 0.45 * smooth(0.0, 0.10, up)) * (1 - 0.35 * smooth(0.06, 0.13, np.abs(across)))
    highlight = 0.8 * smooth(1.3, 0.7, np.hypot(across_gaze - 0.02, up_gaze - 0.025) * 100)
    return colour.astype(np.float32), highlight.astype(np.float32)


def _sample(paint: NDArray[np.uint8], around: Floats, height: Floats) -> Floats:
    """(4, m) float32 the paint at points of the cylinder."""
    columns, rows = texel(around, height)
    # OpenCV refuses maps of more than 32767 columns, so the list is folded.
    folded = -(-len(columns) // _REMAP_WIDTH) * _REMAP_WIDTH
    maps = [np.resize(axis, folded).reshape(-1, _REMAP_WIDTH) for axis in (columns, rows)]
    painted = cv2.remap(paint, maps[0], maps[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.ascontiguousarray(painted.reshape(-1, 4)[: len(columns)].T, np.float32)
