"""A dummy's looks apart from the head's shape: skin, hair, brows, beard, glasses and shirt, drawn from a seed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from faced.dummy.shape import Shape

#: (3,) BGR, 0 to 1.
Colour = NDArray[np.float32]


class Hairstyle(StrEnum):
    """How the hair is worn."""

    BALD = "bald"
    SHORT = "short"
    MEDIUM = "medium"
    LONG = "long"


@dataclass(frozen=True)
class Frames:
    """Spectacles: half width and half height of a lens in dm, how square it is (2 is an ellipse), colour and gauge."""

    width_dm: float
    height_dm: float
    squareness: float
    gauge_dm: float
    colour: Colour


@dataclass(frozen=True)
class Looks:
    """Colours, and the few figures that hair, beard and clothes are made from.

    ``stubble`` and ``beard`` are opacities; ``hairline_dm`` is the height of the hair above the forehead, ``parting``
    its slant; ``neckline_dm`` the height of the shirt's edge at the throat.
    """

    skin: Colour
    hair: Colour
    brows: Colour
    iris: Colour
    lips: Colour
    shirt: Colour
    hairstyle: Hairstyle
    hairline_dm: float
    hair_thickness_dm: float
    parting: float
    stubble: float
    beard: float
    glasses: Frames
    wears_glasses: bool
    neckline_dm: float


def rgb(*values: int) -> Colour:
    """A colour from the usual red, green and blue bytes."""
    return (np.array(values[::-1]) / 255).astype(np.float32)


_SKINS = np.stack([rgb(238, 201, 180), rgb(226, 184, 154), rgb(196, 148, 114), rgb(140, 95, 68), rgb(92, 62, 46)])
_BLACK, _DARK, _BROWN = rgb(20, 18, 17), rgb(38, 28, 24), rgb(60, 42, 30)
_LIGHT_BROWN, _FAIR, _RED, _GREY = rgb(95, 68, 45), rgb(150, 118, 78), rgb(110, 55, 30), rgb(128, 126, 124)
_DARK_HAIR = ((_BLACK, _DARK, _BROWN), (0.55, 0.33, 0.12))
_ANY_HAIR = ((_DARK, _BROWN, _LIGHT_BROWN, _FAIR, _RED), (0.3, 0.3, 0.22, 0.12, 0.06))
_DARK_EYES = ((rgb(70, 45, 28), rgb(50, 35, 25), rgb(88, 58, 34)), (0.5, 0.35, 0.15))
_ANY_EYES = ((rgb(70, 45, 28), rgb(95, 62, 35), rgb(85, 105, 80), rgb(90, 115, 140)), (0.4, 0.2, 0.2, 0.2))
_MEN = ((Hairstyle.SHORT, Hairstyle.MEDIUM, Hairstyle.BALD), (0.68, 0.24, 0.08))
_WOMEN = ((Hairstyle.LONG, Hairstyle.MEDIUM, Hairstyle.SHORT), (0.5, 0.27, 0.23))
_THICKNESS_DM = {
    Hairstyle.BALD: (0.0, 0.0),
    Hairstyle.SHORT: (0.06, 0.16),
    Hairstyle.MEDIUM: (0.16, 0.28),
    Hairstyle.LONG: (0.15, 0.25),
}


def draw_looks(seed: int, shape: Shape) -> Looks:
    """The looks of a seed, agreeing with the shape's sex, age and ancestry."""
    rng = np.random.default_rng([104729, seed])
    male = shape.male
    darkness = float(np.clip(np.dot(shape.ancestry, [0.12, 0.85, 0.27]) + rng.normal(0, 0.07), 0, 1))
    place = darkness * (len(_SKINS) - 1)
    step = min(int(place), len(_SKINS) - 2)
    skin = _SKINS[step] * (1 - (place - step)) + _SKINS[step + 1] * (place - step)
    fair = shape.ancestry[0] > 0.6
    hair = _pick(rng, *(_ANY_HAIR if fair else _DARK_HAIR))
    if rng.random() < shape.age * 0.9:
        hair = hair + (_GREY - hair) * np.float32(rng.uniform(0.3, 0.9))
    iris = _pick(rng, *(_ANY_EYES if fair else _DARK_EYES))
    rosy = np.float32(0.0 if male else rng.random())
    lips = skin * np.array([0.72, 0.62, 0.88], np.float32) + rosy * np.array([0.02, -0.03, 0.05], np.float32)
    styles, chances = _MEN if male else _WOMEN
    hairstyle = styles[int(rng.choice(len(styles), p=chances))]
    receding = male and rng.random() < 0.1 + 0.5 * shape.age
    metal = rng.random() < 0.3
    frame_colour = np.array([0.45, 0.45, 0.47], np.float32) if metal else _BLACK * np.float32(0.5) + np.float32(0.04)
    return Looks(
        skin=skin,
        hair=hair,
        brows=(hair * 0.75 + 0.02).astype(np.float32),
        iris=iris,
        lips=np.clip(lips, 0, 1),
        shirt=np.clip(rng.uniform(0.2, 0.85) * np.clip(1 + rng.normal(0, 0.18, 3), 0.6, 1.4), 0, 1).astype(np.float32),
        hairstyle=hairstyle,
        hairline_dm=float(rng.normal(8.0, 0.06)) + (float(rng.uniform(0.06, 0.2)) if receding else 0.0),
        hair_thickness_dm=float(rng.uniform(*_THICKNESS_DM[hairstyle])),
        parting=float(rng.normal(0, 0.07)),
        stubble=float(rng.uniform(0, 0.3)) if male else 0.0,
        beard=0.9 if male and rng.random() < 0.1 else 0.0,
        glasses=Frames(
            width_dm=float(rng.uniform(0.26, 0.30)),
            height_dm=float(rng.uniform(0.18, 0.23)),
            squareness=float(rng.uniform(2.2, 4.5)),
            gauge_dm=0.010 if metal else float(rng.uniform(0.014, 0.022)),
            colour=frame_colour,
        ),
        wears_glasses=bool(rng.random() < 0.25),
        neckline_dm=float(rng.uniform(5.4, 5.75)),
    )


def _pick(rng: np.random.Generator, colours: tuple[Colour, ...], chances: tuple[float, ...]) -> Colour:
    return colours[int(rng.choice(len(colours), p=chances))]
