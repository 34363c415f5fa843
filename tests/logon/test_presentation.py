"""One presentation of a site's own liveness test: real landmarks, the logon's own attempt, operators who obey."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import pytest

from faced.camera.base import Camera, CameraInfo, Frame
from faced.config import LogonConfig
from faced.dummy import Act, Identity, clip, id_photo
from faced.dummy.clip import Clip, nobody
from faced.dummy.species import Species, present
from faced.landmarks.observe import Observer, observe_photo
from faced.landmarks.predictor import Predictor
from faced.liveness.challenge import TURNS, Challenge
from faced.liveness.judge import LivenessJudge, LivenessPolicy
from faced.logon.attempt import Judge
from faced.logon.guidance import request
from faced.logon.judge import FaceJudge
from faced.logon.presentation import AnyFace, Presentation, watch
from faced.recognition.calibration import OperatingPoint
from faced.recognition.metric import Metric
from faced.recognition.template import FaceTemplate, Sample, Source
from tests.rig.sitter import DOING

FPS = 20.0
SECONDS = 14.0
VICTIM = Identity(1000)


class Stage(Camera):
    """A camera before which somebody reads the lines and does what they ask for."""

    def __init__(self, film: Callable[[Sequence[Act]], Clip]) -> None:
        self._film = film
        self._acts: list[Act] = []
        self._clip = film(())
        self._index = -1
        self.lines: list[str] = []

    def open(self) -> None:
        pass

    def close(self) -> None:
        pass

    @property
    def info(self) -> CameraInfo:
        return CameraInfo("stage", "stage", "", "", virtual=True)

    def read(self) -> Frame:
        self._index += 1
        return Frame(self._clip[self._index], self._index / FPS, self._index)

    def tell(self, line: str) -> None:
        self.lines.append(line)
        for challenge in Challenge:
            if line == request(challenge, again=False):
                self._acts.append(Act(DOING[challenge], self._index / FPS + 0.6, 1.6))
                self._clip = self._film(self._acts)


def attack(species: Species) -> Stage:
    return Stage(lambda acts: present(species, VICTIM, 2, SECONDS, FPS, acts))


def person() -> Stage:
    return Stage(lambda acts: clip(VICTIM, 7, SECONDS, FPS, motion=0.6, acts=acts))


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor.load()


def photo_of(predictor: Predictor, identity: Identity) -> FaceJudge:
    seen = observe_photo(predictor, id_photo(identity)).observation
    assert seen is not None
    template = FaceTemplate((Sample.from_points(seen.points, seen.spread, Source.PHOTO, 20_000),))
    return FaceJudge(Metric.shipped(), OperatingPoint.shipped(0.01), template)


def tried(stage: Stage, predictor: Predictor, judge: Judge | None = None, **limits: float) -> Presentation:
    liveness = LivenessJudge(LivenessPolicy(actions=TURNS), random.Random(5))
    return watch(stage, Observer(predictor), judge or AnyFace(), liveness, LogonConfig(**limits), stage.tell)  # type: ignore[arg-type]


def test_a_print_that_is_turned_as_asked_counts_and_is_refused(predictor: Predictor) -> None:
    stage = attack(Species.FLAT_PRINT)
    ended = tried(stage, predictor, photo_of(predictor, VICTIM))
    assert (ended.detected, ended.counted, ended.passed) == (True, True, False)
    assert ended.denied_by in {"flat", "no_action", "print_cue"}
    assert len(stage.lines) > 1


def test_the_person_who_does_what_is_asked_passes(predictor: Predictor) -> None:
    assert tried(person(), predictor) == Presentation(detected=True, counted=True, passed=True, denied_by="")


def test_what_does_not_match_the_photo_does_not_count(predictor: Predictor) -> None:
    stage = person()
    ended = tried(stage, predictor, photo_of(predictor, Identity(1011)))
    assert ended == Presentation(detected=True, counted=False, passed=False, denied_by="no_match")


def test_an_empty_chair_does_not_count(predictor: Predictor) -> None:
    stage = Stage(lambda _acts: nobody(1, SECONDS, FPS))
    ended = tried(stage, predictor, no_face_timeout_s=0.5, warm_up_s=0.0)
    assert ended == Presentation(detected=False, counted=False, passed=False, denied_by="no_face")
