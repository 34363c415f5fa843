"""A photo, or some seconds at a camera, becomes a face template; no picture outlives the call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from faced.camera.base import Camera
from faced.enrolment.photo import Image
from faced.enrolment.refusal import photo_refused, sitting_hint
from faced.errors import CameraUnavailable, PhotoRefused
from faced.i18n import _
from faced.landmarks.observe import Observation, Observer, observe_photo
from faced.landmarks.predictor import Predictor
from faced.landmarks.quality import Reason
from faced.recognition.template import FaceTemplate, Sample, Source

_DAY_S = 86400


@dataclass(frozen=True)
class SittingPlan:
    """How a camera enrolment runs.

    ``samples`` of one unbroken view are kept, at least ``apart_s`` apart so that they differ; of the frames between
    two the steadiest counts. After ``timeout_s`` without enough of them the sitting has failed.
    """

    samples: int = 8
    apart_s: float = 0.6
    timeout_s: float = 30.0


def template_of_photo(predictor: Predictor, image: Image, now: int) -> FaceTemplate:
    """The template of one ID photo.

    :param image: as :func:`faced.enrolment.photo.decode_photo` gives it.
    :param now: unix seconds; the day of the sample.
    :raises PhotoRefused: not a usable face; ``reason`` names the gate.
    """
    report = observe_photo(predictor, image)
    if report.reason is not None:
        raise photo_refused(report.reason)
    if report.observation is None:
        raise photo_refused(Reason.NO_FACE)
    return FaceTemplate((_sample(report.observation, Source.PHOTO, now),))


def template_of_sitting(
    observer: Observer,
    camera: Camera,
    now: int,
    *,
    guide: Callable[[str], None],
    plan: SittingPlan = SittingPlan(),  # noqa: B008 - frozen
) -> FaceTemplate:
    """The template of a person who sits before an open camera.

    Time is the camera's: the timestamps of its frames.

    :param guide: is told what the person should do, each time that changes.
    :raises PhotoRefused: too few usable frames within the time; ``reason`` is the gate that refused most of them.
    :raises CameraUnavailable: the camera went away.
    """
    observer.reset()
    kept: list[Observation] = []
    best: Observation | None = None
    refusals: dict[Reason, int] = {}
    said = ""
    started = kept_at = -1.0
    track = -1
    while len(kept) < plan.samples:
        try:
            frame = camera.read()
        except CameraUnavailable:
            if not kept and not refusals:
                raise
            break
        if started < 0:
            started = kept_at = frame.timestamp_s
        if frame.timestamp_s - started > plan.timeout_s:
            break
        report = observer.observe(frame.image, frame.timestamp_s)
        if report.track != track:
            # The face was lost from view; who is there now may be somebody else.
            track, best, kept_at = report.track, None, frame.timestamp_s
            kept.clear()
        hint = sitting_hint(report.reason)
        if hint != said:
            said = hint
            guide(hint)
        if report.reason is not None or report.observation is None:
            refusals[report.reason or Reason.NO_FACE] = refusals.get(report.reason or Reason.NO_FACE, 0) + 1
            continue
        best = report.observation if best is None or report.observation.spread < best.spread else best
        if frame.timestamp_s - kept_at >= plan.apart_s:
            kept.append(best)
            best, kept_at = None, frame.timestamp_s
    if len(kept) < plan.samples:
        raise _too_few(refusals, len(kept), plan.samples)
    return FaceTemplate(tuple(_sample(observation, Source.CAMERA, now) for observation in kept))


def _too_few(refusals: dict[Reason, int], kept: int, wanted: int) -> PhotoRefused:
    most = max(refusals, key=lambda reason: refusals[reason], default=None)
    advice = sitting_hint(most) if most is not None else _("Please try again.")
    return PhotoRefused(
        _("Only {kept} of {wanted} pictures could be used. {advice}").format(kept=kept, wanted=wanted, advice=advice),
        reason=most.value if most is not None else "sitting_too_short",
    )


def _sample(observation: Observation, source: Source, now: int) -> Sample:
    return Sample.from_points(observation.points, observation.spread, source, now // _DAY_S)
