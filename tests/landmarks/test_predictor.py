"""The predictor file: found, identified, refused."""

from __future__ import annotations

import hashlib
from pathlib import Path

import dlib
import numpy as np
import pytest

from faced.errors import PredictorError
from faced.landmarks.predictor import DEBIAN_PATH, Predictor


def test_the_packaged_predictor_is_found_and_known_by_the_hash_of_its_file(predictor: Predictor) -> None:
    assert predictor.id == hashlib.sha256(predictor.path.read_bytes()).digest()
    assert Predictor.load(DEBIAN_PATH).id == predictor.id


def test_a_predictor_of_five_points_is_refused(tmp_path: Path) -> None:
    image = np.random.default_rng(1).integers(0, 255, (60, 60), np.uint8)
    corners = [dlib.point(10 + 8 * step, 20 + 3 * step) for step in range(5)]
    face = dlib.full_object_detection(dlib.rectangle(5, 5, 55, 55), corners)
    options = dlib.shape_predictor_training_options()
    options.cascade_depth = options.num_trees_per_cascade_level = options.tree_depth = 1
    options.feature_pool_size = options.num_test_splits = 2
    path = tmp_path / "five.dat"
    dlib.train_shape_predictor([image, image], [[face], [face]], options).save(str(path))
    with pytest.raises(PredictorError, match="5 points instead of 68"):
        Predictor.load(path)


def test_a_file_that_is_no_predictor_and_one_that_is_missing_say_what_to_install(tmp_path: Path) -> None:
    path = tmp_path / "not_a_model.dat"
    path.write_bytes(b"\0" * 100)
    with pytest.raises(PredictorError, match="libdlib-data"):
        Predictor.load(path)
    with pytest.raises(PredictorError, match="cannot be read"):
        Predictor.load(tmp_path / "missing.dat")


def test_a_call_gives_68_points_inside_the_surroundings_of_the_box(predictor: Predictor) -> None:
    points = predictor.points(np.full((200, 200), 128, np.uint8), (100, 100), 80)
    assert points.shape == (68, 2)
    assert points.dtype == np.float32
    assert (points > 20).all()
    assert (points < 180).all()
