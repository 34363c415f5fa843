"""Everybody against everybody: the decision on dummy staff, errors of both kinds counted.

The very path of a logon - ID photo to template, webcam frames through the gates, matcher with the shipped metric and
threshold and with the calibration of these very staff - without PAM and daemons in between, so that hundreds of
attempts fit into seconds. Dummies show that the machinery works; no error rate of people follows from it.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Sequence
from dataclasses import dataclass

from faced.dummy import StaffMember, clip, id_photo
from faced.landmarks.detector import FaceDetector
from faced.landmarks.observe import Observation, Observer, observe_photo
from faced.landmarks.predictor import Predictor
from faced.recognition.calibration import OperatingPoint
from faced.recognition.decision import MAX_FRAMES, Decision, Matcher
from faced.recognition.metric import Metric
from faced.recognition.site import SiteCalibration
from faced.recognition.template import FaceTemplate, Sample, Source

#: Frames rendered for one attempt: enough for a final decision with some gated.
FRAMES = 24


@dataclass(frozen=True)
class Tally:
    """Attempts and errors.

    ``false_rejects``: of the person's own attempts; ``false_accepts``: of somebody else's. ``undecided`` attempts had
    too few usable frames for a final decision; they count as refused.
    """

    genuine: int
    false_rejects: int
    impostor: int
    false_accepts: int
    undecided: int


@dataclass(frozen=True)
class _Seen:
    template: FaceTemplate
    sittings: tuple[tuple[Observation, ...], ...]


def all_pairs(members: Sequence[StaffMember], seeds: Sequence[int], *, fmr: float = 0.01) -> Tally:
    """Let every member try every member's logon, once for each seed (another day, another light).

    :raises RuntimeError: an ID photo was refused.
    """
    jobs = [(member, tuple(seeds)) for member in members]
    with multiprocessing.get_context("spawn").Pool(os.cpu_count() or 1) as pool:
        seen = pool.starmap(_see, jobs)
    metric, point = Metric.shipped(), OperatingPoint.shipped(fmr)
    site = SiteCalibration.over(metric, [entry.template for entry in seen])
    counts = {"genuine": 0, "false_rejects": 0, "impostor": 0, "false_accepts": 0, "undecided": 0}
    for at, enrolled in enumerate(seen):
        for who, probe in enumerate(seen):
            for sitting in probe.sittings:
                decision = _decide(Matcher(metric, point, enrolled.template, site), sitting)
                counts["undecided"] += decision is Decision.UNDECIDED
                if at == who:
                    counts["genuine"] += 1
                    counts["false_rejects"] += decision is not Decision.MATCH
                else:
                    counts["impostor"] += 1
                    counts["false_accepts"] += decision is Decision.MATCH
    return Tally(**counts)


def _decide(matcher: Matcher, sitting: Sequence[Observation]) -> Decision:
    for observation in sitting:
        matcher.add(observation.points, observation.spread)
        decision = matcher.verdict().decision
        if decision is not Decision.UNDECIDED:
            return decision
    return Decision.UNDECIDED


def _see(member: StaffMember, seeds: tuple[int, ...]) -> _Seen:
    predictor = Predictor.load()
    identity = member.identity()
    report = observe_photo(predictor, id_photo(identity))
    if report.reason is not None or report.observation is None:
        raise RuntimeError(f"the ID photo of {member.login} was refused: {report.reason}")
    sample = Sample.from_points(report.observation.points, report.observation.spread, Source.PHOTO, 0)
    detector = FaceDetector.shared()
    sittings = []
    for seed in seeds:
        observer = Observer(predictor, detector=detector)
        film = clip(identity, seed=seed, seconds=FRAMES / 10, fps=10)
        reports = [observer.observe(frame, at / 10) for at, frame in enumerate(film)]
        usable = [r.observation for r in reports if r.reason is None and r.observation is not None]
        sittings.append(tuple(usable[:MAX_FRAMES]))
    return _Seen(FaceTemplate((sample,)), tuple(sittings))
