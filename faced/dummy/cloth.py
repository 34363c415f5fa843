"""Cloth before the lower face: a mask, also one that has slipped, and a scarf."""

from __future__ import annotations

import functools
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from faced.dummy.head import head_model
from faced.dummy.identity import Identity
from faced.dummy.looks import rgb
from faced.dummy.raster import Floats, Ints
from faced.dummy.solid import Solid, grid, joined, tube


class Cloth(StrEnum):
    """What it is made of."""

    SURGICAL = "surgical"
    WHITE = "white"
    BLUE = "blue"
    BLACK = "black"
    PINK = "pink"
    SKIN = "skin"
    WOOL = "wool"


_COLOURS = {
    Cloth.SURGICAL: rgb(196, 216, 226),
    Cloth.WHITE: rgb(240, 240, 238),
    Cloth.BLUE: rgb(104, 152, 204),
    Cloth.BLACK: rgb(30, 30, 33),
    Cloth.PINK: rgb(232, 178, 176),
    Cloth.SKIN: rgb(214, 176, 148),
    Cloth.WOOL: rgb(124, 40, 44),
}
_LOOP_COLOUR = rgb(228, 230, 230)


@functools.lru_cache(maxsize=16)
def mask(identity: Identity, cloth: Cloth, *, below_nose: bool = False) -> tuple[Solid, Solid]:
    """A pleated mask and its ear loops.

    :param below_nose: the upper edge has slipped down to the upper lip.
    """
    rows, columns = 25, 33
    face = front(identity)
    foot = chin(identity)
    across = np.linspace(-1, 1, columns)
    down = np.linspace(0, 1, rows)[:, None]
    half_width = 0.70
    top = identity.eye_level_dm - 0.22 - 0.26 * np.abs(across) ** 1.5
    if below_nose:
        top = np.minimum(top, _upper_lip_dm(identity) + 0.05 + 0.02 * across**2)
    bottom = foot[1] - 0.06 + 0.34 * across**2
    x = np.broadcast_to(across * half_width, (rows, columns))
    y = top + (bottom - top) * down
    depth = _tented(face, x, y)
    pleats = 0.012 * np.sin(down * 2 * np.pi * 4)
    shade = 1 + 0.09 * np.cos(down * 2 * np.pi * 4) * (1 - 0.3 * across**2) + np.zeros((rows, columns))
    shade[0] = shade[-1] = 0.92
    vertices = np.stack([x, y, depth + 0.05 + pleats], axis=-1).reshape(-1, 3).astype(np.float32)
    sheet = Solid(
        vertices, grid(rows, columns), _COLOURS[cloth], shade.ravel().astype(np.float32), gloss=0.2, nearer_dm=0.12
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


@functools.lru_cache(maxsize=16)
def scarf(identity: Identity, cloth: Cloth) -> Solid:
    """A scarf wound around the neck up to over the mouth."""
    rows, columns = 31, 41
    face = front(identity)
    across = np.linspace(-1, 1, columns)
    down = np.linspace(0, 1, rows)[:, None]
    top = _upper_lip_dm(identity) + 0.07 - 0.10 * across**2
    x = np.broadcast_to(across * 0.92, (rows, columns))
    foot = chin(identity)[1]
    y = top + (foot - 0.85 - top) * down
    # What has passed the chin hangs straight down.
    depth = np.maximum.accumulate(_tented(face, x, np.maximum(y, foot)), axis=0)
    folds = np.sin(down * 2 * np.pi * 3.5 + 0.9 * across)
    shade = 1 + 0.20 * np.cos(down * 2 * np.pi * 3.5 + 0.9 * across)
    vertices = np.stack([x, y, depth - 0.35 * across**4 + 0.08 + 0.03 * folds], axis=-1)
    return Solid(
        vertices.reshape(-1, 3).astype(np.float32),
        grid(rows, columns),
        _COLOURS[cloth],
        shade.ravel().astype(np.float32),
        gloss=0.1,
        nearer_dm=0.12,
    )


def front(identity: Identity) -> Floats:
    """(n, 3) the skin of the face."""
    model = head_model()
    return np.asarray(identity.bare[model.skin & (model.vertices[:, 2] > 0.2) & (model.follows > 0.5)])


def chin(identity: Identity) -> Floats:
    """(3,) the foremost point of the chin."""
    x, y, z = head_model().vertices.T
    below = np.nonzero((np.abs(x) < 0.05) & (y > 6.05) & (y < 6.3) & (z > 1.0))[0]
    return np.asarray(identity.bare[below[np.argmax(z[below])]])


def _upper_lip_dm(identity: Identity) -> float:
    """Height of the upper edge of the lips."""
    model = head_model()
    return float(identity.bare[model.lips > 0.5, 1].max())


def _tented(face: Floats, x: NDArray[np.floating], y: NDArray[np.floating]) -> Floats:
    """Depth of a cloth at (x, y) that touches the face's highest points nearby and hangs straight between them."""
    distance = (face[:, 0][:, None] - x.ravel()) ** 2 + (face[:, 1][:, None] - y.ravel()) ** 2
    near = distance < 0.10**2
    highest = np.where(near, face[:, 2][:, None], -np.inf).max(0)
    nearest: Ints = distance.argmin(0).astype(np.int32)
    highest = np.where(np.isfinite(highest), highest, face[nearest, 2]).reshape(x.shape).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(highest, (0, 0), 2.2, borderType=cv2.BORDER_REPLICATE), np.float32)
