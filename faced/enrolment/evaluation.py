"""Evaluation in the house: error rates on the site's own photos or on enrolled people, as aggregates only.

The municipality's own staff run it; nobody else needs to see a picture. What comes out is a record without people: a
figure over fewer of them than asked for is withheld, and so is what would give such a figure away.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Protocol

import numpy as np

from faced.enrolment.photo_folder import PhotoPerson
from faced.errors import NotAllowed, PhotoRefused
from faced.i18n import _
from faced.landmarks.observe import Observation
from faced.recognition.calibration import OperatingPoint
from faced.recognition.comparisons import FEWEST_CALIBRATED, Comparisons, Subject, compare, fused
from faced.recognition.error_rates import Proportion, det_curve, equal_error_rate, over_pairs, over_people
from faced.recognition.metric import Metric
from faced.recognition.template import FaceTemplate, Sample, Source
from faced.records.disclosure import LEAST_PEOPLE, partition
from faced.records.evaluation_report import (
    AtThreshold,
    Basis,
    Breakdown,
    Condition,
    EvaluationReport,
    GroupRates,
    Instrument,
)

#: How many later pictures are fused into a probe, where enough people have them.
PICTURES = (1, 3)
_FIGURES = ("fte", "fta", "fmr", "fnmr")


class Result(Protocol):
    """What is known of one photo (:class:`faced.enrolment.photo_reader.PhotoResult`)."""

    @property
    def observation(self) -> Observation | None: ...

    @property
    def refusal(self) -> PhotoRefused | None: ...


class Reader(Protocol):
    """Looks at photos in the order given (:class:`faced.enrolment.photo_reader.PhotoReader`)."""

    def read(self, photos: Iterable[tuple[str, Path | bytes]]) -> Iterator[Result]: ...


@dataclass(frozen=True, eq=False, repr=False)
class Participant:
    """One person: what was enrolled (None: that failed), and each later picture or sitting.

    ``refusals``: one a picture that was looked at, the enrolment's first: why it was refused, None if it was not.
    """

    enrolment: FaceTemplate | None
    probes: tuple[FaceTemplate, ...] = ()
    refusals: tuple[str | None, ...] = ()
    group: str = ""


@dataclass(frozen=True)
class Evaluation:
    """What is evaluated: the metric, its operating points, and people that a figure needs.

    ``tool``: said in the report. ``dummy``: nobody in it exists.
    """

    metric: Metric = field(repr=False)
    points: tuple[OperatingPoint, ...]
    tool: Instrument
    day: date
    dummy: bool = False
    least_people: int = LEAST_PEOPLE

    def over(
        self, participants: Sequence[Participant], basis: Basis, *, samples: int, left_out: int = 0
    ) -> EvaluationReport:
        """The record over these people.

        :param samples: pictures looked at, or samples in the templates.
        :param left_out: templates that could not be used.
        :raises NotAllowed: ``too_few_people``.
        """
        self.check_count(len(participants))
        enrolled = [person for person in participants if person.enrolment is not None]
        subjects = [Subject(person.enrolment, person.probes) for person in enrolled if person.enrolment is not None]
        singles = self._compared(subjects)
        conditions = [self._condition(1, calibrated, found) for calibrated, found in singles.items()]
        if basis is Basis.PHOTOS:
            for pictures in PICTURES[1:]:
                several = fused(subjects, pictures)
                if len(several) >= self.least_people:
                    conditions += [self._condition(pictures, *each) for each in self._compared(several).items()]
        fte, fta = _acquisition(participants)
        # A rate that is withheld must not follow from the number of pictures that were refused.
        looked_at = None if _people(fta) >= self.least_people else 1
        named, refused = _reasons([person.refusals[:looked_at] for person in participants], self.least_people)
        return EvaluationReport(
            day=self.day,
            basis=basis,
            dummy=self.dummy,
            least_people=self.least_people,
            people=len(participants),
            pictures=samples,
            left_out=left_out,
            fte=self._shown(fte),
            fta=self._shown(fta),
            refusals=named,
            refused_otherwise=refused,
            conditions=tuple(conditions),
            breakdown=self._breakdown(participants, enrolled, singles),
            instrument=self.tool,
        )

    def check_count(self, people: int) -> None:
        """Refuse an evaluation over too few people, before anything is looked at.

        :raises NotAllowed: ``too_few_people``.
        """
        if people < self.least_people:
            raise NotAllowed(
                _(
                    "An evaluation needs at least {least} people, so that no figure is about single persons; there are "
                    "{count}."
                ).format(least=self.least_people, count=people),
                reason="too_few_people",
            )

    def _compared(self, subjects: Sequence[Subject]) -> dict[bool, Comparisons]:
        """Without and, if there are people enough, with the site's calibration."""
        kinds = (False, True) if len(subjects) >= FEWEST_CALIBRATED else (False,)
        return {kind: compare(self.metric, subjects, self.points, calibrated=kind) for kind in kinds}

    def _condition(self, pictures: int, calibrated: bool, found: Comparisons) -> Condition:
        everybody = np.ones(len(found.score), bool)
        rates = tuple(
            AtThreshold(point.fmr, *(self._shown(rate) for rate in _match_rates(found, place, everybody)))
            for place, point in enumerate(self.points)
        )
        trials = found.trials()
        enough = trials.people >= self.least_people
        eer = equal_error_rate(trials) if enough else None
        return Condition(pictures, calibrated, rates, eer, det_curve(trials) if enough else ())

    def _breakdown(
        self, participants: Sequence[Participant], enrolled: Sequence[Participant], compared: Mapping[bool, Comparisons]
    ) -> Breakdown | None:
        if not any(person.group for person in participants):
            return None
        calibrated = max(compared)
        found = compared[calibrated]
        names = sorted({person.group for person in participants})
        # What is withheld of all people is withheld of their groups, and then no reason to hide those.
        total = self._group_rates(names, participants, enrolled, found)
        measured = [name for name in _FIGURES if _people(getattr(total, name)) >= self.least_people]
        each = {name: self._group_rates([name], participants, enrolled, found, measured) for name in names}
        sizes = {name: [_people(getattr(rates, figure)) for figure in measured] for name, rates in each.items()}
        shown = partition(sizes, self.least_people)
        groups = [each[name] for name in shown.alone]
        if shown.together:
            groups.append(self._group_rates(shown.together, participants, enrolled, found, measured))
        return Breakdown(self.points[0].fmr, calibrated, tuple(groups))

    def _group_rates(
        self,
        names: Sequence[str],
        participants: Sequence[Participant],
        enrolled: Sequence[Participant],
        found: Comparisons,
        figures: Collection[str] = _FIGURES,
    ) -> GroupRates:
        """These figures of some groups together."""
        members = [person for person in participants if person.group in names]
        inside = np.array([person.group in names for person in enrolled], bool)
        fmr, fnmr = _match_rates(found, 0, inside[found.enrolled] & inside[found.probed])
        group = names[0] if len(names) == 1 else None
        rates = zip(_FIGURES, (*_acquisition(members), fmr, fnmr), strict=True)
        return GroupRates(group, len(members), *(rate if name in figures else None for name, rate in rates))

    def _shown(self, rate: Proportion | None) -> Proportion | None:
        return rate if _people(rate) >= self.least_people else None


