"""What the measures say of faces that differ in one thing."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from faced.dummy import Expression, Identity, Light, Sensor, Worn, render_frame
from faced.landmarks.averaging import frame_average
from faced.landmarks.detector import Box, FaceDetector
from faced.landmarks.measures import Measures, eye_openness, inter_ocular_px, measure
from faced.landmarks.predictor import Predictor


def box_in(image: NDArray[np.uint8]) -> Box | None:
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY).astype(np.uint8)
    return next(iter(FaceDetector.shared().detect(grey)), None)


def measured(predictor: Predictor, image: NDArray[np.uint8]) -> Measures:
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY).astype(np.uint8)
    box = box_in(image)
    assert box is not None
    return measure(image, grey, frame_average(predictor, grey, box, 10, 0), box)


@pytest.fixture(scope="module")
def plain(predictor: Predictor, people: tuple[Identity, ...]) -> list[Measures]:
    return [measured(predictor, render_frame(person)) for person in people]


def changed(predictor: Predictor, people: tuple[Identity, ...], **options: Any) -> list[Measures]:
    return [measured(predictor, render_frame(person, **options)) for person in people]


def test_less_light_is_less_grey(predictor: Predictor, people: tuple[Identity, ...], plain: list[Measures]) -> None:
    for before, after in zip(plain, changed(predictor, people, sensor=Sensor(gain=0.5)), strict=True):
        assert after.grey == pytest.approx(before.grey / 2, rel=0.1)


def test_too_much_light_burns(predictor: Predictor, people: tuple[Identity, ...], plain: list[Measures]) -> None:
    assert max(face.burnt for face in plain) < 0.05
    assert min(face.burnt for face in changed(predictor, people, light=Light(lamp=4.0, room=2.0))) > 0.3


def test_a_blur_takes_the_fine_detail_in_either_direction(predictor: Predictor, people: tuple[Identity, ...]) -> None:
    image = render_frame(people[0])
    sharp = measured(predictor, image).sharpness
    for kernel in ((13, 1), (1, 13), (9, 9)):
        assert measured(predictor, cv2.blur(image, kernel).astype(np.uint8)).sharpness < 0.6 * sharp


def test_closed_eyes_are_less_open_and_show_no_iris(
    predictor: Predictor, people: tuple[Identity, ...], plain: list[Measures]
) -> None:
    shut = changed(predictor, people, expression=Expression(left_lid=1.0, right_lid=1.0))
    for before, after in zip(plain, shut, strict=True):
        assert after.openness < before.openness
        assert after.iris < before.iris
    assert np.mean([face.iris for face in shut]) < 0.62 < min(face.iris for face in plain)


def test_a_hidden_mouth_is_told_from_a_bare_one(
    predictor: Predictor, people: tuple[Identity, ...], plain: list[Measures]
) -> None:
    assert max(face.cover for face in plain) < 0.7
    for worn in (Worn(mask=True), Worn(hand=True)):
        pictures = [render_frame(person, worn=worn) for person in people]
        found = [measured(predictor, picture).cover for picture in pictures if box_in(picture) is not None]
        assert len(found) > 1
        assert min(found) > 1


def test_lenses_that_hide_the_eyes_are_told_from_clear_ones(
    predictor: Predictor, people: tuple[Identity, ...], plain: list[Measures]
) -> None:
    clear = [*plain, *changed(predictor, people, worn=Worn(glasses=True))]
    dark = changed(predictor, people, worn=Worn(sunglasses=True))
    glaring = changed(predictor, people, worn=Worn(glare=0.7))
    assert max(face.eye_light for face in dark) < 0.3 < min(face.eye_light for face in clear) - 0.1
    assert min(face.eye_dark for face in glaring) > 0.25 > max(face.eye_dark for face in clear) + 0.05


def test_an_open_mouth_and_a_smile_are_no_cover(predictor: Predictor, people: tuple[Identity, ...]) -> None:
    for expression in (Expression(jaw=0.5), Expression(smile=0.9)):
        assert max(face.cover for face in changed(predictor, people, expression=expression)) < 1


def test_a_box_outside_the_picture_measures_nothing(predictor: Predictor) -> None:
    image = np.full((100, 100, 3), 90, np.uint8)
    averaged = frame_average(predictor, image[..., 0].copy(), Box(200, 200, 50, 50), 4, 0)
    assert measure(image, image[..., 0].copy(), averaged, Box(200, 200, 50, 50)).grey == 0


def test_eyes_are_measured_by_their_own_width() -> None:
    points = np.zeros((68, 2), np.float32)
    points[36:42] = [(0, 0), (3, -2), (7, -2), (10, 0), (7, 2), (3, 2)]
    points[42:48] = points[36:42] + [60, 0]
    assert eye_openness(points) == pytest.approx(0.4)
    assert eye_openness(points * 3) == pytest.approx(0.4)
    assert inter_ocular_px(points) == pytest.approx(60)
