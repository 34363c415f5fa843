"""A clip in the place of a camera: a film, a still or a folder of stills, for dummy realms, tests and benchmarks."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from faced.camera.base import Camera, CameraInfo, EndOfClip, Frame
from faced.errors import CameraUnavailable
from faced.i18n import _

_STILLS = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".ppm"})


class ClipCamera(Camera):
    """Shows a clip from its beginning at each open.

    :param path: a film, a still, or a folder whose stills are shown in the order of their names.
    :param fps: the pace, and the spacing of the timestamps, whatever the film's own.
    :param loop: begin again after the last frame instead of raising :class:`EndOfClip`.
    :param paced: wait for each frame's time; otherwise frames come as fast as they are asked for and only their
        timestamps follow ``fps``.
    :param clock: monotonic seconds; ``sleep`` waits that many.
    """

    def __init__(
        self,
        path: Path,
        fps: float = 30,
        *,
        loop: bool = True,
        paced: bool = True,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._path = path
        self._period_s = 1 / fps
        self._loop, self._paced = loop, paced
        self._clock, self._sleep = clock, sleep
        self._source: _Stills | _Film | None = None
        self._opened_s = 0.0
        self._index = 0

    @property
    def info(self) -> CameraInfo:
        return CameraInfo(kind="clip", name=f"clip:{self._path}", driver="", bus="", virtual=True)

    def open(self) -> None:
        if self._source is not None:
            return
        self._source = _source(self._path)
        self._opened_s = self._clock()
        self._index = 0

    def read(self) -> Frame:
        source = self._source
        if source is None:
            raise CameraUnavailable(_("The camera is closed."))
        image = source.next()
        if image is None and self._loop:
            source.rewind()
            image = source.next()
        if image is None:
            raise EndOfClip(_("The clip {path} has ended.").format(path=self._path))
        timestamp_s = self._opened_s + self._index * self._period_s
        if self._paced:
            ahead_s = timestamp_s - self._clock()
            if ahead_s > 0:
                self._sleep(ahead_s)
            elif -ahead_s > self._period_s:
                # The reader is slower than the clip: the frame is of now, as a camera's would be.
                timestamp_s -= ahead_s
                self._opened_s -= ahead_s
        frame = Frame(image, timestamp_s, self._index)
        self._index += 1
        return frame

    def close(self) -> None:
        source, self._source = self._source, None
        if source is not None:
            source.close()


class _Stills:
    def __init__(self, paths: list[Path]) -> None:
        self._paths = paths
        self._next = 0

    def next(self) -> NDArray[np.uint8] | None:
        if self._next == len(self._paths):
            return None
        path = self._paths[self._next]
        self._next += 1
        image = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if image is None:
            raise CameraUnavailable(_("{path} is not a picture.").format(path=path))
        return image.astype(np.uint8, copy=False)

    def rewind(self) -> None:
        self._next = 0

    def close(self) -> None:
        self._next = len(self._paths)


class _Film:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._capture = self._opened()

    def next(self) -> NDArray[np.uint8] | None:
        grabbed, image = self._capture.read()
        return image.astype(np.uint8, copy=False) if grabbed else None

    def rewind(self) -> None:
        # Seeking in a film lands on a key frame; opening it again is exact.
        self._capture.release()
        self._capture = self._opened()

    def close(self) -> None:
        self._capture.release()

    def _opened(self) -> cv2.VideoCapture:
        capture = cv2.VideoCapture(str(self._path), cv2.CAP_FFMPEG)
        if not capture.isOpened():
            raise CameraUnavailable(_("The clip {path} cannot be played.").format(path=self._path))
        return capture


def _source(path: Path) -> _Stills | _Film:
    if path.is_dir():
        stills = sorted(entry for entry in path.iterdir() if entry.suffix.lower() in _STILLS)
        if not stills:
            raise CameraUnavailable(_("There are no pictures in {path}.").format(path=path))
        return _Stills(stills)
    if not path.is_file():
        raise CameraUnavailable(_("There is no clip {path}.").format(path=path))
    return _Stills([path]) if path.suffix.lower() in _STILLS else _Film(path)
