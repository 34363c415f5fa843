"""ID photos: what a personnel section would have on file."""

from __future__ import annotations

import cv2
import numpy as np

from faced.dummy import Identity, encode_jpeg, id_photo, render_frame
from tests.dummy.conftest import Eyes, difference, eye_distance


def test_a_photo_is_a_portrait_that_a_jpeg_file_keeps(somebody: Identity, eyes: Eyes) -> None:
    photo = id_photo(somebody)
    assert photo.shape == (600, 480, 3)
    assert photo.dtype == np.uint8
    data = encode_jpeg(photo)
    assert data.startswith(b"\xff\xd8\xff")
    assert len(data) < 100_000
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    assert np.abs(decoded.astype(int) - photo).mean() < 4
    assert 80 < eye_distance(eyes.points(photo)) < 200


def test_the_photo_shows_the_person_of_the_webcam(somebody: Identity, another: Identity, eyes: Eyes) -> None:
    photo = eyes.points(id_photo(somebody))
    own, others = (difference(eyes.points(render_frame(person)), photo) for person in (somebody, another))
    assert own < 2.5 < others


def test_another_sitting_is_another_photo_of_the_same_person(somebody: Identity, eyes: Eyes) -> None:
    usual, later = id_photo(somebody), id_photo(somebody, seed=2)
    assert np.array_equal(usual, id_photo(somebody))
    assert not np.array_equal(usual, later)
    assert difference(eyes.points(later), eyes.points(usual)) < 2.5
