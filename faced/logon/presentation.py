"""One presentation before a camera, run as a logon runs it, but with nobody to log on: for a site's own liveness test.

The same :class:`faced.logon.attempt.Attempt` decides, so what is tested is what guards the logon. Nothing outlives it
but the :class:`Presentation`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from faced.camera.base import Camera
from faced.config import LogonConfig
from faced.landmarks.observe import Observation, Observer
from faced.logon.attempt import Action, Ask, Attempt, Charge, Finish, Guide, Judge, Liveness
from faced.logon.guidance import hint, request
from faced.logon.outcome import Outcome
from faced.recognition.decision import MIN_FRAMES, Decision


@dataclass(frozen=True)
class Presentation:
    """How one presentation ended.

    :param detected: the camera saw a face long enough to be judged.
    :param counted: it was taken for the person, so that liveness had to decide.
    :param denied_by: the rule of liveness, or the outcome; empty if it passed.
    """

    detected: bool
    counted: bool
    passed: bool
    denied_by: str


class AnyFace:
    """Takes every face for the person: liveness must decide about all."""

    min_frames = MIN_FRAMES
    band = "none"

    def __init__(self) -> None:
        self._seen = 0

    def weigh(self, observation: Observation) -> Decision:
        """Enough frames are enough."""
        self._seen += 1
        return Decision.MATCH if self._seen >= MIN_FRAMES else Decision.UNDECIDED

    def restart(self) -> None:
        """Another face may be there."""
        self._seen = 0

    def close(self) -> None:
        """There is no template."""


def watch(
    camera: Camera,
    observer: Observer,
    judge: Judge,
    liveness: Liveness,
    limits: LogonConfig,
    tell: Callable[[str], None],
) -> Presentation:
    """One presentation from the first frame to the decision; time is the camera's.

    :param camera: open.
    :param judge: of the person whose picture is presented, or :class:`AnyFace`.
    :param tell: is given each line that the logon screen would show.
    :raises CameraUnavailable: the camera went away.
    """
    observer.reset()
    frame = camera.read()
    attempt = Attempt(limits, lambda: frame.timestamp_s, liveness)
    attempt.begin()
    waiting: deque[Action] = deque([*attempt.join(), *attempt.template_ready(judge)])
    detected = asked = False
    while True:
        waiting += attempt.report(observer.observe(frame.image, frame.timestamp_s)) or attempt.tick()
        while waiting:
            match waiting.popleft():
                case Guide(reason):
                    tell(hint(reason))
                case Ask(challenge, again, further):
                    asked = True
                    tell(request(challenge, again=again, further=further))
                case Charge():
                    detected = True
                    waiting += attempt.charged()
                case Finish(ruling):
                    passed = ruling.outcome is Outcome.MATCH
                    counted = asked or ruling.outcome in (Outcome.MATCH, Outcome.NOT_LIVE)
                    rule = ruling.reason if ruling.outcome is Outcome.NOT_LIVE else ruling.outcome.value
                    return Presentation(detected, counted, passed, "" if passed else rule)
                case _:
                    pass
        frame = camera.read()
