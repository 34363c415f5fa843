"""The short lines a person reads at the logon screen; greeters cut long ones.

Before the password nothing is shown. Afterwards a line helps, but whether the face or its liveness failed is never
said.
"""

from __future__ import annotations

from faced.i18n import _
from faced.landmarks import hints
from faced.landmarks.quality import Reason
from faced.liveness.challenge import Challenge
from faced.logon.outcome import Outcome, Standing


def hint(reason: Reason | None) -> str:
    """What to do now; None: nothing is wrong yet."""
    return _("Please look at the camera.") if reason is None else hints.hint(reason)


def request(challenge: Challenge, *, again: bool = False, further: bool = False) -> str:
    """What the person is asked to do; ``again`` after the wrong side, ``further`` if it was too little."""
    if further:
        return _("A little further, please.")
    match challenge:
        case Challenge.TURN_LEFT:
            text = _("Turn your head to your left.")
        case Challenge.TURN_RIGHT:
            text = _("Turn your head to your right.")
        case Challenge.LOOK_UP:
            text = _("Lift your chin.")
        case Challenge.LOOK_DOWN:
            text = _("Lower your chin.")
        case Challenge.BLINK_TWICE:
            text = _("Blink twice.")
        case Challenge.OPEN_MOUTH:
            text = _("Open your mouth.")
    return _("Once more: {request}").format(request=text) if again else text


def code_hint() -> str:
    """Shown before the prompt: greeters may leave its own text out."""
    return _("Call the IS section for a code.")


def code_refused() -> str:
    """The code was wrong, was used, or its time is over."""
    return _("Code refused: call the IS section.")


def exempted() -> str:
    """Another factor stands in for the face; whether it was shown is the stack's to say."""
    return _("No face needed: your other factor counts.")


def verdict(
    outcome: Outcome,
    wait_s: float | None = None,
    *,
    directory_away: bool = False,
    clock_wrong: bool = False,
    factor_missing: bool = False,
) -> str:
    """How it ended, for the person who typed the right password.

    :param wait_s: for LOCKED_OUT, until the next try; None: there is none before somebody else has done something.
    :param directory_away: for NO_TEMPLATE, whether nobody could be asked.
    :param clock_wrong: for NO_TEMPLATE, whether signed records are from the future.
    :param factor_missing: for NO_TEMPLATE, whether the person shows another factor, which is not asked for here.
    """
    match outcome:
        case Outcome.MATCH | Outcome.EMERGENCY:
            return _("Welcome.")
        case Outcome.CODE_WANTED:
            return _("Emergency code: ")
        case Outcome.EXEMPT:
            return ""
        case Outcome.NO_MATCH | Outcome.NOT_LIVE:
            return _("Not recognised. Please try again.")
        case Outcome.NO_FACE:
            return _("Nobody was seen. Please try again.")
        case Outcome.COVERED:
            return _("Your face was covered. Try again.")
        case Outcome.TOO_DARK:
            return _("Too dark. Turn on a light, try again.")
        case Outcome.SEVERAL_FACES:
            return _("Several people were seen. Try again.")
        case Outcome.CAMERA_UNAVAILABLE:
            return _("The camera cannot be used.")
        case Outcome.BUSY:
            return _("The camera is in use. Try again.")
        case Outcome.NO_TEMPLATE if factor_missing:
            return _("Your other factor is not asked for here.")
        case Outcome.NO_TEMPLATE if clock_wrong:
            return _("The clock of this PC is wrong.")
        case Outcome.NO_TEMPLATE if directory_away:
            return _("The directory cannot be reached.")
        case Outcome.NO_TEMPLATE:
            return _("Not registered: call the IS section.")
        case Outcome.PURPOSE_OVER:
            return _("Registration over: call the IS section.")
        case Outcome.REVOKED:
            return _("Not permitted: call the IS section.")
        case Outcome.LOCKED_OUT:
            return _locked_out(wait_s)
        case Outcome.CANCELLED:
            return _("Cancelled.")
        case Outcome.TIMED_OUT:
            return _("Time is over. Please try again.")


def _locked_out(wait_s: float | None) -> str:
    if wait_s is None:
        return _("Locked: call the IS section.")
    return _("Too many tries. Wait {seconds} s.").format(seconds=max(1, round(wait_s)))


def remark(standing: Standing) -> str:
    """What the account phase tells the person; empty where there is nothing to say."""
    match standing:
        case Standing.CLEAR | Standing.EXEMPT:
            return ""
        case Standing.REVOKED:
            return verdict(Outcome.REVOKED)
        case Standing.PURPOSE_OVER:
            return verdict(Outcome.PURPOSE_OVER)
        case Standing.REMOTE:
            return _("Not from another computer.")
        case Standing.UNAVAILABLE:
            return _("Face logon is not ready on this PC.")
