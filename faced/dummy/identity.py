"""One member of staff who does not exist: a head's shape and looks, built from seeds and ready to be drawn."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from faced.dummy.hair import curtain, hair_edge
from faced.dummy.head import EYES, HeadModel, Part, head_model, normals, smooth
from faced.dummy.looks import Hairstyle, Looks, draw_looks
from faced.dummy.paint import paint
from faced.dummy.raster import Floats, rasterise
from faced.dummy.shape import Shape, blended, draw_shape
from faced.dummy.solid import Solid

SPREAD = 0.75
#: A lid needs this much of the squint target beside the blink target to close without a fold.
SQUINT_SHARE = 0.8
_MOVEMENTS = {Part.LEFT_EYE: "Left", Part.RIGHT_EYE: "Right"}


class Identity:
    """A dummy person. The same seeds give the same person, in every process.

    :param seed: the shape of the head; what a landmark predictor sees.
    :param spread: how much heads differ from each other; see :func:`faced.dummy.shape.draw_shape`.
    :param look_seed: skin, hair, glasses and clothes; ``seed`` if None.

    Attributes for the renderer: ``vertices`` (n, 3) dm at rest, ``hair_edge`` and ``shirt_edge`` (n,) signed distance
    from the edge of hair and shirt in dm (positive in the hair, negative in the shirt), ``paint`` (600, 800, 4),
    ``lid_travel`` part -> weight at which that eye is just closed, ``eyes`` part -> (3,) centre of the eyeball.
    """

    def __init__(self, seed: int, spread: float = SPREAD, look_seed: int | None = None) -> None:
        self._build(seed, seed if look_seed is None else look_seed, draw_shape(seed, spread))

    @classmethod
    def blend(cls, one: Identity, other: Identity, share: float) -> Identity:
        """A relative: the shape lies between two others' (0 is ``one``, 1 is ``other``), the looks are the nearer's.

        Hard impostors are made like this.
        """
        relative = cls.__new__(cls)
        nearer = one if share < 0.5 else other
        relative._build(nearer.seed, nearer.look_seed, blended(one.shape, other.shape, share))
        return relative

    def _build(self, seed: int, look_seed: int, shape: Shape) -> None:
        model = head_model()
        self.seed, self.look_seed = seed, look_seed
        self.shape: Shape = shape
        self.looks: Looks = draw_looks(look_seed, shape)
        known = {name: weight for name, weight in shape.weights.items() if name in model.targets}
        bare = model.morphed(model.vertices, known)
        self.eyes: dict[Part, Floats] = {side: bare[model.eyeballs[side]].mean(0) for side, _sign in EYES}
        self.eye_level_dm = float(np.mean([eye[1] for eye in self.eyes.values()]))
        self.hair_edge = hair_edge(model, self.looks, male=shape.male)
        self.shirt_edge = _shirt_edge(model, self.looks)
        outward = normals(bare, model.triangles)
        thickness = smooth(0, 0.35, self.hair_edge) * self.looks.hair_thickness_dm * (self.hair_edge > 0)
        cloth = smooth(0.03, -0.03, self.shirt_edge) * 0.05 * model.skin
        self.bare = bare
        self.vertices: Floats = (bare + outward * (thickness + cloth)[:, None]).astype(np.float32)
        rng = np.random.default_rng([15485863, look_seed])
        self.paint: NDArray[np.uint8] = paint(self.looks, rng)
        self.lid_travel = {side: _lid_travel(model, self.vertices, side, self.eyes[side]) for side, _sign in EYES}
        self.hair: list[Solid] = []
        if self.looks.hairstyle is Hairstyle.LONG:
            self.hair.append(curtain(self.vertices[self.hair_edge > 0], self.eye_level_dm, rng))

    @property
    def pivot(self) -> Floats:
        """(3,) where the head turns on the neck."""
        return np.array([0, self.eye_level_dm - 1.0, 0.25], np.float32)

    def lids(self, left: float, right: float) -> dict[str, float]:
        """Target weights that close the eyes by these shares (1 is shut)."""
        weights: dict[str, float] = {}
        for side, share in ((Part.LEFT_EYE, left), (Part.RIGHT_EYE, right)):
            weights[f"arkit/eyeBlink{_MOVEMENTS[side]}"] = share * self.lid_travel[side]
            weights[f"arkit/eyeSquint{_MOVEMENTS[side]}"] = share * self.lid_travel[side] * SQUINT_SHARE
        return weights


def _shirt_edge(model: HeadModel, looks: Looks) -> Floats:
    sideways = np.abs(model.vertices[:, 0])
    collar = looks.neckline_dm + 0.35 * smooth(0.15, 0.85, sideways)
    collar = np.where(model.vertices[:, 2] < 0.35, 5.75, collar)
    return np.where(model.skin, model.height - collar, 1).clip(-1, 1).astype(np.float32)


def _lid_travel(model: HeadModel, vertices: Floats, side: Part, eye: Floats) -> float:
    """The least weight of the blink targets at which no eyeball shows.

    The target is made for the base head: at weight 1 it drags other lids far below their eye, which the landmark
    predictor takes for an open one.
    """
    chosen = model.eyelid_triangles[side]
    triangles, part = model.triangles[chosen], model.part[chosen]
    name = _MOVEMENTS[side]

    def showing(weight: float) -> int:
        moved = model.morphed(
            vertices, {f"arkit/eyeBlink{name}": weight, f"arkit/eyeSquint{name}": weight * SQUINT_SHARE}
        )
        points = np.stack([60 + (moved[:, 0] - eye[0]) * 160, 40 - (moved[:, 1] - eye[1]) * 160, moved[:, 2]], 1)
        return int((part[rasterise(points, triangles, 120, 80).triangle] == side).sum())

    enough = max(1.0, 0.02 * showing(0.0))
    for weight in np.arange(0.2, 1.21, 0.05):
        if showing(float(weight)) <= enough:
            return float(weight) + 0.02
    return 1.0
