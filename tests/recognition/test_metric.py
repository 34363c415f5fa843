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


def latent(metric: Metric, points: np.ndarray) -> np.ndarray:
    return metric.evidence(points, np.full(len(points), 0.003)).latent


def test_the_shipped_metric_fits_its_limits(metric: Metric) -> None:
    assert metric.transform.shape == (136, metric.dimensions)
    assert (np.diff(metric.noise.senses.psi) <= 0).all()
    assert len(metric.id) == 32
    assert len(metric.trained_on) == 32


def test_a_face_projects_alike_wherever_it_is_in_the_picture(metric: Metric) -> None:
    faces = face_set(5, 1).points
    moved = placed(faces, np.random.default_rng(9))
    assert np.allclose(latent(metric, moved), latent(metric, faces), atol=1e-8)


def test_the_order_of_enrolment_samples_does_not_matter(metric: Metric) -> None:
    faces = face_set(2, 5)
    evidence = metric.evidence(faces.points, faces.spreads)
    probe = evidence.rows(np.array([5])).pooled()
    forwards = metric.score(evidence.pooled(np.array([[0, 1, 2, 3]])), probe)
    backwards = metric.score(evidence.pooled(np.array([[3, 1, 0, 2]])), probe)
    assert np.allclose(forwards, backwards, atol=1e-9)


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
    mean = metric.mean.copy()
    mean[-1] = np.nextafter(mean[-1], 1.0)
    assert replace(metric, mean=mean).id != metric.id
    variance = metric.population.variance.copy()
    variance[-1, -1] = np.nextafter(variance[-1, -1], 1.0)
    assert replace(metric, population=replace(metric.population, variance=variance)).id != metric.id


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
        {"method": np.int64(1)},
        {"method": None},
        {"psi": None},
        {"psi": np.ones(79)},
        {"psi": np.zeros(116)},
        {"psi": np.full(116, np.nan)},
        {"psi": np.ones(116, dtype=np.float32)},
        {"transform": np.ones((116, 136))},
        {"reference": np.ones((67, 2))},
        {"coefficients": np.ones((3, 116))},
        {"coefficients": np.full((20, 116), np.inf)},
        {"pose": np.ones((136, 2))},
        {"share": np.array([2.0, -1.0, 0.0, 0.0])},
        {"centre": np.ones((4, 115))},
        {"variance": np.zeros((4, 116))},
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
