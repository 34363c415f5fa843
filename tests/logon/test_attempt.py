"""The state machine of an attempt, event by event, and by thousands of random plays."""

from __future__ import annotations

import random

import pytest

from faced.landmarks.quality import Reason
from faced.liveness.challenge import TURNS, Challenge
from faced.liveness.judge import LivenessJudge, LivenessPolicy, LivenessState, LivenessVerdict, Omission
from faced.logon.attempt import Ask, Attempt
from faced.logon.exemption import LeftOut
from faced.logon.outcome import Outcome, Ruling
from faced.recognition.decision import Decision
from tests.logon.theatre import CONFIG, FRAME_S, Stage, ToldJudge, ToldLiveness


def joined(judge: ToldJudge | None = None) -> Stage:
    """An attempt that was begun and joined, with the template there."""
    stage = Stage()
    stage.begin()
    stage.do(stage.attempt.template_ready(judge or ToldJudge()))
    stage.join()
    return stage


def test_a_right_face_after_the_password_is_a_match() -> None:
    stage = joined()
    stage.look(5)
    assert stage.rulings == [Ruling(Outcome.MATCH, "", "above")]
    assert not stage.camera_open


def test_frames_from_before_the_password_shorten_the_wait_to_one_frame() -> None:
    stage = Stage()
    stage.begin()
    stage.do(stage.attempt.template_ready(ToldJudge()))
    stage.look(20)
    stage.join()
    assert stage.outcome is None
    stage.look(1)
    assert stage.outcome is Outcome.MATCH


def test_who_left_before_the_password_was_right_is_not_judged() -> None:
    judge = ToldJudge()
    stage = Stage()
    stage.begin()
    stage.do(stage.attempt.template_ready(judge))
    stage.look(20)
    stage.join()
    stage.look(3, Reason.NO_FACE, track=2)
    stage.wait(20)
    assert stage.outcome is Outcome.NO_FACE
    assert judge.weighed == []
    assert stage.charged == 0


def test_only_a_usable_frame_after_the_password_shows_that_the_person_is_still_there() -> None:
    judge = ToldJudge()
    stage = Stage()
    stage.begin()
    stage.look(20)
    stage.join()
    stage.do(stage.attempt.template_ready(judge))
    stage.look(3, Reason.BLURRED)
    assert (judge.weighed, stage.charged) == ([], 0)
    stage.look(1)
    assert stage.outcome is Outcome.MATCH


def test_who_was_seen_long_before_the_password_is_not_judged() -> None:
    judge = ToldJudge()
    stage = Stage()
    stage.begin()
    stage.do(stage.attempt.template_ready(judge))
    stage.look(5)
    stage.wait(4.0)
    stage.join()
    stage.look(4)
    assert judge.weighed == []
    stage.look(1)
    assert len(judge.weighed) == 5


def test_before_the_password_nothing_is_judged_said_or_charged() -> None:
    judge = ToldJudge()
    stage = Stage()
    stage.begin()
    stage.do(stage.attempt.template_ready(judge))
    for reason in [None, *Reason]:
        stage.look(5, reason)
    assert (judge.weighed, stage.hints, stage.charged, stage.rulings) == ([], [], 0, [])


def test_an_attempt_that_nobody_joins_closes_the_camera_and_is_no_outcome() -> None:
    stage = Stage()
    stage.begin()
    stage.look(10)
    stage.wait(CONFIG.begin_timeout_s)
    assert not stage.camera_open
    assert (stage.rulings, stage.charged) == ([], 0)


def test_a_late_password_opens_the_camera_again() -> None:
    stage = Stage()
    stage.begin()
    stage.do(stage.attempt.template_ready(ToldJudge()))
    stage.wait(60)
    stage.join()
    assert stage.camera_open
    stage.look(5)
    assert stage.outcome is Outcome.MATCH


def test_without_begin_the_join_starts_cold() -> None:
    stage = Stage()
    stage.join()
    assert stage.camera_open
    stage.do(stage.attempt.template_ready(ToldJudge()))
    stage.look(5)
    assert stage.outcome is Outcome.MATCH


def test_the_try_is_charged_before_the_judge_is_asked() -> None:
    judge = ToldJudge()
    stage = Stage(charges=False)
    stage.begin()
    stage.do(stage.attempt.template_ready(judge))
    stage.join()
    stage.look(15)
    assert (stage.charged, judge.weighed) == (1, [])
    stage.do(stage.attempt.charged())
    assert len(judge.weighed) == 5
    assert stage.outcome is Outcome.MATCH


