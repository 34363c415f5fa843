"""What a face or a picture of it would look like where it must not be: on a disk, in a directory, in a log."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator

from faced.recognition.template import FaceTemplate

PICTURES = (b"\xff\xd8\xff", b"\x89PNG", b"JFIF", b"Exif")
#: So many bytes of coordinates in a row are no chance.
_TELLING_BYTES = 16


class FaceTraces:
    """Finds coordinates as they are sealed, as they are computed with, and in letters.

    :param faces: encoded templates, opened.
    """

    def __init__(self, faces: Iterable[bytes]) -> None:
        self._pieces = {piece for face in faces for piece in _pieces(face)}
        self._sizes = {len(piece) for piece in self._pieces}
        if not self._pieces:
            raise ValueError("nothing to look for")

    def are_in(self, data: bytes) -> bool:
        """Whether any piece of any of the faces is there, at whatever place."""
        windows = {data[start : start + size] for size in self._sizes for start in range(len(data) - size + 1)}
        return bool(windows & self._pieces)


def _pieces(face: bytes) -> Iterator[bytes]:
    for data in (face, *(sample.points.tobytes() for sample in FaceTemplate.decode(face).samples)):
        for start in range(0, len(data) - _TELLING_BYTES, _TELLING_BYTES):
            piece = data[start : start + _TELLING_BYTES]
            yield from (piece, piece.hex().encode(), *(base64.b64encode(piece[skip : skip + 12]) for skip in range(3)))
