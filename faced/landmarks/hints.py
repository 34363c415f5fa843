"""What a person before the camera should do: one short line for each reason, the same at every camera.

Greeters cut long lines: at most 40 characters in English and 20 in Japanese.
"""

from __future__ import annotations

from faced.i18n import _
from faced.landmarks.quality import Reason


def hint(reason: Reason) -> str:
    """The one thing to do about a frame that cannot be used."""
    match reason:
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
