"""A photo, or some seconds at a camera, becomes a face template; no picture outlives the call."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from faced.camera.base import Camera
from faced.enrolment.refusal import sitting_hint
from faced.errors import CameraUnavailable, PhotoRefused
from faced.i18n import _
from faced.landmarks.observe import FrameReport, Observation, Observer
from faced.landmarks.quality import Reason
from faced.recognition.calibration import OperatingPoint
from faced.recognition.decision import Decision, Matcher
from faced.recognition.metric import Metric
from faced.recognition.site import SiteCalibration
from faced.recognition.template import FaceTemplate, Sample, Source
from faced.units import DAY_S

#: Of a photo and the person at the desk: a mistaken file is found 99 times in 100, under the eyes of a clerk.
SAME_PERSON_FMR = 1e-2


@dataclass(frozen=True)
class SittingPlan:
    """How a camera enrolment runs.

    ``samples`` of one unbroken view are kept, at least ``apart_s`` apart so that they differ; of the frames between
    two the steadiest counts. After ``timeout_s`` without enough of them the sitting has failed.
    """

    samples: int = 8
    apart_s: float = 0.6
    timeout_s: float = 30.0


@dataclass(frozen=True)
class SittingProgress:
    """What the person at the camera should know: what to do, and how many pictures of how many are taken."""

    hint: str
    kept: int
    wanted: int


def template_of_photo(observation: Observation, now: int) -> FaceTemplate:
    """The template of one ID photo.

    :param observation: of a photo that passed its gates.
    :param now: unix seconds; the day of the sample.
    """
    return FaceTemplate((_sample(observation, Source.PHOTO, now),))


def template_of_sitting(
    observer: Observer,
    camera: Camera,
    now: int,
    *,
    guide: Callable[[SittingProgress], None],
    plan: SittingPlan = SittingPlan(),  # noqa: B008 - frozen
) -> FaceTemplate:
    """The template of a person who sits before an open camera.

    Time is the camera's: the timestamps of its frames.

    :param guide: is told with every frame what the person should do and how far it is.
    :raises PhotoRefused: too few usable frames within the time; ``reason`` is the gate that refused most of them.
    :raises CameraUnavailable: the camera went away.
    """
    observer.reset()
    sitting = _Sitting(plan)
    while len(sitting.kept) < plan.samples:
        try:
            frame = camera.read()
        except CameraUnavailable:
            if not sitting.has_begun:
                raise
            break
        if sitting.is_over(frame.timestamp_s):
            break
        report = observer.observe(frame.image, frame.timestamp_s)
        sitting.take(report)
        guide(SittingProgress(sitting_hint(report.reason), len(sitting.kept), plan.samples))
    if len(sitting.kept) < plan.samples:
        raise _too_few(sitting.refusals, len(sitting.kept), plan.samples)
    return FaceTemplate(tuple(_sample(observation, Source.CAMERA, now) for observation in sitting.kept))


def template_of_both(photo: FaceTemplate, sitting: FaceTemplate, site: SiteCalibration | None) -> FaceTemplate:
    """One template of a person's photo and a sitting, which must be of one person.

    :raises PhotoRefused: ``another_person``: somebody else's photo, or one that does not resemble the person any more.
    """
    frames = len(sitting.samples)
    point = OperatingPoint.shipped(SAME_PERSON_FMR)
    matcher = Matcher(Metric.shipped(), point, photo, site, min_frames=frames, max_frames=frames)
    for sample in sitting.samples:
        matcher.add(sample.points, sample.spread)
    if matcher.verdict().decision is not Decision.MATCH:
        raise PhotoRefused(
            _(
                "The person at the camera does not resemble the photo. Check whose photo it is. If it is an old one, "
                "enrol with --camera alone."
            ),
            reason="another_person",
        )
    return FaceTemplate((*photo.samples, *sitting.samples))


class _Sitting:
    """What was kept of a sitting, and why the rest was not."""

    def __init__(self, plan: SittingPlan) -> None:
        self._plan = plan
        self.kept: list[Observation] = []
        self.refusals: Counter[Reason] = Counter()
        self._best: Observation | None = None
        self._track = -1
        self._started_s: float | None = None
        self._kept_at_s = 0.0

    @property
    def has_begun(self) -> bool:
        return bool(self.kept or self.refusals)

    def is_over(self, timestamp_s: float) -> bool:
        if self._started_s is None:
            self._started_s = self._kept_at_s = timestamp_s
        return timestamp_s - self._started_s > self._plan.timeout_s

    def take(self, report: FrameReport) -> None:
        if report.track != self._track:
            # The face was lost from view; who is there now may be somebody else.
            self._track, self._best, self._kept_at_s = report.track, None, report.timestamp_s
            self.kept.clear()
        seen, best = report.observation, self._best
        if report.reason is not None or seen is None:
            self.refusals[report.reason or Reason.NO_FACE] += 1
            return
        self._best = seen if best is None or seen.spread < best.spread else best
        if report.timestamp_s - self._kept_at_s >= self._plan.apart_s:
            self.kept.append(self._best)
            self._best, self._kept_at_s = None, report.timestamp_s


def _too_few(refusals: Counter[Reason], kept: int, wanted: int) -> PhotoRefused:
    most = max(refusals, key=lambda reason: refusals[reason], default=None)
    advice = sitting_hint(most) if most is not None else _("Please try again.")
    return PhotoRefused(
        _("Only {kept} of {wanted} pictures could be used. {advice}").format(kept=kept, wanted=wanted, advice=advice),
        reason=most.value if most is not None else "sitting_too_short",
    )


def _sample(observation: Observation, source: Source, now: int) -> Sample:
    return Sample.from_points(observation.points, observation.spread, source, now // DAY_S)
