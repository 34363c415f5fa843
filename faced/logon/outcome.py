"""How an attempt ends, and what the account phase knows: the words of io.faced.Logon."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique


@unique
class Outcome(StrEnum):
    """How an attempt ended."""

    MATCH = "match"
    NO_MATCH = "no_match"
    NOT_LIVE = "not_live"
    NO_FACE = "no_face"
    COVERED = "covered"
    TOO_DARK = "too_dark"
    SEVERAL_FACES = "several_faces"
    CAMERA_UNAVAILABLE = "camera_unavailable"
    BUSY = "busy"
    NO_TEMPLATE = "no_template"
    PURPOSE_OVER = "purpose_over"
    REVOKED = "revoked"
    LOCKED_OUT = "locked_out"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"
    EXEMPT = "exempt"
    EMERGENCY = "emergency"
    #: The face step could not be carried out, and a code may stand in for it.
    CODE_WANTED = "code_wanted"


@unique
class Standing(StrEnum):
    """What signed statements on this host say about a person, without a camera."""

    CLEAR = "clear"
    EXEMPT = "exempt"
    REVOKED = "revoked"
    PURPOSE_OVER = "purpose_over"
    REMOTE = "remote"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True)
class Ruling:
    """An outcome with what the audit record says about it.

    ``reason`` is a token of :mod:`faced.errors` or of the gates; ``band`` the coarse distance of a judged score from
    the threshold.
    """

    outcome: Outcome
    reason: str = ""
    band: str = "none"
