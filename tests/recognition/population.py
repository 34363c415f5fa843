"""People drawn from the model that the metric believes in, so that the right answer is known."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from faced.recognition.faces import FaceSet
from faced.recognition.metric import Metric
from faced.recognition.training import Recipe, Weighing

#: Dimensions in which the drawn people differ, of which the first few hold most of the difference.
TRAITS = 12
#: The recipe that suits them: they have no mirror images, no kinds, and one noise for all.
PLAIN = Recipe(dimensions=2 * TRAITS, mirrored=False, weighing=Weighing.NOTHING, kinds=1)


@dataclass(frozen=True)
class Population:
    """Shapes = mean + person + noise in known directions, seen at any place, size and rotation in a picture."""

    mean: NDArray[np.float64]
    directions: NDArray[np.float64]
    person_sd: NDArray[np.float64]
    noise_sd: NDArray[np.float64]

    def people(self, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """(count, traits): who they are."""
        return rng.normal(size=(count, len(self.person_sd))) * self.person_sd

    def photos(self, who: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
        """(n, 68, 2) px: one photo of each row of ``who`` (n, traits)."""
        noise = rng.normal(size=(len(who), len(self.noise_sd))) * self.noise_sd
        shapes = (self.mean.reshape(-1) + (np.pad(who, ((0, 0), (0, TRAITS))) + noise) @ self.directions).reshape(
            -1, 68, 2
        )
        return placed(shapes, rng)


def population(seed: int = 7) -> Population:
    """People differ in ``TRAITS`` directions, twice as much as photos do; photos differ in as many others as well."""
    rng = np.random.default_rng(seed)
    mean = Metric.shipped().reference
    # Directions without move, turn and scale, which alignment would remove.
    turned = np.stack([-mean[:, 1], mean[:, 0]], axis=1).reshape(-1)
    moved = np.zeros((2, 68, 2))
    moved[0, :, 0] = moved[1, :, 1] = 1.0
    nuisance = np.stack([mean.reshape(-1), turned, *moved.reshape(2, -1)])
    basis, _triangle = np.linalg.qr(np.vstack([nuisance, rng.normal(size=(2 * TRAITS, 136))]).T)
    directions = basis[:, 4:].T
    person_sd = np.full(TRAITS, 0.01)
    noise_sd = np.concatenate([np.full(TRAITS, 0.005), np.full(TRAITS, 0.03)])
    return Population(mean, directions, person_sd, noise_sd)


def placed(shapes: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """The shapes moved, turned and scaled at random, as pictures are taken: (n, 68, 2) -> px."""
    angle = rng.uniform(-0.3, 0.3, len(shapes))
    turn = np.stack([np.cos(angle), -np.sin(angle), np.sin(angle), np.cos(angle)], axis=1).reshape(-1, 2, 2)
    size = rng.uniform(300, 900, (len(shapes), 1, 1))
    return np.einsum("nij,npj->npi", turn, shapes) * size + rng.uniform(100, 400, (len(shapes), 1, 2))


def face_set(people: int, photos: int, seed: int = 1, folds: int = 2) -> FaceSet:
    """Near-frontal, steady photos of people drawn from :func:`population`."""
    rng = np.random.default_rng(seed)
    drawn = population()
    person = np.repeat(np.arange(people), photos)
    points = drawn.photos(drawn.people(people, rng)[person], rng)
    n = len(person)
    return FaceSet(points, person, np.full(n, 0.003), np.zeros(n), np.zeros(n), person % folds + 1, bytes(32))


def write(faces: FaceSet, path: Path, *, leave_out: tuple[str, ...] = (), dtype: type = np.float32) -> Path:
    """The file form of a set."""
    arrays = {
        "points": faces.points.astype(dtype),
        "person": faces.person,
        "spread": faces.spread,
        "yaw": faces.yaw_deg,
        "pitch": faces.pitch_deg,
        "fold": faces.fold,
    }
    np.savez(path, **{name: array for name, array in arrays.items() if name not in leave_out and array is not None})
    return path
