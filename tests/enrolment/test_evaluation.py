"""Evaluations over made-up faces, of which it is known who looks like whom."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from faced.enrolment.evaluation import Evaluation, Participant, photographed, wipe
from faced.enrolment.photo_folder import PhotoPerson
from faced.errors import NotAllowed, PhotoRefused
from faced.landmarks.observe import Observation
from faced.recognition import accuracy, calibration
from faced.recognition.calibration import OperatingPoint
from faced.recognition.template import FaceTemplate, Sample, Source
from faced.recognition.training import train
from faced.records.evaluation_report import Basis, EvaluationReport, Instrument
from tests.recognition.population import PLAIN, face_set, population

#: People who differ three times as much as people do, and look the same on every photo.
APART = replace(population(), person_sd=population().person_sd * 3, noise_sd=population().noise_sd * 0)


@functools.cache
def evaluation() -> Evaluation:
    metric = train(face_set(400, 4), PLAIN)
    exam = accuracy.Exam(metric, face_set(120, 2, seed=20))
    trials = accuracy.measure([exam], [(1, 1)], gated=False)
    points = tuple(
        OperatingPoint(fmr, metric.id, "drawn people", tuple(calibration.measured(trials, fmr))) for fmr in (0.01, 0.1)
    )
    return Evaluation(metric, points, Instrument("0", metric.id.hex(), "00" * 32, "nobody"), date(2026, 10, 15))


def face(seed: int) -> np.ndarray:
    """The face of one person, (68, 2) px."""
    rng = np.random.default_rng(seed)
    return APART.photos(APART.people(1, rng), rng)[0].astype(np.float32)


@dataclass(frozen=True)
class Answer:
    observation: Observation | None
    refusal: PhotoRefused | None


class MadeUpReader:
    """Sees in a file called SEED.jpg the made-up face of that seed, and refuses files that are called by a reason."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def read(self, photos: Iterable[tuple[str, Path | bytes]]) -> Iterator[Answer]:
        for name, path in photos:
            assert isinstance(path, Path)
            self.names.append(name)
            if path.stem.isdigit():
                box = (0.0, 0.0, 100.0, 100.0)
                yield Answer(Observation(0.0, face(int(path.stem)), 0.001, 0.0, 0.0, 0.0, 60.0, box, 36), None)
            else:
                yield Answer(None, PhotoRefused("no", reason=path.stem))


def people(photos: Sequence[Sequence[int | str]]) -> list[PhotoPerson]:
    return [
        PhotoPerson(f"person{number}", tuple(Path(f"secret/{photo}.jpg") for photo in own))
        for number, own in enumerate(photos)
    ]


def report(
    photos: Sequence[Sequence[int | str]], least_people: int = 10, groups: dict[int, str] | None = None
) -> EvaluationReport:
    named = {f"person{number}": group for number, group in (groups or {}).items()}
    participants = photographed(MadeUpReader(), people(photos), named)
    return replace(evaluation(), least_people=least_people).over(
        participants, Basis.PHOTOS, samples=sum(map(len, photos))
    )


def test_people_who_look_like_themselves_and_nobody_else_give_no_errors() -> None:
    found = report([(seed, seed) for seed in range(12)])
    (plain, calibrated) = found.conditions
    assert (plain.calibrated, calibrated.calibrated) == (False, True)
    for condition in found.conditions:
        for at in condition.rates:
            assert at.fmr is not None and at.fnmr is not None
            assert (at.fmr.errors, at.fmr.trials, at.fmr.people) == (0, 132, 12)
            assert (at.fnmr.errors, at.fnmr.trials, at.fnmr.people) == (0, 12, 12)
            assert at.fnmr.high == pytest.approx(3 / 12)
    assert found.fte is not None and found.fte.errors == 0
    assert (found.people, found.pictures, found.refusals, found.refused_otherwise) == (12, 24, (), 0)


def test_a_person_who_looks_different_later_and_two_who_look_alike_are_the_errors() -> None:
    photos: list[tuple[int, ...]] = [(seed, seed) for seed in range(20)]
    photos[3] = (3, 500)
    photos[8] = (7, 7)
    for condition in report(photos).conditions:
        at = condition.rates[0]
        assert at.fmr is not None and at.fnmr is not None
        # Twins: the one's enrolment against the other's later photo, and the other way round.
        assert (at.fmr.errors, at.fmr.trials) == (2, 20 * 19)
        assert (at.fnmr.errors, at.fnmr.trials) == (1, 20)
        assert at.fnmr.low <= 0.05 <= at.fnmr.high


def test_photos_that_are_refused_are_failures_to_enrol_or_to_acquire() -> None:
    photos: list[tuple[int | str, ...]] = [(seed, seed) for seed in range(20)]
    photos[0] = ("eyes_closed", 0)
    photos[1] = (1, "photo_damaged")
    photos[2] = (2, 2, "covered")
    found = report(photos)
    assert found.fte is not None and found.fta is not None
    assert (found.fte.errors, found.fte.trials) == (1, 20)
    assert (found.fta.errors, found.fta.trials) == (2, 21)
    fnmr = found.conditions[0].rates[0].fnmr
    assert fnmr is not None
    # Neither the person who could not be enrolled nor the one without a usable later photo.
    assert (fnmr.trials, fnmr.people) == (18, 18)


