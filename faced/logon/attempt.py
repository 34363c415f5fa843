"""One attempt, as a state machine: events in, actions out; no clock, thread or file of its own.

Before the join (the password was right) nothing is judged, disclosed or charged: frames are collected, and what fails
is only remembered. After it the try is charged *before* the judge is asked, so that nobody learns anything for free.
A face that matches must then be alive: the same face, followed without a break, does what it is asked to. Until it has,
nothing tells the person that it matched but the request itself, and both failures read alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

from faced.config import LogonConfig
from faced.landmarks.observe import FrameReport, Observation
from faced.landmarks.quality import Reason
from faced.liveness.challenge import Challenge
from faced.liveness.judge import LivenessState, LivenessVerdict, Omission
from faced.logon.exemption import NOTHING, LeftOut
from faced.logon.outcome import Outcome, Ruling
from faced.logon.sitting import RECENT_S, Sitting
from faced.recognition.decision import Decision


class Judge(Protocol):
    """One person's template, ready to be compared."""

    @property
    def min_frames(self) -> int:
        """Frames before which there is no decision."""

    @property
    def band(self) -> str:
        """The coarse distance of the last score from the threshold."""

    def weigh(self, observation: Observation) -> Decision:
        """Take one more frame of the sitting and decide."""

    def restart(self) -> None:
        """Forget all frames: another sitting begins."""

    def close(self) -> None:
        """Overwrite the template; the judge is asked nothing any more."""


class Liveness(Protocol):
    """Whether the face that matched is a living person's; :class:`faced.liveness.judge.LivenessJudge`."""

    def frame(self, timestamp_s: float, digest: bytes) -> None:
        """Every frame, before :meth:`see`."""

    def cue(self, name: str, value: float, timestamp_s: float) -> None:
        """A number about the surroundings of the face."""

    def see(self, sight: Observation) -> bool:
        """The next sight of the face; False if it may be another one."""

    def lost(self) -> None:
        """The face was lost from view."""

    def leave_out(self, actions: Collection[Challenge]) -> Omission:
        """Never ask for these; before :meth:`begin`."""

    def ask_more(self) -> None:
        """Ask for one action more; before :meth:`begin`."""

    def begin(self, now_s: float) -> Challenge | None:
        """The face matched."""

    def verdict(self, now_s: float) -> LivenessVerdict:
        """What is known now."""


@dataclass(frozen=True)
class OpenCamera:
    """Begin sending frame reports."""


@dataclass(frozen=True)
class CloseCamera:
    """Nobody needs frames any more."""


@dataclass(frozen=True)
class Guide:
    """Tell the person what to do; None: only to look at the camera."""

    reason: Reason | None


@dataclass(frozen=True)
class Ask:
    """Ask the person to do something; ``again`` after the wrong side, ``further`` where it was too little."""

    challenge: Challenge
    again: bool = False
    further: bool = False


@dataclass(frozen=True)
class Charge:
    """Put a try on the disk, then say :meth:`Attempt.charged` or :meth:`Attempt.refuse`."""


@dataclass(frozen=True)
class Finish:
    """The attempt is over."""

    ruling: Ruling


Action = OpenCamera | CloseCamera | Guide | Ask | Charge | Finish


class _Try(Enum):
    """What the present sitting has cost."""

    NOTHING = auto()
    ASKED = auto()
    PAID = auto()


_OUTCOMES = {
    Reason.COVERED: Outcome.COVERED,
    Reason.TOO_DARK: Outcome.TOO_DARK,
    Reason.SEVERAL_FACES: Outcome.SEVERAL_FACES,
}
#: A line stays on the screen for at least so long.
_GUIDE_EVERY_S = 1.5


