"""What can be before a face: spectacles and the glare on them, a surgical mask, a hand."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from faced.dummy.head import EYES, Part, head_model, smooth
from faced.dummy.identity import Identity
from faced.dummy.looks import rgb
from faced.dummy.raster import Floats, Ints
from faced.dummy.solid import Solid, capsule, grid, joined, tube


@dataclass(frozen=True)
class Worn:
    """What covers a face.

    :param glasses: None as the identity usually does; True and False whatever it usually does.
    :param mask: a surgical mask over nose and mouth.
    :param hand: a hand held before the lower half of the face.
    :param glare: how much light spectacles throw back; at 1 no eye can be seen behind them.
    """

    glasses: bool | None = None
    mask: bool = False
    hand: bool = False
    glare: float = 0.0


BARE = Worn()
_MASK_COLOUR = rgb(196, 216, 226)
_LOOP_COLOUR = rgb(228, 230, 230)


def solids_worn(identity: Identity, worn: Worn) -> list[Solid]:
    """The meshes of what is worn."""
    glasses = identity.looks.wears_glasses if worn.glasses is None else worn.glasses
    solids: list[Solid] = []
    if worn.mask:
        solids.extend(mask(identity))
    if glasses or worn.glare:
        solids.append(spectacles(identity))
    if worn.hand:
        solids.append(hand(identity))
    return solids


@functools.lru_cache(maxsize=16)
def spectacles(identity: Identity) -> Solid:
    """Rims, bridge and temples."""
    frames = identity.looks.glasses
    width = _temple_width(identity)
    meshes = []
    for side, sign in EYES:
        outline = lens_outline(identity, side, 30)
        meshes.append(tube(outline, frames.gauge_dm, sides=5, closed=True))
        hinge = outline[0] if sign > 0 else outline[15]
        ear = np.array([sign * width, identity.eye_level_dm + 0.07, hinge[2] - 1.1])
        bend = np.array([sign * max(abs(hinge[0]), width - 0.04), identity.eye_level_dm + 0.05, hinge[2] - 0.06])
        meshes.append(tube(np.array([hinge, bend, (bend + ear) / 2, ear], np.float32), frames.gauge_dm, sides=5))
    inner = [lens_outline(identity, side, 30)[15 if sign > 0 else 0] for side, sign in EYES]
    arch = (inner[0] + inner[1]) / 2 + np.array([0, 0.04, 0.03])
    lifted = [inner[0] + np.array([0, 0.02, 0]), arch, inner[1] + np.array([0, 0.02, 0])]
    meshes.append(tube(np.array(lifted, np.float32), frames.gauge_dm, sides=5))
    vertices, triangles = joined(meshes)
    return Solid(vertices, triangles, frames.colour, np.ones(len(vertices), np.float32), gloss=3.0)


def lens_outline(identity: Identity, side: Part, points: int) -> Floats:
    """(points, 3) the edge of a lens, from the person's left round upwards; a superellipse a little before the eye."""
    frames = identity.looks.glasses
    sign = 1 if side == Part.LEFT_EYE else -1
    # Close-set eyes get narrower lenses, as at an optician's.
    half_width = min(frames.width_dm, abs(float(identity.eyes[side][0])) - 0.05)
    middle = identity.eyes[side] + np.array([0.01 * sign, -0.03, 0.36])
    angle = np.arange(points) / points * 2 * np.pi
    across, up = np.cos(angle), np.sin(angle)
    power = 2 / frames.squareness
    outward = np.clip(across * sign, 0, 1)
    return np.stack(
        [
            middle[0] + half_width * np.sign(across) * np.abs(across) ** power,
            middle[1] + frames.height_dm * np.sign(up) * np.abs(up) ** power,
            middle[2] - 0.12 * outward,
        ],
        axis=1,
    ).astype(np.float32)


def draw_glare(image: Floats, identity: Identity, strength: float, pixels: Callable[[Floats], Floats]) -> None:
    """Whiten the lenses of the spectacles, with the slanting edge that a window or a lamp has in them."""
    bits = 4
    for side, _sign in EYES:
        outline = pixels(lens_outline(identity, side, 40))[:, :2]
        cover = np.zeros(image.shape[:2], np.float32)
        cv2.fillPoly(cover, [np.round(outline * 2**bits).astype(np.int32)], 1.0, cv2.LINE_AA, bits)
        middle, reach = outline.mean(0), float(np.ptp(outline[:, 0])) / 2
        rows, columns = np.nonzero(cover)
        slant = ((columns - middle[0]) + 0.6 * (rows - middle[1])) / reach
        band = smooth(1.25 - 2.2 * strength, 0.85 - 2.2 * strength, -slant) if strength < 1 else np.ones(len(slant))
        share = (
            cover[rows, columns] * np.clip(0.35 * strength + 0.65 * band, 0, 1) * min(1.0, 0.45 + 0.55 * strength)
        )[:, None]
        image[rows, columns] += ((1.05 - image[rows, columns]) * share).astype(np.float32)


