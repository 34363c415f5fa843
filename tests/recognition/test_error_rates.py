from __future__ import annotations

import numpy as np
import pytest

from faced.recognition.error_rates import det_curve, equal_error_rate, over_pairs, over_people
from faced.recognition.trials import Trials


def test_known_errors_give_the_known_rate() -> None:
    found = over_people(np.repeat(np.arange(50), 4), np.arange(200) % 10 == 0)
    assert found is not None
    assert (found.errors, found.trials, found.people, found.rate) == (20, 200, 50, 0.1)
    assert 0.04 < found.low < 0.1 < found.high < 0.16


def test_errors_that_all_are_one_persons_make_the_interval_wide() -> None:
    person, spread_out = np.repeat(np.arange(20), 20), np.arange(400) % 20 == 0
    one_person, everybody = (over_people(person, wrong) for wrong in (person == 3, spread_out))
    assert one_person is not None and everybody is not None
    assert one_person.rate == everybody.rate
    assert one_person.high - one_person.low > 5 * (everybody.high - everybody.low)


def test_one_error_leaves_more_room_than_none() -> None:
    none, one = (over_people(np.arange(24), np.arange(24) < errors) for errors in (0, 1))
    assert none is not None and one is not None
    assert none.high == pytest.approx(3 / 24)
    # Clopper and Pearson: 21.1 %; people drawn with replacement alone would say 12.5 %.
    assert 0.18 < one.high < 0.22


@pytest.mark.parametrize(("wrong", "expected"), [(False, (0.0, 0.1)), (True, (0.9, 1.0))])
def test_without_an_error_the_rule_of_three_counts_people_not_pictures(
    wrong: bool, expected: tuple[float, float]
) -> None:
    found = over_people(np.repeat(np.arange(30), 100), np.full(3000, wrong))
    assert found is not None
    assert (found.low, found.high) == pytest.approx(expected)


def test_the_rule_of_three_counts_each_pair_of_people_once() -> None:
    one, other = np.nonzero(~np.eye(25, dtype=bool))
    found = over_pairs(np.repeat(one, 4), np.repeat(other, 4), np.zeros(2400, bool))
    assert found is not None
    assert (found.trials, found.people, found.low) == (2400, 25, 0.0)
    assert found.high == pytest.approx(3 / 300)


def test_a_person_whom_everybody_passes_for_widens_the_interval_of_false_matches() -> None:
    one, other = np.nonzero(~np.eye(40, dtype=bool))
    lamb = over_pairs(one, other, one == 7)
    scattered = over_pairs(one, other, np.arange(len(one)) % 40 == 0)
    assert lamb is not None and scattered is not None
    assert lamb.rate == pytest.approx(scattered.rate)
    assert lamb.high > 1.5 * scattered.high


def test_nothing_compared_is_no_rate() -> None:
    nobody = np.zeros(0, np.int64)
    assert over_people(nobody, nobody) is None
    assert over_pairs(nobody, nobody, nobody) is None
    assert det_curve(Trials(np.zeros(0), nobody, np.zeros(0), np.zeros((0, 2), np.int64))) == ()


def drawn(people: int, apart: float) -> Trials:
    rng = np.random.default_rng(5)
    one, other = np.nonzero(~np.eye(people, dtype=bool))
    return Trials(
        rng.normal(apart, 1, people), np.arange(people), rng.normal(0, 1, len(one)), np.stack([one, other], axis=1)
    )


def test_the_equal_error_rate_of_a_known_distribution_lies_in_its_interval() -> None:
    found = equal_error_rate(drawn(200, 2.0))
    assert found is not None
    # Two normal distributions 2 apart: P(x > 1) = 0.1587.
    assert found.low < 0.1587 < found.high
    assert (found.people, found.low < found.rate < found.high) == (200, True)


def test_people_who_are_never_mistaken_leave_room_for_three_in_all() -> None:
    found = equal_error_rate(drawn(40, 20.0))
    assert found is not None
    assert (found.rate, found.low) == (0.0, 0.0)
    assert found.high == pytest.approx(3 / 40)


def test_the_curve_falls_and_shows_no_rate_that_the_data_cannot_prove() -> None:
    curve = np.array(det_curve(drawn(100, 2.0)))
    assert len(curve) <= 120
    assert (np.diff(curve[:, 0]) <= 0).all() or (np.diff(curve[:, 0]) >= 0).all()
    order = np.argsort(curve[:, 0])
    assert (np.diff(curve[order, 1]) <= 0).all()
    assert (curve > 0).all() and (curve < 1).all()
    assert curve[:, 0].min() >= 1 / 9900
