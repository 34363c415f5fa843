"""Live or not: one request or more after the match, judged on the track that matched. The door of this room.

A request is answered only by what begins after it and shows depth. Blinking or opening the mouth shows none: unless the
head has turned by itself, a turn is asked for next. Where nothing can be shown, depth and a blink are awaited from
natural motion. Each test must be passed; a veto ends it.
"""

from __future__ import annotations

import random
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from faced.liveness.challenge import ALL, Challenge, draw, draw_with_turn, remaining
from faced.liveness.features import blinks, opened_mouth
from faced.liveness.rules import Rule
from faced.liveness.track import KEPT_S, Observed, Track
from faced.liveness.turning import (
    BEFORE_S,
    DIRECTIONS,
    REACTION_S,
    TURN_DEG,
    Angles,
    Progress,
    judge_turn,
    natural_turn,
    steady,
)
from faced.liveness.veto import CueWatch, FrameWatch

#: A request is put off while the head moves, for so long at most: a movement that is under way is no answer.
_STEADY_S, _LONGEST_WAIT_S = 0.3, 1.0
#: Yaw of somebody who looks at the screen, degrees.
_STRAIGHT_DEG = 12.0
#: Share of a turn within which a head has come back.
_BACK = 0.9
#: Blinks are judged against the openness of the eyes in the seconds before.
_EYES_BEFORE_S = 3.0
#: Who has turned to the side for so long and shows too little depth is asked to go further, and given more time for it:
#: people turn by 15 to 45 degrees.
_FURTHER_S, _MORE_TIME_S = 0.3, 1.5
#: Who has not turned enough to be judged by then is told the same. Nods are not urged on: a bent print that is tilted
#: by 30 to 45 degrees shows some depth.
_SLOW_S = 2.5
#: Who still does after so long, to the side or nodding, is asked for a turn of the other kind, once: in some faces and
#: lights the predictor shows less of one than of the other.
_SIDE_S, _NOD_S = 1.8, 0.8
#: Depth must show for so long: of many looks at a print one may be deceived.
_SHOWN_S = 0.1
#: What is asked for next comes sooner: which action it is nobody can foresee.
_NEXT_ONSET_S = (0.1, 0.4)
#: A face may be lost from view so often after a request.
_LOSSES = 2


class LivenessState(StrEnum):
    """How far it is."""

    #: Nothing to show: not begun, before a request, or watching without one.
    WAITING = "waiting"
    #: Show the challenge.
    ASK = "ask"
    LIVE = "live"
    NOT_LIVE = "not_live"


class Omission(StrEnum):
    """What became of actions that were to be left out; the words are the audit's."""

    DONE = "left_out"
    #: Without them nothing would be proved: all are asked for.
    TOO_LITTLE = "too_little_left"
    #: Nothing is shown there, and natural motion stays what it must be.
    NOTHING_ASKED = "nothing_asked"


@dataclass(frozen=True)
class LivenessPolicy:
    """What a service asks for.

    :param challenges: how many actions.
    :param directed: whether a request can be shown; if not, a blink and depth are awaited from natural motion.
    :param actions: those to choose from, at least as many as challenges.
    :param deny_cues: whether numbers about screens and prints may deny.
    :param onset_s: a request comes this long after what it waits for, at random between the two.
    :param request_s: an action that takes longer does not count.
    :param natural_s: how long natural motion is watched where nothing is shown.
    """

    challenges: int = 1
    directed: bool = True
    actions: tuple[Challenge, ...] = ALL
    deny_cues: bool = True
    onset_s: tuple[float, float] = (0.2, 0.8)
    request_s: float = 5.0
    natural_s: float = 8.0

    def __post_init__(self) -> None:
        if not 1 <= self.challenges <= len(set(self.actions)):
            raise ValueError("there are fewer actions than challenges")


@dataclass(frozen=True)
class LivenessVerdict:
    """What is known at a moment.

    ``rule`` names what denied (:class:`faced.liveness.rules.Rule`), for the audit only: the person is never told; empty
    while nothing is denied. ``challenge`` is to be shown while ``state`` is ask, ``again`` after the wrong side and
    ``further`` when the head turned, but not far enough to tell.
    """

    state: LivenessState
    rule: str = ""
    challenge: Challenge | None = None
    again: bool = False
    further: bool = False


