"""The one thread that looks: camera and landmarks, for one watcher at a time, and only while there is one."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from faced.camera.base import Camera
from faced.errors import CameraUnavailable
from faced.landmarks.observe import FrameReport
from faced.service.loop import Callback

logger = logging.getLogger(__name__)

#: A camera call that takes longer than this will never return.
STUCK_S = 20.0


class FrameObserver(Protocol):
    """What is used of :class:`faced.landmarks.observe.Observer`."""

    def observe(self, image: NDArray[np.uint8], timestamp_s: float) -> FrameReport: ...

    def reset(self) -> None: ...


class Watcher(Protocol):
    """Who is told what the camera sees, in the loop's thread."""

    def seen(self, report: FrameReport) -> None:
        """A frame was looked at."""

    def blind(self, reason: str) -> None:
        """There will be no frames; the camera is closed."""


class CameraThread:
    """Opens the camera for a watcher, closes it when the last one left.

    :param open_camera: gives an open camera; called in the thread.
    :param post: runs a callback in the loop's thread.
    :param clock: monotonic seconds.
    """

    def __init__(
        self,
        open_camera: Callable[[], Camera],
        observer: FrameObserver,
        post: Callable[[Callback], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._open_camera = open_camera
        self._observer = observer
        self._post = post
        self._clock = clock
        self._changed = threading.Condition()
        self._watcher: Watcher | None = None
        self._ending = False
        self._busy_since: float | None = None
        #: "idle", "open", or the reason of the last failure.
        self.state = "idle"
        self._thread = threading.Thread(target=self._run, name="camera", daemon=True)

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def watch(self, watcher: Watcher) -> None:
        """Send reports to this watcher, and no longer to the one before."""
        with self._changed:
            self._watcher = watcher
            self._changed.notify()

    def leave(self, watcher: Watcher) -> None:
        """No more reports to this watcher; without another one the camera is closed after the frame under way."""
        with self._changed:
            if self._watcher is watcher:
                self._watcher = None

    def stuck(self) -> bool:
        """Whether a camera call hangs: only a new process can help."""
        busy_since = self._busy_since
        return busy_since is not None and self._clock() - busy_since > STUCK_S

    def stop(self, timeout_s: float) -> None:
        """Close the camera and end, waiting no longer than this."""
        with self._changed:
            self._ending = True
            self._watcher = None
            self._changed.notify()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._watcher is not None or self._ending)
                if self._ending:
                    return
            self._busy_since = self._clock()
            try:
                self._look()
                self.state = "idle"
            except CameraUnavailable as error:
                self._fail(error.reason)
            except Exception:
                # A fault in the picture library is one failed attempt, not the end of all logons.
                logger.exception("fault while looking at the camera")
                self._fail("fault")
            finally:
                self._busy_since = None

    def _look(self) -> None:
        with self._open_camera() as camera:
            self.state = "open"
            served: Watcher | None = None
            while (watcher := self._watcher) is not None:
                if watcher is not served:
                    # The camera stays open from one attempt to the next; what was seen does not.
                    self._observer.reset()
                    served = watcher
                frame = camera.read()
                report = self._observer.observe(frame.image, frame.timestamp_s)
                self._busy_since = self._clock()
                self._tell(watcher, report)

    def _tell(self, watcher: Watcher, report: FrameReport) -> None:
        def deliver() -> None:
            if self._watcher is watcher:
                watcher.seen(report)

        self._post(deliver)

    def _fail(self, reason: str) -> None:
        self.state = reason
        with self._changed:
            watcher, self._watcher = self._watcher, None
        if watcher is not None:
            blinded = watcher
            self._post(lambda: blinded.blind(reason))
