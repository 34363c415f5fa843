"""Pictures on surfaces before the camera: sheets of paper, screens, and whatever a photo is glued or projected onto."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from faced.dummy.raster import Floats, Ints, rasterise
from faced.dummy.render import room_brightness
from faced.dummy.scene import Light, Picture

_REMAP_WIDTH = 1024


@dataclass(frozen=True)
class Surface:
    """A textured mesh as the camera sees it.

    :param points: (n, 3) column px, row px, and minus the distance along the lens axis in dm.
    :param facing: (n, 3) unit normals, x to the right of the picture, y up, z to the camera.
    :param texture: (n, 2) column and row in the picture that is on it, px; may lie outside, which is margin or bezel.
    :param triangles: (t, 3).
    :param two_sided: drawn from behind as well, as paper is; a solid hides its own back.
    """

    points: Floats
    facing: Floats
    texture: Floats
    triangles: Ints
    two_sided: bool = True


@dataclass(frozen=True)
class Finish:
    """What the surface is made of.

    :param screen: a display (dark bezel, moire, its own light) instead of paper (white margin, raster dots).
    :param glare: reflections of the lamp on it.
    :param flicker: phase of a screen's moire pattern, in radians.
    """

    screen: bool = False
    glare: float = 1.0
    flicker: float = 0.0


def draw_surface(
    image: Floats,
    surface: Surface,
    picture: Picture,
    finish: Finish,
    light: Light,
    *,
    reduced: float,
    holes: NDArray[np.bool_] | None = None,
) -> None:
    """Draw over ``image`` (h, w, 3) float32; what is there already is behind.

    :param picture: (height, width, 3) uint8 BGR.
    :param reduced: pixels of the picture for one of the image, about: it is softened as far.
    :param holes: (height, width) where the picture has been cut out and what is behind shows.
    """
    away = -surface.points[:, 2]
    u_px, v_px = surface.texture.T
    received, shine = _lit(surface.facing, light)
    # Picture coordinates over distance are linear on the screen, the coordinates themselves are not.
    values = np.stack([u_px / away, v_px / away, 1 / away, received, shine]).astype(np.float32)
    high, wide = image.shape[:2]
    fragments = rasterise(surface.points, surface.triangles, wide, high, cull=not surface.two_sided)
    u_far, v_far, far, lit, shining = fragments.interpolate(values)
    u, v, pixel = u_far / far, v_far / far, fragments.pixel
    height_px, width_px = picture.shape[:2]
    if holes is not None:
        inside = (u >= 0) & (v >= 0) & (u < width_px) & (v < height_px)
        cut = np.zeros(len(u), np.bool_)
        cut[inside] = holes[v[inside].astype(int), u[inside].astype(int)]
        u, v, lit, shining, pixel = (values[~cut] for values in (u, v, lit, shining, pixel))
    colour = _sampled(picture, u, v, reduced)
    outside = (u < 0) | (v < 0) | (u >= width_px) | (v >= height_px)
    if finish.screen:
        colour = _on_screen(colour, u, v, outside, finish.flicker) + 0.12 * finish.glare * shining[:, None]
    else:
        dots = 1 + 0.02 * np.sin(u * 2.1) * np.sin(v * 2.1)
        colour = 0.06 + 0.86 * colour
        colour[outside] = 0.93
        colour = colour * dots[:, None] * lit[:, None] * room_brightness(light) + 0.25 * finish.glare * shining[:, None]
    image.reshape(-1, 3)[pixel] = colour


def normals_of(surface: NDArray[np.floating]) -> Floats:
    """(rows * columns, 3) unit normals towards the camera of a (rows, columns, 3) grid of points."""
    normal = np.cross(np.gradient(surface, axis=0), np.gradient(surface, axis=1)).reshape(-1, 3)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    return np.asarray(normal * np.sign(normal[:, 2:3]), np.float32)


def _lit(facing: Floats, light: Light) -> tuple[Floats, Floats]:
    """(n,) how bright matt paper is that faces so, and how much of the lamp is reflected in it."""
    towards = light.direction
    halfway = towards + np.array([0, 0, 1], np.float32)
    halfway /= np.linalg.norm(halfway)
    return 0.45 + 0.6 * np.clip(facing @ towards, 0, 1), np.clip(facing @ halfway, 0, 1) ** 60


@functools.lru_cache(maxsize=2)
def _softened(data: bytes, height: int, width: int, blur_px: float) -> Floats:
    picture = np.frombuffer(data, np.uint8).reshape(height, width, 3).astype(np.float32) / 255
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), blur_px) if blur_px > 0.3 else picture, np.float32)


def _sampled(picture: Picture, u: Floats, v: Floats, reduced: float) -> Floats:
    """(m, 3) the picture at (u, v), softened first as far as it is reduced."""
    blur_px = round(0.45 * reduced, 1) if reduced > 1.3 else 0.0
    source = _softened(picture.tobytes(), *picture.shape[:2], blur_px)
    folded = -(-len(u) // _REMAP_WIDTH) * _REMAP_WIDTH
    maps = [np.resize(axis, folded).reshape(-1, _REMAP_WIDTH).astype(np.float32) for axis in (u, v)]
    colour = cv2.remap(source, maps[0], maps[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(colour.reshape(-1, 3)[: len(u)], np.float32)


def _on_screen(colour: Floats, u: Floats, v: Floats, outside: NDArray[np.bool_], flicker: float) -> Floats:
    moire = 1 + 0.06 * np.sin(u * 1.93 + v * 0.07 + flicker) * np.sin(v * 1.87)
    shining = colour**1.05 * np.array([1.11, 1.05, 1.01], np.float32) * moire[:, None] + 0.03
    shining[outside] = 0.03
    return np.asarray(shining, np.float32)
