from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from faced.errors import MetricError
from faced.recognition.population import Population

DIMENSIONS = 5


@pytest.fixture
def population() -> Population:
    rng = np.random.default_rng(3)
    share = np.array([0.2, 0.5, 0.3])
    return Population(share, rng.normal(size=(3, DIMENSIONS)) * 2, rng.uniform(0.1, 3.0, (3, DIMENSIONS)))


@pytest.fixture
def latent() -> np.ndarray:
    return np.random.default_rng(4).normal(size=(8, DIMENSIONS)) * 2


def brute_force(population: Population, one: np.ndarray, other: np.ndarray, n: np.ndarray, k: np.ndarray) -> float:
    """The same by two-dimensional Gaussians, dimension by dimension and kind by kind."""
    same, alone, alone_too = [], [], []
    for share, centre, variance in zip(population.share, population.centre, population.variance, strict=True):
        logs = np.zeros(3)
        for d in range(DIMENSIONS):
            both = np.array([one[d], other[d]]) - centre[d]
            covariance = variance[d] + np.diag([1 / n[d], 1 / k[d]])
            logs[0] += -0.5 * (both @ np.linalg.inv(covariance) @ both + np.log(np.linalg.det(covariance)))
            for side in (0, 1):
                logs[1 + side] += -0.5 * (both[side] ** 2 / covariance[side, side] + np.log(covariance[side, side]))
        for total, value in zip((same, alone, alone_too), logs, strict=True):
            total.append(share * np.exp(value))
    return float(np.log(sum(same)) - np.log(sum(alone)) - np.log(sum(alone_too)))


@pytest.mark.parametrize(("n", "k"), [(1.0, 1.0), (1.0, 5.0), (1.5, 1.8)])
def test_the_score_is_the_exact_likelihood_ratio(
    population: Population, latent: np.ndarray, n: float, k: float
) -> None:
    scores = population.llr(latent[:2], latent[2:5], n, k)
    for row in range(2):
        for column in range(3):
            weights = np.full(DIMENSIONS, n), np.full(DIMENSIONS, k)
            expected = brute_force(population, latent[row], latent[2 + column], *weights)
            assert scores[row, column] == pytest.approx(expected, rel=1e-9)


def test_the_score_is_exact_when_precision_differs_by_row_and_dimension(
    population: Population, latent: np.ndarray
) -> None:
    a, b = np.random.default_rng(5).uniform(0.2, 4.0, (2, 4, DIMENSIONS))
    scores = population.llr(latent[:4], latent[4:], a, b)
    for row in range(4):
        for column in range(4):
            expected = brute_force(population, latent[row], latent[4 + column], a[row], b[column])
            assert scores[row, column] == pytest.approx(expected, rel=1e-9)


def test_the_score_is_symmetric_in_its_two_sides(population: Population, latent: np.ndarray) -> None:
    there, back = population.llr(latent[:3], latent[3:], 2, 5), population.llr(latent[3:], latent[:3], 5, 2)
    assert np.allclose(there, back.T, atol=1e-9)


def test_people_with_different_numbers_of_samples_score_as_if_alone(population: Population, latent: np.ndarray) -> None:
    counts = np.array([[1.0], [3.0], [2.0]])
    together = population.llr(latent[:3], latent[3:6], counts, 2)
    alone = [population.llr(latent[row : row + 1], latent[3:6], counts[row, 0], 2)[0] for row in range(3)]
    assert np.allclose(together, alone, atol=1e-9)


def test_precision_may_be_given_for_each_dimension(population: Population, latent: np.ndarray) -> None:
    weight = np.array([[1.0], [4.0], [1.0]])
    by_dimension = population.llr(latent[:3], latent[3:6], np.repeat(weight, DIMENSIONS, axis=1), 1)
    assert np.allclose(by_dimension, population.llr(latent[:3], latent[3:6], weight, 1), atol=1e-9)


def test_a_large_comparison_gives_the_same_scores_in_blocks(
    population: Population, latent: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = np.arange(1.0, 9.0)[:, None]
    whole = population.llr(latent, latent, counts, counts)
    monkeypatch.setattr("faced.recognition.population._BLOCK", 1)
    assert np.allclose(population.llr(latent, latent, counts, counts), whole, atol=1e-9)


def test_pairs_score_as_they_do_among_all(
    population: Population, latent: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = np.random.default_rng(6).uniform(0.2, 4.0, (2, 4, DIMENSIONS))
    among_all = np.diag(population.llr(latent[:4], latent[4:], a, b))
    assert np.allclose(population.llr_of_pairs(latent[:4], latent[4:], a, b), among_all, atol=1e-9)
    monkeypatch.setattr("faced.recognition.population._BLOCK", 1)
    assert np.allclose(population.llr_of_pairs(latent[:4], latent[4:], a, b), among_all, atol=1e-9)
    with pytest.raises(MetricError, match="as many"):
        population.llr_of_pairs(latent[:4], latent[5:], a, b[1:])


def test_to_be_alike_in_a_common_way_says_less_than_in_a_rare_way() -> None:
    many_and_few = Population(np.array([0.95, 0.05]), np.array([[0.0, 0.0], [4.0, 4.0]]), np.ones((2, 2)))
    common, rare = np.zeros((1, 2)), np.full((1, 2), 4.0)
    assert many_and_few.llr(rare, rare)[0, 0] > many_and_few.llr(common, common)[0, 0] + 1.0


def test_a_score_that_is_not_a_number_is_an_error_and_never_a_score(population: Population, latent: np.ndarray) -> None:
    for bad in (np.nan, np.inf):
        broken = latent[:1].copy()
        broken[0, 0] = bad
        with pytest.raises(MetricError):
            population.llr(latent, broken)
    with pytest.raises(MetricError), np.errstate(over="ignore", invalid="ignore"):
        population.llr(latent, np.full_like(latent[:1], 1e200))


@pytest.mark.parametrize("count", [0.0, -1.0, np.nan, np.inf])
def test_an_impossible_number_of_samples_is_refused(population: Population, latent: np.ndarray, count: float) -> None:
    with pytest.raises(MetricError):
        population.llr(latent, latent, count)


def test_impossible_populations_are_refused(population: Population) -> None:
    for changed in (
        {"share": np.array([0.5, 0.5, 0.5])},
        {"share": np.array([1.2, 0.3, -0.5])},
        {"variance": np.zeros((3, DIMENSIONS))},
        {"centre": np.zeros((2, DIMENSIONS))},
        {"centre": np.zeros(DIMENSIONS)},
    ):
        with pytest.raises(MetricError):
            replace(population, **changed)
