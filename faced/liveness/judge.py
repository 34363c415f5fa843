"""Live or not: one request or more after the match, judged on the track that matched. The door of this room."""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum

from faced.liveness.challenge import ALL, Challenge, draw
from faced.liveness.track import Observed, Track


class LivenessState(StrEnum):
    """How far it is."""

    #: Nothing to show yet: not begun, before the request, or watching without one.
    WAITING = "waiting"
    #: Show the challenge.
    ASK = "ask"
    LIVE = "live"
    NOT_LIVE = "not_live"


@dataclass(frozen=True)
class LivenessPolicy:
    """What a service asks for.

    :param challenges: how many actions.
    :param directed: whether a request can be shown; if not, a blink and depth are awaited from natural motion.
    :param actions: those to choose from; a signed exemption leaves one out.
    :param deny_cues: whether numbers about screens and prints may deny.
    :param onset_s: the request comes this long after the match, at random between the two.
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


@dataclass(frozen=True)
class LivenessVerdict:
    """What is known at a moment.

    ``rule`` names what denied, for the audit only: the person is never told; empty while nothing is decided.
    ``challenge`` is to be shown while ``state`` is ask, with ``again`` after the wrong side.
    """

    state: LivenessState
    rule: str = ""
    challenge: Challenge | None = None
    again: bool = False


class LivenessJudge:
    """Judges one attempt.

    :param chance: :class:`random.SystemRandom` outside tests.
    """

    def __init__(self, policy: LivenessPolicy, chance: random.Random) -> None:
        self._policy = policy
        self._chance = chance
        self._track = Track()
        self._asked: list[Challenge] = []
        self._begun_s: float | None = None

    def see(self, sight: Observed) -> None:
        """The next sight of the attempt's present track, usable or gated, before and after the match."""
        self._track.add(sight)

    def frame(self, timestamp_s: float, digest: bytes) -> None:
        """Every frame of the camera, with or without a face, before :meth:`see`.

        :param digest: of the picture's bytes.
        """

    def cue(self, name: str, value: float, timestamp_s: float) -> None:
        """A number about the surroundings of the face; 1 is its limit, more is suspicious.

        :param name: begins with "screen" or "print".
        """

    def begin(self, now_s: float) -> Challenge | None:
        """The identity matched on the present track.

        :return: what will be asked when :meth:`verdict` says so; None where nothing is shown.
        """
        self._begun_s = now_s
        if not self._policy.directed:
            return None
        if not self._asked:
            self._asked = draw(self._policy.actions, self._policy.challenges, self._chance)
        return self._asked[0]

    def lost(self) -> None:
        """The track broke: another face may be there, and must match and begin again."""
        self._track.clear()
        self._begun_s = None

    def verdict(self, now_s: float) -> LivenessVerdict:
        """What is known now; live and not live are final.

        :param now_s: the clock of the sights' timestamps.
        """
        if self._begun_s is None or now_s < self._begun_s + self._policy.onset_s[1]:
            return LivenessVerdict(LivenessState.WAITING)
        if now_s > self._begun_s + self._policy.onset_s[1] + self._policy.request_s:
            return LivenessVerdict(LivenessState.NOT_LIVE, "no_action")
        if not self._asked:
            return LivenessVerdict(LivenessState.WAITING)
        return LivenessVerdict(LivenessState.ASK, challenge=self._asked[0])
