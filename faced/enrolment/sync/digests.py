"""Keyed digests of photos and records: they tell the next run whether anything changed, and nobody else anything.

Without the key nobody can find out whose photo a digest is of, not even with the photo at hand (requirement R16).
"""

from __future__ import annotations

from hashlib import blake2b

_SIZE = 16
_PHOTO, _REVISION = b"faced photo", b"faced revision"


class Digests:
    """:param key: the station's, 32 bytes."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def photo(self, data: bytes) -> bytes:
        """Of an ID photo's bytes; 16 bytes."""
        return blake2b(data, digest_size=_SIZE, key=self._key, person=_PHOTO).digest()

    def revision(self, data: bytes) -> bytes:
        """Of what the source says about the state of a record; empty if it says nothing."""
        return blake2b(data, digest_size=_SIZE, key=self._key, person=_REVISION).digest() if data else b""
