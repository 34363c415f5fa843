"""OpenCV's real V4L2 backend in a process of its own, before the preloaded webcam of the rig."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.rig.v4l2 import FakeWebcam

#: Reads one request a line ({"frames", "allow_virtual"}), opens the camera, answers a line, and goes on.
READER = """
import hashlib, json, sys, time
from faced.camera.choose import open_camera
from faced.config import CameraConfig
from faced.errors import CameraUnavailable
for line in sys.stdin:
    request = json.loads(line)
    answer = {"shades": [], "stamps": [], "digests": []}
    started = time.monotonic()
    try:
        with open_camera(CameraConfig(name=sys.argv[1]), allow_virtual=request["allow_virtual"]) as camera:
            answer["virtual"], answer["driver"] = camera.info.virtual, camera.info.driver
            for _ in range(request["frames"]):
                started = time.monotonic()
                frame = camera.read()
                answer["shades"].append(round(float(frame.image.mean())))
                answer["stamps"].append(frame.timestamp_s)
                answer["digests"].append(hashlib.sha256(frame.image.tobytes()).hexdigest())
                answer["size"] = frame.image.shape
    except CameraUnavailable as error:
        answer["reason"], answer["text"] = error.reason, str(error)
        answer["waited_s"] = time.monotonic() - started
    print(json.dumps(answer), flush=True)
