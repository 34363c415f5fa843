"""An exact z-buffer rasteriser in NumPy: triangles -> for every covered pixel the nearest triangle and where in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]

_FLAT = 1e-5
_LEVEL = 1e-6
_BEHIND_ALL = np.float32(-1e9)


@dataclass(frozen=True)
class Fragments:
    """What is seen at each covered pixel.

    ``pixel`` (m,) int32 flat index (row * width + column), ``triangle`` (m,) int32 index of the triangle,
    ``corners`` (m, 3) its vertices, ``weights`` (m, 2) float32 of the second and third corner,
    ``depth`` (height * width,) float32, larger is nearer, -1e9 where nothing is.
    """

    pixel: Ints
    triangle: Ints
    corners: Ints
    weights: Floats
    depth: Floats

    def interpolate(self, values: Floats) -> Floats:
        """Vertex values (k, n) at the covered pixels (k, m)."""
        first, second, third = (np.ascontiguousarray(self.corners[:, corner]) for corner in range(3))
        second_share, third_share = (np.ascontiguousarray(self.weights[:, which]) for which in range(2))
        first_share = 1 - second_share - third_share
        result = np.empty((len(values), len(first)), np.float32)
        for vertex_value, pixel_value in zip(values, result, strict=True):
            np.multiply(vertex_value.take(first), first_share, out=pixel_value)
            pixel_value += vertex_value.take(second) * second_share
            pixel_value += vertex_value.take(third) * third_share
        return result


def rasterise(points: Floats, triangles: Ints, width: int, height: int, *, cull: bool = True) -> Fragments:
    """Draw triangles; pixel centres are at half coordinates, as in OpenGL.

    :param points: (n, 3) float32: column px, row px, depth (larger is nearer).
    :param triangles: (t, 3) vertex indices; counter-clockwise seen from the front.
    :param cull: leave out triangles seen from behind; otherwise both sides are drawn.
    """
    # All of this stays float32 on purpose: float64 would creep in through int32 pixel coordinates, and then two
    # evaluations of the same depth differ and the test below drops pixels at random.
    x, y, z = (points[:, axis].astype(np.float32)[triangles] for axis in range(3))
    area = (x[:, 1] - x[:, 0]) * (y[:, 2] - y[:, 0]) - (x[:, 2] - x[:, 0]) * (y[:, 1] - y[:, 0])
    top = np.maximum(np.ceil(y.min(1) - 0.5), 0).astype(np.int32)
    bottom = np.minimum(np.floor(y.max(1) - 0.5), height - 1).astype(np.int32)
    facing = area < -_FLAT if cull else np.abs(area) > _FLAT
    seen = np.nonzero(facing & (bottom >= top) & (x.max(1) > 0) & (x.min(1) < width))[0].astype(np.int32)
    corners = triangles[seen].astype(np.int32)
    x, y, z, area, top, bottom = x[seen], y[seen], z[seen], area[seen], top[seen], bottom[seen]
    if not cull:
        turned = area > 0
        for values in (x, y, z, corners):
            values[turned] = values[turned][:, [0, 2, 1]]
        area = -np.abs(area)

    of, row, left, right = _spans(x, y, top, bottom, width)
    run = right - left + 1
    span = np.repeat(np.arange(len(of), dtype=np.int32), run)
    column = _counting(run) + left[span]
    triangle, row = of[span], row[span]
    pixel = row * np.int32(width) + column

    per_area = (1 / area).astype(np.float32)
    x0, y0 = x[:, 0], y[:, 0]
    second_x, second_y = (y[:, 2] - y0) * per_area, -(x[:, 2] - x0) * per_area
    third_x, third_y = -(y[:, 1] - y0) * per_area, (x[:, 1] - x0) * per_area
    slope_x = second_x * (z[:, 1] - z[:, 0]) + third_x * (z[:, 2] - z[:, 0])
    slope_y = second_y * (z[:, 1] - z[:, 0]) + third_y * (z[:, 2] - z[:, 0])
    offset = z[:, 0] - slope_x * (x0 - np.float32(0.5)) - slope_y * (y0 - np.float32(0.5))
    nearness = offset[triangle] + slope_x[triangle] * column.astype(np.float32)
    nearness += slope_y[triangle] * row.astype(np.float32)

    depth = np.full(width * height, _BEHIND_ALL, np.float32)
    np.maximum.at(depth, pixel, nearness)
    won = nearness >= depth[pixel]
    pixel, triangle = pixel[won], triangle[won]
    # Where two triangles tie (a shared edge), one of them has the pixel.
    owner = np.full(width * height, -1, np.int32)
    turn = np.arange(len(pixel), dtype=np.int32)
    owner[pixel] = turn
    alone = owner[pixel] == turn
    pixel, triangle = pixel[alone], triangle[alone]

    across = (pixel % width).astype(np.float32) + np.float32(0.5) - x0[triangle]
    down = (pixel // width).astype(np.float32) + np.float32(0.5) - y0[triangle]
    weights = np.stack(
        [
            second_x[triangle] * across + second_y[triangle] * down,
            third_x[triangle] * across + third_y[triangle] * down,
        ],
        axis=1,
    )
    return Fragments(pixel, seen[triangle], corners[triangle], weights, depth)


def _counting(runs: Ints) -> Ints:
    """0, 1, .. run-1 for each run, one after the other."""
    ends = np.cumsum(runs, dtype=np.int32)
    return np.arange(ends[-1] if len(ends) else 0, dtype=np.int32) - np.repeat(ends - runs, runs)


def _spans(x: Floats, y: Floats, top: Ints, bottom: Ints, width: int) -> tuple[Ints, Ints, Ints, Ints]:
    """For each row that a triangle crosses: the triangle, the row, and the first and last pixel inside."""
    rows = bottom - top + 1
    of = np.repeat(np.arange(len(top), dtype=np.int32), rows)
    row = _counting(rows) + top[of]
    centre = row.astype(np.float32) + np.float32(0.5)
    low = np.full(len(of), -1e6, np.float32)
    high = np.full(len(of), 1e6, np.float32)
    for start, end in ((0, 1), (1, 2), (2, 0)):
        rise = y[:, end] - y[:, start]
        steep = np.abs(rise) > _LEVEL
        slope = np.where(steep, (x[:, end] - x[:, start]) / np.where(steep, rise, 1), 0).astype(np.float32)
        crossing = (x[:, start] - slope * y[:, start])[of] + slope[of] * centre
        up = rise[of]
        np.minimum(high, crossing, out=high, where=up < -_LEVEL)
        np.maximum(low, crossing, out=low, where=up > _LEVEL)
    left = np.maximum(np.ceil(low - 0.5), 0).astype(np.int32)
    right = np.minimum(np.ceil(high - 0.5) - 1, width - 1).astype(np.int32)
    some = right >= left
    return of[some], row[some], left[some], right[some]
