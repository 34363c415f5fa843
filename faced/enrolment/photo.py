"""A photo file's bytes -> a picture in memory, and a face observed on it.

The bytes come from outside (HR's directory, a folder), so everything that can be known without decoding is checked
first: the kind, the size in bytes and in pixels, and that the file is whole. Decoders fill the missing part of a
truncated JPEG with grey and say nothing, which would enrol half a face.
"""

from __future__ import annotations

import os
import stat
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from faced.enrolment.file_refusal import LIMITS, Fault, FileRefused, PhotoLimits
from faced.enrolment.heic import decode_heic, heic_size, is_heic, load_decoder
from faced.errors import PhotoRefused, StateError
from faced.i18n import _

Image = NDArray[np.uint8]


_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
#: Start-of-frame markers of the JPEG processes that libjpeg decodes: baseline, extended, progressive (Huffman).
_JPEG_FRAMES = frozenset({0xC0, 0xC1, 0xC2})
_JPEG_OTHER_FRAMES = frozenset(range(0xC0, 0xD0)) - _JPEG_FRAMES - {0xC4, 0xC8, 0xCC}
_JPEG_BARE = frozenset({0x01, *range(0xD0, 0xD8)})
_JPEG_SCAN, _JPEG_END = 0xDA, 0xD9
#: How the names of picture files end; what a file is, its bytes say.
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".heic", ".heif"})


def pictures(folder: Path, *, recursive: bool = False) -> list[Path]:
    """The files of a folder whose names end like a picture's, by name.

    :raises StateError: it cannot be read.
    """
    try:
        entries = folder.rglob("*") if recursive else folder.iterdir()
        return sorted(path for path in entries if path.suffix.lower() in SUFFIXES and not path.is_dir())
    except OSError as error:
        raise StateError(_("{path} cannot be read: {why}.").format(path=folder, why=error.strerror)) from None


def read_photo(path: Path, limits: PhotoLimits = LIMITS) -> bytes:
    """The bytes of a photo file, never more than the limit.

    :raises PhotoRefused: ``photo_unreadable``, ``photo_empty`` or ``photo_too_large``.
    """
    try:
        # A pipe with nobody at its other end must not stop the work.
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise PhotoRefused(_("{path} is not a file with a photo.").format(path=path), reason="photo_unreadable")
            data = file.read(limits.most_bytes + 1)
    except OSError as error:
        raise PhotoRefused(
            _("The photo {path} cannot be read: {why}.").format(path=path, why=error.strerror),
            reason="photo_unreadable",
        ) from None
    check_bytes(data, limits)
    return data


def check_bytes(data: bytes, limits: PhotoLimits = LIMITS) -> None:
    """Refuse what is empty or too long to look at.

    :raises FileRefused: ``photo_empty`` or ``photo_too_large``.
    """
    if not data:
        raise FileRefused(Fault.EMPTY, limits)
    if len(data) > limits.most_bytes:
        raise FileRefused(Fault.TOO_MANY_BYTES, limits)


def decode_photo(data: bytes, limits: PhotoLimits = LIMITS) -> Image:
    """The picture of a JPEG, PNG or HEIC file, turned upright as the file says; of several the main one.

    :return: (h, w, 3) uint8 BGR.
    :raises FileRefused: its ``fault`` says why.
    :raises MemoryError: the picture needs more than there is.
    """
    check_bytes(data, limits)
    if data.startswith(_PNG):
        size = _png_size(data)
    elif data.startswith(_JPEG):
        size = _jpeg_size(data)
    elif is_heic(data):
        return _decode_heic(data, limits)
    else:
        raise FileRefused(Fault.FORMAT, limits)
    if size is None:
        raise FileRefused(Fault.DAMAGED, limits)
    _check_pixels(size, limits)
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:
        if error.code == cv2.Error.STS_NO_MEM:
            raise MemoryError from None
        image = None
    if image is None or sorted(image.shape[:2]) != sorted(size):
        raise FileRefused(Fault.DAMAGED, limits)
    return np.asarray(image, np.uint8)


def _decode_heic(data: bytes, limits: PhotoLimits) -> Image:
    size = heic_size(data)
    if size is None:
        raise FileRefused(Fault.DAMAGED, limits)
    _check_pixels(size, limits)
    decoder = load_decoder()
    if decoder is None:
        raise FileRefused(Fault.NO_HEIC, limits)
    image = decode_heic(decoder, data, limits.most_pixels)
    if image is None:
        raise FileRefused(Fault.DAMAGED, limits)
    return image


def _check_pixels(size: tuple[int, int], limits: PhotoLimits) -> None:
    if size[0] * size[1] > limits.most_pixels:
        raise FileRefused(Fault.TOO_MANY_PIXELS, limits, size)
    if min(size) < limits.least_side_px:
        raise FileRefused(Fault.TOO_SMALL, limits, size)


def _png_size(data: bytes) -> tuple[int, int] | None:
    """Width and height from IHDR, after walking all chunks to IEND with their checksums (PNG specification, 5.3);
    None if the file is not whole."""
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
    return None


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    """Width and height from the frame header, after walking all segments to the end marker (ITU-T T.81, annex B);
    None if the file is not whole."""
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
    return None


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