def test_a_try_that_cannot_be_charged_is_not_judged() -> None:
    judge = ToldJudge()
    stage = Stage(charges=False)
    stage.begin()
    stage.do(stage.attempt.template_ready(judge))
    stage.join()
    stage.look(5)
    stage.do(stage.attempt.refuse(Ruling(Outcome.LOCKED_OUT, "state")))
    stage.do(stage.attempt.charged())
    assert (stage.outcome, judge.weighed) == (Outcome.LOCKED_OUT, [])


def test_too_few_frames_cost_nothing() -> None:
    stage = joined()
    stage.look(4)
    stage.wait(20)
    assert (stage.outcome, stage.charged) == (Outcome.TIMED_OUT, 0)


def test_hanging_up_while_being_judged_has_been_paid_for() -> None:
    stage = joined(ToldJudge(Decision.NO_MATCH, after=20))
    stage.look(10)
    stage.do(stage.attempt.cancel())
    assert (stage.outcome, stage.charged, stage.camera_open) == (Outcome.CANCELLED, 1, False)


def test_undecided_to_the_end_is_no_match() -> None:
    stage = joined(ToldJudge(Decision.UNDECIDED))
    stage.look(6)
    stage.wait(20)
    assert (stage.outcome, stage.charged) == (Outcome.NO_MATCH, 1)


def test_another_face_is_another_sitting_and_costs_another_try() -> None:
    judge = ToldJudge(Decision.MATCH, after=8)
    stage = joined(judge)
    stage.look(6, track=1)
    stage.look(7, track=2)
    assert (stage.charged, stage.outcome) == (2, None)
    stage.look(1, track=2)
    assert stage.outcome is Outcome.MATCH


def test_frames_of_two_faces_are_never_judged_together() -> None:
    judge = ToldJudge(Decision.MATCH, after=5)
    stage = joined(judge)
    for track in range(1, 8):
        stage.look(4, track=track)
    assert judge.weighed == []


def test_several_faces_before_the_judgement_begin_a_new_sitting() -> None:
    judge = ToldJudge()
    stage = joined(judge)
    stage.look(4)
    stage.look(1, Reason.SEVERAL_FACES)
    stage.look(4)
    assert judge.weighed == []
    stage.look(1)
    assert stage.outcome is Outcome.MATCH


def test_what_the_person_is_exempted_from_is_known_before_the_match() -> None:
    stage = Stage()
    stage.begin()
    without = frozenset({Challenge.LOOK_UP})
    stage.do(stage.attempt.template_ready(ToldJudge(), LeftOut(without)))
    stage.join()
    stage.look(5)
    assert (stage.liveness.left_out, stage.outcome, stage.attempt.exemption) == (without, Outcome.MATCH, "left_out")


def test_an_exemption_that_leaves_too_little_is_said_and_changes_nothing() -> None:
    stage = Stage()
    stage.liveness.omission = Omission.TOO_LITTLE
    stage.do(stage.attempt.template_ready(ToldJudge(), LeftOut(frozenset({Challenge.LOOK_UP}))))
    stage.join()
    stage.look(5)
    assert (stage.outcome, stage.attempt.exemption) == (Outcome.MATCH, "too_little_left")


def test_an_exemption_that_does_not_hold_is_said_and_leaves_nothing_out() -> None:
    stage = Stage()
    stage.do(stage.attempt.template_ready(ToldJudge(), LeftOut(refused="expired")))
    assert (stage.liveness.left_out, stage.attempt.exemption) == (frozenset(), "expired")


@pytest.mark.parametrize(
    ("without", "challenges", "word"),
    [
        ({Challenge.LOOK_UP, Challenge.BLINK_TWICE}, 1, "left_out"),
        (set(Challenge) - {Challenge.TURN_LEFT}, 1, "left_out"),
        (set(Challenge) - {Challenge.TURN_LEFT}, 2, "too_little_left"),
        (set(TURNS), 1, "too_little_left"),
        (set(Challenge), 1, "too_little_left"),
    ],
)
def test_no_exemption_switches_liveness_off(without: set[Challenge], challenges: int, word: str) -> None:
    asked = set()
    for seed in range(100):
        liveness = LivenessJudge(LivenessPolicy(challenges=challenges), random.Random(seed))
        attempt = Attempt(CONFIG, lambda: 0.0, liveness)
        attempt.template_ready(ToldJudge(), LeftOut(frozenset(without)))
        assert attempt.exemption == word
        asked.add(liveness.begin(0.0))
    assert asked == set(Challenge) - (without if word == "left_out" else set())


