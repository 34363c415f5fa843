"""One attempt: the usable frames of a sitting against one person's template, looked at until they are enough.

The frames are fused first and then compared, because an average of shapes says more than a vote of frames. They are
not independent: effective samples, not frames, are what the score and the threshold count.

Every look at a growing sitting is another chance for a stranger. So an early look accepts only with a margin above the
threshold, and refuses only far below it; in between more frames are awaited, and the last look decides at the
threshold itself. tools/benchmark_attempts.py measures what the looks add to the false match rate.
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
from faced.recognition.wiping import wipe

#: The first look; with 10 predictor calls a frame, 60 calls are behind it.
MIN_FRAMES = 6
MAX_FRAMES = 20
#: Nats above the threshold that an early look asks for. Without them the looks raise the false match rate by the factor
#: 1.6 (photos of one room) or 1.3 (rendered clips); with 2 by 1.06 or less, and 96 of 100 genuine sittings are accepted
#: early.
CERTAIN = 2.0
#: Nats below the threshold from which no sitting ever rose above it (148 genuine of one room, 71 rendered); three in
#: four strangers are refused there at the first look.
HOPELESS = 6.0
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


def looked(margin: float, *, last: bool) -> Decision:
    """What one look decides.

    :param margin: of the score over the threshold, nats.
    :param last: whether there will be no other look.
    """
    if margin > (0.0 if last else CERTAIN):
        return Decision.MATCH
    return Decision.NO_MATCH if last or margin < -HOPELESS else Decision.UNDECIDED


class Matcher:
    """Fuses the frames of one sitting and decides; make a new one for each attempt and each time the face was lost.

    Undecided before ``min_frames``. From then on a match as soon as the score exceeds the threshold by ``CERTAIN``, and
    no match as soon as it is ``HOPELESS`` below; at ``max_frames`` the threshold itself decides. The first decision is
    final: frames after it are not looked at.
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
        self._verdict = Verdict(Decision.UNDECIDED, 0.0, self._threshold(1.0), 0)

    def add(self, points: NDArray[np.floating], spread: float) -> None:
        """Take one usable frame of the sitting and look at all so far; frames after the decision are ignored.

        :param points: (68, 2) px.
        :param spread: of the predictor calls / box width.
        :raises MetricError: a value that is not finite; the frame is then not counted.
        """
        if self._verdict.decision is Decision.UNDECIDED:
            self._frames.append(self._metric.evidence(np.asarray(points)[None], np.array([spread])))
            self._verdict = self._look()

    def verdict(self) -> Verdict:
        """What the frames so far say."""
        return self._verdict

    def wipe(self) -> None:
        """Overwrite what was made of the template and of the frames; the matcher is of no use afterwards."""
        wipe(self._enrolled.latent, *(frame.latent for frame in self._frames))

    def _look(self) -> Verdict:
        probe = self._centred(stacked(self._frames).pooled(correlation=SITTING_CORRELATION))
        score = float(self._metric.score(self._enrolled, probe)[0, 0])
        threshold = self._threshold(float(probe.samples[0]))
        frames, decision = len(self._frames), Decision.UNDECIDED
        if frames >= self._min_frames:
            decision = looked(score - threshold, last=frames >= self._max_frames)
        return Verdict(decision, score, threshold, frames)

    def _centred(self, evidence: Evidence) -> Evidence:
        return evidence if self._site is None else evidence.centred(self._site.centre)

    def _threshold(self, probe_samples: float) -> float:
        """A site's own impostors can raise the threshold, never lower it; without them the next stricter one holds."""
        point, site = self._operating_point, self._site
        own = None if site is None else site.threshold(point.fmr)
        threshold = point.threshold(float(self._enrolled.samples[0]), probe_samples, calibrated=own is not None)
        return threshold if own is None else max(threshold, own)