class LivenessJudge:
    """Judges one attempt.

    :param chance: :class:`random.SystemRandom` outside tests.
    """

    def __init__(self, policy: LivenessPolicy, chance: random.Random) -> None:
        self._policy = policy
        self._chance = chance
        self._actions = policy.actions
        self._more = False
        self._track = Track()
        self._frames = FrameWatch()
        self._cues = CueWatch()
        self._veto: Rule | None = None
        self._live = False
        #: Drawn once: whoever hides the face until a convenient request comes gets the same again.
        self._requests: list[Challenge] = []
        self._losses = 0
        self._wrong_sides = 0
        self._again = False
        self._begun_s: float | None = None
        self._onset_s = 0.0
        self._asked_s: float | None = None
        self._flat_since_s: float | None = None
        self._shown_since_s: float | None = None
        self._further = False
        self._another = False
        #: Yaw and pitch at the first request, degrees.
        self._rest: tuple[float, float] | None = None
        self._done = 0
        self._deep = False
        self._failure = Rule.NO_ACTION

    def see(self, sight: Observed) -> bool:
        """The next sight of the attempt's present track, usable or gated, before and after the match.

        :return: False if it may be another face: as after :meth:`lost`, it must match and begin again.
        """
        if self._track.add(sight):
            return True
        self._break()
        return False

    def lost(self) -> None:
        """The track broke: another face may be there, which must match and begin again."""
        self._track.clear()
        self._break()

    def frame(self, timestamp_s: float, digest: bytes) -> None:
        """Every frame of the camera, with or without a face, before :meth:`see`.

        :param digest: of the picture's bytes.
        """
        rule = self._frames.frame(timestamp_s, digest)
        # A camera that wakes up may send black pictures.
        if rule is not None and (rule is not Rule.FROZEN or len(self._track)):
            self._deny(rule)

    def cue(self, name: str, value: float, timestamp_s: float) -> None:
        """A number about the surroundings of the face; 1 is its limit, more is suspicious.

        :param name: begins with "screen" or "print".
        """
        rule = self._cues.cue(name, value)
        if rule is not None and self._policy.deny_cues:
            self._deny(rule)

    def leave_out(self, actions: Collection[Challenge]) -> Omission:
        """Never ask for these, because the person cannot do them; before :meth:`begin`.

        Either all of them are left out or, where that would leave too little, none.
        """
        if not self._policy.directed:
            return Omission.NOTHING_ASKED
        kept = remaining(self._policy.actions, actions, self._policy.challenges)
        if not kept:
            return Omission.TOO_LITTLE
        self._actions = kept
        return Omission.DONE

    def ask_more(self) -> None:
        """Ask for one action more than the policy says, one of all a turn of the head; before :meth:`begin`.

        Where nothing is shown, and where too little is left to ask for, it stays as it is.
        """
        self._more = True

    def begin(self, now_s: float) -> Challenge | None:
        """The identity matched on the present track.

        :return: what will be asked when :meth:`verdict` says so; None where nothing is shown.
        """
        if self._begun_s is None:
            self._begun_s = now_s
            self._put_off(now_s)
        if not self._policy.directed:
            return None
        if not self._requests:
            self._requests = self._drawn()
        return self._requests[0]

    def verdict(self, now_s: float) -> LivenessVerdict:
        """What is known now; not live is final, and so is live.

        :param now_s: on the clock of the sights' timestamps.
        """
        if self._veto is None and not self._live and self._begun_s is not None:
            if not self._policy.directed:
                self._watch(now_s, self._begun_s)
            elif self._done == len(self._requests):
                self._await_depth(now_s)
            elif self._asked_s is None:
                self._perhaps_ask(now_s)
            else:
                self._judge(now_s, self._asked_s)
        if self._veto is not None:
            return LivenessVerdict(LivenessState.NOT_LIVE, self._veto.value)
        if self._live:
            return LivenessVerdict(LivenessState.LIVE)
        if self._asked_s is None:
            return LivenessVerdict(LivenessState.WAITING)
        asked = self._requests[self._done]
        return LivenessVerdict(LivenessState.ASK, challenge=asked, again=self._again, further=self._further)

    def _drawn(self) -> list[Challenge]:
        if not self._more:
            return draw(self._actions, self._policy.challenges, self._chance)
        return draw_with_turn(self._actions, min(self._policy.challenges + 1, len(self._actions)), self._chance)

    def _forget(self) -> None:
        """Nothing has been shown on this track yet."""
        self._begun_s = None
        self._asked_s = self._flat_since_s = self._shown_since_s = None
        self._further = False
        self._rest = None
        self._done = 0
        self._deep = False

    def _break(self) -> None:
        if self._asked_s is not None or self._done:
            self._losses += 1
            if self._losses > _LOSSES:
                self._deny(Rule.JUMP)
        self._forget()

    def _deny(self, rule: Rule) -> None:
        self._veto = self._veto or rule

    def _put_off(self, now_s: float) -> None:
        self._asked_s = self._flat_since_s = self._shown_since_s = None
        self._further = False
        self._failure = Rule.NO_ACTION
        self._onset_s = now_s + self._chance.uniform(*(self._policy.onset_s if self._rest is None else _NEXT_ONSET_S))

    def _perhaps_ask(self, now_s: float) -> None:
        """Ask when the head is still and where it was at the first request: to turn back is no answer."""
        if now_s < self._onset_s:
            return
        recent = self._track.between(now_s - _STEADY_S, now_s)
        middle = np.median(Angles.of(recent).degrees, axis=0) if recent else np.full(2, np.inf)
        there = bool(abs(middle[0]) <= _STRAIGHT_DEG)
        patient = now_s < self._onset_s + _LONGEST_WAIT_S
        if self._rest is None:
            ready = (there and steady(recent)) or not patient
        else:
            back = bool((np.abs(middle - self._rest) <= _BACK * np.array(TURN_DEG)).all())
            ready = (back or (there and not patient)) and steady(recent)
        if ready and recent:
            self._asked_s = now_s
            self._rest = self._rest or (float(middle[0]), float(middle[1]))
        elif now_s > self._onset_s + self._policy.request_s:
            self._deny(Rule.NO_ACTION)

    def _judge(self, now_s: float, asked_s: float) -> None:
        progress = self._progress(self._requests[self._done], asked_s, now_s)
        if progress is not Progress.DONE:
            self._shown_since_s = None
        elif self._shown_since_s is None:
            self._shown_since_s = now_s
        match progress:
            case Progress.DONE if self._lasts(now_s):
                self._deep = self._deep or self._requests[self._done].turns
                self._done += 1
                self._again = False
                self._put_off(now_s)
                if self._done == len(self._requests):
                    self._await_depth(now_s)
                return
            case Progress.WRONG_SIDE:
                self._wrong_sides += 1
                self._again = True
                if self._wrong_sides > 1:
                    self._deny(Rule.WRONG_SIDE_TWICE)
                others = set(self._requests) - {self._requests[self._done]}
                actions = [action for action in self._actions if action not in others]
                self._requests[self._done] = draw(actions, 1, self._chance)[0]
                self._put_off(now_s)
                return
            case Progress.EARLY:
                self._failure = Rule.TOO_EARLY
            case Progress.NOTHING if self._sideways:
                self._further = self._further or now_s >= asked_s + _SLOW_S
            case Progress.FLAT:
                self._failure = Rule.FLAT
                self._too_flat(now_s)
        if self._asked_s is not None and now_s > asked_s + self._policy.request_s + _MORE_TIME_S * self._further:
            self._deny(self._failure)

    def _lasts(self, now_s: float) -> bool:
        """Whether what was asked for has been seen done for long enough: a turn and its depth, not a blink."""
        since_s = now_s if self._shown_since_s is None else self._shown_since_s
        return not self._requests[self._done].turns or now_s >= since_s + _SHOWN_S - 1e-6

    @property
    def _sideways(self) -> bool:
        """Whether a turn to a side is asked for."""
        return DIRECTIONS.get(self._requests[self._done], (None, 0))[0] == 0

    def _too_flat(self, now_s: float) -> None:
        """The head has turned and depth does not show: more is asked for before that is held against anybody."""
        if self._flat_since_s is None:
            self._flat_since_s = now_s
        lasted_s = now_s - self._flat_since_s
        self._further = self._further or (self._sideways and lasted_s >= _FURTHER_S)
        unasked = [action for action in self._actions if action.turns and action not in self._requests]
        # Of whom it shows too little in a turn to one side, the predictor does to the other, too; in a nod it may not.
        axis = DIRECTIONS[self._requests[self._done]][0]
        turns = [action for action in unasked if DIRECTIONS[action][0] != axis] or unasked
        if lasted_s >= (_SIDE_S if self._sideways else _NOD_S) and turns and not self._another:
            self._another = True
            self._requests[self._done] = draw(turns, 1, self._chance)[0]
            self._put_off(now_s)

    def _progress(self, challenge: Challenge, asked_s: float, now_s: float) -> Progress:
        match challenge:
            case Challenge.BLINK_TWICE:
                seen = blinks(self._track.between(asked_s - _EYES_BEFORE_S, now_s))
                done = sum(blink.start_s >= asked_s + REACTION_S for blink in seen) >= 2
            case Challenge.OPEN_MOUTH:
                done = opened_mouth(self._track.between(asked_s - BEFORE_S, now_s), asked_s + REACTION_S)
            case _:
                return judge_turn(self._track.between(asked_s - BEFORE_S, now_s), challenge, asked_s)
        return Progress.DONE if done else Progress.NOTHING

    def _await_depth(self, now_s: float) -> None:
        """All was done that was asked for; a picture can be made to blink, but not to turn."""
        if self._deep or natural_turn(self._track.between(now_s - KEPT_S, now_s)):
            self._live = True
            return
        turns = [action for action in self._actions if action.turns and action not in self._requests]
        if turns:
            self._requests += draw(turns, 1, self._chance)
        elif now_s > self._onset_s + self._policy.request_s:
            self._deny(Rule.NO_DEPTH)

    def _watch(self, now_s: float, begun_s: float) -> None:
        """Nothing can be asked: what people do by themselves must be enough."""
        sights = self._track.between(now_s - KEPT_S, now_s)
        self._deep = self._deep or natural_turn(sights)
        blinked = bool(blinks(sights))
        if self._deep and blinked:
            self._live = True
        elif now_s > begun_s + self._policy.natural_s:
            self._deny(Rule.NO_BLINK if self._deep else Rule.NO_DEPTH)
