"""The short lines a person reads at the logon screen; greeters cut long ones.

Before the password nothing is shown. Afterwards a line helps, but whether the face or its liveness failed is never
said.
"""

from __future__ import annotations

from faced.i18n import _
from faced.landmarks.quality import Reason
from faced.logon.outcome import Outcome, Standing


def hint(reason: Reason | None) -> str:
    """What to do now, at most 40 characters in English and 20 in Japanese; None: nothing is wrong yet."""
    match reason:
        case None:
            return _("Please look at the camera.")
        case Reason.NO_FACE:
            return _("Please face the camera.")
        case Reason.SEVERAL_FACES:
            return _("One person only, please.")
        case Reason.TOO_DARK:
            return _("It is too dark.")
        case Reason.TOO_BRIGHT:
            return _("There is too much light on your face.")
        case Reason.TOO_FAR:
            return _("Please come closer.")
        case Reason.TOO_NEAR:
            return _("Please move back a little.")
        case Reason.TURNED_LEFT | Reason.TURNED_RIGHT | Reason.LOOKING_UP | Reason.LOOKING_DOWN:
            return _("Please look straight at the camera.")
        case Reason.TILTED:
            return _("Please hold your head upright.")
        case Reason.BLURRED | Reason.UNSTEADY:
            return _("Please hold still.")
        case Reason.COVERED:
            return _("Please uncover your face (mask, hand).")
        case Reason.EYES_CLOSED:
            return _("Please open your eyes.")
        case Reason.OUT_OF_PICTURE:
            return _("Please move to the middle.")


def verdict(outcome: Outcome, wait_s: float = 0.0, *, directory_away: bool = False) -> str:
    """How it ended, for the person who typed the right password.

    :param wait_s: for LOCKED_OUT, until the next try.
    :param directory_away: for NO_TEMPLATE, whether nobody could be asked.
    """
    match outcome:
        case Outcome.MATCH | Outcome.EMERGENCY:
            return _("Welcome.")
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
        case Outcome.NO_TEMPLATE if directory_away:
            return _("The directory cannot be reached.")
        case Outcome.NO_TEMPLATE:
            return _("Not registered: call the IS section.")
        case Outcome.PURPOSE_OVER:
            return _("Registration over: call the IS section.")
        case Outcome.REVOKED:
            return _("Not permitted: call the IS section.")
        case Outcome.LOCKED_OUT:
            return _("Too many tries. Wait {seconds} s.").format(seconds=max(1, round(wait_s)))
        case Outcome.CANCELLED:
            return _("Cancelled.")
        case Outcome.TIMED_OUT:
            return _("Time is over. Please try again.")


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
