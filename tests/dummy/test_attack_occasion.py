"""Plans of presentations: two sets that share nobody, people who differ, the same plan each time."""

from __future__ import annotations

import numpy as np
import pytest

from faced.dummy import Challenge, Identity
from faced.dummy.motion import doing
from faced.dummy.occasion import Occasion, SeedSet, artefact, attacks, living
from faced.dummy.species import Species


def test_nobody_is_in_both_sets() -> None:
    tuning, report = (set(which.people()) for which in SeedSet)
    assert not tuning & report
    assert min(len(tuning), len(report)) >= 43


def test_forty_three_attacks_have_as_many_victims() -> None:
    plan = attacks(SeedSet.REPORT, Species.FLAT_PRINT, 43)
    assert len({one.person for one in plan}) == 43
    assert {one.person for one in plan} <= set(SeedSet.REPORT.people())


def test_people_differ_in_light_distance_glasses_and_obedience() -> None:
    plan = living(SeedSet.REPORT, 200)
    assert len({one.person for one in plan}) >= 40
    assert len({(one.person, one.seed) for one in plan}) == 200
    assert len({one.light for one in plan}) == 200
    assert np.ptp([one.distance_cm for one in plan]) > 15
    assert 50 < sum(one.worn.glasses is True for one in plan) < 110
    assert 1 <= sum(one.mistaken for one in plan) <= 20
    assert min(one.reaction_s for one in plan) >= 0.35
    assert np.median([one.reaction_s for one in plan]) == pytest.approx(0.75, abs=0.1)


def test_a_plan_is_the_same_each_time_and_another_in_the_other_set() -> None:
    assert living(SeedSet.TUNING, 5) == living(SeedSet.TUNING, 9)[:5]
    assert [one.reaction_s for one in living(SeedSet.TUNING, 5)] != [
        one.reaction_s for one in living(SeedSet.REPORT, 5)
    ]


def test_an_artefact_has_one_victim_and_is_presented_anew_each_time() -> None:
    ten = artefact(SeedSet.REPORT, Species.STICK_PRINT, 0, 10)
    assert len({one.person for one in ten}) == 1
    assert len({one.seed for one in ten}) == 10
    more = artefact(SeedSet.REPORT, Species.STICK_PRINT, 10, 20)
    assert not {one.seed for one in ten} & {one.seed for one in more}
    assert more[0].person == ten[0].person


def test_who_mistakes_the_side_does_it_once() -> None:
    muddled = Occasion(1, 1, None, reaction_s=0.5, held_s=1.5, mistaken=True)
    assert muddled.answer(Challenge.LEFT, 2.0).challenge is Challenge.RIGHT
    assert muddled.answer(Challenge.LEFT, 5.0, time=2).challenge is Challenge.LEFT
    assert muddled.answer(Challenge.BLINK, 2.0).challenge is Challenge.BLINK
    assert muddled.answer(Challenge.UP, 2.0).start_s == 2.5


def test_who_is_to_turn_further_goes_on_from_there() -> None:
    occasion = Occasion(1, 1, None, reaction_s=0.5, held_s=2.2)
    first = occasion.answer(Challenge.LEFT, 1.0)
    acts = occasion.further((first,), 2.5)
    # (frames,) shares of the usual turn, from the prompt's answer on and before it.
    time = np.arange(0, 6, 0.05)
    share = sum(act.extent * doing(act, time) for act in acts)
    before = time <= acts[1].start_s
    assert np.array_equal(share[before], (first.extent * doing(first, time))[before])
    assert np.max(share) == pytest.approx(1.5 * first.extent)
    assert np.min(share[(time > 2.1) & (time < 4.0)]) > 0.99


def test_an_answer_changes_nothing_before_it(somebody: Identity) -> None:
    occasion = living(SeedSet.TUNING, 1)[0]
    idle = occasion.clip(somebody, 2.0, 10.0)
    act = occasion.answer(Challenge.LEFT, 0.2)
    obeying = occasion.clip(somebody, 2.0, 10.0, (act,))
    begun = int(np.ceil(act.start_s * 10))
    assert np.array_equal(idle[begun - 1], obeying[begun - 1])
    assert obeying.truth.yaw_deg[-1] > idle.truth.yaw_deg[-1] + 3
