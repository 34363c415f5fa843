from __future__ import annotations

import numpy as np
import pytest

from faced.errors import MetricError
from faced.recognition import plda, trials
from faced.recognition.accuracy import Exam, measure
from faced.recognition.alignment import align
from faced.recognition.evidence import Evidence
from faced.recognition.metric import Metric
from tests.recognition.population import TRAITS, face_set


def test_training_finds_how_much_people_differ(trained: Metric) -> None:
    # In TRAITS directions people differ twice as much as photos (variance ratio 4), in the others not at all.
    assert trained.psi[:TRAITS].mean() == pytest.approx(4.0, rel=0.15)
    assert (trained.psi[:TRAITS] > 2.0).all()
    assert (trained.psi[TRAITS:] < 0.2).all()


def test_a_sample_of_a_person_has_unit_variance_around_the_person(trained: Metric) -> None:
    unseen = face_set(60, 10, seed=5)
    latent = trained.project(unseen.points).reshape(60, 10, -1)
    within = (latent - latent.mean(axis=1, keepdims=True)).reshape(-1, latent.shape[-1])
    assert np.allclose(within.T @ within / (60 * 9), np.eye(latent.shape[-1]), atol=0.3)


def test_the_metric_tells_unseen_people_apart_where_distance_cannot(trained: Metric) -> None:
    unseen = face_set(60, 2, seed=6)
    by_metric = measure([Exam(trained, unseen)], [(1, 1)], gated=False)[1, 1]
    flat = align(unseen.points, trained.reference).reshape(len(unseen), -1)

    class Distance(Metric):
        def score(self, enrol: Evidence, probe: Evidence) -> np.ndarray:
            return -np.linalg.norm(enrol.latent[:, None] - probe.latent[None], axis=-1)

    distance = Distance(trained.reference, trained.mean, trained.transform, trained.psi)
    plain = Evidence(flat, np.ones((len(flat), 1)), np.ones(len(flat)))
    everyone = np.ones(len(unseen), dtype=bool)
    by_distance = trials.run(distance, plain, unseen.person, everyone, 1, 1)
    assert trials.rates(by_metric, [0.01]).eer < 0.05
    assert trials.rates(by_distance, [0.01]).eer > 0.25


def test_more_samples_tell_people_apart_better(trained: Metric) -> None:
    found = measure([Exam(trained, face_set(60, 6, seed=8))], [(1, 1), (3, 3)], gated=False)
    one, three = (trials.rates(found[layout], [0.001]).fnmr[0] for layout in ((1, 1), (3, 3)))
    assert three < one / 2


def test_training_gives_the_same_numbers_twice(trained: Metric) -> None:
    again = plda.train(face_set(400, 4), dimensions=2 * TRAITS)
    assert again.id == trained.id
    assert plda.train(face_set(400, 4, seed=2), dimensions=2 * TRAITS).id != trained.id


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

    likelihood = [log_likelihood(*plda.two_covariances(latent, person, rounds)) for rounds in (0, 1, 3, 10, 20)]
    assert likelihood == sorted(likelihood)
    assert likelihood[-1] > likelihood[0] + 0.01


def test_too_few_people_or_photos_are_refused() -> None:
    with pytest.raises(MetricError):
        plda.train(face_set(2, 60), dimensions=10)
    with pytest.raises(MetricError):
        plda.train(face_set(60, 1), dimensions=10)


def test_directions_that_do_not_vary_are_not_blown_up() -> None:
    with pytest.raises(MetricError, match="do not vary"):
        plda.train(face_set(100, 4), dimensions=2 * TRAITS + 60)
