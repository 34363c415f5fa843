"""Clips in the place of a camera, with a clock of our own."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from faced.camera.base import EndOfClip
from faced.camera.clip import ClipCamera
from faced.errors import CameraUnavailable

SHADES = (20, 120, 220)


class Clock:
    """Time passes when somebody sleeps, or works."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.slept_s = 0.0

    def __call__(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds
        self.slept_s += seconds


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number, shade in enumerate(SHADES):
        cv2.imwrite(str(tmp_path / f"{number:03}.png"), np.full((48, 64, 3), shade, np.uint8))
    (tmp_path / "truth.json").write_text("{}")
    return tmp_path


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "film.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 15, (64, 48))
    for shade in SHADES:
        writer.write(np.full((48, 64, 3), shade, np.uint8))
    writer.release()
    return path


def shades(camera: ClipCamera, count: int) -> list[int]:
    return [round(float(camera.read().image.mean())) for _ in range(count)]


def test_a_folder_is_shown_in_the_order_of_its_names_and_again(folder: Path) -> None:
    with ClipCamera(folder, paced=False) as camera:
        assert shades(camera, 5) == [20, 120, 220, 20, 120]


def test_a_film_is_shown_and_again(film: Path) -> None:
    with ClipCamera(film, paced=False) as camera:
        assert shades(camera, 4) == pytest.approx([20, 120, 220, 20], abs=3)


def test_a_clip_that_does_not_loop_ends_and_begins_anew_when_opened_again(folder: Path) -> None:
    camera = ClipCamera(folder, loop=False, paced=False)
    for _attempt in range(2):
        with camera:
            assert shades(camera, 3) == [20, 120, 220]
            with pytest.raises(EndOfClip):
                camera.read()


def test_frames_asked_for_without_pace_carry_the_times_of_the_pace(folder: Path) -> None:
    clock = Clock()
    with ClipCamera(folder, 10, paced=False, clock=clock, sleep=clock.sleep) as camera:
        frames = [camera.read() for _ in range(4)]
    assert [frame.timestamp_s for frame in frames] == pytest.approx([1000.0, 1000.1, 1000.2, 1000.3])
    assert [frame.index for frame in frames] == [0, 1, 2, 3]
    assert clock.slept_s == 0


def test_a_paced_clip_waits_for_each_frame(folder: Path) -> None:
    clock = Clock()
    with ClipCamera(folder, 10, clock=clock, sleep=clock.sleep) as camera:
        for _ in range(4):
            frame = camera.read()
    assert clock.slept_s == pytest.approx(0.3)
    assert frame.timestamp_s == pytest.approx(clock.now_s)


def test_a_reader_slower_than_the_clip_gets_frames_of_now(folder: Path) -> None:
    clock = Clock()
    with ClipCamera(folder, 10, clock=clock, sleep=clock.sleep) as camera:
        camera.read()
        clock.now_s += 5
        assert camera.read().timestamp_s == pytest.approx(clock.now_s)
        assert camera.read().timestamp_s == pytest.approx(clock.now_s)
    assert clock.slept_s == pytest.approx(0.1)


def test_a_clip_is_always_a_virtual_camera(folder: Path) -> None:
    assert ClipCamera(folder).info.virtual


def test_a_clip_that_is_closed_or_not_there_is_unavailable(folder: Path, tmp_path: Path) -> None:
    camera = ClipCamera(folder)
    with pytest.raises(CameraUnavailable):
        camera.read()
    for missing in (tmp_path / "none", tmp_path / "empty"):
        if missing.name == "empty":
            missing.mkdir()
        with pytest.raises(CameraUnavailable):
            ClipCamera(missing).open()


def test_a_file_that_is_no_film_is_unavailable(tmp_path: Path) -> None:
    path = tmp_path / "film.mkv"
    path.write_bytes(b"not a film")
    with pytest.raises(CameraUnavailable, match="cannot be played"):
        ClipCamera(path).open()
