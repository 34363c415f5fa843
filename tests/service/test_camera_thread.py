"""The camera is open while somebody watches, and a camera that hangs is noticed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from faced.errors import CameraUnavailable
from faced.landmarks.observe import FrameReport
from faced.service.camera_thread import STUCK_S, CameraThread
from tests.service.office import Scene


class Watcher:
    """Counts what it is told."""

    def __init__(self) -> None:
        self.reports: list[FrameReport] = []
        self.reasons: list[str] = []
        self.told = threading.Event()

    def seen(self, report: FrameReport) -> None:
        self.reports.append(report)
        self.told.set()

    def blind(self, reason: str) -> None:
        self.reasons.append(reason)
        self.told.set()

    def wait(self) -> None:
        assert self.told.wait(5)
        self.told.clear()


class Rig:
    """A camera thread whose callbacks run at once, and whose clock is set by hand."""

    def __init__(self) -> None:
        self.scene = Scene()
        self.now = 0.0
        self.fault: Exception | None = None
        self.closed = threading.Event()
        close = self.scene.close

        def closing() -> None:
            close()
            self.closed.set()

        self.scene.close = closing  # type: ignore[method-assign]
        self.thread = CameraThread(self._open, self.scene, lambda callback: callback(), lambda: self.now)

    def _open(self) -> Scene:
        if self.fault is not None:
            raise self.fault
        self.scene.open()
        return self.scene


@contextmanager
def _running() -> Iterator[Rig]:
    rig = Rig()
    rig.thread.start()
    yield rig
    rig.scene.hangs.set()
    rig.thread.stop(5)
    assert not rig.scene.is_open


@pytest.fixture
def rig() -> Iterator[Rig]:
    with _running() as running:
        yield running


def until(holds: Callable[[], bool]) -> None:
    step = threading.Event()
    for _ in range(1000):
        if holds():
            return
        step.wait(0.005)
    raise AssertionError("it never happened")


def test_the_camera_is_closed_until_somebody_watches_and_after_the_last_one_left(rig: Rig) -> None:
    assert rig.scene.opened == 0
    watcher = Watcher()
    rig.thread.watch(watcher)
    watcher.wait()
    assert rig.thread.state == "open"
    rig.thread.leave(watcher)
    assert rig.closed.wait(5)
    until(lambda: rig.thread.state == "idle")


def test_reports_go_to_the_newest_watcher_only_and_the_camera_stays_open_between(rig: Rig) -> None:
    older, newer = Watcher(), Watcher()
    rig.thread.watch(older)
    older.wait()
    rig.thread.watch(newer)
    newer.wait()
    counted = len(older.reports)
    newer.wait()
    assert len(older.reports) == counted
    rig.thread.leave(older)
    newer.told.clear()
    newer.wait()
    assert rig.scene.opened == 1


@pytest.mark.parametrize(
    ("fault", "reason"),
    [(CameraUnavailable("gone", reason="camera_gone"), "camera_gone"), (RuntimeError("dlib"), "fault")],
)
def test_a_failure_is_told_once_and_the_next_watcher_may_try_again(rig: Rig, fault: Exception, reason: str) -> None:
    rig.fault = fault
    watcher = Watcher()
    rig.thread.watch(watcher)
    watcher.wait()
    assert (watcher.reasons, rig.thread.state) == ([reason], reason)
    rig.fault = None
    again = Watcher()
    rig.thread.watch(again)
    again.wait()
    assert again.reports and watcher.reasons == [reason]


def test_an_unplugged_camera_is_told_and_closed(rig: Rig) -> None:
    watcher = Watcher()
    rig.thread.watch(watcher)
    watcher.wait()
    rig.scene.shows = CameraUnavailable("unplugged", reason="camera_gone")
    until(lambda: watcher.reasons == ["camera_gone"])
    assert rig.closed.wait(5)


def test_a_call_that_never_returns_is_noticed(rig: Rig) -> None:
    rig.scene.hangs.clear()
    watcher = Watcher()
    rig.thread.watch(watcher)
    until(lambda: rig.scene.is_open)
    rig.now = STUCK_S - 1
    assert not rig.thread.stuck()
    rig.now = STUCK_S + 1
    assert rig.thread.stuck()
    rig.thread.leave(watcher)
    assert rig.thread.stuck(), "leaving does not free a thread that hangs"
    rig.scene.hangs.set()
    until(lambda: not rig.thread.stuck())
