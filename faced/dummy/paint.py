"""The paint on a dummy's head: skin with blemishes, brows, stubble and beard on a cylinder around the base mesh.

The paint lies on the shared mesh before it is morphed, so it moves with the features that it belongs to.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from faced.dummy.head import AROUND_DM, HEIGHT_DM, smooth
from faced.dummy.looks import Looks
from faced.dummy.raster import Floats

TEXELS_PER_DM = 200
#: How the strand channel stores its value: byte = middle + scale * value.
STRAND_MIDDLE, STRAND_SCALE = 128, 32
_WIDTH = int((AROUND_DM[1] - AROUND_DM[0]) * TEXELS_PER_DM)
_HEIGHT = int((HEIGHT_DM[1] - HEIGHT_DM[0]) * TEXELS_PER_DM)
_SUBPIXEL_BITS = 4


def paint(looks: Looks, rng: np.random.Generator) -> NDArray[np.uint8]:
    """(600, 800, 4) uint8: blue, green, red of the skin, and how light each hair strand is (:data:`STRAND_MIDDLE`)."""
    around = np.linspace(*AROUND_DM, _WIDTH, endpoint=False, dtype=np.float32) + np.float32(0.5 / TEXELS_PER_DM)
    height = np.linspace(*HEIGHT_DM[::-1], _HEIGHT, endpoint=False, dtype=np.float32) - np.float32(0.5 / TEXELS_PER_DM)
    u, v = np.meshgrid(np.abs(around), height)
    grain = rng.standard_normal((_HEIGHT, _WIDTH), dtype=np.float32)
    skin = _skin(looks, u, v, grain, rng)
    if looks.stubble or looks.beard:
        hairs = _beard_region(u, v) * min(looks.stubble + looks.beard, 0.9) * (1 + 0.35 * grain)
        skin = _over(skin, looks.hair * 0.8 + looks.skin * 0.12, np.clip(hairs, 0, 0.95))
    skin = _over(skin, looks.brows, _brows(looks.stubble > 0, rng))
    strands = cv2.resize(
        rng.standard_normal((12, _WIDTH // 2), dtype=np.float32), (_WIDTH, _HEIGHT), interpolation=cv2.INTER_CUBIC
    )
    strands = strands + 0.6 * _cloud(rng, 10, 2)
    layers = np.dstack([skin * 255, STRAND_MIDDLE + STRAND_SCALE * strands])
    return np.clip(np.round(layers), 0, 255).astype(np.uint8)


def texel(around: Floats, height: Floats) -> tuple[Floats, Floats]:
    """Column and row in the paint of points on the cylinder."""
    columns = (around - np.float32(AROUND_DM[0])) * np.float32(TEXELS_PER_DM)
    rows = (np.float32(HEIGHT_DM[1]) - height) * np.float32(TEXELS_PER_DM)
    return columns, rows


def _over(below: Floats, colour: Floats, opacity: NDArray[np.floating]) -> Floats:
    share = opacity.astype(np.float32)[..., None]
    return np.asarray(below * (1 - share) + colour * share, np.float32)


def _cloud(rng: np.random.Generator, cell_px: int, octaves: int) -> Floats:
    """(600, 800) smooth noise of unit deviation."""
    total = np.zeros((_HEIGHT, _WIDTH), np.float32)
    for octave in range(octaves):
        cell = max(1, cell_px / 2**octave)
        coarse = rng.standard_normal((int(_HEIGHT / cell) + 3, int(_WIDTH / cell) + 3), dtype=np.float32)
        total += 0.5**octave * cv2.resize(coarse, (_WIDTH, _HEIGHT), interpolation=cv2.INTER_CUBIC)
    return np.asarray(total / total.std(), np.float32)


def _skin(looks: Looks, u: Floats, v: Floats, grain: Floats, rng: np.random.Generator) -> Floats:
    mottle = 1 + 0.030 * _cloud(rng, 60, 3) + 0.018 * _cloud(rng, 6, 2) + 0.012 * grain
    skin = looks.skin * mottle[..., None]
    blush = np.exp(-(((u - 0.45) / 0.25) ** 2 + ((v - 6.95) / 0.22) ** 2))
    blush += 0.8 * np.exp(-((u / 0.14) ** 2 + ((v - 6.92) / 0.14) ** 2))
    skin *= 1 - blush[..., None] * np.array([0.08, 0.09, 0.0], np.float32)
    socket = np.exp(-(((u - 0.33) / 0.2) ** 2 + ((v - 7.33) / 0.11) ** 2)) * rng.uniform(0.25, 0.6)
    skin *= 1 - socket[..., None] * np.array([0.16, 0.18, 0.12], np.float32)
    skin = np.ascontiguousarray(skin, np.float32)
    for _mole in range(int(rng.integers(0, 6))):
        at = (_column(rng.uniform(-0.7, 0.7)), _row(rng.uniform(6.2, 7.9)))
        cv2.circle(skin, at, int(rng.integers(1, 3)), (looks.skin * 0.55).tolist(), -1, cv2.LINE_AA)
    return skin


def _beard_region(u: Floats, v: Floats) -> NDArray[np.floating]:
    jaw = 6.13 + 0.28 * np.clip(u - 0.25, 0, 1)
    cheeks = smooth(6.78, 6.62, v) * smooth(1.45, 1.15, u)
    moustache = np.exp(-((u / 0.3) ** 2 + ((v - 6.775) / 0.045) ** 2) * 1.2) * 0.9
    region = np.maximum(cheeks * smooth(0.30, 0.42, u + np.maximum(0, 6.47 - v) * 1.2), moustache)
    region = np.maximum(region, smooth(6.42, 6.36, v) * smooth(1.2, 0.9, u))
    sideburns = smooth(0.95, 1.15, u) * smooth(1.5, 1.3, u) * smooth(7.2, 7.0, v) * smooth(6.0, 6.3, v)
    return np.asarray(np.maximum(region, sideburns) * smooth(jaw - 0.06, jaw + 0.05, v))


def _brows(strong: bool, rng: np.random.Generator) -> NDArray[np.floating]:
    """(600, 800) opacity of brows drawn hair by hair."""
    layer = np.zeros((_HEIGHT, _WIDTH), np.float32)
    thickness = rng.uniform(0.016, 0.036) * (1.1 if strong else 0.8)
    arch, tail = rng.uniform(0.0, 0.055), rng.uniform(-0.03, 0.03)
    inner, outer = rng.uniform(0.10, 0.16), rng.uniform(0.54, 0.64)
    base = 7.475 + rng.normal(0, 0.015)
    for side in (-1, 1):
        for along in np.linspace(0, 1, 190):
            falling = max(along - 0.72, 0) / 0.28
            x = inner + (outer - inner) * along
            y = base + arch * np.sin(min(along / 0.72, 1) * np.pi / 2) - falling**2 * (arch * 0.7 + tail + 0.02)
            half = thickness * (1 - 0.62 * max(along - 0.35, 0) / 0.65) * (0.75 + 0.25 * min(along / 0.15, 1))
            for _hair in range(2):
                y_hair = y + rng.uniform(-1, 1) * half
                angle = np.deg2rad(70 - 75 * along + rng.normal(0, 10))
                reach = (0.0225 + 0.01 * rng.random()) * np.array([np.cos(angle), np.sin(angle)])
                ends = [
                    (_column(side * (x + sign * reach[0]), 16), _row(y_hair + sign * reach[1], 16)) for sign in (-1, 1)
                ]
                cv2.line(layer, ends[0], ends[1], 1.0, 1, cv2.LINE_AA, _SUBPIXEL_BITS)
    soft = cv2.GaussianBlur(layer, (0, 0), 1.1) * 1.5
    return np.asarray(np.clip(soft, 0, 1) * rng.uniform(0.75, 0.95))


def _column(around: float, parts: int = 1) -> int:
    return int((around - AROUND_DM[0]) * TEXELS_PER_DM * parts)


def _row(height: float, parts: int = 1) -> int:
    return int((HEIGHT_DM[1] - height) * TEXELS_PER_DM * parts)
