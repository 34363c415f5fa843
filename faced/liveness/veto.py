"""What denies whatever else was seen: frames that no camera makes, and the marks of screens and prints.

Nothing here ever speaks for life.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from faced.liveness.rules import Rule

#: Pictures of a sensor differ by their noise. The same one so often, for so long, is not a late frame.
_FROZEN_FRAMES, _FROZEN_S = 8, 0.3
#: Different pictures that come back after others did: a film in a loop.
_REPEATED = 3
#: Faster than any webcam, on the mean of so many frames.
_LEAST_PERIOD_S, _RATED_FRAMES = 1 / 250, 30
_REMEMBERED = 1000
#: A cue must be at its limit in the middle of so many values.
_CUES, _FEWEST_CUES = 15, 6


class FrameWatch:
    """Watches the identity and the times of all frames of an attempt.

    A program that feeds a virtual camera with fresh noise and honest times is not found here; that only real capture
    devices are opened is the camera's part.
    """

    def __init__(self) -> None:
        self._digests: dict[bytes, None] = {}
        self._returned: set[bytes] = set()
        self._last: bytes | None = None
        self._run = 0
        self._run_s = 0.0
        self._times_s: deque[float] = deque(maxlen=_RATED_FRAMES)

    def frame(self, timestamp_s: float, digest: bytes) -> Rule | None:
        """Take the next frame; what is wrong with it and those before, if anything is."""
        if not np.isfinite(timestamp_s) or (self._times_s and timestamp_s <= self._times_s[-1]):
            return Rule.TIMING
        self._times_s.append(timestamp_s)
        if digest == self._last:
            self._run += 1
            if self._run >= _FROZEN_FRAMES and timestamp_s - self._run_s >= _FROZEN_S:
                return Rule.FROZEN
        else:
            if digest in self._digests:
                self._returned.add(digest)
            self._last, self._run, self._run_s = digest, 1, timestamp_s
            self._digests[digest] = None
            if len(self._digests) > _REMEMBERED:
                del self._digests[next(iter(self._digests))]
        if len(self._returned) >= _REPEATED:
            return Rule.REPEATED
        full = len(self._times_s) == _RATED_FRAMES
        if full and self._times_s[-1] - self._times_s[0] < _LEAST_PERIOD_S * (_RATED_FRAMES - 1):
            return Rule.TIMING
        return None


class CueWatch:
    """Watches numbers about what surrounds the face; 1 is the limit of each."""

    def __init__(self) -> None:
        self._values: dict[str, deque[float]] = {}

    def cue(self, name: str, value: float) -> Rule | None:
        """Take the next value; the rule that denies, if it stayed at its limit."""
        values = self._values.setdefault(name, deque(maxlen=_CUES))
        values.append(value)
        # Written so that a number that is none (NaN) denies.
        if len(values) < _FEWEST_CUES or float(np.median(values)) < 1:
            return None
        return Rule.PRINT_CUE if name.startswith("print") else Rule.SCREEN_CUE
