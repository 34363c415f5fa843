from __future__ import annotations

import numpy as np
import pytest

from faced.recognition.regression import gamma_regression, mixture


def test_a_gamma_regression_finds_what_a_variance_depends_on() -> None:
    rng = np.random.default_rng(0)
    features = np.c_[np.ones(4000), rng.normal(size=(4000, 2))]
    truth = np.array([0.5, 0.8, 0.0])
    energy = np.exp(features @ truth) * rng.chisquare(8, 4000) / 8
    found = gamma_regression(features, energy, np.ones(4000, dtype=bool), ridge=1e-4)
    assert np.allclose(found, truth, atol=0.05)


def test_samples_that_are_not_used_and_features_that_never_vary_change_nothing() -> None:
    rng = np.random.default_rng(1)
    features = np.c_[np.ones(500), rng.normal(size=500), np.zeros(500)]
    energy = np.exp(0.7 * features[:, 1]) * rng.chisquare(8, 500) / 8
    used = np.arange(500) < 400
    spoilt = np.where(used, energy, 1e6)
    one, other = (gamma_regression(features, e, used, ridge=1e-3) for e in (energy, spoilt))
    assert np.allclose(one, other, atol=1e-6)
    assert one[2] == pytest.approx(0.0)


def test_a_mixture_finds_who_belongs_together() -> None:
    rng = np.random.default_rng(2)
    second = np.arange(600) % 4 == 0
    points = rng.normal(size=(600, 3)) + np.where(second[:, None], [4.0, 0.0, 2.0], 0.0)
    fit = mixture(points, 2, np.random.default_rng(0))
    assert np.allclose(fit.membership.sum(axis=1), 1.0)
    smaller = int(np.argmin(fit.membership.sum(axis=0)))
    assert ((fit.membership[:, smaller] > 0.5) == second).mean() > 0.95


def test_the_same_random_numbers_give_the_same_mixture() -> None:
    points = np.random.default_rng(3).normal(size=(200, 4))
    one, other = (mixture(points, 3, np.random.default_rng(7)) for _again in range(2))
    assert np.array_equal(one.membership, other.membership)
