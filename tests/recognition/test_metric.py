from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from faced.errors import MetricError
from faced.recognition.metric import Metric
from tests.recognition.population import face_set, placed


@pytest.fixture(scope="module")
def metric() -> Metric:
    return Metric.shipped()


@pytest.fixture(scope="module")
def latent(metric: Metric) -> np.ndarray:
    return metric.project(face_set(6, 2).points)


def likelihood_ratio(metric: Metric, one: np.ndarray, other: np.ndarray, n: float, k: float) -> float:
    """The same by brute force: two-dimensional Gaussians, dimension by dimension."""
    total = 0.0
    for psi, x, y in zip(metric.psi, one, other, strict=True):
        same = np.array([[psi + 1 / n, psi], [psi, psi + 1 / k]])
        apart = np.diag(np.diag(same))
        both = np.array([x, y])
        for covariance, sign in ((same, 1.0), (apart, -1.0)):
            total += sign * -0.5 * (both @ np.linalg.inv(covariance) @ both + np.log(np.linalg.det(covariance)))
    return total


def test_the_shipped_metric_fits_its_limits(metric: Metric) -> None:
    assert metric.transform.shape == (136, 80)
    assert (np.diff(metric.psi) <= 0).all()
    assert len(metric.id) == 32
    assert len(metric.trained_on) == 32


def test_a_face_projects_alike_wherever_it_is_in_the_picture(metric: Metric) -> None:
    faces = face_set(5, 1).points
    moved = placed(faces, np.random.default_rng(9))
    assert np.allclose(metric.project(moved), metric.project(faces), atol=1e-8)


@pytest.mark.parametrize(("n", "k"), [(1, 1), (1, 5), (3, 2), (1.5, 1.8)])
def test_the_score_is_the_exact_likelihood_ratio(metric: Metric, latent: np.ndarray, n: float, k: float) -> None:
    scores = metric.llr(latent[:2], latent[2:4], n, k)
    for row in range(2):
        for column in range(2):
            expected = likelihood_ratio(metric, latent[row], latent[2 + column], n, k)
            assert scores[row, column] == pytest.approx(expected, rel=1e-9)


def test_the_score_is_symmetric_in_its_two_sides(metric: Metric, latent: np.ndarray) -> None:
    assert np.allclose(metric.llr(latent[:3], latent[3:], 2, 5), metric.llr(latent[3:], latent[:3], 5, 2).T, atol=1e-9)


def test_people_with_different_numbers_of_samples_score_as_if_alone(metric: Metric, latent: np.ndarray) -> None:
    counts = np.array([[1.0], [3.0], [2.0]])
    together = metric.llr(latent[:3], latent[3:6], counts, 2)
    alone = [metric.llr(latent[row : row + 1], latent[3:6], counts[row, 0], 2)[0] for row in range(3)]
    assert np.allclose(together, alone, atol=1e-9)


def test_precision_may_differ_by_dimension(metric: Metric, latent: np.ndarray) -> None:
    weight = np.ones((3, len(metric.psi)))
    weight[1] = 4.0
    by_dimension = metric.llr(latent[:3], latent[3:6], weight, 1)
    assert np.allclose(by_dimension, metric.llr(latent[:3], latent[3:6], weight[:, :1], 1), atol=1e-9)


