"""Everybody's later pictures against everybody's enrolment, each decided as a workstation would decide it.

With a site calibration the two people compared are left out of it, because a stranger was never part of it either: it
is made anew without them. Where people are many they are left out in parts, which leaves out more than needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faced.errors import MetricError
from faced.i18n import _
from faced.recognition.alignment import Floats
from faced.recognition.calibration import OperatingPoint
from faced.recognition.evidence import Evidence, stacked
from faced.recognition.metric import Metric
from faced.recognition.site import FEWEST_PEOPLE, SiteCalibration
from faced.recognition.template import FaceTemplate
from faced.recognition.trials import DRAWS, Trials

#: Two people are left out of a calibration over the others.
FEWEST_CALIBRATED = FEWEST_PEOPLE + 2
MOST_PEOPLE = 500
_MOST_IMPOSTORS = 400_000
#: Up to so many people: so many parts to leave out two of; with 20 people everybody is a part.
_PARTS = ((100, 20), (MOST_PEOPLE, 10))

Rows = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Subject:
    """One person: the template that is enrolled, and each later sitting or picture as a template of its own."""

    enrolment: FaceTemplate
    probes: tuple[FaceTemplate, ...] = ()


@dataclass(frozen=True, eq=False)
class Comparisons:
    """n comparisons at f operating points.

    ``enrolled``, ``probed``: (n,) numbers of the subjects. ``score``: (n,) nats. ``accepted``: (n, f).
    """

    enrolled: Rows
    probed: Rows
    score: Floats
    accepted: NDArray[np.bool_]

    @property
    def genuine(self) -> NDArray[np.bool_]:
        """(n,) whether a person was compared with their own enrolment."""
        return np.equal(self.enrolled, self.probed)

    def trials(self) -> Trials:
        """The scores of the people who have genuine comparisons, for rates that need both kinds."""
        genuine = self.genuine
        known = np.isin(self.enrolled, self.enrolled[genuine]) & np.isin(self.probed, self.enrolled[genuine])
        impostor = known & ~genuine
        pairs = np.stack([self.enrolled[impostor], self.probed[impostor]], axis=1).astype(np.int64)
        return Trials(
            self.score[genuine], self.enrolled[genuine].astype(np.int64), self.score[impostor], pairs.reshape(-1, 2)
        )


def compare(
    metric: Metric,
    subjects: Sequence[Subject],
    points: Sequence[OperatingPoint],
    *,
    calibrated: bool,
    most: int = MOST_PEOPLE,
) -> Comparisons:
    """All genuine comparisons and those of different people; somebody without a later picture is compared by the
    enrolment, and each such pair once, because the score is symmetric.

    :param points: the operating points to decide at.
    :param calibrated: with the site's own calibration over all other subjects' enrolments.
    :param most: so many people, evenly chosen, are compared with each other; everybody with their own enrolment.
    :raises MetricError: thresholds of another metric; fewer than :data:`FEWEST_CALIBRATED` people to calibrate over.
    """
    if calibrated and len(subjects) < FEWEST_CALIBRATED:
        raise MetricError(_("A site calibration needs {count} or more people.").format(count=FEWEST_CALIBRATED))
    if any(point.metric_id != metric.id for point in points):
        raise MetricError(_("The thresholds were measured with another metric; install the package again."))
    if not subjects:
        return _joined([], len(points))
    sides = _Sides.of(metric, subjects, most)
    part = np.arange(len(subjects)) % (_parts(len(subjects)) if calibrated else 1)
    found: list[Comparisons] = []
    for first in range(part.max() + 1):
        for second in range(first, part.max() + 1):
            site = None
            if calibrated:
                others = [subject for subject, its in zip(subjects, part, strict=True) if its not in (first, second)]
                site = SiteCalibration.over(metric, [subject.enrolment for subject in others])
            judge = _Judge(metric, points, sides, site)
            one, other = np.flatnonzero(part == first), np.flatnonzero(part == second)
            found += [judge.impostors(one, other), *([judge.impostors(other, one)] if first != second else [])]
            found += [judge.genuine(one)] if first == second else []
    return _joined(found, len(points))


def fused(subjects: Sequence[Subject], pictures: int) -> list[Subject]:
    """Those who have so many later pictures, with that many fused into each probe: ten random draws a person."""
    rng = np.random.default_rng(0)
    found = []
    for subject in subjects:
        if len(subject.probes) < pictures:
            continue
        draws = [rng.permutation(len(subject.probes))[:pictures] for _draw in range(DRAWS)]
        probes = tuple(
            FaceTemplate(tuple(sample for number in draw for sample in subject.probes[number].samples))
            for draw in draws
        )
        found.append(Subject(subject.enrolment, probes))
    return found


@dataclass(frozen=True, eq=False)
class _Sides:
    """Evidence of both sides. ``owner``: (k,) whose a probe is; ``spare``: (k,) it is the enrolment itself.

    ``impostor``: (k,) the probe is used against others, too.
    """

    enrolled: Evidence
    probes: Evidence
    owner: Rows
    spare: NDArray[np.bool_]
    alone: NDArray[np.bool_]
    chosen: NDArray[np.bool_]
    impostor: NDArray[np.bool_]

    @classmethod
    def of(cls, metric: Metric, subjects: Sequence[Subject], most: int) -> _Sides:
        count = len(subjects)
        chosen = np.zeros(count, bool)
        chosen[np.linspace(0, count - 1, min(count, most)).astype(np.intp)] = True
        each = max(1, _MOST_IMPOSTORS // int(chosen.sum()) ** 2)
        enrolled = [subject.enrolment.evidence(metric) for subject in subjects]
        probes, owner, spare, impostor = [], [], [], []
        for number, subject in enumerate(subjects):
            for place, probe in enumerate(subject.probes):
                probes.append(probe.evidence(metric))
                owner.append(number)
                spare.append(False)
                impostor.append(bool(chosen[number]) and place < each)
            if not subject.probes:
                probes.append(enrolled[number])
                owner.append(number)
                spare.append(True)
                impostor.append(bool(chosen[number]))
        alone = np.array([not subject.probes for subject in subjects])
        return cls(
            stacked(enrolled),
            stacked(probes),
            np.array(owner, dtype=np.intp),
            np.array(spare),
            alone,
            chosen,
            np.array(impostor),
        )


class _Judge:
    """Scores and decides under one calibration."""

    def __init__(
        self, metric: Metric, points: Sequence[OperatingPoint], sides: _Sides, site: SiteCalibration | None
    ) -> None:
        self._metric = metric
        self._points = points
        self._sides = sides
        self._site = site

    def impostors(self, enrolled: Rows, probed: Rows) -> Comparisons:
        """The chosen of ``enrolled`` against the probes of the chosen of ``probed``."""
        sides = self._sides
        rows = enrolled[sides.chosen[enrolled]]
        columns = np.flatnonzero(np.isin(sides.owner, probed) & sides.impostor)
        owners = sides.owner[columns]
        twice = sides.spare[columns][None] & sides.alone[rows][:, None] & (rows[:, None] > owners[None])
        wanted = (rows[:, None] != owners[None]) & ~twice

        if not wanted.any():
            return _joined([], len(self._points))
        left, right = self._evidence(rows, columns)
        score = self._metric.score(left, right)
        accepted = self._accepted(score, left.samples[:, None], right.samples[None])
        row, column = np.nonzero(wanted)
        return Comparisons(rows[row], owners[column], score[wanted], accepted[wanted])

    def genuine(self, people: Rows) -> Comparisons:
        """All of ``people`` against their own probes."""
        sides = self._sides
        columns = np.flatnonzero(np.isin(sides.owner, people) & ~sides.spare)
        owners = sides.owner[columns]
        left, right = self._evidence(owners, columns)
        score = self._metric.score_of_pairs(left, right)
        return Comparisons(owners, owners, score, self._accepted(score, left.samples, right.samples))

    def _evidence(self, rows: Rows, columns: Rows) -> tuple[Evidence, Evidence]:
        left, right = self._sides.enrolled.rows(rows), self._sides.probes.rows(columns)
        if self._site is None:
            return left, right
        return left.centred(self._site.centre), right.centred(self._site.centre)

    def _accepted(self, score: Floats, enrolled: Floats, probed: Floats) -> NDArray[np.bool_]:
        """(..., f) whether each score (...) exceeds what is needed with so many samples on either side."""
        return np.stack([score > self._needed(point, enrolled, probed) for point in self._points], axis=-1)

    def _needed(self, point: OperatingPoint, enrolled: Floats, probed: Floats) -> Floats:
        """The score to exceed, as :class:`faced.recognition.decision.Matcher` asks for it; the sides broadcast."""
        enrol, row = np.unique(enrolled, return_inverse=True)
        probe, column = np.unique(probed, return_inverse=True)
        own = None if self._site is None else self._site.threshold(point.fmr)
        table = np.array([[point.threshold(e, p, calibrated=own is not None) for p in probe] for e in enrol]).reshape(
            len(enrol), len(probe)
        )
        needed: Floats = (table if own is None else np.maximum(table, own))[
            row.reshape(enrolled.shape), column.reshape(probed.shape)
        ]
        return needed


def _parts(people: int) -> int:
    return min(people, next((parts for most, parts in _PARTS if people <= most), _PARTS[-1][1]))


def _joined(parts: Sequence[Comparisons], points: int) -> Comparisons:
    return Comparisons(
        np.concatenate([np.zeros(0, np.intp), *(part.enrolled for part in parts)]),
        np.concatenate([np.zeros(0, np.intp), *(part.probed for part in parts)]),
        np.concatenate([np.zeros(0), *(part.score for part in parts)]),
        np.concatenate([np.zeros((0, points), bool), *(part.accepted for part in parts)]),
    )
