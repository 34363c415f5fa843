from __future__ import annotations

import numpy as np
import pytest

from faced.errors import MetricError
from faced.recognition.alignment import MIRROR, align, mean_shape, mirrored, normalised
from tests.recognition.population import face_set, placed


@pytest.fixture(scope="module")
def shapes() -> np.ndarray:
    return normalised(face_set(6, 2).points)


def test_alignment_undoes_place_size_and_rotation(shapes: np.ndarray) -> None:
    elsewhere = placed(shapes, np.random.default_rng(3))
    assert np.allclose(align(elsewhere, shapes[0]), align(shapes, shapes[0]), atol=1e-12)


def test_alignment_of_a_copy_gives_the_reference(shapes: np.ndarray) -> None:
    copy = placed(shapes[:1], np.random.default_rng(4))
    assert np.allclose(align(copy, shapes[0])[0], shapes[0], atol=1e-12)


def test_alignment_is_the_nearest_similarity(shapes: np.ndarray) -> None:
    aligned = align(shapes[1:2], shapes[0])[0]
    best = ((aligned - shapes[0]) ** 2).sum()
    for turn, scale in ((0.01, 1.0), (-0.01, 1.0), (0.0, 1.01), (0.0, 0.99)):
        matrix = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        assert ((aligned @ matrix.T - shapes[0]) ** 2).sum() > best


def test_alignment_never_mirrors(shapes: np.ndarray) -> None:
    flipped = shapes[:1] * np.array([-1.0, 1.0])
    assert np.linalg.norm(align(flipped, shapes[0])[0] - shapes[0]) > 0.5


def test_a_normalised_shape_is_centred_with_unit_centroid_size() -> None:
    shape = normalised(face_set(3, 2).points)
    assert np.abs(shape.mean(axis=1)).max() < 1e-12
    assert np.allclose((shape**2).sum(axis=(1, 2)), 1.0)


def test_the_mean_shape_does_not_depend_on_how_the_photos_were_taken(shapes: np.ndarray) -> None:
    again = placed(shapes, np.random.default_rng(5))
    mean = mean_shape(shapes)
    assert np.allclose(align(mean_shape(again)[None], mean)[0], mean, atol=1e-9)
    assert np.allclose(normalised(align(shapes, mean).mean(axis=0)[None])[0], mean, atol=1e-6)


def test_mirroring_twice_changes_nothing(shapes: np.ndarray) -> None:
    assert sorted(MIRROR) == list(range(68))
    assert np.array_equal(mirrored(mirrored(shapes)), shapes)


def test_the_mirrored_mean_face_is_nearly_itself(shapes: np.ndarray) -> None:
    mean = mean_shape(shapes)
    assert np.linalg.norm(align(mirrored(mean[None]), mean)[0] - mean) < 0.1


def test_the_mirror_keeps_the_nose_ridge_and_swaps_the_eye_corners() -> None:
    assert list(MIRROR[27:31]) == [27, 28, 29, 30]
    assert (MIRROR[36], MIRROR[39], MIRROR[48], MIRROR[8]) == (45, 42, 54, 8)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_number_that_is_not_finite_is_refused(shapes: np.ndarray, bad: float) -> None:
    broken = shapes.copy()
    broken[2, 30, 1] = bad
    with pytest.raises(MetricError):
        align(broken, shapes[0])


def test_points_in_one_place_are_refused(shapes: np.ndarray) -> None:
    with pytest.raises(MetricError):
        normalised(np.ones((1, 68, 2)))


@pytest.mark.parametrize("form", [(68, 2), (1, 67, 2), (1, 68, 3)])
def test_another_number_of_points_is_refused(form: tuple[int, ...]) -> None:
    with pytest.raises(MetricError):
        normalised(np.random.default_rng(0).normal(size=form))
