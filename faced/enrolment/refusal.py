"""Why a picture cannot be enrolled, in words that say what to do: for a photo, and for a person at the camera."""

from __future__ import annotations

from faced.errors import PhotoRefused
from faced.i18n import _
from faced.landmarks.hints import hint
from faced.landmarks.observe import Observation
from faced.landmarks.quality import Reason


def photo_refused(reason: Reason, observation: Observation | None = None) -> PhotoRefused:
    """The error for a photo that a gate refused; its ``reason`` is the gate's."""
    return PhotoRefused(_photo_text(reason), reason=reason.value)


def _photo_text(reason: Reason) -> str:
    match reason:
        case Reason.NO_FACE:
            return _("No face was found on the photo. Use a photo that shows the face from the front.")
        case Reason.SEVERAL_FACES:
            return _("There is more than one face on the photo. Use a photo of this person alone.")
        case Reason.TOO_DARK:
            return _("The face is too dark. Use a photo with more light on the face.")
        case Reason.TOO_BRIGHT:
            return _("The face is too bright. Use a photo without glare.")
        case Reason.TOO_FAR:
            return _("The face is too small on the photo. Use the original in its full size.")
        case Reason.TOO_NEAR | Reason.OUT_OF_PICTURE:
            return _("Part of the face is outside the photo. Use a photo that shows the whole face.")
        case Reason.TURNED_LEFT | Reason.TURNED_RIGHT:
            return _("The face is turned to the side. Use a photo taken from the front.")
        case Reason.LOOKING_UP | Reason.LOOKING_DOWN:
            return _("The face looks up or down. Use a photo taken at eye level.")
        case Reason.TILTED:
            return _("The head is tilted. Use a photo with the head upright.")
        case Reason.BLURRED | Reason.UNSTEADY:
            return _("The photo is not sharp enough. Use a sharper one, or enrol at the camera.")
        case Reason.COVERED:
            return _("Something covers the face. Use a photo without mask, hand or hair over eyes, nose and mouth.")
        case Reason.EYES_CLOSED:
            return _("The eyes are closed. Use a photo with open eyes.")


def sitting_hint(reason: Reason | None) -> str:
    """What a person at the camera should do; None means that all is well."""
    return _("Good. Please stay like this.") if reason is None else hint(reason)
