from __future__ import annotations

import numpy as np
import pytest

from faced.recognition import accuracy, trials
from faced.recognition.metric import Metric
from faced.recognition.trials import Trials
from tests.recognition.population import PLAIN, face_set


def known(genuine: list[float], impostor: list[float]) -> Trials:
    people = np.arange(len(genuine))
    pairs = np.stack([np.arange(len(impostor)) % len(genuine), (np.arange(len(impostor)) + 1) % len(genuine)], axis=1)
    return Trials(np.array(genuine), people, np.array(impostor), pairs)


def test_error_rates_of_scores_worked_out_by_hand() -> None:
    scores = known([5.0, 4.0, 3.0, -1.0], [2.0, 1.0, 0.0, 0.0, 0.0, -2.0, -3.0, -4.0, -5.0, -6.0])
    # At most one of ten impostors may exceed the threshold: it is 1, and one of four genuine scores does not exceed it.
    assert trials.threshold_at(scores.impostor, 0.1) == 1.0
    assert trials.rates(scores, [0.1]).fnmr == (0.25,)


def test_separated_scores_have_no_errors_and_equal_ones_are_even() -> None:
    apart = trials.rates(known([9.0, 8.0, 7.0], [1.0, 2.0, 3.0, 0.0]), [0.1])
    assert (apart.eer, apart.fnmr) == (0.0, (0.0,))
    alike = trials.rates(known([1.0, 2.0, 3.0, 4.0] * 25, [1.0, 2.0, 3.0, 4.0] * 25), [0.5])
    assert alike.eer == pytest.approx(0.5, abs=0.13)


def test_no_more_impostors_than_asked_for_exceed_the_threshold() -> None:
    impostor = np.random.default_rng(0).normal(size=5000).round(2)
    for fmr in (0.1, 0.01, 0.001):
        assert (impostor > trials.threshold_at(impostor, fmr)).mean() <= fmr


def test_every_person_is_compared_with_every_other_in_every_draw(trained: Metric) -> None:
    faces = face_set(12, 4, seed=30)
    found = accuracy.measure([accuracy.Exam(trained, faces)], [(1, 3), (2, 3)], gated=False)
    enough, short = found[1, 3], found[2, 3]
    assert (enough.people, enough.pairs) == (12, 66)
    assert len(enough.genuine) == 12 * trials.DRAWS
    assert len(enough.impostor) == 12 * 11 * trials.DRAWS
    assert (short.people, len(short.impostor)) == (0, 0)
    assert (enough.impostor_people[:, 0] != enough.impostor_people[:, 1]).all()


def test_enrolment_and_probe_never_share_a_photo(trained: Metric) -> None:
    faces = face_set(20, 2, seed=31)
    evidence = trained.evidence(faces.points, faces.spreads)
    found = trials.run(trained, evidence, faces.person, np.ones(40, dtype=bool), 1, 1)
    photo = evidence.latent.reshape(20, 2, -1)
    expected = [trained.population.llr(photo[who, :1], photo[who, 1:])[0, 0] for who in range(20)]
    assert np.allclose(found.genuine.reshape(trials.DRAWS, 20), expected)


def test_photos_that_were_not_counted_are_not_drawn(trained: Metric) -> None:
    faces = face_set(10, 3, seed=32)
    counted = np.arange(30) % 3 > 0
    counted[faces.person == 4] = False
    evidence = trained.evidence(faces.points, faces.spreads)
    found = trials.run(trained, evidence, faces.person, counted, 1, 1)
    assert set(found.genuine_person) == set(range(10)) - {4}


def test_the_same_draws_come_twice(trained: Metric) -> None:
    exam = accuracy.Exam(trained, face_set(10, 4, seed=33))
    once, twice = (accuracy.measure([exam], [(1, 1)], gated=False)[1, 1] for _round in range(2))
    assert np.array_equal(once.impostor, twice.impostor)


def test_two_people_are_too_few() -> None:
    exam = accuracy.Exam(Metric.shipped(), face_set(2, 4))
    assert accuracy.measure([exam], [(1, 1)], gated=False)[1, 1].people == 0


def test_intervals_hold_the_rate_and_narrow_with_more_people(trained: Metric) -> None:
    widths = []
    for people in (20, 200):
        found = accuracy.measure([accuracy.Exam(trained, face_set(people, 2, seed=34))], [(1, 1)], gated=False)[1, 1]
        rates = trials.rates(found, [0.01])
        (low, high), (fnmr_low, fnmr_high) = trials.intervals(found, [0.01], 100)
        assert low <= rates.eer + 0.005
        assert rates.eer - 0.005 <= high
        assert fnmr_low <= rates.fnmr[0] <= fnmr_high
        widths.append(fnmr_high - fnmr_low)
    assert widths[1] < widths[0]


def test_cross_validation_keeps_people_apart_and_measures_everybody() -> None:
    faces = face_set(90, 4)
    exams = accuracy.cross_validation(faces, PLAIN)
    measured = np.concatenate([exam.faces.person for exam in exams])
    assert sorted(measured) == sorted(faces.person)
    assert all(exam.metric.id != exams[0].metric.id for exam in exams[1:])
    assert len(exams) == 2
