from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from faced.errors import MetricError
from faced.recognition import trials
from faced.recognition.accuracy import Exam, measure
from faced.recognition.alignment import align, mirrored
from faced.recognition.evidence import Evidence
from faced.recognition.faces import FaceSet
from faced.recognition.metric import Metric
from faced.recognition.training import Recipe, Weighing, train
from tests.recognition.population import PLAIN, TRAITS, face_set


def test_training_finds_how_much_people_differ(trained: Metric) -> None:
    # In TRAITS directions people differ twice as much as photos (variance ratio 4), in the others not at all.
    assert trained.population.variance[0][:TRAITS].mean() == pytest.approx(4.0, rel=0.15)
    assert (trained.population.variance[0][:TRAITS] > 2.0).all()
    assert (trained.population.variance[0][TRAITS:] < 0.2).all()


def test_a_sample_of_a_person_has_unit_variance_around_the_person(trained: Metric) -> None:
    unseen = face_set(60, 10, seed=5)
    latent = trained.evidence(unseen.points, unseen.spreads).latent.reshape(60, 10, -1)
    within = (latent - latent.mean(axis=1, keepdims=True)).reshape(-1, latent.shape[-1])
    assert np.allclose(within.T @ within / (60 * 9), np.eye(latent.shape[-1]), atol=0.3)


def test_the_metric_tells_unseen_people_apart_where_distance_cannot(trained: Metric) -> None:
    unseen = face_set(60, 2, seed=6)
    by_metric = measure([Exam(trained, unseen)], [(1, 1)], gated=False)[1, 1]
    flat = align(unseen.points, trained.reference).reshape(len(unseen), -1)

    class Distance(Metric):
        def score(self, enrol: Evidence, probe: Evidence) -> np.ndarray:
            return -np.linalg.norm(enrol.latent[:, None] - probe.latent[None], axis=-1)

    distance = Distance(trained.reference, trained.mean, trained.transform, trained.noise, trained.population)
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
    again = train(face_set(400, 4), PLAIN)
    assert again.id == trained.id
    assert train(face_set(400, 4, seed=2), PLAIN).id != trained.id


def test_too_few_people_or_photos_are_refused() -> None:
    with pytest.raises(MetricError):
        train(face_set(2, 60), replace(PLAIN, dimensions=10))
    with pytest.raises(MetricError):
        train(face_set(60, 1), replace(PLAIN, dimensions=10))


def test_directions_that_do_not_vary_are_not_blown_up() -> None:
    with pytest.raises(MetricError, match="do not vary"):
        train(face_set(100, 4), replace(PLAIN, dimensions=2 * TRAITS + 60))


def shaken(people: int, photos: int, seed: int) -> FaceSet:
    """Every other photo is unsteady: its landmarks are shaken, and its spread says so."""
    faces = face_set(people, photos, seed=seed)
    rng = np.random.default_rng(seed + 100)
    unsteady = np.arange(len(faces)) % 2 == 1
    size = np.ptp(faces.points, axis=1)[:, None] * np.where(unsteady, 0.02, 0.002)[:, None, None]
    points = faces.points + rng.normal(size=faces.points.shape) * size
    return replace(faces, points=points, spread=np.where(unsteady, 0.008, 0.002))


def test_training_learns_what_an_unsteady_sample_is_worth() -> None:
    recipe = Recipe(dimensions=40, mirrored=False, weighing=Weighing.SPREAD, kinds=1)
    learning, unseen = shaken(300, 4, seed=11), shaken(80, 4, seed=12)
    weighed, plain = (train(learning, r) for r in (recipe, replace(recipe, weighing=Weighing.NOTHING)))
    precision = weighed.evidence(unseen.points, unseen.spreads).precision.mean(axis=1)
    assert precision[::2].min() > 1.5 * precision[1::2].max()
    eer = [
        trials.rates(measure([Exam(metric, unseen)], [(1, 3)], gated=False)[1, 3], [0.01]).eer
        for metric in (weighed, plain)
    ]
    assert eer[0] < eer[1]


def test_a_metric_of_the_full_recipe_sees_a_mirror_image_as_it_sees_the_face() -> None:
    noise = np.random.default_rng(0).normal(size=(60 * 6, 68, 2))
    faces = face_set(60, 6, seed=14)
    metric = train(replace(faces, points=faces.points + noise), Recipe())
    seen = [metric.evidence(points, faces.spreads) for points in (faces.points, mirrored(faces.points))]
    scores = [metric.score(evidence.rows(np.arange(9)), evidence.rows(np.arange(9, 18))) for evidence in seen]
    assert np.corrcoef(scores[0].ravel(), scores[1].ravel())[0, 1] > 0.98
