"""One attempt: the usable frames of a sitting against one person's template.

The frames are fused first and compared once, because an average of shapes says more than a vote of frames. They are
not independent: effective samples, not frames, are what the score and the threshold count.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from faced.errors import MetricError
from faced.i18n import _
from faced.recognition.calibration import OperatingPoint
from faced.recognition.evidence import SITTING_CORRELATION, Evidence, stacked
from faced.recognition.metric import Metric
from faced.recognition.site import SiteCalibration
from faced.recognition.template import FaceTemplate

MIN_FRAMES = 5
MAX_FRAMES = 20
#: Nats around the threshold that count as near.
_NEAR = 3.0


class Decision(StrEnum):
    """What the frames so far say."""

    UNDECIDED = "undecided"
    MATCH = "match"
    NO_MATCH = "no_match"


@dataclass(frozen=True)
class Verdict:
    """A decision, with the score (nats) and the threshold it had to exceed after that many frames."""

    decision: Decision
    score: float
    threshold: float
    frames: int

    @property
    def band(self) -> str:
        """How far from the threshold, coarse on purpose: a score in a log would help an attacker to climb."""
        margin = self.score - self.threshold
        if self.frames == 0:
            return "none"
        if margin > 0:
            return "above" if margin > _NEAR else "just_above"
        return "just_below" if margin > -_NEAR else "below"


class Matcher:
    """Fuses the frames of one sitting and decides; make a new one for each attempt and each time the face was lost.

    Undecided before ``min_frames``. From then on a match as soon as the score exceeds the threshold; at ``max_frames``
    the decision is final and later frames are not looked at. There is no early no_match: an odd expression passes.
    """

    def __init__(
        self,
        metric: Metric,
        operating_point: OperatingPoint,
        template: FaceTemplate,
        site: SiteCalibration | None = None,
        *,
        min_frames: int = MIN_FRAMES,
        max_frames: int = MAX_FRAMES,
    ) -> None:
        """
        :param site: what the site's faces have in common; one that was made with another metric is not used.
        :raises MetricError: the thresholds belong to another metric.
        :raises ValueError: not 1 <= min_frames <= max_frames.
        """
        if not 1 <= min_frames <= max_frames:
            raise ValueError("min_frames must be from 1 to max_frames")
        if operating_point.metric_id != metric.id:
            raise MetricError(_("The thresholds were measured with another metric; install the package again."))
        self._metric = metric
        self._operating_point = operating_point
        self._min_frames = min_frames
        self._max_frames = max_frames
        self._site = site if site is not None and site.metric_id == metric.id else None
        self._enrolled = self._centred(template.evidence(metric))
        self._frames: list[Evidence] = []

    def add(self, points: NDArray[np.floating], spread: float) -> None:
        """Take one usable frame of the sitting; frames after the last one that counts are ignored.

        :param points: (68, 2) px.
        :param spread: of the predictor calls / box width.
        :raises MetricError: a value that is not finite; the frame is then not counted.
        """
        if len(self._frames) < self._max_frames:
            self._frames.append(self._metric.evidence(np.asarray(points)[None], np.array([spread])))

    def verdict(self) -> Verdict:
        """What the frames so far say."""
        frames = len(self._frames)
        if not frames:
            return Verdict(Decision.UNDECIDED, 0.0, self._threshold(1.0), 0)
        probe = self._centred(stacked(self._frames).pooled(correlation=SITTING_CORRELATION))
        score = float(self._metric.score(self._enrolled, probe)[0, 0])
        threshold = self._threshold(float(probe.samples[0]))
        if frames < self._min_frames:
            decision = Decision.UNDECIDED
        elif score > threshold:
            decision = Decision.MATCH
        else:
            decision = Decision.NO_MATCH if frames >= self._max_frames else Decision.UNDECIDED
        return Verdict(decision, score, threshold, frames)

    def _centred(self, evidence: Evidence) -> Evidence:
        return evidence if self._site is None else evidence.centred(self._site.centre)

    def _threshold(self, probe_samples: float) -> float:
        """A site's own impostors can raise the threshold, never lower it."""
        point, site = self._operating_point, self._site
        threshold = point.threshold(float(self._enrolled.samples[0]), probe_samples, calibrated=site is not None)
        own = None if site is None else site.threshold(point.fmr)
        return threshold if own is None else max(threshold, own)