def test_a_large_comparison_gives_the_same_scores_in_blocks(
    metric: Metric, latent: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = np.arange(1.0, 13.0)[:, None]
    whole = metric.llr(latent, latent, counts, counts)
    monkeypatch.setattr("faced.recognition.metric._BLOCK", 1)
    assert np.allclose(metric.llr(latent, latent, counts, counts), whole, atol=1e-9)


def test_the_order_of_enrolment_samples_does_not_matter(metric: Metric) -> None:
    faces = face_set(2, 5)
    evidence = metric.evidence(faces.points, faces.spreads)
    probe = evidence.rows(np.array([5])).pooled()
    forwards = metric.score(evidence.pooled(np.array([[0, 1, 2, 3]])), probe)
    backwards = metric.score(evidence.pooled(np.array([[3, 1, 0, 2]])), probe)
    assert np.allclose(forwards, backwards, atol=1e-9)


def test_a_score_that_is_not_a_number_is_an_error_and_never_a_score(metric: Metric, latent: np.ndarray) -> None:
    for bad in (np.nan, np.inf):
        broken = latent[:1].copy()
        broken[0, 0] = bad
        with pytest.raises(MetricError):
            metric.llr(latent, broken)
    with pytest.raises(MetricError), np.errstate(over="ignore", invalid="ignore"):
        metric.llr(latent, np.full_like(latent[:1], 1e200))


@pytest.mark.parametrize("count", [0.0, -1.0, np.nan, np.inf])
def test_an_impossible_number_of_samples_is_refused(metric: Metric, latent: np.ndarray, count: float) -> None:
    with pytest.raises(MetricError):
        metric.llr(latent, latent, count)


@pytest.mark.parametrize("spread", [np.nan, np.inf, -0.001])
def test_an_impossible_spread_is_refused(metric: Metric, spread: float) -> None:
    with pytest.raises(MetricError):
        metric.evidence(face_set(1, 1).points, np.array([spread]))


def test_a_saved_metric_is_the_same_metric_and_the_same_bytes(metric: Metric, tmp_path: Path) -> None:
    metric.save(tmp_path / "one.npz")
    again = Metric.load(tmp_path / "one.npz")
    again.save(tmp_path / "two.npz")
    assert again.id == metric.id
    assert again.trained_on == metric.trained_on
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()


def test_the_id_changes_with_any_number(metric: Metric) -> None:
    psi = metric.psi.copy()
    psi[-1] = np.nextafter(psi[-1], 1.0)
    assert replace(metric, psi=psi).id != metric.id


def saved(metric: Metric, path: Path, **changed: object) -> Path:
    metric.save(path)
    with np.load(path) as file:
        arrays = dict(file)
    arrays.update(changed)
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})
    return path


@pytest.mark.parametrize(
    "changed",
    [
        {"method": np.int64(2)},
        {"method": None},
        {"psi": None},
        {"psi": np.ones(79)},
        {"psi": np.zeros(80)},
        {"psi": np.full(80, np.nan)},
        {"psi": np.ones(80, dtype=np.float32)},
        {"transform": np.ones((80, 136))},
        {"reference": np.ones((67, 2))},
        {"trained_on": np.zeros(31, np.uint8)},
        {"mean": np.array([{"pickled": 1}] * 136, dtype=object)},
    ],
    ids=str,
)
def test_a_damaged_metric_is_refused(metric: Metric, tmp_path: Path, changed: dict[str, object]) -> None:
    with pytest.raises(MetricError):
        Metric.load(saved(metric, tmp_path / "bad.npz", **changed))


def test_a_missing_cut_or_oversize_file_is_refused(metric: Metric, tmp_path: Path) -> None:
    with pytest.raises(MetricError):
        Metric.load(tmp_path / "nowhere.npz")
    metric.save(tmp_path / "cut.npz")
    whole = (tmp_path / "cut.npz").read_bytes()
    for size in (0, 10, len(whole) // 2, len(whole) - 10):
        (tmp_path / "cut.npz").write_bytes(whole[:size])
        with pytest.raises(MetricError):
            Metric.load(tmp_path / "cut.npz")
    (tmp_path / "cut.npz").write_bytes(whole[:2000] + bytes([whole[2000] ^ 1]) + whole[2001:])
    with pytest.raises(MetricError):
        Metric.load(tmp_path / "cut.npz")
    with zipfile.ZipFile(tmp_path / "large.npz", "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("psi.npy", bytes(2 << 20))
    with pytest.raises(MetricError, match="too large"):
        Metric.load(tmp_path / "large.npz")
