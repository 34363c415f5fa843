"""The two regressions that training needs: a gamma regression for variances, and a mixture of Gaussians for people.

Used by training and its tests only; nothing of a logon imports this.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faced.recognition.alignment import Floats

_ROUNDS = 25
_MIXTURE_ROUNDS, _MIXTURE_STARTS = 200, 5
_COVARIANCE_FLOOR = 1e-3


def gamma_regression(
    features: Floats, energy: Floats, used: NDArray[np.bool_], ridge: float, rounds: int = _ROUNDS
) -> Floats:
    """Coefficients b of E[energy] = exp(features @ b), gamma likelihood, by iteratively reweighted least squares.

    :param features: (n, f), the first column is 1 and is not drawn towards 0.
    :param energy: (n,), above 0.
    :param ridge: strength a sample.
    :return: (f,).
    """
    weight = used.astype(np.float64)
    coefficients = np.zeros(features.shape[1])
    coefficients[0] = np.log((energy * weight).sum() / weight.sum())
    penalty = ridge * len(features) * np.eye(features.shape[1])
    penalty[0, 0] = 0.0
    for _round in range(rounds):
        ratio = np.clip(energy * np.exp(-features @ coefficients), 0.0, 20.0)
        gradient = features.T @ (weight * (ratio - 1.0)) - penalty @ coefficients
        curvature = (features * (weight * np.maximum(ratio, 0.3))[:, None]).T @ features + penalty
        # A feature that is 0 everywhere has no curvature but the ridge's.
        coefficients = coefficients + np.linalg.solve(curvature + 1e-9 * np.eye(len(curvature)), gradient)
    return coefficients


@dataclass(frozen=True, eq=False)
class Mixture:
    """K Gaussians with one covariance: ``membership`` (n, K) of the points they were fitted to, mean log likelihood."""

    membership: Floats
    likelihood: float


def mixture(points: Floats, kinds: int, rng: np.random.Generator) -> Mixture:
    """Fit by EM from several random starts; the likeliest is kept.

    :param points: (n, d).
    """
    return max((_mixture_once(points, kinds, rng) for _start in range(_MIXTURE_STARTS)), key=lambda fit: fit.likelihood)


def _mixture_once(points: Floats, kinds: int, rng: np.random.Generator) -> Mixture:
    covariance = np.cov(points.T) + _COVARIANCE_FLOOR * np.eye(points.shape[1])
    centres = points[rng.choice(len(points), kinds, replace=False)]
    share = np.full(kinds, 1.0 / kinds)
    likelihood = -np.inf
    membership = np.zeros((len(points), kinds))
    for _round in range(_MIXTURE_ROUNDS):
        inverse = np.linalg.inv(np.linalg.cholesky(covariance))
        white, kernels = points @ inverse.T, centres @ inverse.T
        logs = np.log(share) - 0.5 * ((white[:, None] - kernels) ** 2).sum(axis=-1)
        most = logs.max(axis=1, keepdims=True)
        total = most + np.log(np.exp(logs - most).sum(axis=1, keepdims=True))
        membership = np.exp(logs - total)
        before, likelihood = likelihood, float((total + np.log(np.diag(inverse)).sum()).mean())
        if likelihood - before < 1e-6:
            break
        count = membership.sum(axis=0) + 1e-9
        share, centres = count / count.sum(), (membership.T @ points) / count[:, None]
        spread = [
            (points - centre) * np.sqrt(weight)[:, None] for centre, weight in zip(centres, membership.T, strict=True)
        ]
        covariance = sum(part.T @ part for part in spread) / len(points) + _COVARIANCE_FLOOR * np.eye(points.shape[1])
    return Mixture(membership, likelihood)
