"""Where the samples of a template come from; apart from them, for those who need no array."""

from __future__ import annotations

from enum import StrEnum


class Source(StrEnum):
    """Where a sample comes from."""

    PHOTO = "photo"
    CAMERA = "camera"
