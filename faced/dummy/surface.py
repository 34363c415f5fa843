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


def draw_flat(
    image: Floats,
    corners: Floats,
    facing: Floats,
    margin_px: int,
    picture: Picture,
    finish: Finish,
    light: Light,
    *,
    reduced: float,
) -> None:
    """Draw a sheet that is not bent: the same as :func:`draw_surface` at a fifth of the cost.

    :param corners: (4, 2) column and row of the sheet's outer corners in ``image``: top left, top right, bottom left,
        bottom right.
    :param facing: (3,) its normal.
    :param margin_px: how much wider than the picture the sheet is on each side, px of the picture.
    """
    height_px, width_px = picture.shape[:2]
    received, shine = _lit(facing[None], light)
    source = _softened(picture.tobytes(), height_px, width_px, _blur_px(reduced))
    if finish.screen:
        sheet = _displayed(source, finish.flicker)
        bezel, reflected = 0.03, 0.12 * finish.glare * float(shine[0])
    else:
        bright = float(received[0] * room_brightness(light))
        sheet = _printed(picture.tobytes(), height_px, width_px, _blur_px(reduced)) * np.float32(bright)
        bezel, reflected = 0.93 * bright, 0.25 * finish.glare * float(shine[0])
    high, wide = height_px + 2 * margin_px, width_px + 2 * margin_px
    framed = np.full((high, wide, 3), bezel, np.float32)
    framed[margin_px:-margin_px, margin_px:-margin_px] = sheet
    framed += np.float32(reflected)
    # Pixel centres are whole numbers to OpenCV, half ones to the rasteriser.
    own = np.array([[0, 0], [wide, 0], [0, high], [wide, high]], np.float32) - np.float32(0.5)
    view = cv2.getPerspectiveTransform(own, (corners - 0.5).astype(np.float32))
    size = (image.shape[1], image.shape[0])
    cv2.warpPerspective(framed, view, size, dst=image, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_TRANSPARENT)


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


def _blur_px(reduced: float) -> float:
    return round(0.45 * reduced, 1) if reduced > 1.3 else 0.0


@functools.lru_cache(maxsize=2)
def _softened(data: bytes, height: int, width: int, blur_px: float) -> Floats:
    picture = np.frombuffer(data, np.uint8).reshape(height, width, 3).astype(np.float32) / 255
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), blur_px) if blur_px > 0.3 else picture, np.float32)


def _sampled(picture: Picture, u: Floats, v: Floats, reduced: float) -> Floats:
    """(m, 3) the picture at (u, v), softened first as far as it is reduced."""
    source = _softened(picture.tobytes(), *picture.shape[:2], _blur_px(reduced))
    folded = -(-len(u) // _REMAP_WIDTH) * _REMAP_WIDTH
    # Whole numbers are pixel centres to OpenCV.
    maps = [np.resize(axis - 0.5, folded).reshape(-1, _REMAP_WIDTH).astype(np.float32) for axis in (u, v)]
    colour = cv2.remap(source, maps[0], maps[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(colour.reshape(-1, 3)[: len(u)], np.float32)


def _on_screen(colour: Floats, u: Floats, v: Floats, outside: NDArray[np.bool_], flicker: float) -> Floats:
    moire = 1 + 0.06 * np.sin(u * 1.93 + v * 0.07 + flicker) * np.sin(v * 1.87)
    shining = colour**1.05 * np.array([1.11, 1.05, 1.01], np.float32) * moire[:, None] + 0.03
    shining[outside] = 0.03
    return np.asarray(shining, np.float32)


@functools.lru_cache(maxsize=2)
def _printed(data: bytes, height: int, width: int, blur_px: float) -> Floats:
    """(height, width, 3) the picture in ink on paper, in full light."""
    rows, columns = np.mgrid[:height, :width]
    dots = 1 + 0.02 * np.sin(columns * 2.1) * np.sin(rows * 2.1)
    return np.asarray((0.06 + 0.86 * _softened(data, height, width, blur_px)) * dots[..., None], np.float32)


def _displayed(colour: Floats, flicker: float) -> Floats:
    """(height, width, 3) the picture as a display shows it."""
    ahead, behind = _moire(*colour.shape[:2])
    moire = 1 + 0.06 * (ahead * np.float32(np.cos(flicker)) + behind * np.float32(np.sin(flicker)))
    shining = cv2.pow(colour, 1.05) * np.array([1.11, 1.05, 1.01], np.float32)
    return np.asarray(shining * moire[..., None] + np.float32(0.03), np.float32)


@functools.lru_cache(maxsize=2)
def _moire(height: int, width: int) -> tuple[Floats, Floats]:
    """The pattern of :func:`_on_screen` at its phase 0 and a quarter later."""
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    slanting, level = columns * 1.93 + rows * 0.07, np.sin(rows * 1.87)
    return (np.sin(slanting) * level).astype(np.float32), (np.cos(slanting) * level).astype(np.float32)
