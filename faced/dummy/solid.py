"""Things that are not the head: long hair, spectacles, a mask, a hand; each a small mesh of one colour."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from faced.dummy.looks import Colour
from faced.dummy.raster import Floats, Ints


@dataclass(frozen=True)
class Solid:
    """A mesh in the head's coordinates (dm).

    :param vertices: (n, 3); ``triangles`` (t, 3), counter-clockwise from outside.
    :param colour: None for the colour and strands of the wearer's hair.
    :param shade: (n,) how light the colour is at each vertex.
    :param nearer_dm: drawn as if it were that much nearer, so that what it lies on does not show through.
    :param on_head: turns with the head.
    :param two_sided: seen from behind as well, lit as from the front.
    """

    vertices: Floats
    triangles: Ints
    colour: Colour | None
    shade: Floats
    gloss: float = 0.5
    nearer_dm: float = 0.0
    on_head: bool = True
    two_sided: bool = False


def grid(rows: int, columns: int, *, closed: bool = False) -> Ints:
    """Triangles between ``rows`` rows of ``columns`` vertices each; ``closed`` joins the last column to the first.

    Rows run downwards and columns to the person's left for triangles that face forward.
    """
    row, column = np.meshgrid(np.arange(rows - 1), np.arange(columns if closed else columns - 1), indexing="ij")
    here = (row * columns + column).ravel()
    beside = (row * columns + (column + 1) % columns).ravel()
    below, across = here + columns, beside + columns
    triangles = np.concatenate([np.stack([here, below, beside], 1), np.stack([beside, below, across], 1)])
    return triangles.astype(np.int32)


def tube(path: Floats, radii: float | Floats, *, sides: int = 6, closed: bool = False) -> tuple[Floats, Ints]:
    """A tube along ``path`` (n, 3): its vertices and triangles."""
    radii = np.broadcast_to(np.asarray(radii, np.float32), len(path))
    ahead = (np.roll(path, -1, 0) - np.roll(path, 1, 0)) if closed else np.gradient(path, axis=0)
    ahead = ahead / (np.linalg.norm(ahead, axis=1, keepdims=True) + 1e-9)
    steady = np.array([0, 0, 1.0]) if np.abs(ahead[:, 2]).max() < 0.9 else np.array([0.31, 0.95, 0])
    first = np.cross(ahead, steady)
    first /= np.linalg.norm(first, axis=1, keepdims=True) + 1e-9
    second = np.cross(ahead, first)
    angle = np.arange(sides) / sides * 2 * np.pi
    ring = np.cos(angle)[:, None, None] * first + np.sin(angle)[:, None, None] * second
    vertices = (path + ring * radii[:, None]).transpose(1, 0, 2).reshape(-1, 3)
    rows = len(path)
    triangles = grid(rows, sides, closed=True)
    if closed:
        last, column = (rows - 1) * sides, np.arange(sides)
        beside = (column + 1) % sides
        seam = [np.stack([last + column, column, last + beside], 1), np.stack([last + beside, column, beside], 1)]
        triangles = np.concatenate([triangles, *seam]).astype(np.int32)
    return vertices.astype(np.float32), _outward(vertices, triangles, np.repeat(path, sides, 0))


def capsule(start: Floats, end: Floats, start_radius: float, end_radius: float) -> tuple[Floats, Ints]:
    """A rounded stick from ``start`` to ``end``, such as a finger."""
    start, end = np.asarray(start, np.float64), np.asarray(end, np.float64)
    axis = (end - start) / np.linalg.norm(end - start)
    bow = np.sin(np.linspace(0.15, 1, 5) * np.pi / 2)
    dome = np.cos(np.linspace(0.15, 1, 5) * np.pi / 2)
    path = [start - axis * start_radius * reach for reach in dome]
    path += [start + (end - start) * share for share in (0.25, 0.5, 0.75)]
    path += [end + axis * end_radius * reach for reach in dome[::-1]]
    between = [start_radius + (end_radius - start_radius) * share for share in (0.25, 0.5, 0.75)]
    radii = [*(start_radius * bow), *between, *(end_radius * bow[::-1])]
    return tube(np.array(path, np.float32), np.array(radii, np.float32), sides=12)


def joined(meshes: list[tuple[Floats, Ints]]) -> tuple[Floats, Ints]:
    """Several meshes as one."""
    starts = np.cumsum([0, *(len(vertices) for vertices, _triangles in meshes[:-1])])
    triangles = [triangles + start for (_vertices, triangles), start in zip(meshes, starts, strict=True)]
    return np.concatenate([vertices for vertices, _triangles in meshes]), np.concatenate(triangles).astype(np.int32)


def _outward(vertices: Floats, triangles: Ints, centres: Floats) -> Ints:
    """The triangles, all turned the way that most of them must be for their fronts to face away from ``centres``."""
    first, second, third = (vertices[triangles[:, corner]] for corner in range(3))
    away = (np.cross(second - first, third - first) * (first - centres[triangles[:, 0]])).sum()
    return triangles if away > 0 else triangles[:, [0, 2, 1]]
