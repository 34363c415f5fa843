from __future__ import annotations

import numpy as np

from faced.recognition import plda


def test_expectation_maximisation_raises_the_likelihood() -> None:
    rng = np.random.default_rng(0)
    person = np.repeat(np.arange(80), 3)
    latent = rng.normal(size=(80, 4))[person] * [2.0, 1.0, 0.5, 0.1] + rng.normal(size=(240, 4))
    latent -= latent.mean(axis=0)

    def log_likelihood(between: np.ndarray, within: np.ndarray) -> float:
        covariance = np.kron(np.ones((3, 3)), between) + np.kron(np.eye(3), within)
        rows = latent.reshape(80, -1)
        fit = np.einsum("ni,ij,nj->", rows, np.linalg.inv(covariance), rows)
        return float(-0.5 * (fit + 80 * np.linalg.slogdet(covariance)[1]))

    likelihood = [
        log_likelihood(*plda.two_covariances(latent, person, iterations=rounds)) for rounds in (0, 1, 3, 10, 20)
    ]
    assert likelihood == sorted(likelihood)
    assert likelihood[-1] > likelihood[0] + 0.01


def test_samples_of_less_weight_change_the_covariances_less() -> None:
    rng = np.random.default_rng(1)
    person = np.repeat(np.arange(300), 4)
    noisy = np.arange(1200) % 2 == 1
    latent = rng.normal(size=(300, 2))[person] * [2.0, 0.5]
    latent += rng.normal(size=(1200, 2)) * np.where(noisy, 3.0, 1.0)[:, None]
    latent -= latent.mean(axis=0)
    between, within = plda.two_covariances(latent, person, np.where(noisy, 1 / 9, 1.0))
    assert np.allclose(within, np.eye(2), atol=0.15)
    assert np.allclose(np.diag(between), [4.0, 0.25], rtol=0.35)


def test_the_posterior_of_a_person_is_that_of_independent_gaussians() -> None:
    labelled = plda.Labelled.of(np.array([7, 7, 3]))
    latent, precision = np.array([[1.0], [3.0], [5.0]]), np.array([[1.0], [2.0], [4.0]])
    place, doubt = plda.posterior(latent, precision, np.array([0.5]), labelled)
    assert np.allclose(place[:, 0], [20 / 6, 7 / 5])
    assert np.allclose(doubt[:, 0], [1 / 6, 1 / 5])
    assert labelled.repeated.tolist() == [True, True, False]
