"""What each try of `facectl liveness-test` needs: this PC's camera, the shipped judge, and perhaps a photo."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.run import Run
from faced import __version__

if TYPE_CHECKING:
    from faced.camera.base import CameraInfo
    from faced.landmarks.observe import Observer
    from faced.landmarks.predictor import Predictor
    from faced.liveness.judge import LivenessPolicy
    from faced.logon.attempt import Judge
    from faced.logon.presentation import Presentation
    from faced.records.liveness_report import LivenessReport


@dataclass(frozen=True)
class Bench:
    """What each try needs.

    ``judge`` makes a new one for each try.
    """

    run: Run
    observer: Observer
    predictor: Predictor
    judge: Callable[[], Judge]
    metric: str
    policy: LivenessPolicy

    @classmethod
    def prepared(cls, run: Run, photo: Path | None, *, silent: bool) -> Bench:
        """Load what does not change.

        :raises PhotoRefused: the photo cannot be used.
        """
        from faced.landmarks.observe import Observer
        from faced.landmarks.predictor import Predictor
        from faced.liveness.judge import LivenessPolicy
        from faced.logon.presentation import AnyFace

        predictor = Predictor.load(run.predictor)
        asked = run.config.liveness
        policy = LivenessPolicy(challenges=asked.challenges, directed=not silent, deny_cues=asked.deny_cues)
        observer = Observer(predictor, calls=run.config.landmarks.calls_per_frame)
        if photo is None:
            return cls(run, observer, predictor, AnyFace, "", policy)
        judge, metric = _matching(run, photo)
        return cls(run, observer, predictor, judge, metric, policy)

    def present(self) -> tuple[Presentation, CameraInfo]:
        """One try; the camera is open only meanwhile.

        :raises CameraUnavailable: there is none, or another program uses it.
        """
        from faced.camera.choose import open_camera
        from faced.liveness.judge import LivenessJudge
        from faced.logon.presentation import watch

        config = self.run.config
        liveness = LivenessJudge(self.policy, random.SystemRandom())
        # Nobody is let in here, so a clip does no harm; the report says that it was one.
        clip = config.camera.name.startswith("clip:")
        with open_camera(config.camera, allow_virtual=clip) as camera:
            ended = watch(camera, self.observer, self.judge(), liveness, config.logon, _tell)
            return ended, camera.info

    def begun(self, info: CameraInfo, day: date) -> LivenessReport:
        """A report with nothing in it yet."""
        from faced.records.liveness_report import LivenessReport, Setting

        setting = Setting(
            version=__version__,
            predictor=self.predictor.id.hex(),
            metric=self.metric,
            # The path of a clip may name somebody.
            camera=info.kind if info.virtual else info.name,
            driver=info.driver,
            virtual=info.virtual,
            matching=bool(self.metric),
            challenges=self.policy.challenges,
            directed=self.policy.directed,
            deny_cues=self.policy.deny_cues,
        )
        return LivenessReport(day, day, setting)


def _matching(run: Run, photo: Path) -> tuple[Callable[[], Judge], str]:
    """Who compares with the photo, and the metric's id."""
    from faced.enrolment.likeness import template_of_photo
    from faced.enrolment.photo_reader import PhotoReader
    from faced.logon.judge import FaceJudge
    from faced.recognition.calibration import OperatingPoint
    from faced.recognition.metric import Metric

    with PhotoReader(run.predictor, 1) as reader:
        (result,) = reader.read([(photo.name, photo)])
    template = template_of_photo(result.usable(), run.now)
    metric, point = Metric.shipped(), OperatingPoint.shipped(run.config.logon.fmr)
    return lambda: FaceJudge(metric, point, template), metric.id.hex()


def _tell(line: str) -> None:
    click.echo(f"  {line}", err=True)
