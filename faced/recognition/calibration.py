"""Operating points: which score is enough for a false match rate, and on whom that was measured.

A threshold depends on how many samples were fused on both sides, so one operating point has a threshold for each
layout measured. Layouts with too few people to see the rate at all are left out, not extrapolated.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from faced.errors import MetricError
from faced.i18n import _
from faced.recognition.metric import Metric
from faced.recognition.template import FaceTemplate
from faced.recognition.trials import Trials, threshold_at

#: Layouts (enrolment samples, probe samples) that are measured.
LAYOUTS = tuple((enrol, probe) for enrol in (1, 2, 3, 5) for probe in (1, 2, 3, 5))
FMRS = (1e-1, 1e-2, 1e-3, 1e-4)
#: A threshold is given only if that many different pairs of people are expected above it.
FEWEST_PAIRS_ABOVE = 5
_SHIPPED = Path(__file__).with_name("operating_points.json")
_RESAMPLES = 200


@dataclass(frozen=True)
class Threshold:
    """The score (nats) that a match must exceed with so many samples on each side, and what it was set on.

    ``fmr_high``: upper end of the 95 % bootstrap interval over people of the false match rate at that score.
    """

    enrol: int
    probe: int
    score: float
    people: int
    pairs: int
    comparisons: int
    fmr_high: float


@dataclass(frozen=True)
class OperatingPoint:
    """The thresholds of one false match rate for one metric; ``measured_on`` names the set of faces.

    ``uncalibrated``: used instead where the site's own impostors are not known, because a threshold does not travel.
    Among people in one room, whom the metric had not seen, the threshold of 1 % let 2.8 % of strangers pass even after
    the mean of 20 others was subtracted, and that of 0.1 % let 0.3 % pass: the next stricter one is on the safe side.
    """

    fmr: float
    metric_id: bytes
    measured_on: str
    thresholds: tuple[Threshold, ...]
    uncalibrated: tuple[Threshold, ...] = ()

    def __post_init__(self) -> None:
        if not all(any(entry.enrol == entry.probe == 1 for entry in entries) for entries in self._sets()):
            text = _("There is no threshold for a false match rate of {fmr:g}.")
            raise MetricError(text.format(fmr=self.fmr))
        if not all(math.isfinite(entry.score) for entries in self._sets() for entry in entries):
            raise MetricError(_("A threshold is not a finite number; install the package again."))

    @classmethod
    def shipped(cls, fmr: float = 1e-2) -> OperatingPoint:
        """One of the operating points measured for the metric of this package.

        :param fmr: false match rate as a share of 1; one of those that were measured.
        :raises MetricError: not measured, or the file is missing or damaged.
        """
        return cls.load(_SHIPPED, fmr)

    @classmethod
    def load(cls, path: Path, fmr: float) -> OperatingPoint:
        """One operating point of a file that :func:`document` made.

        :raises MetricError: as :meth:`shipped`.
        """
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            metric_id, measured_on = bytes.fromhex(content["metric"]), str(content["measured_on"])
            points = {float(point["fmr"]): tuple(map(_threshold, point["thresholds"])) for point in content["points"]}
        except (OSError, ValueError, KeyError, TypeError) as error:
            text = _("The thresholds {name} are missing or damaged; install them again.")
            raise MetricError(text.format(name=path.name)) from error
        chosen = next((rate for rate in points if math.isclose(rate, fmr)), None)
        if chosen is None:
            text = _("No threshold was measured for a false match rate of {fmr:g}; choose one of {known}.")
            raise MetricError(text.format(fmr=fmr, known=", ".join(f"{rate:g}" for rate in points)))
        stricter = max((rate for rate, entries in points.items() if rate < chosen and entries), default=chosen)
        return cls(chosen, metric_id, measured_on, points[chosen], points[stricter])

    def threshold(self, enrol: float, probe: float, *, calibrated: bool = True) -> float:
        """The score to exceed, from the nearest measured layout with no more samples on either side.

        With more samples the threshold of 1 % falls and lower ones stay within 0.3 nats (MODEL_CARD.md), so rounding
        down is on the safe side. Never below 0: nobody is accepted against whom the evidence speaks.

        :param enrol: effective number of enrolment samples, 1 or more.
        :param probe: effective number of probe samples.
        :param calibrated: whether the site's own impostors have their say too.
        """
        thresholds = self.thresholds if calibrated or not self.uncalibrated else self.uncalibrated
        covered = [entry for entry in thresholds if entry.enrol <= max(enrol, 1) and entry.probe <= max(probe, 1)]
        nearest = max(covered, key=lambda entry: (entry.enrol * entry.probe, entry.score))
        return max(nearest.score, 0.0)

    def _sets(self) -> list[tuple[Threshold, ...]]:
        return [self.thresholds, *([self.uncalibrated] if self.uncalibrated else [])]


@dataclass(frozen=True)
class Policy:
    """Which operating point judges whom.

    A confirmed template is judged more strictly: it can afford to, and must, because faces that the same cameras saw
    on both sides are alike for that reason too.
    """

    provisional: OperatingPoint
    confirmed: OperatingPoint

    @classmethod
    def shipped(cls, fmr: float, fmr_confirmed: float) -> Policy:
        """The shipped operating points of two false match rates.

        :raises MetricError: as :meth:`OperatingPoint.shipped`.
        """
        return cls(OperatingPoint.shipped(fmr), OperatingPoint.shipped(fmr_confirmed))

    def point(self, template: FaceTemplate) -> OperatingPoint:
        """The operating point for this template."""
        return self.confirmed if template.confirmed else self.provisional


def measured(trials: Mapping[tuple[int, int], Trials], fmr: float) -> list[Threshold]:
    """The thresholds of one false match rate, for each layout that has people enough.

    :param trials: by (enrolment samples, probe samples).
    """
    found = []
    for (enrol, probe), scores in trials.items():
        if scores.pairs * fmr < FEWEST_PAIRS_ABOVE:
            continue
        score = threshold_at(scores.impostor, fmr)
        high = _fmr_high(scores, score)
        found.append(
            Threshold(enrol, probe, round(score, 4), scores.people, scores.pairs, len(scores.impostor), round(high, 6))
        )
    return found


def document(metric: Metric, measured_on: str, points: Mapping[float, Iterable[Threshold]]) -> dict[str, Any]:
    """The operating points in the form that is kept in a file."""
    return {
        "metric": metric.id.hex(),
        "measured_on": measured_on,
        "points": [{"fmr": fmr, "thresholds": [asdict(entry) for entry in entries]} for fmr, entries in points.items()],
    }


def _fmr_high(trials: Trials, score: float) -> float:
    everybody = np.unique(trials.genuine_person)
    enrolled, probed = np.searchsorted(everybody, trials.impostor_people).T
    above = trials.impostor > score
    rng = np.random.default_rng(0)
    shares = []
    for _resample in range(_RESAMPLES):
        weight = np.bincount(rng.integers(0, len(everybody), len(everybody)), minlength=len(everybody))
        weights = weight[enrolled] * weight[probed]
        shares.append(float(weights[above].sum() / weights.sum()))
    return float(np.percentile(shares, 97.5))


def _threshold(entry: Mapping[str, Any]) -> Threshold:
    return Threshold(
        int(entry["enrol"]),
        int(entry["probe"]),
        float(entry["score"]),
        int(entry["people"]),
        int(entry["pairs"]),
        int(entry["comparisons"]),
        float(entry["fmr_high"]),
    )
