"""The judge from request to verdict, on heads and sheets in space."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest

from faced.liveness.challenge import ALL, Challenge
from faced.liveness.judge import LivenessJudge, LivenessPolicy, LivenessState, LivenessVerdict, Omission
from faced.liveness.rules import Rule
from faced.liveness.track import Sight
from faced.liveness.turning import DIRECTIONS
from tests.liveness.scene import FPS, Face, Paper, head_sight, paper_sight, there_and_back

MATCHED_S = 0.5
REACTION_S = 0.35
#: Of somebody who has not been asked yet.
Doing = Callable[[float, list[tuple[float, Challenge]]], Sight]


@dataclass
class Stage:
    """Somebody before the camera, and the judge; requests are passed on to whoever is there."""

    policy: LivenessPolicy
    who: Doing
    seed: int = 1
    requests: list[tuple[float, Challenge]] = field(default_factory=list)
    again: list[bool] = field(default_factory=list)
    further_s: list[float] = field(default_factory=list)
    time_s: float = 0.0

    def __post_init__(self) -> None:
        self.judge = LivenessJudge(self.policy, random.Random(self.seed))

    def run(self, seconds: float = 14.0) -> LivenessVerdict:
        """Until it is decided, or for so long."""
        verdict, asking = LivenessVerdict(LivenessState.WAITING), False
        for k in range(round(seconds * FPS)):
            self.time_s = k / FPS
            self.judge.frame(self.time_s, k.to_bytes(8, "big"))
            self.judge.see(self.who(self.time_s, self.requests))
            if abs(self.time_s - MATCHED_S) < 1e-6:
                self.judge.begin(self.time_s)
            verdict = self.judge.verdict(self.time_s)
            if verdict.state in (LivenessState.LIVE, LivenessState.NOT_LIVE):
                break
            if verdict.challenge is not None and not asking:
                self.requests.append((self.time_s, verdict.challenge))
                self.again.append(verdict.again)
            asking = verdict.state is LivenessState.ASK
            if verdict.further:
                self.further_s.append(self.time_s)
        return verdict


def obeying(
    turn_deg: float = 18.0, *, mistaken: int = 0, late_s: float = REACTION_S, still: bool = True, seed: int = 5
) -> Doing:
    """Somebody who does what is asked, but turns to the wrong side for the first ``mistaken`` times."""
    rng = np.random.default_rng(seed)

    def who(time_s: float, requests: list[tuple[float, Challenge]]) -> Sight:
        angles, shut, gape = np.zeros(2), 0.0, 0.0
        for count, (asked_s, challenge) in enumerate(requests):
            start_s = asked_s + late_s
            if challenge in DIRECTIONS:
                axis, sign = DIRECTIONS[challenge]
                side = -sign if count < mistaken else sign
                angles[axis] += side * turn_deg * there_and_back(time_s, start_s, 1.6)
            elif challenge is Challenge.BLINK_TWICE:
                shut = max([shut, *(1.5 - abs(time_s - start_s - after_s) / 0.1 for after_s in (0.2, 0.8))])
            else:
                gape = max(gape, 0.3 * there_and_back(time_s, start_s, 1.2, 0.2))
        sway = 0.0 if still else 9.0 * float(np.sin(time_s * 2.5))
        lids = (float(np.clip(shut, 0, 1)),) * 2
        face = Face(float(angles[0]) + sway, 5 + float(angles[1]), lids=lids, gape=gape)
        return head_sight(time_s, face, rng, 0.005)

    return who


def waving(tilt_deg: float = 35.0, *, radius_mm: float = np.inf) -> Doing:
    """An operator who reads the request and tilts a print as it says; the pose believes that the head turned."""
    rng = np.random.default_rng(8)

    def who(time_s: float, requests: list[tuple[float, Challenge]]) -> Sight:
        tilts = np.zeros(2)
        for asked_s, challenge in requests:
            if challenge in DIRECTIONS:
                axis, sign = DIRECTIONS[challenge]
                tilts[axis] += sign * tilt_deg * there_and_back(time_s, asked_s + REACTION_S, 4.0)
        return paper_sight(time_s, Paper(*map(float, tilts), radius_mm=radius_mm), rng, 0.005)

    return who


def only(*actions: Challenge, challenges: int = 1) -> LivenessPolicy:
    return LivenessPolicy(challenges=challenges, actions=actions)


@pytest.mark.parametrize("challenge", ALL)
def test_who_does_what_is_asked_is_live(challenge: Challenge) -> None:
    turns = {Challenge.TURN_LEFT} if not challenge.turns else set()
    stage = Stage(only(challenge, *turns), obeying(), seed=next(s for s in range(20) if first(challenge, turns, s)))
    assert stage.run().state is LivenessState.LIVE
    assert stage.requests[0][1] is challenge
    assert stage.time_s - stage.requests[0][0] < 5.0


def first(challenge: Challenge, others: set[Challenge], seed: int) -> bool:
    judge = LivenessJudge(only(challenge, *others), random.Random(seed))
    return judge.begin(0.0) is challenge


def test_one_turn_takes_about_a_second() -> None:
    stage = Stage(only(Challenge.TURN_LEFT), obeying())
    stage.run()
    assert stage.time_s - stage.requests[0][0] < 1.2


def test_who_turns_too_little_is_asked_to_turn_further_and_may() -> None:
    rng = np.random.default_rng(5)

    def who(time_s: float, requests: list[tuple[float, Challenge]]) -> Sight:
        asked_s = requests[0][0] if requests else np.inf
        more_s = stage.further_s[0] if stage.further_s else np.inf
        turn = 12.0 * there_and_back(time_s, asked_s + REACTION_S, 9.0) if requests else 0.0
        turn += 10.0 * there_and_back(time_s, more_s + REACTION_S, 9.0) if stage.further_s else 0.0
        return head_sight(time_s, Face(-turn, 5), rng, 0.005)

    stage = Stage(only(Challenge.TURN_LEFT), who)
    assert stage.run().state is LivenessState.LIVE
    assert 0.9 < stage.further_s[0] - stage.requests[0][0] < 1.6


def test_who_shows_too_little_is_asked_to_go_further_then_for_another_turn_and_then_denied() -> None:
    stage = Stage(only(*DIRECTIONS), waving(25, radius_mm=90), seed=next(s for s in range(20) if turns_first(s)))
    verdict = stage.run()
    assert (verdict.state, verdict.rule) == (LivenessState.NOT_LIVE, Rule.FLAT)
    assert len({challenge for _, challenge in stage.requests}) == len(stage.requests) == 2
    first_s, other_s = (asked_s for asked_s, _ in stage.requests)
    assert first_s < stage.further_s[0] < other_s
    assert stage.time_s - other_s < 5.0 + 1.5 + 0.1


def test_after_a_turn_that_shows_too_little_one_of_the_other_kind_is_asked_for() -> None:
    for seed in range(12):
        stage = Stage(only(*DIRECTIONS), waving(35), seed=seed)
        stage.run()
        for (_, challenge), (_, other) in zip(stage.requests, stage.requests[1:], strict=False):
            assert DIRECTIONS[other][0] != DIRECTIONS[challenge][0]


def test_who_hardly_moves_is_told_to_go_further() -> None:
    stage = Stage(only(Challenge.TURN_LEFT), obeying(3))
    assert stage.run().state is LivenessState.NOT_LIVE
    assert stage.further_s[0] - stage.requests[0][0] == pytest.approx(2.5, abs=0.1)


def test_nobody_is_urged_to_nod_further() -> None:
    for degrees in (3, 35):
        stage = Stage(only(Challenge.LOOK_DOWN), waving(degrees))
        assert stage.run().state is LivenessState.NOT_LIVE
        assert not stage.further_s


def turns_first(seed: int) -> bool:
    judge = LivenessJudge(only(*DIRECTIONS), random.Random(seed))
    return judge.begin(0.0) in (Challenge.TURN_LEFT, Challenge.TURN_RIGHT)


def test_a_person_of_whom_one_turn_shows_little_is_live_by_another() -> None:
    rng = np.random.default_rng(3)
    person = obeying(25)

    def who(time_s: float, requests: list[tuple[float, Challenge]]) -> Sight:
        if len(requests) > 1:
            return person(time_s, requests[1:])
        asked_s, challenge = requests[0] if requests else (np.inf, Challenge.TURN_LEFT)
        axis, sign = DIRECTIONS[challenge]
        tilts = np.zeros(2)
        tilts[axis] = sign * 12 * there_and_back(time_s, asked_s + REACTION_S, 1.6) if requests else 0.0
        return head_sight(time_s, Face(float(tilts[0]), 5 + float(tilts[1])), rng, 0.005)

    stage = Stage(only(*DIRECTIONS), who, seed=next(s for s in range(20) if turns_first(s)))
    assert stage.run().state is LivenessState.LIVE
    assert len(stage.requests) == 2


def test_a_turn_that_is_under_way_is_not_interrupted() -> None:
    stage = Stage(only(Challenge.TURN_LEFT), obeying(25))
    assert stage.run().state is LivenessState.LIVE
    assert not stage.further_s


def test_a_blink_alone_is_not_enough_a_turn_is_asked_for_next() -> None:
    stage = Stage(only(Challenge.BLINK_TWICE, Challenge.TURN_LEFT), obeying(), seed=3)
    stage.seed = next(s for s in range(20) if first(Challenge.BLINK_TWICE, {Challenge.TURN_LEFT}, s))
    stage.__post_init__()
    assert stage.run().state is LivenessState.LIVE
    assert [challenge for _, challenge in stage.requests] == [Challenge.BLINK_TWICE, Challenge.TURN_LEFT]


def test_after_a_blink_depth_that_has_shown_by_itself_is_enough() -> None:
    stage = Stage(only(Challenge.BLINK_TWICE), obeying(still=False))
    assert stage.run().state is LivenessState.LIVE
    assert len(stage.requests) == 1


def test_who_only_blinks_and_cannot_be_asked_to_turn_is_not_live() -> None:
    assert Stage(only(Challenge.BLINK_TWICE), obeying()).run() == LivenessVerdict(LivenessState.NOT_LIVE, Rule.NO_DEPTH)


def test_two_challenges_are_two_different_ones() -> None:
    stage = Stage(LivenessPolicy(challenges=2), obeying())
    assert stage.run().state is LivenessState.LIVE
    assert len({challenge for _, challenge in stage.requests}) >= 2


def test_who_does_nothing_is_not_live() -> None:
    stage = Stage(LivenessPolicy(), obeying(0.0, late_s=100))
    assert stage.run() == LivenessVerdict(LivenessState.NOT_LIVE, Rule.NO_ACTION)


def test_the_wrong_side_is_asked_again_once() -> None:
    stage = Stage(only(Challenge.TURN_LEFT, Challenge.TURN_RIGHT), obeying(mistaken=1))
    assert stage.run().state is LivenessState.LIVE
    assert stage.again == [False, True]


def test_only_the_request_after_the_wrong_side_is_one_again() -> None:
    policy = only(Challenge.TURN_LEFT, Challenge.TURN_RIGHT, challenges=2)
    stage = Stage(policy, obeying(mistaken=1))
    assert stage.run().state is LivenessState.LIVE
    assert stage.again == [False, True, False]


def test_the_wrong_side_twice_is_not_live() -> None:
    stage = Stage(only(Challenge.TURN_LEFT, Challenge.TURN_RIGHT), obeying(mistaken=2))
    assert stage.run() == LivenessVerdict(LivenessState.NOT_LIVE, Rule.WRONG_SIDE_TWICE)


def test_who_answers_faster_than_anybody_can_does_not_count() -> None:
    stage = Stage(only(Challenge.TURN_LEFT), obeying(late_s=-0.1))
    assert stage.run() == LivenessVerdict(LivenessState.NOT_LIVE, Rule.TOO_EARLY)


@pytest.mark.parametrize("radius_mm", [np.inf, 70.0])
@pytest.mark.parametrize("challenge", DIRECTIONS)
def test_a_print_that_obeys_is_flat(challenge: Challenge, radius_mm: float) -> None:
    verdict = Stage(only(challenge), waving(radius_mm=radius_mm)).run()
    assert verdict == LivenessVerdict(LivenessState.NOT_LIVE, Rule.FLAT)


def test_the_request_comes_at_random_after_the_match() -> None:
    onsets = []
    for seed in range(12):
        stage = Stage(LivenessPolicy(), obeying(), seed=seed)
        stage.run(3.0)
        onsets.append(stage.requests[0][0] - MATCHED_S)
    assert min(onsets) >= 0.2
    assert max(onsets) <= 0.8 + 2 / FPS
    assert np.ptp(onsets) > 0.3


def test_every_action_is_asked_for_sooner_or_later() -> None:
    asked = {LivenessJudge(LivenessPolicy(), random.Random(seed)).begin(0.0) for seed in range(60)}
    assert asked == set(ALL)


@pytest.mark.parametrize("action", ALL)
def test_an_action_that_is_left_out_is_never_drawn(action: Challenge) -> None:
    asked = set()
    for seed in range(300):
        judge = LivenessJudge(LivenessPolicy(), random.Random(seed))
        assert judge.leave_out({action}) is Omission.DONE
        asked.add(judge.begin(0.0))
    assert asked == set(ALL) - {action}


def test_what_is_left_out_is_left_out_of_two_requests_too() -> None:
    without = {Challenge.TURN_LEFT, Challenge.OPEN_MOUTH}
    asked: set[Challenge] = set()
    for seed in range(40):
        stage = Stage(LivenessPolicy(challenges=2), obeying(), seed=seed)
        stage.judge.leave_out(without)
        assert stage.run().state is LivenessState.LIVE
        asked.update(challenge for _time, challenge in stage.requests)
    assert asked == set(ALL) - without


def test_what_is_left_out_is_not_asked_for_after_a_blink_either() -> None:
    """Only the turn can show depth then, and only one turn is left to ask for."""
    without = set(DIRECTIONS) - {Challenge.LOOK_UP} | {Challenge.OPEN_MOUTH}
    orders = set()
    for seed in range(30):
        stage = Stage(LivenessPolicy(), obeying(), seed=seed)
        stage.judge.leave_out(without)
        assert stage.run().state is LivenessState.LIVE
        orders.add(tuple(challenge for _time, challenge in stage.requests))
    assert orders == {(Challenge.LOOK_UP,), (Challenge.BLINK_TWICE, Challenge.LOOK_UP)}


def test_what_is_left_out_is_not_asked_for_after_the_wrong_side_either() -> None:
    without = set(ALL) - {Challenge.TURN_LEFT, Challenge.TURN_RIGHT, Challenge.BLINK_TWICE}
    asked: set[Challenge] = set()
    for seed in range(30):
        stage = Stage(LivenessPolicy(), obeying(mistaken=1), seed=seed)
        stage.judge.leave_out(without)
        stage.run()
        asked.update(challenge for _time, challenge in stage.requests)
    assert asked == set(ALL) - without


def test_a_print_that_obeys_is_flat_though_all_but_one_turn_is_left_out() -> None:
    for seed in range(8):
        stage = Stage(LivenessPolicy(), waving(), seed=seed)
        stage.judge.leave_out(set(ALL) - {Challenge.TURN_LEFT})
        assert stage.run() == LivenessVerdict(LivenessState.NOT_LIVE, Rule.FLAT)


@pytest.mark.parametrize(
    ("without", "challenges"),
    [(set(DIRECTIONS), 1), (set(ALL), 1), (set(ALL) - {Challenge.TURN_LEFT}, 2), (set(DIRECTIONS), 2)],
)
def test_where_too_little_would_be_left_everything_is_asked_for(without: set[Challenge], challenges: int) -> None:
    asked = set()
    for seed in range(100):
        judge = LivenessJudge(LivenessPolicy(challenges=challenges), random.Random(seed))
        assert judge.leave_out(without) is Omission.TOO_LITTLE
        asked.add(judge.begin(0.0))
    assert asked == set(ALL)


@pytest.mark.parametrize("challenges", [1, 2])
def test_of_whom_more_is_asked_does_one_action_more_and_one_of_them_is_a_turn(challenges: int) -> None:
    asked: set[Challenge] = set()
    for seed in range(40):
        stage = Stage(LivenessPolicy(challenges=challenges), obeying(), seed=seed)
        stage.judge.ask_more()
        assert stage.run().state is LivenessState.LIVE
        done = [challenge for _time, challenge in stage.requests]
        assert len(done) == len(set(done)) == challenges + 1
        assert any(challenge.turns for challenge in done)
        asked.update(done)
    assert asked == set(ALL)


def test_who_does_only_the_first_of_them_is_not_live() -> None:
    for seed in range(8):
        stage = Stage(LivenessPolicy(), once(obeying()), seed=seed)
        stage.judge.ask_more()
        assert stage.run().state is LivenessState.NOT_LIVE


def once(who: Doing) -> Doing:
    """Answers the first request and no other."""
    return lambda time_s, requests: who(time_s, requests[:1])


def test_more_is_asked_only_as_far_as_an_exemption_leaves_something() -> None:
    for seed in range(20):
        stage = Stage(LivenessPolicy(), obeying(), seed=seed)
        assert stage.judge.leave_out(set(ALL) - {Challenge.LOOK_UP}) is Omission.DONE
        stage.judge.ask_more()
        assert stage.run().state is LivenessState.LIVE
        assert [challenge for _time, challenge in stage.requests] == [Challenge.LOOK_UP]


def test_where_nothing_is_shown_nothing_more_can_be_asked() -> None:
    stage = Stage(LivenessPolicy(directed=False), unasked(8, blinks=False))
    stage.judge.ask_more()
    assert stage.run() == LivenessVerdict(LivenessState.NOT_LIVE, Rule.NO_BLINK)
    assert stage.requests == []


def test_without_the_match_nothing_is_asked_or_judged() -> None:
    judge = LivenessJudge(LivenessPolicy(request_s=1.0), random.Random(0))
    who = obeying(still=False)
    for k in range(200):
        judge.see(who(k / FPS, []))
        assert judge.verdict(k / FPS) == LivenessVerdict(LivenessState.WAITING)


def test_who_hides_from_a_request_gets_the_same_again() -> None:
    judge, who = LivenessJudge(LivenessPolicy(), random.Random(4)), obeying(late_s=100)
    wanted = judge.begin(0.0)
    for attempt in range(3):
        for k in range(60):
            judge.see(who(attempt * 10 + k / FPS, []))
            judge.verdict(attempt * 10 + k / FPS)
        judge.lost()
        if attempt < 2:
            assert judge.verdict(attempt * 10 + 3.0).state is LivenessState.WAITING
            assert judge.begin((attempt + 1) * 10.0) is wanted
    assert judge.verdict(40.0) == LivenessVerdict(LivenessState.NOT_LIVE, Rule.JUMP)


def test_a_face_that_is_swapped_for_another_must_match_again() -> None:
    judge, person = LivenessJudge(only(Challenge.TURN_LEFT), random.Random(1)), obeying()
    for k in range(30):
        assert judge.see(paper_sight(k / FPS, Paper(right_mm=-150)))
    judge.begin(1.0)
    asked = [(1.5, Challenge.TURN_LEFT)]
    assert not judge.see(person(31 / FPS, asked)), "another face, elsewhere"
    for k in range(32, 120):
        judge.see(person(k / FPS, asked))
        assert judge.verdict(k / FPS).state is LivenessState.WAITING, "that it turns is of no use without a match"


def test_repeated_frames_deny_whatever_the_face_does() -> None:
    judge, who = LivenessJudge(only(Challenge.TURN_LEFT), random.Random(1)), obeying()
    for k in range(80):
        judge.frame(k / FPS, bytes([k % 30]))
        judge.see(who(k / FPS, []))
    judge.begin(1.0)
    assert judge.verdict(3.0) == LivenessVerdict(LivenessState.NOT_LIVE, Rule.REPEATED)


def test_black_pictures_of_a_camera_that_wakes_up_do_not_deny() -> None:
    judge = LivenessJudge(LivenessPolicy(), random.Random(1))
    for k in range(40):
        judge.frame(k / FPS, b"black")
    assert judge.verdict(2.0).state is LivenessState.WAITING


@pytest.mark.parametrize(("cues", "state"), [(True, LivenessState.NOT_LIVE), (False, LivenessState.LIVE)])
def test_cues_deny_what_would_be_live_unless_they_are_off(cues: bool, state: LivenessState) -> None:
    stage = Stage(LivenessPolicy(actions=(Challenge.TURN_LEFT,), deny_cues=cues), obeying())
    for k in range(10):
        stage.judge.cue("screen_bezel", 1.5, k / FPS)
    assert stage.run().state is state


def test_no_cue_ever_speaks_for_life() -> None:
    stage = Stage(only(Challenge.TURN_LEFT), waving())
    for k in range(50):
        stage.judge.cue("screen_bezel", 0.0, k / FPS)
    assert stage.run() == LivenessVerdict(LivenessState.NOT_LIVE, Rule.FLAT)


def unasked(sway_deg: float, *, blinks: bool) -> Doing:
    rng = np.random.default_rng(2)

    def who(time_s: float, _requests: list[tuple[float, Challenge]]) -> Sight:
        shut = float(np.clip(1.5 - abs(time_s - 3.0) / 0.1, 0, 1)) if blinks else 0.0
        face = Face(yaw_deg=sway_deg * float(np.sin(2 * time_s)), pitch_deg=5, lids=(shut, shut))
        return head_sight(time_s, face, rng, 0.005)

    return who


@pytest.mark.parametrize(
    ("sway_deg", "blinks", "rule"),
    [(8, True, ""), (8, False, Rule.NO_BLINK), (2, True, Rule.NO_DEPTH)],
    ids=["both", "no blink", "no depth"],
)
def test_where_nothing_is_shown_both_depth_and_a_blink_are_awaited(sway_deg: float, blinks: bool, rule: str) -> None:
    stage = Stage(LivenessPolicy(directed=False), unasked(sway_deg, blinks=blinks))
    verdict = stage.run()
    assert verdict.rule == rule
    assert (verdict.state is LivenessState.LIVE) is (rule == "")
    assert stage.requests == []


def test_where_nothing_is_shown_a_blink_is_awaited_though_it_was_left_out() -> None:
    stage = Stage(LivenessPolicy(directed=False), unasked(8, blinks=False))
    assert stage.judge.leave_out({Challenge.BLINK_TWICE}) is Omission.NOTHING_ASKED
    assert stage.run() == LivenessVerdict(LivenessState.NOT_LIVE, Rule.NO_BLINK)


def test_where_nothing_is_shown_nothing_is_drawn() -> None:
    assert LivenessJudge(LivenessPolicy(directed=False), random.Random(0)).begin(0.0) is None


def test_a_verdict_is_final() -> None:
    stage = Stage(only(Challenge.TURN_LEFT), obeying())
    assert stage.run().state is LivenessState.LIVE
    assert stage.judge.verdict(stage.time_s + 60).state is LivenessState.LIVE
    denied = Stage(only(Challenge.TURN_LEFT), obeying(late_s=100))
    assert denied.run().state is LivenessState.NOT_LIVE
    assert denied.judge.verdict(denied.time_s + 60).state is LivenessState.NOT_LIVE


@pytest.mark.parametrize("challenges", [0, 3])
def test_a_policy_that_cannot_be_met_is_refused(challenges: int) -> None:
    with pytest.raises(ValueError, match="fewer actions"):
        only(Challenge.TURN_LEFT, Challenge.OPEN_MOUTH, challenges=challenges)