"""


class Reader:
    """A program that keeps running while the webcam before it changes."""

    def __init__(self, webcam: FakeWebcam) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", READER, webcam.name],
            env={**os.environ, **webcam.environment, "OPENCV_LOG_LEVEL": "SILENT"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def look(self, frames: int = 3, *, allow_virtual: bool = False) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"frames": frames, "allow_virtual": allow_virtual}) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def end(self) -> None:
        self._process.communicate(timeout=20)


def shade(value: int, count: int = 1, size: tuple[int, int] = (480, 640)) -> list[np.ndarray[Any, Any]]:
    return [np.full((*size, 3), value, np.uint8)] * count


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[FakeWebcam, Reader]:
    webcam = FakeWebcam(tmp_path_factory.mktemp("webcam"))
    return webcam, Reader(webcam)


@pytest.fixture(scope="module", autouse=True)
def ended(built: tuple[FakeWebcam, Reader]) -> Iterator[None]:
    yield
    built[1].end()


@pytest.fixture
def webcam(built: tuple[FakeWebcam, Reader]) -> Iterator[FakeWebcam]:
    webcam = built[0]
    webcam.show(shade(80))
    yield webcam
    webcam.set(fps=None, fail_after=None, stall_after=None, busy=None, absent=None, driver=None, bus=None)


@pytest.fixture
def reader(built: tuple[FakeWebcam, Reader]) -> Reader:
    return built[1]


def test_frames_come_in_the_format_and_at_the_pace_asked_for(webcam: FakeWebcam, reader: Reader) -> None:
    answer = reader.look(31)
    assert answer["size"] == [480, 640, 3]
    assert not answer["virtual"]
    assert np.diff(answer["stamps"]) == pytest.approx(1 / 30, abs=0.005)


def test_colours_arrive_as_they_were_shown(webcam: FakeWebcam, reader: Reader) -> None:
    webcam.show([*shade(40), *shade(200)])
    # OpenCV drops the first frame of a stream: it is often a broken one.
    assert reader.look(4)["shades"] == pytest.approx([200, 40, 200, 40], abs=2)


@pytest.mark.parametrize("times", [1, 2])
def test_the_person_before_it_acts_when_asked_and_then_goes_on(webcam: FakeWebcam, reader: Reader, times: int) -> None:
    webcam.show(shade(40, 4), {"turn": [*shade(150), *shade(200, 2)]})
    asked = threading.Timer(0.4, webcam.act, ["turn", times])
    asked.start()
    shades = reader.look(30)["shades"]
    asked.join()
    first = shades.index(150)
    assert shades == [40] * first + [150, 200, 200] * times + [40] * (30 - 3 * times - first)
    assert 5 < first < 27 - 3 * times


def test_no_frame_comes_twice_though_the_same_is_shown(webcam: FakeWebcam, reader: Reader) -> None:
    webcam.show(shade(40))
    answer = reader.look(10)
    assert len(set(answer["digests"])) == 10
    assert set(answer["shades"]) == {40}


def test_one_process_opens_and_closes_the_camera_many_times_and_sees_who_sits_there_now(
    webcam: FakeWebcam, reader: Reader
) -> None:
    for value in (30, 90, 150, 210, 60, 120):
        webcam.show(shade(value))
        assert reader.look(1)["shades"] == pytest.approx([value], abs=2)


def test_a_camera_of_another_pace_is_refused_with_what_it_delivers(webcam: FakeWebcam, reader: Reader) -> None:
    webcam.set(fps=15)
    answer = reader.look()
    assert answer["reason"] == "camera_format"
    assert "15 fps" in answer["text"]


def test_a_camera_of_another_size_is_refused(webcam: FakeWebcam, reader: Reader) -> None:
    webcam.show(shade(80, size=(240, 320)))
    answer = reader.look()
    assert answer["reason"] == "camera_format"
    assert "320x240" in answer["text"]


def test_an_unplugged_camera_is_noticed_at_once(webcam: FakeWebcam, reader: Reader) -> None:
    webcam.set(fail_after=5)
    answer = reader.look(30)
    assert len(answer["shades"]) == 4
    assert answer["reason"] == "camera_unavailable"
    assert answer["waited_s"] < 1


def test_a_camera_that_falls_silent_is_given_up_after_a_second_not_ten(webcam: FakeWebcam, reader: Reader) -> None:
    webcam.set(stall_after=5)
    answer = reader.look(30)
    assert len(answer["shades"]) == 4
    assert answer["reason"] == "camera_unavailable"
    assert answer["waited_s"] < 3


@pytest.mark.parametrize("frames", [0, 1])
def test_a_camera_that_never_gets_going_is_given_up(webcam: FakeWebcam, reader: Reader, frames: int) -> None:
    webcam.set(stall_after=frames)
    answer = reader.look(1)
    assert answer["reason"] == "camera_unavailable"
    assert answer["waited_s"] < 8


def test_the_camera_works_again_after_it_was_unplugged(webcam: FakeWebcam, reader: Reader) -> None:
    webcam.set(absent=True)
    assert reader.look()["reason"] == "camera_unplugged"
    webcam.set(absent=False)
    assert len(reader.look()["shades"]) == 3


def test_a_camera_in_use_is_named_as_such(webcam: FakeWebcam, reader: Reader) -> None:
    webcam.set(busy=True)
    answer = reader.look()
    assert answer["reason"] == "camera_busy"
    assert "another program" in answer["text"]


@pytest.mark.parametrize(
    ("driver", "bus"),
    [("v4l2 loopback", "platform:v4l2loopback-000"), ("vivid", "platform:vivid-000"), ("uvcvideo", "usb-vhci_hcd.0-1")],
)
def test_a_virtual_camera_is_refused_in_a_real_realm_and_accepted_in_a_dummy_one(
    webcam: FakeWebcam, reader: Reader, driver: str, bus: str
) -> None:
    webcam.set(driver=driver, bus=bus)
    refused = reader.look()
    assert refused["reason"] == "camera_virtual"
    assert not refused["shades"]
    accepted = reader.look(allow_virtual=True)
    assert len(accepted["shades"]) == 3
    assert accepted["virtual"]


def test_the_stamps_are_those_of_the_exposure_on_the_monotonic_clock(webcam: FakeWebcam, reader: Reader) -> None:
    before = time.monotonic()
    stamps = reader.look(3)["stamps"]
    assert before <= stamps[0] < stamps[1] < stamps[2] <= time.monotonic()


def test_the_rig_leaves_other_files_alone(webcam: FakeWebcam, tmp_path: Path) -> None:
    file = tmp_path / "plain"
    subprocess.run(
        [sys.executable, "-c", f"open({str(file)!r}, 'w').write('x'); print(open('/dev/null').read())"],
        env={**os.environ, **webcam.environment},
        check=True,
    )
    assert file.read_text() == "x"
