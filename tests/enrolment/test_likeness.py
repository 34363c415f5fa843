"""A sitting at the camera, with dummies drawn by us and the real predictor; time is that of the frames."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pytest
from numpy.typing import NDArray

from faced.camera.base import Camera, CameraInfo, EndOfClip, Frame
from faced.dummy import Identity, Worn, clip, id_photo
from faced.enrolment.likeness import (
    SittingPlan,
    SittingProgress,
    template_of_both,
    template_of_photo,
    template_of_sitting,
)
from faced.errors import CameraUnavailable, PhotoRefused
from faced.landmarks.observe import Observer, observe_photo
from faced.landmarks.predictor import Predictor
from faced.recognition.template import FaceTemplate, Sample, Source

NOW = 1_792_033_200
FPS = 5.0
PLAN = SittingPlan(samples=3, apart_s=0.4, timeout_s=5.0)

Picture = NDArray[np.uint8]


class Pictures(Camera):
    """A camera that shows these pictures, then ends."""

    def __init__(self, pictures: Iterable[Picture]) -> None:
        self._frames = iter(list(pictures))
        self._index = -1

    def open(self) -> None: ...

    def close(self) -> None: ...

    def read(self) -> Frame:
        try:
            picture = next(self._frames)
        except StopIteration:
            raise EndOfClip("over") from None
        self._index += 1
        return Frame(picture, self._index / FPS, self._index)

    @property
    def info(self) -> CameraInfo:
        return CameraInfo("clip", "pictures", "", "", virtual=True)


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor.load()


@pytest.fixture(scope="module")
def film() -> Callable[..., list[Picture]]:
    def make(seed: int, frames: int, **more: object) -> list[Picture]:
        return list(clip(Identity(seed), seconds=frames / FPS, fps=FPS, blinks_s=(), **more))  # type: ignore[arg-type]

    return make


def sit(predictor: Predictor, pictures: Iterable[Picture], said: list[str] | None = None) -> FaceTemplate:
    def guide(progress: SittingProgress) -> None:
        if said is not None and (not said or said[-1] != progress.hint):
            said.append(progress.hint)

    return template_of_sitting(Observer(predictor, calls=4), Pictures(pictures), NOW, guide=guide, plan=PLAN)


def of_photo(predictor: Predictor, seed: int) -> FaceTemplate:
    observation = observe_photo(predictor, id_photo(Identity(seed))).observation
    assert observation is not None
    return template_of_photo(observation, NOW)


def test_a_photo_gives_one_sample(predictor: Predictor) -> None:
    face = of_photo(predictor, 3)
    assert [(sample.source, sample.day) for sample in face.samples] == [(Source.PHOTO, NOW // 86400)]


def test_a_sitting_gives_samples_that_are_apart(predictor: Predictor, film: Callable[..., list[Picture]]) -> None:
    said: list[str] = []
    face = sit(predictor, film(3, 8), said)
    assert [sample.source for sample in face.samples] == [Source.CAMERA] * 3
    assert len({sample.points.tobytes() for sample in face.samples}) == 3
    assert said == ["Good. Please stay like this."]


def test_the_person_is_told_how_far_it_is(predictor: Predictor, film: Callable[..., list[Picture]]) -> None:
    told: list[SittingProgress] = []
    pictures = Pictures(film(3, 8))
    template_of_sitting(Observer(predictor, calls=4), pictures, NOW, guide=told.append, plan=PLAN)
    kept = [progress.kept for progress in told]
    assert kept == sorted(kept)
    assert sorted(set(kept)) == [0, 1, 2, 3]
    assert {progress.wanted for progress in told} == {3}


def test_a_photo_and_a_sitting_of_one_person_make_one_confirmed_template(
    predictor: Predictor, film: Callable[..., list[Picture]]
) -> None:
    face = template_of_both(of_photo(predictor, 3), sit(predictor, film(3, 8)), None)
    assert [sample.source for sample in face.samples] == [Source.PHOTO] + [Source.CAMERA] * 3
    assert face.confirmed


def test_the_photo_of_another_person_is_noticed_at_the_camera(
    predictor: Predictor, film: Callable[..., list[Picture]]
) -> None:
    with pytest.raises(PhotoRefused, match="does not resemble the photo") as refusal:
        template_of_both(of_photo(predictor, 4), sit(predictor, film(3, 8)), None)
    assert refusal.value.reason == "another_person"


def test_a_sitting_that_ends_too_soon_keeps_nothing(predictor: Predictor, film: Callable[..., list[Picture]]) -> None:
    with pytest.raises(PhotoRefused, match="Only 1 of 3"):
        sit(predictor, film(3, 4))


def test_a_masked_person_is_told_what_to_do_and_not_enrolled(
    predictor: Predictor, film: Callable[..., list[Picture]]
) -> None:
    said: list[str] = []
    with pytest.raises(PhotoRefused) as refusal:
        sit(predictor, film(3, 6, worn=Worn(mask=True)), said)
    assert refusal.value.reason == "covered"
    assert "Please uncover your face (mask, hand)." in said


def test_nobody_in_view_ends_with_the_time(predictor: Predictor) -> None:
    empty = np.full((480, 640, 3), 120, np.uint8)
    with pytest.raises(PhotoRefused) as refusal:
        sit(predictor, [empty] * 100)
    assert refusal.value.reason == "no_face"


def test_whoever_leaves_and_whoever_comes_do_not_share_a_template(
    predictor: Predictor, film: Callable[..., list[Picture]]
) -> None:
    empty = [np.full((480, 640, 3), 120, np.uint8)] * 6
    first, second = film(3, 6), film(4, 8)
    both = sit(predictor, [*first, *empty, *second])
    ours = sit(predictor, film(3, 8))
    theirs = sit(predictor, second)
    for sample in both.samples:
        assert distance(sample, theirs) < distance(sample, ours)


def distance(sample: Sample, face: FaceTemplate) -> float:
    return min(float(np.abs(sample.points - other.points).max()) for other in face.samples)


def test_a_camera_that_goes_away_at_once_is_an_error_of_the_camera(predictor: Predictor) -> None:
    with pytest.raises(CameraUnavailable):
        sit(predictor, [])
