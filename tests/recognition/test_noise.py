from __future__ import annotations

import numpy as np
import pytest

from faced.recognition.alignment import mirrored
from faced.recognition.metric import Metric
from tests.recognition.population import face_set, placed


@pytest.fixture(scope="module")
def metric() -> Metric:
    return Metric.shipped()


def weight(metric: Metric, points: np.ndarray, spread: float = 0.0034) -> np.ndarray:
    """(n,) how much each sample weighs, as a mean over the dimensions that tell people apart."""
    precision = metric.evidence(points, np.full(len(points), spread)).precision
    return np.asarray(precision[:, :20].mean(axis=1))


def mean_face(metric: Metric) -> np.ndarray:
    """The least remarkable face there is, (1, 68, 2)."""
    return metric.mean.reshape(1, 68, 2)


@pytest.fixture(scope="module")
def photos(metric: Metric) -> np.ndarray:
    """(200, 68, 2): one photo each of people as the metric believes people and photos to be."""
    rng = np.random.default_rng(3)
    people = rng.normal(size=(200, metric.dimensions)) * np.sqrt(metric.noise.senses.psi)
    latent = people + rng.normal(size=people.shape)
    return np.asarray((metric.mean + latent @ np.linalg.pinv(metric.transform)).reshape(-1, 68, 2))


def test_a_usual_sample_weighs_about_one(metric: Metric, photos: np.ndarray) -> None:
    assert 0.7 < np.median(weight(metric, photos)) < 1.4


def test_an_unsteady_sample_weighs_less(metric: Metric, photos: np.ndarray) -> None:
    steady, usual, unsteady = (np.median(weight(metric, photos, spread)) for spread in (0.002, 0.0034, 0.008))
    assert steady > 1.1 * usual
    assert usual > 1.1 * unsteady


def test_a_shape_that_no_face_has_weighs_less(metric: Metric) -> None:
    face = mean_face(metric)
    rng = np.random.default_rng(0)
    shaken = face + rng.normal(size=(20, 68, 2)) * 0.004
    assert weight(metric, shaken).max() < 0.8 * weight(metric, face)[0]


def test_a_turned_head_weighs_less(metric: Metric) -> None:
    face = mean_face(metric)
    # What turning does first: the near half of the face grows wider, the far half narrower.
    turned = face.copy()
    turned[..., 0] += 1.5 * (turned[..., 0] ** 2 - (turned[..., 0] ** 2).mean())
    assert weight(metric, turned)[0] < 0.8 * weight(metric, face)[0]


def test_place_size_and_tilt_in_the_picture_do_not_change_the_weight(metric: Metric) -> None:
    faces = face_set(5, 1).points
    moved = placed(faces, np.random.default_rng(2))
    assert np.allclose(weight(metric, faces), weight(metric, moved), rtol=1e-6)


def test_a_mirror_image_weighs_nearly_the_same(metric: Metric) -> None:
    faces = face_set(20, 1).points
    assert np.allclose(weight(metric, faces), weight(metric, mirrored(faces)), rtol=0.3)


def test_no_sample_is_worth_more_than_a_few_or_less_than_a_small_part_of_a_usual_one(metric: Metric) -> None:
    rng = np.random.default_rng(1)
    wild = mean_face(metric) + rng.normal(size=(50, 68, 2)) * 10.0 ** rng.uniform(-4, 1, (50, 1, 1))
    for spread in (0.0, 1e-9, 0.1, 1e6):
        precision = metric.evidence(wild, np.full(50, spread)).precision
        assert (precision >= 10.0**-0.8 - 1e-9).all()
        assert (precision <= 0.2**-0.8 + 1e-9).all()
