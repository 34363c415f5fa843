"""Where hair grows, and hair that hangs."""

from __future__ import annotations

import numpy as np

from faced.dummy.head import HeadModel, smooth
from faced.dummy.looks import Hairstyle, Looks
from faced.dummy.raster import Floats
from faced.dummy.solid import Solid, grid

_NO_HAIR = np.float32(-1)


def hair_edge(model: HeadModel, looks: Looks, *, male: bool) -> Floats:
    """(n,) how far inside the hair each vertex is, in dm; -1 on a bald head."""
    if looks.hairstyle is Hairstyle.BALD:
        return np.full(len(model.vertices), _NO_HAIR)
    sideways = np.abs(model.around)
    line = looks.hairline_dm + looks.parting * model.around - 0.12 * (sideways / 0.7) ** 2
    line = np.where(sideways > 0.8, line - (sideways - 0.8) * 2.2, line)
    temple = 7.25 if male else 7.2
    nape = np.maximum(6.6, temple - (sideways - 1.75) * 2.5)
    line = np.where(sideways < 1.75, np.maximum(line, temple), nape)
    inside = np.where(model.skin, model.height - line - model.ear * 0.5, _NO_HAIR)
    return np.maximum(inside, _NO_HAIR).astype(np.float32)


def curtain(scalp: Floats, eye_level_dm: float, rng: np.random.Generator) -> Solid:
    """Long hair: a sheet around the back and the sides of the head.

    :param scalp: (n, 3) the vertices that hair grows on.
    """
    rows, columns = 14, 24
    length = rng.uniform(1.0, 2.1)
    fullness = rng.uniform(0.03, 0.1)
    half_width, back = float(np.abs(scalp[:, 0]).max()), float(-scalp[:, 2].min())
    angle = np.linspace(-1.98, 1.98, columns) + np.pi
    top, bottom = eye_level_dm + 0.75, eye_level_dm - length
    height = np.linspace(top, bottom, rows)[:, None]
    down = (top - height) / (top - bottom)
    radius = 0.72 + 0.28 * smooth(0, 0.5, top - height) + fullness * np.sin(down * np.pi)
    wave = 1 + 0.012 * np.sin(angle * 9 + rng.uniform(0, 6))
    vertices = np.stack(
        [
            np.sin(angle) * half_width * 1.02 * radius * wave,
            np.broadcast_to(height, (rows, columns)),
            0.25 + np.cos(angle) * (back + 0.35) * radius * 0.9 * wave,
        ],
        axis=-1,
    )
    return Solid(
        vertices.reshape(-1, 3).astype(np.float32),
        grid(rows, columns),
        colour=None,
        shade=np.ones(rows * columns, np.float32),
        two_sided=True,
    )
