"""A photo file's bytes -> a picture in memory, and a face observed on it.

The bytes come from outside (HR's directory, a folder), so everything that can be known without decoding is checked
first: the kind, the size in bytes and in pixels, and that the file is whole. Decoders fill the missing part of a
truncated JPEG with grey and say nothing, which would enrol half a face.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from faced.errors import PhotoRefused
from faced.i18n import _

Image = NDArray[np.uint8]


@dataclass(frozen=True)
class PhotoLimits:
    """What a photo may be. A 12-megapixel camera file fits with room to spare; an ID photo is a hundredth of it."""

    most_bytes: int = 16 * 1024 * 1024
    most_pixels: int = 40_000_000
    least_side_px: int = 96


LIMITS = PhotoLimits()
_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
#: Start-of-frame markers of the JPEG processes that libjpeg decodes: baseline, extended, progressive (Huffman).
_JPEG_FRAMES = frozenset({0xC0, 0xC1, 0xC2})
_JPEG_OTHER_FRAMES = frozenset(range(0xC0, 0xD0)) - _JPEG_FRAMES - {0xC4, 0xC8, 0xCC}
_JPEG_BARE = frozenset({0x01, *range(0xD0, 0xD8)})
_JPEG_SCAN, _JPEG_END = 0xDA, 0xD9


def read_photo(path: Path, limits: PhotoLimits = LIMITS) -> bytes:
    """The bytes of a photo file, never more than the limit.

    :raises PhotoRefused: ``photo_unreadable`` or ``photo_too_large``.
    """
    try:
        with path.open("rb") as file:
            data = file.read(limits.most_bytes + 1)
    except OSError as error:
        raise PhotoRefused(
            _("The photo {path} cannot be read: {why}.").format(path=path, why=error.strerror),
            reason="photo_unreadable",
        ) from None
    _check_bytes(data, limits)
    return data


def decode_photo(data: bytes, limits: PhotoLimits = LIMITS) -> Image:
    """The picture of a JPEG or PNG file, turned upright as its EXIF entry says.

    :return: (h, w, 3) uint8 BGR.
    :raises PhotoRefused: ``photo_format``, ``photo_too_large``, ``photo_too_small`` or ``photo_damaged``.
    """
    _check_bytes(data, limits)
    if data.startswith(_PNG):
        width, height = _png_size(data)
    elif data.startswith(_JPEG):
        width, height = _jpeg_size(data)
    else:
        raise PhotoRefused(
            _("This file is neither a JPEG nor a PNG picture. Save the photo as JPEG and try again."),
            reason="photo_format",
        )
    _check_pixels(width, height, limits)
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        image = None
    if image is None or sorted(image.shape[:2]) != sorted((height, width)):
        raise _damaged()
    return np.asarray(image, np.uint8)


def _check_bytes(data: bytes, limits: PhotoLimits) -> None:
    if not data:
        raise PhotoRefused(_("The photo is empty. Ask for the file again."), reason="photo_damaged")
    if len(data) > limits.most_bytes:
        raise PhotoRefused(
            _("The photo has more than {most} MB. Save it smaller and try again.").format(
                most=limits.most_bytes // 1024**2
            ),
            reason="photo_too_large",
        )


def _check_pixels(width: int, height: int, limits: PhotoLimits) -> None:
    if width * height > limits.most_pixels:
        raise PhotoRefused(
            _("The photo has more than {most} megapixels. Save it smaller and try again.").format(
                most=limits.most_pixels // 1_000_000
            ),
            reason="photo_too_large",
        )
    if min(width, height) < limits.least_side_px:
        raise PhotoRefused(
            _("The photo is too small: each side needs at least {least} pixels. Ask for the original.").format(
                least=limits.least_side_px
            ),
            reason="photo_too_small",
        )


def _png_size(data: bytes) -> tuple[int, int]:
    """Width and height from IHDR, after walking all chunks to IEND with their checksums (PNG specification, 5.3)."""
    size: tuple[int, int] | None = None
    at = len(_PNG)
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        kind = data[at + 4 : at + 8]
        end = at + 12 + length
        if end > len(data):
            break
        if zlib.crc32(data[at + 4 : end - 4]) != struct.unpack_from(">I", data, end - 4)[0]:
            break
        if size is None:
            if kind != b"IHDR" or length != 13:
                break
            size = struct.unpack_from(">II", data, at + 8)
        if kind == b"IEND":
            return size
        at = end
    raise _damaged()


def _jpeg_size(data: bytes) -> tuple[int, int]:
    """Width and height from the frame header, after walking all segments to the end marker (ITU-T T.81, annex B)."""
    size: tuple[int, int] | None = None
    at = 2
    while 0 <= at and at + 2 <= len(data):
        if data[at] != 0xFF:
            break
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
        elif marker == _JPEG_END:
            if size is None:
                break
            return size
        elif marker in _JPEG_BARE:
            at += 2
        elif at + 4 > len(data):
            break
        else:
            length = int.from_bytes(data[at + 2 : at + 4], "big")
            if length < 2 or marker in _JPEG_OTHER_FRAMES:
                break
            if marker in _JPEG_FRAMES:
                if size is not None or length < 8 or at + 9 > len(data):
                    break
                height, width = struct.unpack_from(">HH", data, at + 5)
                size = (width, height)
            at += 2 + length
            if marker == _JPEG_SCAN:
                at = _after_scan(data, at)
    raise _damaged()


def _after_scan(data: bytes, at: int) -> int:
    """Where the entropy-coded data that begin at ``at`` end: the next marker that is no stuffing and no restart."""
    while True:
        at = data.find(b"\xff", at)
        if at < 0 or at + 1 >= len(data):
            return -1
        if data[at + 1] == 0x00 or 0xD0 <= data[at + 1] <= 0xD7:
            at += 2
        elif data[at + 1] == 0xFF:
            at += 1
        else:
            return at


def _damaged() -> PhotoRefused:
    return PhotoRefused(
        _("The photo is incomplete or damaged. Ask the personnel section for the file again."), reason="photo_damaged"
    )