def test_a_reason_is_named_only_if_enough_people_share_it() -> None:
    photos: list[tuple[int | str, ...]] = [(seed, seed, "eyes_closed") for seed in range(12)]
    photos[0] = (0, 0, "covered")
    photos[1] = (1, 1, "eyes_closed", "eyes_closed")
    found = report(photos)
    assert found.refusals == (("eyes_closed", 12),)
    assert found.refused_otherwise == 1


def test_a_withheld_rate_does_not_follow_from_the_pictures_refused() -> None:
    photos: list[tuple[int | str, ...]] = [(seed,) for seed in range(12)]
    photos[0] = (0, "covered")
    found = report(photos)
    assert found.fta is None
    assert (found.refusals, found.refused_otherwise) == ((), 0)


def test_one_photo_a_person_measures_strangers_only() -> None:
    found = report([(seed,) for seed in range(12)])
    for condition in found.conditions:
        assert (condition.eer, condition.curve) == (None, ())
        assert all(at.fnmr is None for at in condition.rates)
        assert all(at.fmr is not None and at.fmr.trials == 12 * 11 // 2 for at in condition.rates)


def test_three_later_photos_are_fused_where_enough_people_have_them() -> None:
    many = report([(seed, seed, seed, seed) for seed in range(10)])
    few = report([(seed, seed, seed, seed) for seed in range(9)] + [(seed, seed) for seed in range(9, 12)])
    assert [condition.pictures for condition in many.conditions] == [1, 1, 3, 3]
    assert [condition.pictures for condition in few.conditions] == [1, 1]


def test_figures_over_too_few_people_are_withheld() -> None:
    found = report([(seed, seed) for seed in range(9)] + [(seed,) for seed in range(9, 12)])
    assert found.fta is None
    for condition in found.conditions:
        assert condition.eer is None and condition.curve == ()
        assert all(at.fnmr is None and at.fmr is not None for at in condition.rates)


def test_too_few_people_are_not_evaluated() -> None:
    with pytest.raises(NotAllowed, match="at least 10 people"):
        report([(seed, seed) for seed in range(9)])
    assert report([(seed, seed) for seed in range(9)], least_people=9).people == 9


def test_a_small_group_is_shown_only_together_with_another() -> None:
    groups = {number: "north" if number < 7 else "south" if number < 12 else "小林 太郎" for number in range(14)}
    found = report([(seed, seed) for seed in range(14)], least_people=5, groups=groups)
    assert found.breakdown is not None
    assert [(rates.group, rates.people) for rates in found.breakdown.groups] == [("north", 7), (None, 7)]
    north, others = found.breakdown.groups
    assert north.fmr is not None and north.fmr.trials == 7 * 6
    assert others.fnmr is not None and others.fnmr.trials == 7
    assert "小林" not in str(found.document())


def test_errors_are_counted_in_the_group_where_they_are() -> None:
    photos: list[tuple[int, ...]] = [(seed, seed) for seed in range(14)]
    photos[3] = (3, 500)
    photos[8] = (5, 5)
    photos[12] = (11, 11)
    found = report(photos, least_people=5, groups={number: "a" if number < 7 else "b" for number in range(14)})
    assert found.breakdown is not None
    errors = {rates.group: (rates.fmr, rates.fnmr) for rates in found.breakdown.groups}
    assert {group: (fmr and fmr.errors, fnmr and fnmr.errors) for group, (fmr, fnmr) in errors.items()} == {
        "a": (0, 1),
        "b": (2, 0),
    }


def test_a_figure_that_is_withheld_of_all_is_withheld_of_groups_and_hides_none_of_them() -> None:
    photos = [(seed, seed) if seed in (0, 1, 7) else (seed,) for seed in range(14)]
    found = report(photos, least_people=5, groups={number: "a" if number < 7 else "b" for number in range(14)})
    assert found.breakdown is not None
    assert [rates.group for rates in found.breakdown.groups] == ["a", "b"]
    assert all(rates.fta is None and rates.fnmr is None for rates in found.breakdown.groups)
    assert all(rates.fte is not None and rates.fmr is not None for rates in found.breakdown.groups)


def test_people_without_a_group_are_a_group_too() -> None:
    found = report([(seed, seed) for seed in range(15)], groups={number: "known" for number in range(12)})
    # Three others: shown, they could be told; left out, subtracted.
    assert found.breakdown is not None and found.breakdown.groups == ()
    assert report([(seed, seed) for seed in range(12)]).breakdown is None


def test_the_reader_is_told_no_name() -> None:
    reader, steps = MadeUpReader(), []
    photographed(reader, people([(1, 2), (3,)]), {}, lambda: steps.append(1))
    assert reader.names == ["0", "1", "2"]
    assert len(steps) == 3


def test_coordinates_are_overwritten_afterwards() -> None:
    samples = [Sample.from_points(face(seed), 0.001, Source.PHOTO, 0) for seed in (1, 2)]
    wipe([Participant(FaceTemplate((samples[0],)), (FaceTemplate((samples[1],)),)), Participant(None)])
    assert not any(np.any(sample.points) for sample in samples)
    assert "points" not in repr(Participant(FaceTemplate((samples[0],))))
