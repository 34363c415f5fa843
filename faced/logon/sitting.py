"""The usable frames of one face, seen without a break."""

from __future__ import annotations

from collections import deque

from faced.landmarks.observe import FrameReport, Observation

#: Frames that are kept; the judge looks at no more.
MOST = 20
#: Before the join only this much of the past is kept: the person who is judged is the one who is there now.
RECENT_S = 3.0


class Sitting:
    """Collects observations; a face that was lost from view begins another sitting."""

    def __init__(self) -> None:
        self._observations: deque[Observation] = deque(maxlen=MOST)
        self._track: int | None = None

    def __len__(self) -> int:
        return len(self._observations)

    def take(self, report: FrameReport) -> bool:
        """Take a report in.

        :return: False if what was collected before belongs to another sitting and was dropped.
        """
        same = self._track is None or report.track == self._track
        if not same:
            self._observations.clear()
        self._track = report.track
        if report.reason is None and report.observation is not None:
            self._observations.append(report.observation)
        return same

    def forget(self) -> None:
        """Drop everything."""
        self._observations.clear()
        self._track = None

    def forget_before(self, timestamp_s: float) -> None:
        """Drop what is older."""
        while self._observations and self._observations[0].timestamp_s < timestamp_s:
            self._observations.popleft()

    def drain(self) -> list[Observation]:
        """All observations not taken yet, oldest first."""
        drained = list(self._observations)
        self._observations.clear()
        return drained
