"""What can be before a face: spectacles (clear, dark or glaring), a mask, a scarf, a hand."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from faced.dummy.cloth import Cloth, chin, front, mask, scarf
from faced.dummy.head import EYES, Part, head_model, smooth
from faced.dummy.identity import Identity
from faced.dummy.raster import Floats
from faced.dummy.solid import Solid, capsule, joined, tube


@dataclass(frozen=True)
class Worn:
    """What covers a face.

    :param glasses: None as the identity usually does; True and False whatever it usually does.
    :param mask: a mask over nose and mouth, of ``cloth``.
    :param below_nose: the mask has slipped and hides the mouth only.
    :param scarf: a scarf wound over chin and mouth, of ``cloth``.
    :param hand: a hand held before the lower half of the face.
    :param glare: how much light spectacles throw back; at 1 no eye can be seen behind them.
    :param sunglasses: dark lenses.
    """

    glasses: bool | None = None
    mask: bool = False
    below_nose: bool = False
    scarf: bool = False
    cloth: Cloth = Cloth.SURGICAL
    hand: bool = False
    glare: float = 0.0
    sunglasses: bool = False


BARE = Worn()
_DARK_LENS = np.float32(0.16)


def solids_worn(identity: Identity, worn: Worn) -> list[Solid]:
    """The meshes of what is worn."""
    glasses = identity.looks.wears_glasses if worn.glasses is None else worn.glasses
    solids: list[Solid] = []
    if worn.mask or worn.below_nose:
        solids.extend(mask(identity, worn.cloth, below_nose=worn.below_nose))
    if worn.scarf:
        solids.append(scarf(identity, worn.cloth))
    if glasses or worn.glare or worn.sunglasses:
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


def darken_lenses(image: Floats, identity: Identity, pixels: Callable[[Floats], Floats]) -> None:
    """Let hardly any light through the lenses of the spectacles."""
    for side, _sign in EYES:
        cover = _lens_cover(image, pixels(lens_outline(identity, side, 40))[:, :2])
        image *= (1 - (1 - _DARK_LENS) * cover)[..., None]


def draw_glare(image: Floats, identity: Identity, strength: float, pixels: Callable[[Floats], Floats]) -> None:
    """Whiten the lenses of the spectacles, with the slanting edge that a window or a lamp has in them."""
    for side, _sign in EYES:
        outline = pixels(lens_outline(identity, side, 40))[:, :2]
        cover = _lens_cover(image, outline)
        middle, reach = outline.mean(0), float(np.ptp(outline[:, 0])) / 2
        rows, columns = np.nonzero(cover)
        slant = ((columns - middle[0]) + 0.6 * (rows - middle[1])) / reach
        band = smooth(1.25 - 2.2 * strength, 0.85 - 2.2 * strength, -slant) if strength < 1 else np.ones(len(slant))
        share = (
            cover[rows, columns] * np.clip(0.35 * strength + 0.65 * band, 0, 1) * min(1.0, 0.45 + 0.55 * strength)
        )[:, None]
        image[rows, columns] += ((1.05 - image[rows, columns]) * share).astype(np.float32)


def _lens_cover(image: Floats, outline: Floats) -> Floats:
    """(height, width) how much of each pixel of an image a lens with this outline (n, 2) px covers."""
    bits = 4
    cover = np.zeros(image.shape[:2], np.float32)
    cv2.fillPoly(cover, [np.round(outline * 2**bits).astype(np.int32)], 1.0, cv2.LINE_AA, bits)
    return cover


def hand(identity: Identity) -> Solid:
    """Fingers and palm before nose and mouth, as of somebody yawning or hiding."""
    nose = front(identity)[:, 2].max()
    foot = chin(identity)
    at = np.array([0.12, (identity.eye_level_dm + foot[1]) / 2 - 0.12, nose + 0.30])
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
