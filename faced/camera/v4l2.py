"""A V4L2 camera, read through OpenCV."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from faced.camera.base import Camera, CameraInfo, Frame
from faced.camera.device import SYSFS, device_facts, device_path
from faced.errors import CameraUnavailable
from faced.i18n import _

#: Uncompressed first: an MJPG frame costs a decode and its blocks cost sharpness.
PIXEL_FORMATS = ("YUYV", "MJPG")
#: A webcam takes up to two seconds from "stream" to its first frame; after that a gap this long is a fault.
FIRST_FRAME_TIMEOUT_S = 3
FRAME_TIMEOUT_S = 1
#: A buffer older than this was not stamped by the monotonic clock (a driver parameter allows others).
_STAMP_TOLERANCE_S = 5.0


class V4L2Camera(Camera):
    """A camera by name, opened in exactly the format asked for.

    The format is set and read back at every open: a video conference or a resume may have left another one.

    :param name: see :func:`faced.camera.device.device_path`.
    :param width: of the frames, px; ``height`` likewise.
    :param fps: frames per second that the camera must promise (in the dark it may deliver fewer).
    :param allow_virtual: whether a device that is not physical is accepted (a realm marked dummy).
    :param sysfs: where sysfs is mounted.
    :param clock: monotonic seconds.
    """

    def __init__(
        self,
        name: str,
        width: int,
        height: int,
        fps: int,
        *,
        allow_virtual: bool = False,
        sysfs: Path = SYSFS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._width, self._height, self._fps = width, height, fps
        self._allow_virtual = allow_virtual
        self._sysfs = sysfs
        self._clock = clock
        self._capture: cv2.VideoCapture | None = None
        self._index = 0
        self._info = CameraInfo(kind="v4l2", name=name, driver="", bus="", virtual=False)

    @property
    def info(self) -> CameraInfo:
        return self._info

    def open(self) -> None:
        if self._capture is not None:
            return
        path = device_path(self._info.name, self._sysfs)
        facts = device_facts(path)
        self._info = CameraInfo(
            kind="v4l2", name=self._info.name, driver=facts.driver, bus=facts.bus, virtual=facts.virtual
        )
        if facts.virtual and not self._allow_virtual:
            raise CameraUnavailable(
                _("{path} is a virtual camera (driver {driver}). Only a realm of dummy staff may use one.").format(
                    path=path, driver=facts.driver
                ),
                reason="camera_virtual",
            )
        self._capture = self._opened(path)
        self._index = 0

    def read(self) -> Frame:
        capture = self._capture
        if capture is None:
            raise CameraUnavailable(_("The camera is closed."))
        timeout_s = FRAME_TIMEOUT_S if self._index else FIRST_FRAME_TIMEOUT_S
        try:
            ready, _streams = cv2.VideoCapture.waitAny([capture], timeoutNs=int(timeout_s * 1e9))
            grabbed, image = capture.retrieve() if ready else (False, None)
        except cv2.error:
            grabbed, image = False, None
        if not grabbed or image is None:
            self.close()
            raise CameraUnavailable(_("The camera stopped sending pictures. Check its cable, or log on with help."))
        if image.shape != (self._height, self._width, 3) or image.dtype != np.uint8:
            self.close()
            raise self._wrong_format(f"{image.shape[1]}x{image.shape[0]}")
        frame = Frame(image.astype(np.uint8, copy=False), self._stamp(capture), self._index)
        self._index += 1
        return frame

    def close(self) -> None:
        capture, self._capture = self._capture, None
        if capture is not None:
            capture.release()

    def _opened(self, path: Path) -> cv2.VideoCapture:
        # OpenCV waits for a stream's first frame by itself, ten seconds unless this is set before it first waits.
        os.environ["OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT"] = str(FIRST_FRAME_TIMEOUT_S)
        delivered = ""
        for pixel_format in PIXEL_FORMATS:
            wanted = cv2.VideoWriter.fourcc(*pixel_format)
            # In one step with the opening: set() afterwards would start and stop the stream for each property.
            capture = cv2.VideoCapture(
                str(path),
                cv2.CAP_V4L2,
                [
                    cv2.CAP_PROP_FOURCC, wanted,
                    cv2.CAP_PROP_FRAME_WIDTH, self._width,
                    cv2.CAP_PROP_FRAME_HEIGHT, self._height,
                    cv2.CAP_PROP_FPS, self._fps,
                ],
            )  # fmt: skip
            if capture.isOpened():
                size = (capture.get(cv2.CAP_PROP_FRAME_WIDTH), capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
                fps = capture.get(cv2.CAP_PROP_FPS)
                right_size = size == (self._width, self._height)
                if right_size and abs(fps - self._fps) <= 1 and int(capture.get(cv2.CAP_PROP_FOURCC)) == wanted:
                    return capture
                delivered = f"{size[0]:.0f}x{size[1]:.0f}, {fps:.0f} fps"
            capture.release()
        if delivered:
            raise self._wrong_format(delivered)
        raise CameraUnavailable(
            _("The camera at {path} cannot be started. Is another program using it?").format(path=path)
        )

    def _wrong_format(self, delivered: str) -> CameraUnavailable:
        return CameraUnavailable(
            _("The camera delivers {delivered} instead of {wanted}. Correct the section [camera].").format(
                delivered=delivered, wanted=f"{self._width}x{self._height}, {self._fps} fps"
            ),
            reason="camera_format",
        )

    def _stamp(self, capture: cv2.VideoCapture) -> float:
        now = self._clock()
        stamped = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        return stamped if 0 <= now - stamped <= _STAMP_TOLERANCE_S else now