def photographed(
    reader: Reader,
    people: Sequence[PhotoPerson],
    groups: Mapping[str, str],
    step: Callable[[], None] = lambda: None,
) -> list[Participant]:
    """Look at everybody's photos: the first is enrolled, the others are of other days.

    :param groups: the group of each person, as far as known.
    :param step: called after each photo.
    """
    # The reader is told numbers instead of names: it has no use for a name.
    files = (path for person in people for path in person.photos)
    results = reader.read((str(number), path) for number, path in enumerate(files))
    return [_participant(person, results, groups.get(person.name, ""), step) for person in people]


def wipe(participants: Iterable[Participant]) -> None:
    """Overwrite the coordinates; copies that Python made on the way are out of reach until their memory is reused."""
    for person in participants:
        for template in (person.enrolment, *person.probes):
            for sample in template.samples if template is not None else ():
                sample.points.setflags(write=True)
                sample.points.fill(0.0)


def _participant(person: PhotoPerson, results: Iterator[Result], group: str, step: Callable[[], None]) -> Participant:
    templates: list[FaceTemplate | None] = []
    refusals: list[str | None] = []
    for day in range(len(person.photos)):
        result = next(results)
        seen = result.observation if result.refusal is None else None
        refusals.append(None if seen is not None else result.refusal.reason if result.refusal else "no_face")
        sample = None if seen is None else Sample.from_points(seen.points, seen.spread, Source.PHOTO, day)
        templates.append(None if sample is None else FaceTemplate((sample,)))
        step()
    enrolment, *later = templates
    return Participant(enrolment, tuple(probe for probe in later if probe is not None), tuple(refusals), group)


def _acquisition(participants: Sequence[Participant]) -> tuple[Proportion | None, Proportion | None]:
    """FTE over the first pictures, FTA over all others."""
    first = [(number, person.refusals[0]) for number, person in enumerate(participants) if person.refusals]
    later = [(number, why) for number, person in enumerate(participants) for why in person.refusals[1:]]
    return _refused(first), _refused(later)


def _refused(pictures: Sequence[tuple[int, str | None]]) -> Proportion | None:
    owner = np.array([number for number, _why in pictures], dtype=np.int64)
    return over_people(owner, np.array([why is not None for _number, why in pictures], bool))


def _match_rates(
    found: Comparisons, place: int, counted: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> tuple[Proportion | None, Proportion | None]:
    """FMR and FNMR of the comparisons that are counted, at one operating point."""
    genuine, impostor = found.genuine & counted, ~found.genuine & counted
    fmr = over_pairs(found.enrolled[impostor], found.probed[impostor], found.accepted[impostor, place])
    return fmr, over_people(found.enrolled[genuine], ~found.accepted[genuine, place])


def _reasons(refusals: Sequence[Sequence[str | None]], least: int) -> tuple[tuple[tuple[str, int], ...], int]:
    """Pictures refused, by reason where enough people share it; and how many for all other reasons."""
    people = Counter(why for whys in refusals for why in {*whys} - {None})
    pictures = Counter(why for whys in refusals for why in whys if why is not None)
    named = [(why, count) for why, count in pictures.most_common() if people[why] >= least]
    return tuple(named), pictures.total() - sum(count for _why, count in named)


def _people(rate: Proportion | None) -> int:
    return 0 if rate is None else rate.people
