"""A stage for attempts: a clock that is set by hand, frames that are made up, a judge that was told what to say."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import numpy as np

from faced.config import LogonConfig
from faced.landmarks.observe import FrameReport, Observation
from faced.landmarks.quality import Reason
from faced.liveness.challenge import Challenge
from faced.liveness.judge import LivenessState, LivenessVerdict, Omission
from faced.logon.attempt import Action, Ask, Attempt, Charge, CloseCamera, Finish, Guide, OpenCamera
from faced.logon.outcome import Outcome, Ruling
from faced.recognition.decision import Decision

FRAME_S = 0.1
CONFIG = LogonConfig()


def frame(timestamp_s: float, reason: Reason | None = None, track: int = 1) -> FrameReport:
    """A report; the observation says nothing, for the judge was told what to say."""
    if reason in (Reason.NO_FACE, Reason.SEVERAL_FACES, Reason.TOO_DARK):
        return FrameReport(timestamp_s, reason, None, track)
    observation = Observation(
        timestamp_s, np.zeros((68, 2), np.float32), 0.001, 0.0, 0.0, 0.0, 60.0, (200.0, 100.0, 150.0, 150.0), 10
    )
    return FrameReport(timestamp_s, reason, observation, track)


class ToldJudge:
    """Says match, no_match or nothing after so many frames of a sitting; remembers every question."""

    min_frames = 5

    def __init__(self, decision: Decision = Decision.MATCH, after: int = 5) -> None:
        self._decision = decision
        self._after = after
        self.weighed: list[Observation] = []
        self._frames = 0
        self.closed = False
        self.band = "above" if decision is Decision.MATCH else "below"

    def weigh(self, observation: Observation) -> Decision:
        self.weighed.append(observation)
        self._frames += 1
        return self._decision if self._frames >= self._after else Decision.UNDECIDED

    def restart(self) -> None:
        self._frames = 0

    def close(self) -> None:
        self.closed = True


class ToldLiveness:
    """Says what it was told once the face matched; remembers what it was shown."""

    def __init__(self, *verdicts: LivenessVerdict) -> None:
        self.verdicts = list(verdicts) or [LivenessVerdict(LivenessState.LIVE)]
        self.begun_s: list[float] = []
        self.seen: list[Observation] = []
        self.digests: list[bytes] = []
        self.cues: list[tuple[str, float]] = []
        self.times_lost = 0
        self.jumps_at: int | None = None
        self.left_out: frozenset[Challenge] = frozenset()
        self.omission = Omission.DONE
        self.asked_more = False

    def frame(self, timestamp_s: float, digest: bytes) -> None:
        self.digests.append(digest)

    def cue(self, name: str, value: float, timestamp_s: float) -> None:
        self.cues.append((name, value))

    def see(self, sight: Observation) -> bool:
        self.seen.append(sight)
        return len(self.seen) != self.jumps_at

    def lost(self) -> None:
        self.times_lost += 1

    def ask_more(self) -> None:
        self.asked_more = True

    def leave_out(self, actions: Collection[Challenge]) -> Omission:
        assert not self.begun_s, "too late"
        self.left_out = frozenset(actions)
        return self.omission

    def begin(self, now_s: float) -> Challenge | None:
        self.begun_s.append(now_s)
        return None

    def verdict(self, now_s: float) -> LivenessVerdict:
        """The next one; the last one again and again."""
        return self.verdicts.pop(0) if len(self.verdicts) > 1 else self.verdicts[0]


class Stage:
    """Runs one attempt and keeps what it wanted; a charge is put on the disk at once unless told otherwise."""

    def __init__(
        self, config: LogonConfig = CONFIG, *, charges: bool = True, liveness: ToldLiveness | None = None
    ) -> None:
        self.now = 1000.0
        self.liveness = liveness or ToldLiveness()
        self.attempt = Attempt(config, lambda: self.now, self.liveness)
        self.charges = charges
        self.camera_open = False
        self.charged = 0
        self.hints: list[Reason | None] = []
        self.requests: list[Ask] = []
        self.rulings: list[Ruling] = []

    @property
    def outcome(self) -> Outcome | None:
        return self.rulings[0].outcome if self.rulings else None

    def do(self, actions: Iterable[Action]) -> None:
        for action in actions:
            match action:
                case OpenCamera():
                    assert not self.camera_open
                    self.camera_open = True
                case CloseCamera():
                    assert self.camera_open
                    self.camera_open = False
                case Guide(reason):
                    self.hints.append(reason)
                case Ask():
                    self.requests.append(action)
                case Charge():
                    self.charged += 1
                    if self.charges:
                        self.do(self.attempt.charged())
                case Finish(ruling):
                    self.rulings.append(ruling)

    def begin(self) -> None:
        self.do(self.attempt.begin())

    def join(self) -> None:
        self.do(self.attempt.join())

    def look(self, frames: int = 1, reason: Reason | None = None, track: int = 1) -> None:
        """So many frames arrive, and the time goes on with each."""
        for _ in range(frames):
            self.now += FRAME_S
            self.do(self.attempt.report(frame(self.now, reason, track)))
            self.do(self.attempt.tick())

    def wait(self, seconds: float) -> None:
        """Nothing comes, but deadlines are kept to the moment."""
        until = self.now + seconds
        while (deadline_s := self.attempt.deadline_s()) is not None and deadline_s <= until:
            self.now = max(self.now, deadline_s)
            self.do(self.attempt.tick())
        self.now = until
