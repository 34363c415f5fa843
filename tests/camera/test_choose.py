"""The one door to a camera."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from faced.camera.choose import open_camera
from faced.config import CameraConfig
from faced.errors import CameraUnavailable


@pytest.fixture
def clip(tmp_path: Path) -> CameraConfig:
    path = tmp_path / "still.png"
    cv2.imwrite(str(path), np.full((48, 64, 3), 90, np.uint8))
    return CameraConfig(name=f"clip:{path}")


def test_a_clip_stands_in_for_the_camera_in_a_dummy_realm(clip: CameraConfig) -> None:
    with open_camera(clip, allow_virtual=True) as camera:
        assert camera.info.virtual
        assert camera.read().image.shape == (48, 64, 3)


def test_a_clip_is_refused_in_a_real_realm(clip: CameraConfig) -> None:
    with pytest.raises(CameraUnavailable) as refusal:
        open_camera(clip, allow_virtual=False)
    assert refusal.value.reason == "camera_virtual"


def test_the_camera_comes_open_and_opening_it_again_changes_nothing(clip: CameraConfig) -> None:
    camera = open_camera(clip, allow_virtual=True)
    assert camera.read().index == 0
    camera.open()
    assert camera.read().index == 1
    camera.close()
    camera.close()
    with pytest.raises(CameraUnavailable):
        camera.read()


def test_a_machine_without_a_named_camera_says_what_to_configure() -> None:
    with pytest.raises(CameraUnavailable, match=r"\[camera\]"):
        open_camera(CameraConfig(), allow_virtual=True)


def test_a_camera_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(CameraUnavailable):
        open_camera(CameraConfig(name="path:/dev/v4l/by-path/none"), allow_virtual=False)
