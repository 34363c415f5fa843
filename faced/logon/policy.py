"""Who must show a face, and from where: root-owned rules, decided before anything else."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique

from faced.config import LivenessConfig, LogonConfig
from faced.liveness.judge import LivenessPolicy

#: What "facectl verify" calls itself. No PAM service: nothing is exempt, nothing stands in, nobody is logged on.
FACE_CHECK = "facectl-verify"


@unique
class Demand(StrEnum):
    """What the policy asks of a request."""

    FACE = "face"
    EXEMPT = "exempt"
    #: Somebody at another computer: the face in front of this camera is not theirs.
    REMOTE = "remote"
    #: A service that can show no request, where the site wants one.
    SILENT = "silent"


@dataclass(frozen=True)
class Request:
    """What a PAM stack says about itself, and who the kernel says is asking.

    ``real_uid`` is the caller's own word: it counts only when the caller is root (``su`` is root by its set-uid bit and
    was started by somebody else).
    """

    user: str
    service: str
    peer_uid: int
    rhost: str | None = None
    real_uid: int | None = None

    @property
    def started_by(self) -> int | None:
        """The uid of the person who started the program that asks."""
        return self.real_uid if self.peer_uid == 0 else self.peer_uid

    @property
    def by_system(self) -> bool:
        """Whether the system itself asks (a greeter, login), not a program that a user started (a locker, sudo)."""
        return self.peer_uid == 0 and self.real_uid == 0


def demand(request: Request, config: LogonConfig, liveness: LivenessConfig = LivenessConfig()) -> Demand:  # noqa: B008
    """Face for every service that is not exempt; nobody from afar."""
    if request.rhost:
        return Demand.REMOTE
    for exempt in config.exempt:
        if exempt.service == request.service and exempt.real_uid in (None, request.started_by):
            return Demand.EXEMPT
    return Demand.SILENT if liveness.refuse_silent and request.service in liveness.silent else Demand.FACE


def liveness_policy(request: Request, config: LivenessConfig) -> LivenessPolicy:
    """What the face must do: a service without text is never asked for less than depth and a blink."""
    return LivenessPolicy(
        challenges=config.challenges, directed=request.service not in config.silent, deny_cues=config.deny_cues
    )
