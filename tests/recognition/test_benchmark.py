from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from faced.recognition.calibration import OperatingPoint
from faced.recognition.faces import FaceSet
from faced.recognition.metric import Metric
from tests.recognition.population import face_set, write

ROOT = Path(__file__).parent.parent.parent


def tool(name: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "tools" / name), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, cwd="/")


def benchmark(*arguments: object) -> dict[str, object]:
    done = tool("benchmark_recognition.py", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def unsharp(faces: FaceSet) -> FaceSet:
    """Faces that vary a little in all directions, as landmarks of pictures do."""
    noise = np.random.default_rng(0).normal(size=faces.points.shape)
    return replace(faces, points=faces.points + noise)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(unsharp(face_set(60, 6)), tmp_path_factory.mktemp("data") / "faces.npz")


def test_the_document_has_the_agreed_keys(data: Path) -> None:
    result = benchmark("--data", data)
    assert result["seen_in_training"] is False
    rows = result["rows"]
    layouts = [(row["set"], row["enrol"], row["probe"]) for row in rows]
    both = ("near-frontal", "near-frontal gated")
    assert layouts == [(name, *layout) for name in both for layout in ((1, 1), (1, 3), (1, 5), (3, 3))]
    for row in rows:
        assert row["people"] == 60
        assert all(0 <= row[key] <= 100 for key in ("eer", "fnmr_1e-1", "fnmr_1e-2", "fnmr_1e-3"))
        assert row["fnmr_1e-1"] <= row["fnmr_1e-2"] <= row["fnmr_1e-3"]


def test_cross_validation_trains_on_the_file_and_tells_its_people_apart(data: Path) -> None:
    rows = benchmark("--data", data, "--cross-validate")["rows"]
    eer = {(row["enrol"], row["probe"]): row["eer"] for row in rows if row["set"] == "near-frontal"}
    assert eer[1, 1] < 15
    assert eer[3, 3] < 5


def test_a_file_without_folds_cannot_be_cross_validated(data: Path, tmp_path: Path) -> None:
    no_folds = write(face_set(10, 3), tmp_path / "a.npz", leave_out=("fold",))
    done = tool("benchmark_recognition.py", "--data", no_folds, "--cross-validate")
    assert done.returncode == 1
    assert "fold" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_person_in_two_folds_is_refused(tmp_path: Path) -> None:
    faces = face_set(10, 4)
    crossed = write(replace(faces, fold=np.arange(40) % 2), tmp_path / "a.npz")
    done = tool("benchmark_recognition.py", "--data", crossed, "--cross-validate")
    assert done.returncode == 1
    assert "two folds" in done.stderr


def test_a_bare_file_is_measured_without_gates(tmp_path: Path) -> None:
    bare = write(face_set(6, 3), tmp_path / "a.npz", leave_out=("spread", "yaw", "pitch", "fold"), dtype=np.float64)
    result = benchmark("--data", bare)
    assert result["missing"] == ["spread", "yaw", "pitch"]
    assert [(row["enrol"], row["probe"], row["people"]) for row in result["rows"]] == [(1, 1, 6)] * 2


def test_layouts_with_fewer_than_three_people_have_no_row(tmp_path: Path) -> None:
    few = write(face_set(2, 8), tmp_path / "a.npz")
    assert benchmark("--data", few)["rows"] == []


def test_intervals_and_the_table_are_for_people(data: Path) -> None:
    rows = benchmark("--data", data, "--intervals", 20)["rows"]
    low, high = rows[0]["eer_interval"]
    assert low <= rows[0]["eer"] <= high
    table = tool("benchmark_recognition.py", "--data", data).stdout
    assert "60 people" in table
    assert "3 x 3" in table


def test_people_of_one_site_are_measured_with_its_mean_subtracted_too(data: Path) -> None:
    rows = benchmark("--data", data, "--one-site")["rows"]
    sets = {row["set"] for row in rows}
    assert sets == {"near-frontal", "near-frontal gated", "site-centred near-frontal", "site-centred all poses"}
    assert {row["people"] for row in rows if row["set"].startswith("site-centred")} == {60}


def test_a_missing_file_is_an_error_for_people(tmp_path: Path) -> None:
    done = tool("benchmark_recognition.py", "--data", tmp_path / "nowhere.npz")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


@pytest.fixture(scope="module")
def folders(data: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The same training twice."""
    made = [tmp_path_factory.mktemp("one"), tmp_path_factory.mktemp("two")]
    for folder in made:
        done = tool("train_metric.py", "--data", data, "--out", folder, "--resamples", 10, "--no-ladder")
        assert done.returncode == 0, done.stderr
    return made


def test_training_writes_a_metric_its_thresholds_and_its_card_the_same_twice(data: Path, folders: list[Path]) -> None:
    for name in ("metric.npz", "operating_points.json", "MODEL_CARD.md"):
        assert (folders[0] / name).read_bytes() == (folders[1] / name).read_bytes()
    metric = Metric.load(folders[0] / "metric.npz")
    assert metric.trained_on == FaceSet.load(data).digest
    assert OperatingPoint.load(folders[0] / "operating_points.json", 0.01).metric_id == metric.id
    card = (folders[0] / "MODEL_CARD.md").read_text()
    for fact in (metric.id.hex(), metric.trained_on.hex(), "60 unnamed people", "360 public press photos"):
        assert fact in card


def test_the_training_file_is_recognised(data: Path, folders: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    from tools import benchmark_recognition

    monkeypatch.setattr("faced.recognition.metric._SHIPPED", folders[0] / "metric.npz")
    assert benchmark_recognition.benchmark(data, cross_validate=False)["seen_in_training"] is True
    assert benchmark_recognition.benchmark(data, cross_validate=True)["seen_in_training"] is False


def test_the_shipped_card_and_thresholds_belong_to_the_shipped_metric() -> None:
    metric = Metric.shipped()
    card = (ROOT / "faced" / "recognition" / "MODEL_CARD.md").read_text()
    assert metric.id.hex() in card
    assert metric.trained_on.hex() in card
    assert OperatingPoint.shipped(0.01).metric_id == metric.id