@pytest.mark.parametrize("stricter", [True, False])
def test_more_is_asked_of_whom_the_realm_is_stricter_with_and_of_nobody_else(stricter: bool) -> None:
    stage = Stage()
    stage.do(stage.attempt.template_ready(ToldJudge(), LeftOut(frozenset({Challenge.LOOK_UP})), stricter=stricter))
    assert (stage.liveness.asked_more, stage.attempt.exemption) == (stricter, "left_out")


def test_without_an_exemption_nothing_is_said_of_one() -> None:
    assert joined().attempt.exemption == ""


def test_somebody_walking_past_during_the_judgement_costs_a_frame_and_not_a_try() -> None:
    stage = joined(ToldJudge(Decision.MATCH, after=8))
    stage.look(6)
    stage.look(1, Reason.SEVERAL_FACES)
    stage.look(2)
    assert (stage.outcome, stage.charged) == (Outcome.MATCH, 1)


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [
        (Reason.NO_FACE, Outcome.NO_FACE),
        (Reason.COVERED, Outcome.COVERED),
        (Reason.TOO_DARK, Outcome.TOO_DARK),
        (Reason.SEVERAL_FACES, Outcome.SEVERAL_FACES),
        (Reason.TOO_FAR, Outcome.NO_FACE),
        (Reason.BLURRED, Outcome.NO_FACE),
    ],
)
def test_without_a_usable_frame_the_dominating_reason_is_the_outcome(reason: Reason, outcome: Outcome) -> None:
    stage = joined()
    stage.look(30, reason)
    stage.look(5, Reason.EYES_CLOSED)
    stage.wait(20)
    assert (stage.outcome, stage.charged) == (outcome, 0)


def test_eight_seconds_without_a_usable_frame_are_the_end() -> None:
    stage = joined()
    start = stage.now
    while stage.outcome is None:
        stage.look(1, Reason.NO_FACE)
    assert stage.now - start == pytest.approx(CONFIG.no_face_timeout_s, abs=0.2)


def test_no_attempt_is_longer_than_its_deadline() -> None:
    stage = joined(ToldJudge(Decision.UNDECIDED))
    start = stage.now
    while stage.outcome is None:
        stage.look(1)
    assert stage.now - start == pytest.approx(CONFIG.attempt_timeout_s, abs=0.2)


def test_the_light_may_settle_before_anybody_is_told_what_to_do() -> None:
    stage = Stage()
    stage.join()
    stage.look(15, Reason.TOO_DARK)
    assert stage.hints == [None]
    stage.look(30, Reason.TOO_DARK)
    assert stage.hints == [None, Reason.TOO_DARK]


def test_hints_do_not_flicker() -> None:
    stage = joined()
    stage.look(25, Reason.NO_FACE)
    for _ in range(10):
        stage.look(1, Reason.TOO_FAR)
        stage.look(1, Reason.BLURRED)
    assert len(stage.hints) <= 4


@pytest.mark.parametrize("outcome", [Outcome.NO_TEMPLATE, Outcome.REVOKED, Outcome.PURPOSE_OVER])
def test_what_is_wrong_with_the_template_is_said_only_after_the_password(outcome: Outcome) -> None:
    stage = Stage()
    stage.begin()
    stage.do(stage.attempt.refuse(Ruling(outcome, "x")))
    stage.look(10)
    assert (stage.rulings, stage.camera_open) == ([], True)
    stage.join()
    assert (stage.outcome, stage.charged, stage.camera_open) == (outcome, 0, False)


def test_a_template_that_never_comes_is_no_template() -> None:
    stage = Stage()
    stage.join()
    stage.look(200)
    assert stage.outcome is Outcome.NO_TEMPLATE


def test_a_silent_camera_is_unavailable_within_the_deadline() -> None:
    stage = joined()
    stage.wait(CONFIG.no_face_timeout_s)
    assert stage.rulings == [Ruling(Outcome.CAMERA_UNAVAILABLE, "camera_silent")]


def test_a_camera_that_fails_before_the_password_is_tried_again_after_it() -> None:
    stage = Stage()
    stage.begin()
    stage.do(stage.attempt.camera_failed("camera_busy"))
    assert (stage.rulings, stage.camera_open) == ([], False)
    stage.do(stage.attempt.template_ready(ToldJudge()))
    stage.join()
    stage.look(5)
    assert stage.outcome is Outcome.MATCH


