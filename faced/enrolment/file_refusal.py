"""What a photo file may be, and the refusal of one that is not: why, with its numbers, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from faced.errors import PhotoRefused
from faced.i18n import _


@dataclass(frozen=True)
class PhotoLimits:
    """What a photo may be. A 12-megapixel camera file fits with room to spare; an ID photo is a hundredth of it."""

    most_bytes: int = 16 * 1024 * 1024
    most_pixels: int = 40_000_000
    least_side_px: int = 96


LIMITS = PhotoLimits()


class Fault(StrEnum):
    """Why a file is not read as a picture."""

    EMPTY = "photo_empty"
    DAMAGED = "photo_damaged"
    TOO_MANY_BYTES = "photo_too_large"
    TOO_MANY_PIXELS = "photo_too_many_pixels"
    TOO_SMALL = "photo_too_small"
    FORMAT = "photo_format"
    NO_HEIC = "photo_no_heic"
    HOSTILE = "photo_hostile"


class FileRefused(PhotoRefused):
    """A file that is not read as a picture.

    :ivar fault: why; also the error's reason.
    :ivar size: (width, height) px that the file claims, (0, 0) if that is not why.
    """

    def __init__(self, fault: Fault, limits: PhotoLimits = LIMITS, size: tuple[int, int] = (0, 0)) -> None:
        super().__init__(_text(fault, limits, size), reason=fault.value)
        self.fault = fault
        self.size = size


def _text(fault: Fault, limits: PhotoLimits, size: tuple[int, int]) -> str:
    width, height = size
    match fault:
        case Fault.EMPTY:
            return _("The photo is empty. Ask for the file again.")
        case Fault.DAMAGED:
            return _("The photo is incomplete or damaged. Ask the personnel section for the file again.")
        case Fault.TOO_MANY_BYTES:
            most = limits.most_bytes // 1024**2
            return _("The photo has more than {most} MB. Save it smaller and try again.").format(most=most)
        case Fault.TOO_MANY_PIXELS:
            text = _("The photo has {width} x {height} pixels, more than {most} megapixels. Save it smaller.")
            return text.format(width=width, height=height, most=limits.most_pixels // 1_000_000)
        case Fault.TOO_SMALL:
            text = _(
                "The photo is too small: {width} x {height} pixels, and each side needs at least {least}. "
                "Ask for the original."
            )
            return text.format(width=width, height=height, least=limits.least_side_px)
        case Fault.FORMAT:
            return _("This file is no JPEG, PNG or HEIC picture. Save the photo as JPEG and try again.")
        case Fault.NO_HEIC:
            return _(
                "This is a HEIC picture, which this computer cannot read. Save the photo as JPEG, or have the "
                "administrator install faced with its addition 'heic'."
            )
        case Fault.HOSTILE:
            return _(
                "The program that read this photo broke off: the file is damaged, or made to do harm. "
                "Do not use it; ask the personnel section for another."
            )
