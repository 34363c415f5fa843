"""Overwrites opened coordinates: arrays that are known, and the small blocks that NumPy keeps for its next arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

#: NumPy keeps up to seven freed blocks of each size below 1 KiB, which no allocator gets to see.
_KEPT, _SIZES = 7, 1024


def wipe(*arrays: NDArray[Any]) -> None:
    """Overwrite arrays that own their memory; they are of no use afterwards."""
    for array in arrays:
        array.setflags(write=True)
        array.fill(0)


def wipe_spare_blocks() -> None:
    """Overwrite what NumPy keeps of arrays that are gone; takes a few milliseconds."""
    for size in range(1, _SIZES):
        for block in [np.empty(size, np.uint8) for _ in range(_KEPT)]:
            block.fill(0)
