"""The words for what keeps somebody of the personnel section's list from being enrolled."""

from __future__ import annotations

from faced.directory.personnel import PhotoFault, RecordFault
from faced.enrolment.file_refusal import Fault
from faced.enrolment.sync.survey import NO_PHOTO, UNKNOWN_CATEGORY
from faced.i18n import _


def reason_word(reason: str) -> str:
    """A reason for people; one that has no words here is shown as it is."""
    return fault_words().get(reason, reason)


def fault_words() -> dict[str, str]:
    """What is wrong with a record or its photo, by reason."""
    return {
        RecordFault.NO_LOGIN: _("no login name"),
        RecordFault.LOGIN: _("not a login name (lower-case letters, digits, dots, hyphens, underscores)"),
        RecordFault.NO_STAFF_NUMBER: _("no staff number"),
        RecordFault.STAFF_NUMBER: _("not a staff number (up to 20 ASCII digits, letters, hyphens)"),
        RecordFault.NO_NAME: _("no name"),
        RecordFault.NAME: _("a name that cannot be recorded"),
        RecordFault.MAIL: _("not a mail address"),
        RecordFault.SEVERAL_VALUES: _("several values where there must be one"),
        RecordFault.NOT_TEXT: _("a value that is no text"),
        RecordFault.TOO_LARGE: _("a value that is too large"),
        RecordFault.DATE: _("a date that cannot be read, or an end before the start"),
        RecordFault.DUPLICATE_LOGIN: _("somebody else has this login name"),
        RecordFault.DUPLICATE_STAFF_NUMBER: _("somebody else has this staff number"),
        PhotoFault.TOO_LARGE: _("a photo that is too large"),
        Fault.EMPTY: _("an empty photo"),
        "photo_unreadable": _("a photo that cannot be read"),
        PhotoFault.SEVERAL: _("several photos"),
        PhotoFault.CHANGED: _("the record was changed just now"),
        UNKNOWN_CATEGORY: _("a category that the configuration does not name"),
        NO_PHOTO: _("no photo"),
    }