def test_a_camera_that_fails_after_the_password_is_unavailable() -> None:
    stage = joined()
    stage.do(stage.attempt.camera_failed("camera_gone"))
    assert stage.rulings == [Ruling(Outcome.CAMERA_UNAVAILABLE, "camera_gone")]


def test_who_loses_the_camera_after_the_password_is_told_busy() -> None:
    stage = joined()
    stage.do(stage.attempt.camera_taken())
    assert stage.outcome is Outcome.BUSY


def test_hanging_up_before_the_password_leaves_nothing() -> None:
    stage = Stage()
    stage.begin()
    stage.do(stage.attempt.cancel())
    assert (stage.rulings, stage.camera_open, stage.attempt.over) == ([], False, True)


def test_nothing_happens_after_the_end() -> None:
    stage = joined()
    stage.look(5)
    for play in PLAYS:
        play(stage, random.Random(1))
    assert len(stage.rulings) == 1
    assert not stage.camera_open


PLAYS = (
    lambda stage, _rng: stage.begin(),
    lambda stage, _rng: stage.join(),
    lambda stage, rng: stage.look(rng.randint(1, 8), None, rng.choice([1, 1, 1, 2])),
    lambda stage, rng: stage.look(rng.randint(1, 4), rng.choice(list(Reason)), rng.choice([1, 1, 2])),
    lambda stage, rng: stage.wait(rng.choice([0.1, 1.0, 4.0, 16.0])),
    lambda stage, rng: stage.do(
        stage.attempt.template_ready(ToldJudge(rng.choice(list(Decision)), rng.randint(5, 20)))
    ),
    lambda stage, _rng: stage.do(stage.attempt.refuse(Ruling(Outcome.REVOKED))),
    lambda stage, _rng: stage.do(stage.attempt.camera_failed("x")),
    lambda stage, _rng: stage.do(stage.attempt.camera_taken()),
    lambda stage, _rng: stage.do(stage.attempt.charged()),
    lambda stage, _rng: stage.do(stage.attempt.tick()),
    lambda stage, _rng: stage.do(stage.attempt.cancel()),
)
#: Ends are rare and sights are common, so that plays are long.
WEIGHTS = (3, 3, 12, 6, 3, 3, 0.4, 0.4, 0.4, 1, 3, 0.4)


@pytest.mark.parametrize("seed", range(20))
def test_whatever_happens_in_whatever_order_the_rules_hold(seed: int) -> None:
    rng = random.Random(seed)
    matches = 0
    for _ in range(100):
        stage = Stage(charges=rng.random() < 0.9)
        had_template = joined_at = None
        for play in rng.choices(PLAYS, WEIGHTS, k=rng.randint(5, 40)):
            over = stage.attempt.over
            play(stage, rng)
            had_template = had_template or (not over and play is PLAYS[5])
            if stage.attempt.joined and joined_at is None:
                joined_at = stage.now
            assert not (stage.attempt.over and stage.camera_open)
            assert not (stage.rulings and joined_at is None), "an outcome without a join"
            assert not ((stage.hints or stage.charged) and joined_at is None), "said or charged before the join"
        if stage.outcome is Outcome.MATCH:
            matches += 1
            assert had_template and stage.charged and stage.rulings[0].band == "above"
        assert len(stage.rulings) <= 1
        if joined_at is not None:
            stage.wait(CONFIG.attempt_timeout_s)
            assert stage.attempt.over, "beyond its deadline"
        stage.do(stage.attempt.cancel())
        assert not stage.camera_open
    assert matches > 0


WAIT = LivenessVerdict(LivenessState.WAITING)
LEFT = LivenessVerdict(LivenessState.ASK, challenge=Challenge.TURN_LEFT)
LEFT_AGAIN = LivenessVerdict(LivenessState.ASK, challenge=Challenge.TURN_LEFT, again=True)
LEFT_FURTHER = LivenessVerdict(LivenessState.ASK, challenge=Challenge.TURN_LEFT, further=True)
LIVE = LivenessVerdict(LivenessState.LIVE)
FLAT = LivenessVerdict(LivenessState.NOT_LIVE, rule="flat")


def alive(*verdicts: LivenessVerdict, judge: ToldJudge | None = None, jumps_at: int | None = None) -> Stage:
    """Joined, with a liveness that says these in turn, one a frame after the match."""
    liveness = ToldLiveness(*verdicts)
    liveness.jumps_at = jumps_at
    stage = Stage(liveness=liveness)
    stage.begin()
    stage.do(stage.attempt.template_ready(judge or ToldJudge()))
    stage.join()
    return stage


