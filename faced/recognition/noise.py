"""How much a single sample is to be believed, dimension by dimension.

A sample tells much of its own noise: how far apart the predictor's calls lay, how far the head was turned, and how
unlike any face the shape is in those directions in which people do not differ. A gamma regression with a log link
learns from people with several samples what that means for each dimension of the latent space.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from faced.errors import MetricError
from faced.recognition.alignment import POINTS, Floats

#: The median spread of near-frontal press photos (36 calls); only a unit.
_USUAL_SPREAD = 0.0034
_LEAST_SPREAD = 1e-4
_YAW_UNIT_DEG, _PITCH_UNIT_DEG = 15.0, 12.0
#: Left jaw, right jaw, brows, nose, eyes, mouth.
_REGIONS = tuple(slice(*ends) for ends in ((0, 9), (8, 17), (17, 27), (27, 36), (36, 48), (48, 68)))
#: In a dimension with less variance between people than that, a sample shows its noise and hardly its person.
_NOISE_BELOW = 0.15
_NUISANCE_BELOW, _NUISANCES = 0.6, 8
#: Minus the usual log energy around a part of the face, in aligned units; only an origin.
_ENERGY = 9.0
_FEATURES = 6 + len(_REGIONS) + _NUISANCES
#: Only the spread counts with so few coefficients: [1, log spread].
SPREAD_FEATURES = 2
_LEAST, _MOST = 0.2, 10.0
#: The learnt noise is a guess itself; precision is its inverse drawn towards 1. From 0.6 to 1 is a tie.
_TEMPER = 0.8


@dataclass(frozen=True, eq=False)
class Senses:
    """What the noise of a sample is told from, in one latent space.

    ``transform``: (136, d) and ``psi``: (d,) of that space. ``pose``: (137, 2), from the aligned coordinates and 1 to
    yaw and pitch in degrees.
    """

    transform: Floats
    psi: Floats
    pose: Floats

    def __post_init__(self) -> None:
        dimensions = len(self.psi)
        if self.transform.shape != (2 * POINTS, dimensions) or self.pose.shape != (2 * POINTS + 1, 2):
            raise MetricError("A noise model of the wrong shape.")
        if not (self.psi > 0).all():
            raise MetricError("A noise model with an impossible variance.")

    def features(self, aligned: Floats, latent: Floats, spread: Floats) -> Floats:
        """(n, 20): what regression sees of each sample.

        :param aligned: (n, 136). :param latent: (n, d). :param spread: (n,) in box widths.
        """
        steadiness = np.log(np.maximum(spread, _LEAST_SPREAD) / _USUAL_SPREAD)
        yaw, pitch = (np.c_[aligned, np.ones(len(aligned))] @ self.pose).T
        pose = np.sqrt(np.stack([(yaw / _YAW_UNIT_DEG) ** 2, (pitch / _PITCH_UNIT_DEG) ** 2], axis=1) + 0.05)
        columns = [np.ones_like(steadiness), steadiness, np.clip(steadiness, -1, 2) ** 2, *pose.T]
        columns += self._strangeness(latent)
        columns += [np.sqrt(latent[:, d] ** 2 + 0.1) - 0.9 for d in self._nuisances]
        features = np.zeros((len(latent), _FEATURES))
        features[:, : len(columns)] = np.stack(columns, axis=1)
        return features

    def _strangeness(self, latent: Floats) -> list[Floats]:
        """Log energy of what no face should have: on the whole, and around each part of the face."""
        noise = latent[:, self._noise_dimensions]
        if not noise.shape[1]:
            return [np.zeros(len(latent))] * (1 + len(_REGIONS))
        shapes = (noise @ self._back).reshape(len(latent), POINTS, 2)
        around = [np.log((shapes[:, region] ** 2).sum(axis=(1, 2)) + 1e-9) + _ENERGY for region in _REGIONS]
        return [np.log((noise**2).mean(axis=1) + 1e-9), *around]

    @cached_property
    def _noise_dimensions(self) -> NDArray[np.intp]:
        return np.flatnonzero(self.psi < _NOISE_BELOW)

    @cached_property
    def _inverse(self) -> Floats:
        return np.asarray(np.linalg.pinv(self.transform), dtype=np.float64)

    @cached_property
    def _back(self) -> Floats:
        back: Floats = self._inverse[self._noise_dimensions]
        return back

    @cached_property
    def _nuisances(self) -> NDArray[np.intp]:
        """The dimensions that move the landmarks most and in which people differ little: turning, talking, smiling."""
        strength = np.where(self.psi < _NUISANCE_BELOW, (self._inverse**2).sum(axis=1), 0.0)
        return np.argsort(-strength, kind="stable")[: min(_NUISANCES, int((strength > 0).sum()))]


@dataclass(frozen=True, eq=False)
class NoiseModel:
    """From what a sample shows to its precision.

    ``coefficients`` is (20, d), or (0, d) where all samples weigh alike.
    """

    senses: Senses
    coefficients: Floats

    def __post_init__(self) -> None:
        if self.coefficients.shape[1:] != self.senses.psi.shape or len(self.coefficients) not in (0, _FEATURES):
            raise MetricError("A noise model of the wrong shape.")

    def variance(self, features: Floats) -> Floats:
        """(n, d) noise variance, where that of a usual sample is 1."""
        return noise_variance(features, self.coefficients)

    def precision(self, aligned: Floats, latent: Floats, spread: Floats) -> Floats:
        """(n, d), or (n, 1) of ones where all samples weigh alike."""
        if not len(self.coefficients):
            return np.ones((len(latent), 1))
        precision: Floats = self.variance(self.senses.features(aligned, latent, spread)) ** -_TEMPER
        return precision


def noise_variance(features: Floats, coefficients: Floats) -> Floats:
    """exp(features @ coefficients), kept within what training has seen."""
    variance: Floats = np.exp(np.clip(features @ coefficients, np.log(_LEAST), np.log(_MOST)))
    return variance
