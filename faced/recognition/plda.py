"""Training of the metric: PCA, then two-covariance PLDA by expectation maximisation.

Used by tools and tests only; nothing of a logon imports this.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from faced.errors import MetricError
from faced.recognition.alignment import Floats, align, mean_shape
from faced.recognition.faces import FaceSet
from faced.recognition.metric import Metric

#: Found by cross-validation on press photos; 132 would be all that alignment leaves.
DIMENSIONS = 80
_ITERATIONS = 20
_SMALLEST_VARIANCE = 1e-9


def train(faces: FaceSet, dimensions: int = DIMENSIONS) -> Metric:
    """Learn a metric from faces of known people; the same faces in the same order give the same numbers.

    :param dimensions: of the latent space.
    :raises MetricError: too few people, or nobody with two samples.
    """
    samples, person = faces.points, faces.person
    if faces.people <= 2 or len(faces) - faces.people < dimensions:
        raise MetricError("Training needs three people, and more repeated samples than the metric has dimensions.")
    reference = mean_shape(samples)
    aligned = align(samples, reference).reshape(len(samples), -1)
    mean = aligned.mean(axis=0)
    whitening = _whitening(aligned - mean, dimensions)
    between, within = two_covariances((aligned - mean) @ whitening, person)
    rotation, psi = _diagonalised(between, within)
    return Metric(reference, mean, whitening @ rotation, psi, faces.digest)


def two_covariances(
    latent: Floats, person: NDArray[np.integer], iterations: int = _ITERATIONS
) -> tuple[Floats, Floats]:
    """Covariance of people's means and of a person's samples, maximum likelihood by EM.

    :param latent: (n, d), mean 0.
    :param person: (n,).
    :return: between (d, d), within (d, d).
    """
    people, row = np.unique(person, return_inverse=True)
    counts = np.bincount(row).astype(np.float64)
    sums = np.zeros((len(people), latent.shape[1]))
    np.add.at(sums, row, latent)
    means = sums / counts[:, None]
    residual = latent - means[row]
    within = residual.T @ residual / (len(latent) - len(people))
    between = _positive(np.cov(means.T) - within * np.mean(1.0 / counts))
    for _iteration in range(iterations):
        between, within = _em_step(latent, row, counts, sums, between, within)
    return between, within


def _em_step(
    latent: Floats, row: NDArray[np.intp], counts: Floats, sums: Floats, between: Floats, within: Floats
) -> tuple[Floats, Floats]:
    precision, prior = np.linalg.inv(within), np.linalg.inv(between)
    posterior = np.zeros_like(sums)
    doubt_of_people = np.zeros_like(within)
    doubt_of_samples = np.zeros_like(within)
    for count in np.unique(counts):
        chosen = counts == count
        covariance = np.linalg.inv(prior + count * precision)
        posterior[chosen] = (sums[chosen] @ precision) @ covariance
        doubt_of_people += chosen.sum() * covariance
        doubt_of_samples += count * chosen.sum() * covariance
    residual = latent - posterior[row]
    return (
        (doubt_of_people + posterior.T @ posterior) / len(counts),
        (residual.T @ residual + doubt_of_samples) / len(latent),
    )


def _whitening(centred: Floats, dimensions: int) -> Floats:
    """(136, dimensions): onto the principal components, each with unit variance."""
    _left, singular, right = np.linalg.svd(centred, full_matrices=False)
    # Alignment removes four degrees of freedom: their singular values are rounding noise and must not be scaled up.
    if len(singular) < dimensions or singular[dimensions - 1] < 1e-6 * singular[0]:
        raise MetricError("The training shapes do not vary in that many dimensions.")
    whitening: Floats = right[:dimensions].T / (singular[:dimensions] / np.sqrt(len(centred)))
    return whitening


def _diagonalised(between: Floats, within: Floats) -> tuple[Floats, Floats]:
    """The transform that makes ``within`` the identity and ``between`` diagonal, largest first."""
    inverse = np.linalg.inv(np.linalg.cholesky(within))
    values, vectors = np.linalg.eigh(inverse @ between @ inverse.T)
    order = np.argsort(-values)
    return inverse.T @ vectors[:, order], np.maximum(values[order], _SMALLEST_VARIANCE)


def _positive(matrix: Floats, floor: float = 1e-4) -> Floats:
    values, vectors = np.linalg.eigh(matrix)
    matrix = (vectors * np.maximum(values, floor)) @ vectors.T
    return matrix