def test_a_face_that_matches_is_asked_to_do_something_and_let_in_when_it_did() -> None:
    stage = alive(WAIT, WAIT, LEFT, LEFT, LIVE)
    stage.look(7)
    assert stage.requests == [Ask(Challenge.TURN_LEFT)]
    assert stage.rulings == []
    stage.look(1, Reason.TURNED_LEFT)
    stage.look(1)
    assert stage.rulings == [Ruling(Outcome.MATCH, "", "above")]
    assert stage.charged == 1


def test_a_face_that_matches_and_is_not_live_is_refused_with_the_rule_in_the_record() -> None:
    stage = alive(LEFT, FLAT)
    stage.look(6)
    assert stage.rulings == [Ruling(Outcome.NOT_LIVE, "flat", "above")]
    assert stage.charged == 1
    assert not stage.camera_open


def test_the_wrong_side_is_asked_for_again_and_costs_nothing() -> None:
    stage = alive(LEFT, LEFT_AGAIN, LIVE)
    stage.look(7)
    assert [request.again for request in stage.requests] == [False, True]
    assert (stage.outcome, stage.charged) == (Outcome.MATCH, 1)


def test_who_turned_too_little_is_asked_for_more_once() -> None:
    stage = alive(LEFT, LEFT_FURTHER, LEFT_FURTHER, LIVE)
    stage.look(8)
    assert [request.further for request in stage.requests] == [False, True]
    assert (stage.outcome, stage.charged) == (Outcome.MATCH, 1)


def test_a_face_that_does_not_match_is_asked_for_nothing() -> None:
    stage = alive(LEFT, judge=ToldJudge(Decision.NO_MATCH))
    stage.look(6)
    assert (stage.outcome, stage.requests, stage.liveness.begun_s) == (Outcome.NO_MATCH, [], [])


def test_nothing_is_asked_for_before_the_password_was_right() -> None:
    stage = Stage(liveness=ToldLiveness(LEFT))
    stage.begin()
    stage.do(stage.attempt.template_ready(ToldJudge()))
    stage.look(20)
    assert (stage.requests, stage.liveness.begun_s) == ([], [])


def test_who_does_nothing_is_not_live_when_the_attempt_is_over() -> None:
    stage = alive(LEFT)
    stage.look(int(CONFIG.attempt_timeout_s / FRAME_S) + 1)
    assert stage.rulings == [Ruling(Outcome.NOT_LIVE, "no_action", "above")]


def test_a_face_lost_after_the_match_must_match_again_and_pay_again() -> None:
    stage = alive(LEFT, LIVE)
    stage.look(5)
    assert stage.requests
    stage.look(1, Reason.NO_FACE, track=2)
    stage.look(4, track=3)
    assert stage.rulings == []
    assert stage.liveness.times_lost == 2
    stage.look(1, track=3)
    assert (stage.outcome, stage.charged) == (Outcome.MATCH, 2)


def test_a_face_that_changes_in_place_after_the_match_must_match_again() -> None:
    judge = ToldJudge()
    stage = alive(LEFT, LEFT, LIVE, judge=judge, jumps_at=7)
    stage.look(7)
    assert stage.rulings == []
    stage.look(5)
    assert (stage.outcome, stage.charged) == (Outcome.MATCH, 2)
    assert len(judge.weighed) == 10


def test_a_head_that_turns_is_no_absence_and_needs_no_hint() -> None:
    stage = alive(LEFT, LEFT)
    stage.look(5)
    hints = len(stage.hints)
    stage.look(int(CONFIG.no_face_timeout_s / FRAME_S) + 5, Reason.TURNED_LEFT)
    assert stage.rulings == []
    assert len(stage.hints) == hints


def test_liveness_sees_every_frame_of_the_attempt_those_before_the_password_too() -> None:
    stage = Stage(liveness=ToldLiveness())
    stage.begin()
    stage.look(3)
    stage.look(2, Reason.TURNED_LEFT)
    stage.look(1, Reason.NO_FACE)
    assert len(stage.liveness.seen) == 5
    assert len(stage.liveness.digests) == 6


@pytest.mark.parametrize("late", [False, True])
def test_the_judge_is_closed_when_the_attempt_is_over(late: bool) -> None:
    judge = ToldJudge()
    stage = joined(judge)
    if late:
        judge = ToldJudge()
    stage.do(stage.attempt.cancel())
    if late:
        stage.do(stage.attempt.template_ready(judge))
    assert judge.closed
