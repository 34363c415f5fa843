"""HEIC pictures, as telephones make them; the decoder is an addition (``faced[heic]``).

The file is a tree of boxes (ISO/IEC 14496-12); the sizes of its pictures are in ``ispe`` boxes (ISO/IEC 23008-12).
"""

from __future__ import annotations

import functools
import importlib
import struct
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

#: Brands of still pictures that are coded with HEVC. Films (hevc, msf1 alone) and AVIF are not read.
_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis"})
_HEADER = struct.Struct(">I4s")


def is_heic(data: bytes) -> bool:
    """Whether the file says that it is a HEIC still."""
    if len(data) < 16 or data[4:8] != b"ftyp":
        return False
    end = min(int.from_bytes(data[:4], "big"), len(data))
    brands = {data[8:12], *(data[at : at + 4] for at in range(16, end - 3, 4))}
    return bool(brands & _BRANDS)


def heic_size(data: bytes) -> tuple[int, int] | None:
    """Width and height of the largest picture in a whole file, None if it is not whole."""
    try:
        top = dict(_boxes(data, 0, len(data)))
        start, end = top[b"meta"]
        parts = dict(_boxes(data, start + 4, end))
        properties = dict(_boxes(data, *parts[b"iprp"]))
        sizes = [
            struct.unpack_from(">II", data, at + 4)
            for kind, (at, stop) in _boxes(data, *properties[b"ipco"])
            if kind == b"ispe" and stop - at == 12
        ]
    except (KeyError, ValueError):
        return None
    return max(sizes, key=lambda size: int(size[0]) * int(size[1]), default=None)


def load_decoder() -> Any | None:
    """The decoder, None where faced was installed without it."""
    return _decoder()


def decode_heic(decoder: Any, data: bytes, most_pixels: int) -> NDArray[np.uint8] | None:
    """The main picture, turned as the file says; None if the decoder cannot read it.

    :return: (h, w, 3) uint8 BGR.
    """
    try:
        picture = decoder.open_heif(data, convert_hdr_to_8bit=True, bgr_mode=True)
        width, height = picture.size
        if width * height > most_pixels:
            return None
        pixels = np.asarray(picture)
    except MemoryError:
        raise
    except Exception:  # whatever the decoder's own kind of error is, the file is what is wrong
        return None
    if pixels.dtype != np.uint8 or pixels.shape[:2] != (height, width):
        return None
    if pixels.ndim == 2:
        return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR), np.uint8)
    return np.ascontiguousarray(pixels[..., :3])


@functools.cache
def _decoder() -> Any | None:
    try:
        decoder = importlib.import_module("pillow_heif")
    except ImportError:
        return None
    decoder.options.DECODE_THREADS = 1
    decoder.options.THUMBNAILS = decoder.options.DEPTH_IMAGES = decoder.options.AUX_IMAGES = False
    return decoder


def _boxes(data: bytes, at: int, end: int) -> Iterator[tuple[bytes, tuple[int, int]]]:
    """The boxes between two offsets: kind, and where the content begins and ends.

    :raises ValueError: they do not fill the space.
    """
    while at < end:
        if at + 8 > end:
            raise ValueError("cut box header")
        length, kind = _HEADER.unpack_from(data, at)
        start = at + 8
        if length == 1:
            if start + 8 > end:
                raise ValueError("cut box header")
            length, start = int.from_bytes(data[start : start + 8], "big"), start + 8
        stop = end if length == 0 else at + length
        if stop < start or stop > end:
            raise ValueError("cut box")
        yield kind, (start, stop)
        at = stop
