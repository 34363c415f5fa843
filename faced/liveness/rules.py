"""The rules that deny, by the words of the audit record. The person is never told which."""

from __future__ import annotations

from enum import StrEnum


class Rule(StrEnum):
    """Why it is not live."""

    #: What was asked was not done in time.
    NO_ACTION = "no_action"
    #: The head turned before it could have been an answer, and not again.
    TOO_EARLY = "too_early"
    WRONG_SIDE_TWICE = "wrong_side_twice"
    #: The head turned, but like a sheet.
    FLAT = "flat"
    #: Without a request: no depth, or no blink, in time.
    NO_DEPTH = "no_depth"
    NO_BLINK = "no_blink"
    #: The face was lost from view, or jumped, too often after a request.
    JUMP = "jump"
    #: The same picture for a while, the same pictures again, or times that no camera has.
    FROZEN = "frozen"
    REPEATED = "repeated"
    TIMING = "timing"
    PRINT_CUE = "print_cue"
    SCREEN_CUE = "screen_cue"
