"""The shape of one dummy's head: how strongly each morph target of the shared mesh is applied, drawn from a seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: Targets that exist in two directions, and the standard deviation of their weight at spread 1. ``*`` stands for the
#: side (both get nearly the same), ``:a:b`` names the directions where they are not decr and incr.
DIRECTIONS: tuple[tuple[str, float], ...] = (
    ("head/head-scale-horiz", 0.55),
    ("head/head-scale-vert", 0.45),
    ("head/head-scale-depth", 0.3),
    ("head/head-fat", 0.35),
    ("head/head-angle:in:out", 0.2),
    ("forehead/forehead-scale-vert", 0.3),
    ("forehead/forehead-temple", 0.4),
    ("forehead/forehead-nubian", 0.3),
    ("eyebrows/eyebrows-trans:down:up", 0.4),
    ("eyebrows/eyebrows-angle:down:up", 0.2),
    ("chin/chin-bones", 0.5),
    ("chin/chin-height", 0.5),
    ("chin/chin-jaw-drop", 0.4),
    ("chin/chin-prognathism", 0.3),
    ("chin/chin-prominent", 0.4),
    ("chin/chin-width", 0.6),
    ("cheek/*-cheek-bones", 0.5),
    ("cheek/*-cheek-volume", 0.4),
    ("cheek/*-cheek-inner", 0.3),
    ("cheek/*-cheek-trans:down:up", 0.3),
    ("ears/*-ear-scale", 0.4),
    ("ears/*-ear-wing", 0.4),
    ("ears/*-ear-lobe", 0.4),
    ("eyes/*-eye-scale", 0.35),
    ("eyes/*-eye-height1", 0.4),
    ("eyes/*-eye-height2", 0.4),
    ("eyes/*-eye-height3", 0.4),
    ("eyes/*-eye-trans:in:out", 0.55),
    ("eyes/*-eye-trans:down:up", 0.45),
    ("eyes/*-eye-corner1:down:up", 0.4),
    ("eyes/*-eye-corner2:down:up", 0.4),
    ("eyes/*-eye-push1:in:out", 0.3),
    ("eyes/*-eye-eyefold-angle:down:up", 0.4),
    ("eyes/*-eye-epicanthus:in:out", 0.3),
    ("eyes/*-eye-bag", 0.3),
    ("nose/nose-scale-horiz", 0.5),
    ("nose/nose-scale-vert", 0.55),
    ("nose/nose-scale-depth", 0.4),
    ("nose/nose-width1", 0.5),
    ("nose/nose-width2", 0.5),
    ("nose/nose-width3", 0.5),
    ("nose/nose-point-width", 0.5),
    ("nose/nose-point:down:up", 0.4),
    ("nose/nose-base:down:up", 0.4),
    ("nose/nose-hump", 0.4),
    ("nose/nose-greek", 0.3),
    ("nose/nose-curve:concave:convex", 0.4),
    ("nose/nose-trans:down:up", 0.5),
    ("nose/nose-volume", 0.4),
    ("nose/nose-flaring", 0.4),
    ("nose/nose-nostrils-width", 0.4),
    ("nose/nose-septumangle", 0.3),
    ("mouth/mouth-scale-horiz", 0.55),
    ("mouth/mouth-scale-vert", 0.4),
    ("mouth/mouth-trans:down:up", 0.5),
    ("mouth/mouth-upperlip-height", 0.4),
    ("mouth/mouth-lowerlip-height", 0.4),
    ("mouth/mouth-upperlip-volume", 0.4),
    ("mouth/mouth-lowerlip-volume", 0.4),
    ("mouth/mouth-upperlip-width", 0.4),
    ("mouth/mouth-lowerlip-width", 0.4),
    ("mouth/mouth-angles:down:up", 0.4),
    ("mouth/mouth-cupidsbow", 0.4),
    ("mouth/mouth-cupidsbow-width", 0.4),
    ("mouth/mouth-laugh-lines:in:out", 0.3),
    ("mouth/mouth-philtrum-volume", 0.3),
    ("neck/neck-scale-horiz", 0.3),
    ("neck/neck-double", 0.2),
)
OUTLINES = ("oval", "round", "square", "rectangular", "triangular", "invertedtriangular", "diamond")
ANCESTRIES = ("caucasian", "african", "asian")
#: Facial movements that the renderer uses.
MOVEMENTS = (
    "eyeBlinkLeft",
    "eyeBlinkRight",
    "eyeSquintLeft",
    "eyeSquintRight",
    "mouthSmileLeft",
    "mouthSmileRight",
    "jawOpen",
    "browInnerUp",
    "browOuterUpLeft",
    "browOuterUpRight",
)


@dataclass(frozen=True)
class Shape:
    """One head's shape: target name -> weight, and what the looks must agree with.

    ``age`` 0 is about 25 years and 1 about 70; ``ancestry`` shares of :data:`ANCESTRIES` sum to 1.
    """

    weights: dict[str, float]
    male: bool
    age: float
    ancestry: tuple[float, float, float]


def draw_shape(seed: int, spread: float) -> Shape:
    """The shape of a seed.

    :param spread: how much heads differ; above 0.75 faces grow odd and dlib's landmarks fail more than they gain.
    """
    rng = np.random.default_rng([7919, seed])
    male = bool(rng.random() < 0.5)
    manly = float(np.clip(rng.normal(0.88, 0.12), 0.5, 1))
    manly = manly if male else 1 - manly
    age = float(rng.uniform(0, 0.55))
    ancestry = rng.dirichlet([0.45, 0.25, 0.6])
    muscle = float(rng.uniform(0, 0.6))
    heaviness = float(np.clip(rng.normal(0, 0.5), -1, 1))
    weights: dict[str, float] = {}
    for gender, gender_share in (("male", manly), ("female", 1 - manly)):
        for stage, stage_share in (("old", age), ("young", 1 - age)):
            share = gender_share * stage_share
            for name, part in zip(ANCESTRIES, ancestry, strict=True):
                weights[f"macro/{name}-{gender}-{stage}"] = share * float(part)
            universal = f"macro/universal-{gender}-{stage}"
            weights[f"{universal}-maxmuscle-averageweight"] = share * muscle * (1 - abs(heaviness))
            extreme = "max" if heaviness > 0 else "min"
            weights[f"{universal}-averagemuscle-{extreme}weight"] = share * abs(heaviness) * (1 - muscle)
    for name, deviation in DIRECTIONS:
        value = float(np.clip(rng.normal(0, deviation * spread), -0.95, 0.95))
        sides = ("l", "r") if "*" in name else ("",)
        for side in sides:
            sided = value + (float(rng.normal(0, 0.06)) if side else 0.0)
            weights[directed(name.replace("*", side), sided)] = abs(sided)
    weights["head/head-" + OUTLINES[int(rng.integers(len(OUTLINES)))]] = float(rng.uniform(0, 0.7)) * spread
    first, second, third = (float(part) for part in ancestry)
    return Shape(weights, male, age, (first, second, third))


def blended(one: Shape, other: Shape, share: float) -> Shape:
    """A shape between two: ``one`` at 0, ``other`` at 1; it looks like a relative of the nearer one."""
    names = sorted({*one.weights, *other.weights})
    weights = {name: (1 - share) * one.weights.get(name, 0.0) + share * other.weights.get(name, 0.0) for name in names}
    nearer = one if share < 0.5 else other
    mixed = [(1 - share) * a + share * b for a, b in zip(one.ancestry, other.ancestry, strict=True)]
    age = (1 - share) * one.age + share * other.age
    return Shape(weights, nearer.male, age, (mixed[0], mixed[1], mixed[2]))


def directed(name: str, value: float) -> str:
    """The target for a direction of :data:`DIRECTIONS`: which of the two the sign of ``value`` means."""
    stem, *ends = name.split(":")
    low, high = ends or ("decr", "incr")
    return f"{stem}-{high if value > 0 else low}"


def used_targets() -> set[str]:
    """The names of all targets that a shape or an expression can ask for; the rest of MakeHuman is not shipped."""
    names = {f"arkit/{movement}" for movement in MOVEMENTS} | {f"head/head-{outline}" for outline in OUTLINES}
    for gender in ("male", "female"):
        for stage in ("old", "young"):
            names |= {f"macro/{name}-{gender}-{stage}" for name in ANCESTRIES}
            universal = f"macro/universal-{gender}-{stage}"
            names |= {f"{universal}-maxmuscle-averageweight"}
            names |= {f"{universal}-averagemuscle-{extreme}weight" for extreme in ("max", "min")}
    for name, _deviation in DIRECTIONS:
        for side in ("l", "r") if "*" in name else ("",):
            names |= {directed(name.replace("*", side), value) for value in (-1.0, 1.0)}
    return names