@functools.lru_cache(maxsize=16)
def mask(identity: Identity) -> tuple[Solid, Solid]:
    """A pleated surgical mask and its ear loops."""
    rows, columns = 25, 33
    face = _front(identity)
    chin = _chin(identity)
    across = np.linspace(-1, 1, columns)
    down = np.linspace(0, 1, rows)[:, None]
    half_width = 0.70
    top = identity.eye_level_dm - 0.22 - 0.26 * np.abs(across) ** 1.5
    bottom = chin[1] - 0.06 + 0.34 * across**2
    x = np.broadcast_to(across * half_width, (rows, columns))
    y = top + (bottom - top) * down
    depth = _tented(face, x, y)
    pleats = 0.012 * np.sin(down * 2 * np.pi * 4)
    shade = 1 + 0.09 * np.cos(down * 2 * np.pi * 4) * (1 - 0.3 * across**2) + np.zeros((rows, columns))
    shade[0] = shade[-1] = 0.92
    vertices = np.stack([x, y, depth + 0.05 + pleats], axis=-1).reshape(-1, 3).astype(np.float32)
    sheet = Solid(
        vertices, grid(rows, columns), _MASK_COLOUR, shade.ravel().astype(np.float32), gloss=0.2, nearer_dm=0.12
    )
    loops = []
    corners = vertices.reshape(rows, columns, 3)
    for column, sign in ((0, -1), (columns - 1, 1)):
        ear = np.array([sign * 0.86, identity.eye_level_dm - 0.2, 0.15])
        for row in (1, rows - 2):
            start = corners[row, column]
            middle = (start + ear) / 2 + np.array([sign * 0.06, 0, 0.12])
            loops.append(tube(np.array([start, middle, ear], np.float32), 0.014, sides=5))
    loop_vertices, loop_triangles = joined(loops)
    elastic = Solid(
        loop_vertices, loop_triangles, _LOOP_COLOUR, np.ones(len(loop_vertices), np.float32), nearer_dm=0.15
    )
    return sheet, elastic


def hand(identity: Identity) -> Solid:
    """Fingers and palm before nose and mouth, as of somebody yawning or hiding."""
    nose = _front(identity)[:, 2].max()
    chin = _chin(identity)
    at = np.array([0.12, (identity.eye_level_dm + chin[1]) / 2 - 0.12, nose + 0.30])
    meshes = []
    for finger, (length, thickness) in enumerate(((0.62, 0.085), (0.74, 0.09), (0.80, 0.09), (0.72, 0.085))):
        root = at + np.array([0.30 - 0.005 * finger, -0.36 + 0.20 * finger, -0.02])
        tip = root + np.array([-length, 0.10 + 0.03 * finger, -0.06])
        meshes.append(capsule(root, tip, thickness * 1.08, thickness * 0.86))
        meshes.append(capsule(root + np.array([0.55, -0.1, 0.0]), root, 0.13, 0.11))
    meshes.append(capsule(at + np.array([1.0, -0.55, 0.0]), at + np.array([0.45, 0.0, 0.0]), 0.26, 0.24))
    meshes.append(capsule(at + np.array([1.5, -2.2, 0.1]), at + np.array([0.95, -0.5, 0.0]), 0.30, 0.25))
    meshes.append(capsule(at + np.array([0.62, 0.1, 0.02]), at + np.array([0.22, 0.62, 0.0]), 0.12, 0.09))
    vertices, triangles = joined(meshes)
    return Solid(
        vertices,
        triangles,
        (identity.looks.skin * np.float32(0.97)).astype(np.float32),
        np.ones(len(vertices), np.float32),
        on_head=False,
    )


def _temple_width(identity: Identity) -> float:
    """Half the width of the head just before the ears, where spectacles pass."""
    model = head_model()
    _x, y, z = model.vertices.T
    beside = model.skin & (np.abs(y - 7.35) < 0.12) & (z > 0.65) & (z < 0.95)
    return float(np.abs(identity.bare[beside, 0]).max()) + 0.02


def _front(identity: Identity) -> Floats:
    """(n, 3) the skin of the face."""
    model = head_model()
    return np.asarray(identity.bare[model.skin & (model.vertices[:, 2] > 0.2) & (model.follows > 0.5)])


def _chin(identity: Identity) -> Floats:
    """(3,) the foremost point of the chin."""
    x, y, z = head_model().vertices.T
    below = np.nonzero((np.abs(x) < 0.05) & (y > 6.05) & (y < 6.3) & (z > 1.0))[0]
    return np.asarray(identity.bare[below[np.argmax(z[below])]])


def _tented(face: Floats, x: NDArray[np.floating], y: NDArray[np.floating]) -> Floats:
    """Depth of a cloth at (x, y) that touches the face's highest points nearby and hangs straight between them."""
    distance = (face[:, 0][:, None] - x.ravel()) ** 2 + (face[:, 1][:, None] - y.ravel()) ** 2
    near = distance < 0.10**2
    highest = np.where(near, face[:, 2][:, None], -np.inf).max(0)
    nearest: Ints = distance.argmin(0).astype(np.int32)
    highest = np.where(np.isfinite(highest), highest, face[nearest, 2]).reshape(x.shape).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(highest, (0, 0), 2.2, borderType=cv2.BORDER_REPLICATE), np.float32)
