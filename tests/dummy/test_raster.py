"""The rasteriser: exact pixels, the nearest wins, no holes."""

from __future__ import annotations

import numpy as np
import pytest

from faced.dummy.raster import Floats, Fragments, Ints, rasterise

SQUARE = np.array([[2, 2, 0], [2, 6, 0], [6, 6, 0], [6, 2, 0]], np.float32)
TWO_TRIANGLES = np.array([[0, 1, 2], [0, 2, 3]], np.int32)


def drawn(points: Floats, triangles: Ints, *, cull: bool = True) -> Fragments:
    return rasterise(points, triangles, 10, 8, cull=cull)


def test_a_square_covers_its_pixels_each_once() -> None:
    fragments = drawn(SQUARE, TWO_TRIANGLES)
    expected = [row * 10 + column for row in range(2, 6) for column in range(2, 6)]
    assert sorted(fragments.pixel) == expected


def test_a_triangle_seen_from_behind_is_not_drawn_unless_asked() -> None:
    turned = TWO_TRIANGLES[:, [0, 2, 1]]
    assert len(drawn(SQUARE, turned).pixel) == 0
    assert len(drawn(SQUARE, turned, cull=False).pixel) == 16


def test_the_nearer_of_two_squares_is_seen() -> None:
    farther = SQUARE + np.array([1, 1, -1], np.float32)
    points = np.concatenate([SQUARE, farther])
    for order in ([TWO_TRIANGLES, TWO_TRIANGLES + 4], [TWO_TRIANGLES + 4, TWO_TRIANGLES]):
        triangles = np.concatenate(order)
        fragments = drawn(points, triangles)
        here = fragments.pixel == 4 * 10 + 4
        assert triangles[fragments.triangle[here][0]].max() < 4


def test_values_are_interpolated_linearly_at_pixel_centres() -> None:
    fragments = drawn(SQUARE, TWO_TRIANGLES)
    values = fragments.interpolate(SQUARE[:, :2].T)
    assert values[0] == pytest.approx(fragments.pixel % 10 + 0.5, abs=1e-5)
    assert values[1] == pytest.approx(fragments.pixel // 10 + 0.5, abs=1e-5)


def test_a_bulging_mesh_has_no_holes() -> None:
    side = 40
    across, down = np.meshgrid(np.linspace(5.3, 94.1, side), np.linspace(4.7, 95.9, side))
    depth = -(((across - 50) / 30) ** 2 + ((down - 50) / 30) ** 2)
    points = np.stack([across, down, depth], -1).reshape(-1, 3).astype(np.float32)
    corner = (np.arange(side - 1)[:, None] * side + np.arange(side - 1)).ravel()
    triangles = np.concatenate(
        [np.stack([corner, corner + side, corner + 1], 1), np.stack([corner + 1, corner + side, corner + side + 1], 1)]
    ).astype(np.int32)
    seen = np.zeros(100 * 100, bool)
    fragments = rasterise(points, triangles, 100, 100)
    seen[fragments.pixel] = True
    assert seen.reshape(100, 100)[6:95, 6:93].all()
    assert len(np.unique(fragments.pixel)) == len(fragments.pixel)


def test_what_is_outside_of_the_picture_is_cut_off() -> None:
    fragments = drawn(SQUARE + np.array([6, 5, 0], np.float32), TWO_TRIANGLES)
    assert sorted(fragments.pixel) == [78, 79]
