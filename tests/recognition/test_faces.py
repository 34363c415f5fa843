from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from faced.errors import MetricError
from faced.recognition.faces import FaceSet
from tests.recognition.population import face_set, write


def test_a_file_comes_back_as_it_was_written(tmp_path: Path) -> None:
    faces = face_set(5, 3)
    read = FaceSet.load(write(faces, tmp_path / "a.npz", dtype=np.float64))
    assert np.array_equal(read.points, faces.points)
    assert np.array_equal(read.person, faces.person)
    assert (read.people, len(read)) == (5, 15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_digest_knows_the_same_faces_in_another_float_type(tmp_path: Path, dtype: type) -> None:
    faces = face_set(5, 3)
    reference = FaceSet.load(write(faces, tmp_path / "a.npz"))
    assert FaceSet.load(write(faces, tmp_path / "b.npz", dtype=dtype)).digest == reference.digest
    assert FaceSet.load(write(faces, tmp_path / "c.npz", leave_out=("yaw", "spread"))).digest == reference.digest
    assert FaceSet.load(write(face_set(5, 3, seed=2), tmp_path / "d.npz")).digest != reference.digest


def test_without_pose_and_spread_every_face_counts(tmp_path: Path) -> None:
    read = FaceSet.load(write(face_set(4, 2), tmp_path / "a.npz", leave_out=("spread", "yaw", "pitch", "fold")))
    assert read.near_frontal().all()
    assert read.steady().all()
    assert read.fold is None


def test_turned_and_unsteady_faces_do_not_count(tmp_path: Path) -> None:
    faces = face_set(4, 1)
    assert faces.yaw_deg is not None and faces.pitch_deg is not None and faces.spread is not None
    faces.yaw_deg[:] = [0.0, -15.0, 14.9, 0.0]
    faces.pitch_deg[:] = [0.0, 0.0, -11.9, 12.0]
    faces.spread[:] = [0.0042, 0.0, 0.0044, 0.0]
    assert faces.near_frontal().tolist() == [True, False, True, False]
    assert faces.steady().tolist() == [True, True, False, True]


def test_a_face_with_a_missing_landmark_or_spread_is_left_out(tmp_path: Path) -> None:
    faces = face_set(4, 1)
    assert faces.spread is not None
    faces.points[1, 5, 0] = np.nan
    faces.spread[2] = np.nan
    assert FaceSet.load(write(faces, tmp_path / "a.npz")).person.tolist() == [0, 3]
    missing = np.zeros((4, 68), dtype=bool)
    missing[3, 67] = True
    np.savez(tmp_path / "b.npz", points=faces.points, person=faces.person, missing=missing)
    assert FaceSet.load(tmp_path / "b.npz").person.tolist() == [0, 2]


@pytest.mark.parametrize(
    "arrays",
    [
        {},
        {"points": np.zeros((2, 68, 2))},
        {"points": np.zeros((2, 67, 2)), "person": np.zeros(2)},
        {"points": np.zeros((2, 68, 2)), "person": np.zeros(3)},
        {"points": np.zeros((2, 68, 2)), "person": np.zeros(2), "spread": np.zeros((2, 2))},
        {"points": np.zeros((2, 68, 2)), "person": np.zeros(2), "yaw": np.array(["a", "b"])},
        {"points": np.zeros((2, 68, 2)), "person": np.array([object(), None])},
    ],
    ids=[
        "nothing",
        "no person",
        "67 points",
        "another length",
        "spread of two dimensions",
        "text for a number",
        "pickles",
    ],
)
def test_another_file_is_refused(tmp_path: Path, arrays: dict[str, np.ndarray]) -> None:
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(MetricError):
        FaceSet.load(tmp_path / "a.npz")


def test_a_file_that_is_no_npz_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_text("points")
    for name in ("a.npz", "nowhere.npz"):
        with pytest.raises(MetricError):
            FaceSet.load(tmp_path / name)


def test_people_may_be_named_by_any_numbers_or_text(tmp_path: Path) -> None:
    faces = face_set(3, 2)
    write(faces, tmp_path / "a.npz")
    digests = set()
    for labels in (np.array([-7, 10**12, 10**12 + 5]), np.array([0.5, 1.5, 2.5]), np.array(["ann", "bea", "cho"])):
        np.savez(tmp_path / "b.npz", points=faces.points, person=labels[faces.person])
        read = FaceSet.load(tmp_path / "b.npz")
        assert np.array_equal(read.person, faces.person)
        digests.add(read.digest)
    assert digests == {FaceSet.load(tmp_path / "a.npz").digest}
