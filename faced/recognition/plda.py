"""Two-covariance PLDA by expectation maximisation (Ioffe 2006; Brümmer & de Villiers 2010), samples of unequal weight.

Used by training and its tests only; nothing of a logon imports this.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faced.recognition.alignment import Floats

ITERATIONS = 15
_SMALLEST_VARIANCE = 1e-9


@dataclass(frozen=True, eq=False)
class Labelled:
    """Samples and whose they are: ``row`` (n,) numbers ``people`` people from 0."""

    row: NDArray[np.intp]
    people: int

    @classmethod
    def of(cls, person: NDArray[np.integer]) -> Labelled:
        """:param person: (n,) any numbers."""
        names, row = np.unique(person, return_inverse=True)
        return cls(row, len(names))

    def sums(self, values: Floats) -> Floats:
        """Added up by person: (n, d) -> (people, d)."""
        total = np.zeros((self.people, values.shape[1]))
        np.add.at(total, self.row, values)
        return total

    @property
    def repeated(self) -> NDArray[np.bool_]:
        """(n,) whether the person has other samples too."""
        several: NDArray[np.bool_] = np.bincount(self.row)[self.row] > 1
        return several


def posterior(latent: Floats, precision: Floats, psi: Floats, labelled: Labelled) -> tuple[Floats, Floats]:
    """Where each person is, and how uncertain that is, in a space with unit noise and ``psi`` between people.

    :param precision: (n, 1) or (n, d).
    :return: means (people, d), variances (people, d).
    """
    weight = np.broadcast_to(precision, latent.shape)
    variance = 1.0 / (1.0 / psi + labelled.sums(weight))
    return labelled.sums(latent * weight) * variance, variance


def two_covariances(
    latent: Floats, person: NDArray[np.integer], weight: Floats | None = None, iterations: int = ITERATIONS
) -> tuple[Floats, Floats]:
    """Covariance of people's means and of a person's samples, maximum likelihood by EM.

    :param latent: (n, d), mean 0.
    :param person: (n,).
    :param weight: (n,) precision of each sample: its covariance is ``within / weight``; None for all alike.
    :return: between (d, d), within (d, d).
    """
    labelled = Labelled.of(person)
    weight = np.ones(len(latent)) if weight is None else weight
    total = np.bincount(labelled.row, weight)
    means = labelled.sums(latent * weight[:, None]) / total[:, None]
    residual = latent - means[labelled.row]
    within = (residual * weight[:, None]).T @ residual / (len(latent) - labelled.people)
    between = _positive(np.cov(means.T) - within * np.mean(1.0 / total))
    for _iteration in range(iterations):
        # In the space where both covariances are diagonal, so is what is known of each person.
        transform, psi = diagonalised(between, within)
        place, doubt = posterior(latent @ transform, weight[:, None], psi, labelled)
        back = np.linalg.inv(transform)
        residual = latent - (place @ back)[labelled.row]
        doubt_of_samples = back.T @ np.diag((total[:, None] * doubt).sum(axis=0)) @ back
        between = back.T @ (np.diag(doubt.sum(axis=0)) + place.T @ place) @ back / labelled.people
        within = ((residual * weight[:, None]).T @ residual + doubt_of_samples) / len(latent)
    return between, within


def diagonalised(between: Floats, within: Floats) -> tuple[Floats, Floats]:
    """The transform (d, d) that makes ``within`` the identity and ``between`` diagonal; and that diagonal, falling."""
    inverse = np.linalg.inv(np.linalg.cholesky(within))
    values, vectors = np.linalg.eigh(inverse @ between @ inverse.T)
    order = np.argsort(-values)
    return inverse.T @ vectors[:, order], np.maximum(values[order], _SMALLEST_VARIANCE)


def _positive(matrix: Floats, floor: float = 1e-4) -> Floats:
    values, vectors = np.linalg.eigh(matrix)
    matrix = (vectors * np.maximum(values, floor)) @ vectors.T
    return matrix