class Attempt:
    """The state of one attempt. Every event returns what is to be done about it, in order.

    :param clock: monotonic seconds, the same as the frames' timestamps.
    """

    def __init__(self, config: LogonConfig, clock: Callable[[], float], liveness: Liveness) -> None:
        self._config = config
        self._liveness = liveness
        self._clock = clock
        self._begun_s = clock()
        self._joined_s: float | None = None
        self._over = False
        self._camera = False
        self._frames_since_s: float | None = None
        self._usable_s = self._begun_s
        self._still_there = False
        self._sitting = Sitting()
        self._judge: Judge | None = None
        self._exemption = ""
        self._refusal: Ruling | None = None
        self._try = _Try.NOTHING
        self._judged = False
        self._matched = False
        self._asked: Ask | None = None
        self._reasons: Counter[Reason] = Counter()
        self._guided: Reason | None = None
        self._guided_s = self._begun_s

    @property
    def joined(self) -> bool:
        """Whether the password was right."""
        return self._joined_s is not None

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self._over

    @property
    def exemption(self) -> str:
        """What became of the person's exemption, for the audit; empty if there is none."""
        return self._exemption

    def begin(self) -> list[Action]:
        """The greeter has a name: warm up."""
        return self._open()

    def join(self) -> list[Action]:
        """The password was right: decide. What was seen in the last seconds counts."""
        if self._over or self.joined:
            return []
        now = self._clock()
        self._joined_s = self._usable_s = self._guided_s = now
        self._reasons.clear()
        self._sitting.forget_before(now - RECENT_S)
        if self._refusal is not None:
            return self._finish(self._refusal)
        return [*self._open(), Guide(None)]

    def camera_failed(self, reason: str) -> list[Action]:
        """The camera cannot be had or stopped."""
        return self._without_camera(Ruling(Outcome.CAMERA_UNAVAILABLE, reason))

    def camera_taken(self) -> list[Action]:
        """Somebody with a better right uses the camera."""
        return self._without_camera(Ruling(Outcome.BUSY, "camera_taken"))

    def report(self, report: FrameReport) -> list[Action]:
        """A frame was looked at."""
        if self._over or not self._camera:
            return []
        now = self._clock()
        if self._frames_since_s is None:
            self._frames_since_s = now
        same = self._sitting.take(report)
        if report.reason is Reason.SEVERAL_FACES and not self._judged:
            # Once the judge has begun, somebody walking past in the background costs a frame and not a try.
            same = False
            self._sitting.forget()
        if not same:
            self._liveness.lost()
            self._new_sitting()
        self._watch(report)
        # A head that turns because it was asked to is not usable for the match, but it is there.
        if report.reason is None or (self._matched and report.observation is not None):
            self._usable_s = now
        if not self.joined:
            self._sitting.forget_before(now - RECENT_S)
            return []
        self._still_there = self._still_there or report.reason is None
        if self._matched:
            return self._liveness_of(now)
        return [*self._guidance(report.reason, now), *self._advance()]

    def template_ready(self, judge: Judge, left_out: LeftOut = NOTHING, *, stricter: bool = False) -> list[Action]:
        """The person's template is open.

        :param left_out: what the person is not to be asked for.
        :param stricter: whether more is asked than of others.
        """
        if self._over:
            judge.close()
            return []
        self._judge = judge
        self._exemption = left_out.refused
        if left_out.actions:
            self._exemption = self._liveness.leave_out(left_out.actions).value
        if stricter:
            self._liveness.ask_more()
        return self._advance()

    def refuse(self, ruling: Ruling) -> list[Action]:
        """It cannot be a match, whatever the camera sees; said only after the join."""
        if self._over:
            return []
        if self.joined:
            return self._finish(ruling)
        self._refusal = self._refusal or ruling
        return []

    def charged(self) -> list[Action]:
        """The try is on the disk."""
        if self._over or self._try is not _Try.ASKED:
            return []
        self._try = _Try.PAID
        return self._advance()

    def tick(self) -> list[Action]:
        """A deadline may have passed."""
        if self._over:
            return []
        deadline_s = self.deadline_s()
        if deadline_s is None or self._clock() < deadline_s:
            return []
        return self._finish(self._too_late()) if self.joined else self._without_camera(Ruling(Outcome.TIMED_OUT))

    def cancel(self) -> list[Action]:
        """The caller hung up."""
        if self._over:
            return []
        if self.joined:
            return self._finish(Ruling(Outcome.CANCELLED, "hung_up", self._band))
        return self.abandon()

    def abandon(self) -> list[Action]:
        """End without an outcome: nobody who may know one is there."""
        self._over = True
        # Neither the template nor a face outlives the attempt, though the connection may.
        self._sitting.forget()
        if self._judge is not None:
            self._judge.close()
            self._judge = None
        return self._close()

    def deadline_s(self) -> float | None:
        """When :meth:`tick` has something to do next, in the clock's time."""
        if self._over:
            return None
        if self._joined_s is None:
            return self._begun_s + self._config.begin_timeout_s if self._camera else None
        return min(
            self._joined_s + self._config.attempt_timeout_s,
            self._usable_s + self._config.no_face_timeout_s,
        )

    @property
    def _band(self) -> str:
        return self._judge.band if self._judge is not None and self._judged else "none"

    def _advance(self) -> list[Action]:
        # What was seen before the join counts only together with a frame after it: who left meanwhile is not judged.
        if self._over or not self._still_there or self._judge is None:
            return []
        if self._try is _Try.NOTHING and len(self._sitting) >= self._judge.min_frames:
            self._try = _Try.ASKED
            return [Charge()]
        if self._try is not _Try.PAID:
            return []
        for observation in self._sitting.drain():
            decision = self._judge.weigh(observation)
            self._judged = True
            if decision is Decision.MATCH:
                self._matched = True
                now = self._clock()
                self._liveness.begin(now)
                return self._liveness_of(now)
            if decision is Decision.NO_MATCH:
                return self._finish(Ruling(Outcome.NO_MATCH, "", self._band))
        return []

    def _liveness_of(self, now: float) -> list[Action]:
        verdict = self._liveness.verdict(now)
        match verdict.state:
            case LivenessState.LIVE:
                return self._finish(Ruling(Outcome.MATCH, "", self._band))
            case LivenessState.NOT_LIVE:
                return self._finish(Ruling(Outcome.NOT_LIVE, verdict.rule, self._band))
        asked = None if verdict.challenge is None else Ask(verdict.challenge, verdict.again, verdict.further)
        if asked is None or asked == self._asked:
            return []
        self._asked = asked
        return [asked]

    def _watch(self, report: FrameReport) -> None:
        """What liveness is told of every frame, before the match too."""
        self._liveness.frame(report.timestamp_s, report.digest)
        for cue in report.cues:
            self._liveness.cue(cue.name, cue.value, report.timestamp_s)
        if report.observation is not None and not self._liveness.see(report.observation):
            # Landmarks that jump are another face, though the box stayed where it was.
            self._sitting.forget()
            self._new_sitting()

    def _new_sitting(self) -> None:
        """Another face may be there: nothing seen before counts for it, and to judge it costs another try."""
        self._matched = False
        self._asked = None
        if self._try is not _Try.ASKED:
            self._try = _Try.NOTHING
        if self._judge is not None:
            self._judge.restart()

    def _guidance(self, reason: Reason | None, now: float) -> list[Action]:
        if reason is None or self._warming_up(now):
            return []
        self._reasons[reason] += 1
        if reason is self._guided or now - self._guided_s < _GUIDE_EVERY_S:
            return []
        self._guided, self._guided_s = reason, now
        return [Guide(reason)]

    def _warming_up(self, now: float) -> bool:
        return self._frames_since_s is None or now - self._frames_since_s < self._config.warm_up_s

    def _too_late(self) -> Ruling:
        if self._matched:
            return Ruling(Outcome.NOT_LIVE, "no_action", self._band)
        if self._judged:
            # Undecided to the end is not the person; and what was judged has been paid for.
            return Ruling(Outcome.NO_MATCH, "undecided", self._band)
        if self._frames_since_s is None:
            return Ruling(Outcome.CAMERA_UNAVAILABLE, "camera_silent")
        if self._judge is None:
            return Ruling(Outcome.NO_TEMPLATE, "template_late")
        if self._reasons:
            reason, _count = self._reasons.most_common(1)[0]
            return Ruling(_OUTCOMES.get(reason, Outcome.NO_FACE), reason.value)
        return Ruling(Outcome.TIMED_OUT, "too_few_frames")

    def _without_camera(self, ruling: Ruling) -> list[Action]:
        if self._over:
            return []
        if self.joined:
            return self._finish(ruling)
        self._sitting.forget()
        return self._close()

    def _finish(self, ruling: Ruling) -> list[Action]:
        return [*self.abandon(), Finish(ruling)]

    def _open(self) -> list[Action]:
        if self._over or self._camera:
            return []
        self._camera = True
        self._frames_since_s = None
        return [OpenCamera()]

    def _close(self) -> list[Action]:
        if not self._camera:
            return []
        self._camera = False
        return [CloseCamera()]
