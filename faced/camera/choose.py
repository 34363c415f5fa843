"""The one door to a camera: the one that the configuration names, and no virtual one in a real realm."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from faced.camera.base import Camera
from faced.camera.clip import ClipCamera
from faced.camera.v4l2 import V4L2Camera
from faced.errors import CameraUnavailable
from faced.i18n import _


class CameraSettings(Protocol):
    """What is asked of :class:`faced.config.CameraConfig`."""

    @property
    def name(self) -> str: ...

    @property
    def width(self) -> int: ...

    @property
    def height(self) -> int: ...

    @property
    def fps(self) -> int: ...


def open_camera(config: CameraSettings, *, allow_virtual: bool) -> Camera:
    """Open the configured camera; the caller closes it (it is a context manager).

    :param allow_virtual: whether clip and loopback cameras are accepted: only in a realm marked dummy.
    :raises CameraUnavailable: no camera named or found, in use, not allowed here, or unable to deliver the format.
    """
    camera = _camera(config, allow_virtual)
    camera.open()
    return camera


def _camera(config: CameraSettings, allow_virtual: bool) -> Camera:
    if not config.name:
        raise CameraUnavailable(
            _("No camera is configured. Write its name (usb:VENDOR:PRODUCT) into the section [camera]."),
            reason="camera_unnamed",
        )
    if not config.name.startswith("clip:"):
        return V4L2Camera(config.name, config.width, config.height, config.fps, allow_virtual=allow_virtual)
    if not allow_virtual:
        raise CameraUnavailable(
            _("A clip cannot stand in for the camera. Only a realm of dummy staff may use one."),
            reason="camera_virtual",
        )
    return ClipCamera(Path(config.name.removeprefix("clip:")), config.fps)
