"""Training of the metric from faces of known people.

Used by tools and tests only; nothing of a logon imports this. What each part of the recipe gave, and what was tried
besides, is in MODEL_CARD.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from faced.errors import MetricError
from faced.recognition.alignment import Floats, align, mean_shape, mirrored, normalised
from faced.recognition.faces import FaceSet
from faced.recognition.metric import Metric
from faced.recognition.noise import SPREAD_FEATURES, NoiseModel, Senses, noise_variance
from faced.recognition.plda import Labelled, diagonalised, posterior, two_covariances
from faced.recognition.population import Population
from faced.recognition.regression import gamma_regression, mixture

#: Alignment leaves 132 of 136 coordinates; the last ones tell of the pictures rather than of people.
DIMENSIONS = 116
_ROUNDS = 3
_SCALE_RIDGE, _DIMENSION_RIDGE = 1e-3, 1e-2
_POSE_RIDGE = 1e-4
#: Kinds of people are told apart in the dimensions in which people differ most.
_KIND_DIMENSIONS = 12
_CENTRE_PRIOR, _VARIANCE_PRIOR = 20.0, 150.0
_SEED = 0


class Weighing(StrEnum):
    """What the precision of a sample depends on."""

    NOTHING = "nothing"
    SPREAD = "spread"
    EVERYTHING = "everything"


@dataclass(frozen=True)
class Recipe:
    """How a metric is trained.

    ``mirrored``: every person's mirror image counts as another person. ``kinds``: of people, Gaussians in the mixture.
    """

    dimensions: int = DIMENSIONS
    mirrored: bool = True
    weighing: Weighing = Weighing.EVERYTHING
    kinds: int = 4


@dataclass(frozen=True, eq=False)
class _Samples:
    """What training works on: aligned (n, 136), spread (n,), pose (n, 2) degrees, and whose the samples are."""

    aligned: Floats
    spread: Floats
    pose: Floats
    labelled: Labelled
    person: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class _Space:
    """A latent space of PLDA: ``(aligned - mean) @ transform``, unit noise, ``psi`` between people."""

    mean: Floats
    transform: Floats
    psi: Floats

    def latent(self, samples: _Samples) -> Floats:
        """(n, d)."""
        latent: Floats = (samples.aligned - self.mean) @ self.transform
        return latent


def train(faces: FaceSet, recipe: Recipe = Recipe()) -> Metric:  # noqa: B008 - frozen
    """Learn a metric from faces of known people; the same faces in the same order give the same numbers.

    :raises MetricError: too few people, or nobody with two samples.
    """
    if faces.people <= 2 or len(faces) - faces.people < recipe.dimensions:
        raise MetricError("Training needs three people, and more repeated samples than the metric has dimensions.")
    reference = _symmetric(mean_shape(faces.points)) if recipe.mirrored else mean_shape(faces.points)
    samples = _samples(faces, reference, recipe.mirrored)
    space, noise = _space_and_noise(samples, recipe)
    own = _samples(faces, reference, doubled=False)
    population = _population(own, space, noise, recipe.kinds)
    return Metric(reference, space.mean, space.transform, noise, population, faces.digest)


def _symmetric(shape: Floats) -> Floats:
    """The mean of a shape and its mirror image, of unit centroid size."""
    other = align(mirrored(shape[None]), shape)[0]
    mean: Floats = normalised(((shape - shape.mean(axis=0)) + other)[None])[0]
    return mean


def _samples(faces: FaceSet, reference: Floats, doubled: bool) -> _Samples:
    points, person, spread = faces.points, faces.person, faces.spreads
    zero = np.zeros(len(faces))
    yaw = zero if faces.yaw_deg is None else faces.yaw_deg
    pitch = zero if faces.pitch_deg is None else faces.pitch_deg
    if doubled:
        points = np.concatenate([points, mirrored(points)])
        person = np.concatenate([person, person + person.max() + 1])
        spread, yaw, pitch = (np.concatenate(pair) for pair in ((spread, spread), (yaw, -yaw), (pitch, pitch)))
    aligned = align(points, reference).reshape(len(points), -1)
    return _Samples(aligned, spread, np.stack([yaw, pitch], axis=1), Labelled.of(person), person)


def _space_and_noise(samples: _Samples, recipe: Recipe) -> tuple[_Space, NoiseModel]:
    """The space given the noise of each sample, and the noise given the space, in turn."""
    pose = _pose_model(samples)
    if recipe.weighing is Weighing.NOTHING:
        space = _space(samples, np.ones(len(samples.aligned)), recipe.dimensions)
        return space, NoiseModel(Senses(space.transform, space.psi, pose), np.zeros((0, recipe.dimensions)))
    variance = np.ones(len(samples.aligned))
    for _round in range(_ROUNDS):
        space = _space(samples, 1.0 / variance, recipe.dimensions)
        senses = Senses(space.transform, space.psi, pose)
        latent = space.latent(samples)
        features = _seen(senses, samples, latent, recipe)
        scale = _fit_scale(features, latent, variance, space.psi, samples.labelled)
        variance = noise_variance(features, scale[:, None])[:, 0]
    coefficients = np.repeat(scale[:, None], recipe.dimensions, axis=1)
    psi = space.psi
    if recipe.weighing is Weighing.EVERYTHING:
        psi, coefficients = _fit_dimensions(features, latent, coefficients, psi, samples.labelled)
    space = _Space(space.mean, space.transform, psi)
    return space, NoiseModel(Senses(space.transform, senses.psi, pose), coefficients)


def _seen(senses: Senses, samples: _Samples, latent: Floats, recipe: Recipe) -> Floats:
    features = senses.features(samples.aligned, latent, samples.spread)
    if recipe.weighing is Weighing.SPREAD:
        features[:, SPREAD_FEATURES:] = 0.0
    return features


def _space(samples: _Samples, weight: Floats, dimensions: int) -> _Space:
    mean = weight @ samples.aligned / weight.sum()
    whitening = _whitening((samples.aligned - mean) * np.sqrt(weight / weight.mean())[:, None], dimensions)
    between, within = two_covariances((samples.aligned - mean) @ whitening, samples.person, weight)
    rotation, psi = diagonalised(between, within)
    return _Space(mean, whitening @ rotation, psi)


def _whitening(centred: Floats, dimensions: int) -> Floats:
    """(136, dimensions): onto the principal components, each with unit variance."""
    _left, singular, right = np.linalg.svd(centred, full_matrices=False)
    # Alignment removes four degrees of freedom: their singular values are rounding noise and must not be scaled up.
    if len(singular) < dimensions or singular[dimensions - 1] < 1e-6 * singular[0]:
        raise MetricError("The training shapes do not vary in that many dimensions.")
    whitening: Floats = right[:dimensions].T / (singular[:dimensions] / np.sqrt(len(centred)))
    return whitening


def _pose_model(samples: _Samples) -> Floats:
    """(137, 2): yaw and pitch from aligned coordinates, by ridge regression; 0 where the set has no pose."""
    design = np.c_[samples.aligned, np.ones(len(samples.aligned))]
    penalty = _POSE_RIDGE * np.eye(design.shape[1])
    return np.linalg.solve(design.T @ design + penalty, design.T @ samples.pose)


def _fit_scale(features: Floats, latent: Floats, variance: Floats, psi: Floats, labelled: Labelled) -> Floats:
    """(f,) how noisy a sample is on the whole; a geometric mean of 1 over the samples."""
    place, doubt = posterior(latent, 1.0 / variance[:, None], psi, labelled)
    energy = ((latent - place[labelled.row]) ** 2 + doubt[labelled.row]).mean(axis=1)
    scale = gamma_regression(features, energy, labelled.repeated, _SCALE_RIDGE)
    scale[0] -= np.log(noise_variance(features, scale[:, None])).mean()
    return scale


def _fit_dimensions(
    features: Floats, latent: Floats, coefficients: Floats, psi: Floats, labelled: Labelled
) -> tuple[Floats, Floats]:
    """``psi`` (d,) and coefficients (f, d), when each dimension may have noise of its own."""
    overall = coefficients
    variance = noise_variance(features, overall)
    base = variance.copy()
    for _round in range(_ROUNDS):
        place, doubt = posterior(latent, 1.0 / variance, psi, labelled)
        psi = np.maximum((place**2 + doubt).mean(axis=0), 1e-6)
        energy = ((latent - place[labelled.row]) ** 2 + doubt[labelled.row]) / base
        own = [gamma_regression(features, e, labelled.repeated, _DIMENSION_RIDGE, rounds=6) for e in energy.T]
        coefficients = overall + np.stack(own, axis=1)
        variance = noise_variance(features, coefficients)
    return psi, coefficients


def _population(samples: _Samples, space: _Space, noise: NoiseModel, kinds: int) -> Population:
    """The kinds of people, small ones drawn towards the common origin and variance."""
    if kinds == 1:
        return Population.single(space.psi)
    latent = space.latent(samples)
    precision = noise.precision(samples.aligned, latent, samples.spread)
    place, doubt = posterior(latent, precision, space.psi, samples.labelled)
    member = mixture(place[:, :_KIND_DIMENSIONS], kinds, np.random.default_rng(_SEED)).membership
    count = member.sum(axis=0)
    centre = (member.T @ place) / count[:, None] * (count / (count + _CENTRE_PRIOR))[:, None]
    around = (place - centre[:, None]) ** 2 + doubt
    variance = np.einsum("nk,knd->kd", member, around) / count[:, None]
    share = count / count.sum()
    trust = (count / (count + _VARIANCE_PRIOR))[:, None]
    return Population(share, centre, np.maximum(trust * variance + (1 - trust) * (share @ variance), 1e-6))
