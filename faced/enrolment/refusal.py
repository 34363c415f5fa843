"""Why a face cannot be enrolled, with the numbers and what to do: for a photo, and for a person at the camera."""

from __future__ import annotations

from math import ceil, floor

from faced.errors import PhotoRefused
from faced.i18n import _
from faced.landmarks.hints import hint
from faced.landmarks.observe import Observation
from faced.landmarks.quality import PHOTO, Gates, Reason


def photo_refused(reason: Reason, observation: Observation | None = None, gates: Gates = PHOTO) -> PhotoRefused:
    """The error for a photo that a gate refused; its ``reason`` is the gate's.

    :param observation: where there is one, the text says by how much.
    """
    text = _measured_text(reason, observation, gates) if observation is not None else None
    return PhotoRefused(text or _photo_text(reason), reason=reason.value)


def _measured_text(reason: Reason, seen: Observation, gates: Gates) -> str | None:
    """With numbers: rounded away from the limit, so that they never look allowed."""
    turned, pitched = ceil(abs(seen.yaw_deg)), ceil(abs(seen.pitch_deg))
    match reason:
        case Reason.TURNED_LEFT:
            text = _(
                "The face is turned {degrees} degrees to its left; at most {most} are allowed. Use a photo taken "
                "from the front."
            )
            return text.format(degrees=turned, most=floor(gates.max_yaw_deg))
        case Reason.TURNED_RIGHT:
            text = _(
                "The face is turned {degrees} degrees to its right; at most {most} are allowed. Use a photo taken "
                "from the front."
            )
            return text.format(degrees=turned, most=floor(gates.max_yaw_deg))
        case Reason.LOOKING_UP:
            text = _("The face looks {degrees} degrees up; at most {most} are allowed. Use a photo taken at eye level.")
            return text.format(degrees=pitched, most=floor(gates.max_up_deg))
        case Reason.LOOKING_DOWN:
            text = _(
                "The face looks {degrees} degrees down; at most {most} are allowed. Use a photo taken at eye level."
            )
            return text.format(degrees=pitched, most=floor(gates.max_down_deg))
        case Reason.TILTED:
            text = _(
                "The head is tilted by {degrees} degrees; at most {most} are allowed. Use a photo with the head "
                "upright."
            )
            return text.format(degrees=ceil(abs(seen.roll_deg)), most=floor(gates.max_roll_deg))
        case Reason.TOO_FAR if seen.iod_px < gates.min_iod_px:
            text = _(
                "The face is too small: {pixels} pixels between the eyes, at least {least} are needed. Use the "
                "original in its full size."
            )
            return text.format(pixels=floor(seen.iod_px), least=ceil(gates.min_iod_px))
        case Reason.TOO_FAR:
            # A large picture is reduced before it is measured; the person is a small part of it.
            return _("The face is only a small part of the photo. Cut out head and shoulders.")
        case _:
            return None


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
