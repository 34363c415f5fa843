"""What every camera looks like to the rest of faced: frames with a time, and one error when there are none."""

from __future__ import annotations

import abc
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from faced.errors import CameraUnavailable


class EndOfClip(CameraUnavailable):
    """A clip that does not loop has been shown to its end."""

    reason = "end_of_clip"


@dataclass(frozen=True)
class CameraInfo:
    """What a camera is, for the status page, the audit record and the rule about virtual cameras.

    ``virtual`` is true for everything that is not a physical camera on a local bus: clips, loopback and test devices.
    """

    kind: str
    name: str
    driver: str
    bus: str
    virtual: bool


@dataclass(frozen=True)
class Frame:
    """One picture.

    ``image`` (h, w, 3) uint8 BGR; ``timestamp_s`` monotonic seconds of the exposure where the driver tells it;
    ``index`` counts from 0 at each open.
    """

    image: NDArray[np.uint8]
    timestamp_s: float
    index: int


class Camera(abc.ABC):
    """A source of frames, open only while an attempt runs.

    A context manager: entering opens the camera if it is not open yet, leaving closes it. ``close`` may be called any
    number of times. All calls come from one thread.
    """

    @abc.abstractmethod
    def open(self) -> None:
        """Take the device and assert its format; does nothing when it is open already.

        :raises CameraUnavailable: nothing there, in use, not allowed, or not able to deliver the format.
        """

    @abc.abstractmethod
    def read(self) -> Frame:
        """The next frame, within a bounded time.

        :raises CameraUnavailable: not open, unplugged or silent; :class:`EndOfClip` after the last frame of a clip.
        """

    @abc.abstractmethod
    def close(self) -> None:
        """Give the device back."""

    @property
    @abc.abstractmethod
    def info(self) -> CameraInfo:
        """What this is; for a device the facts of the last open."""

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
