"""The daemon that ends when nobody needs it, and the caller who comes at that moment."""

from __future__ import annotations

import selectors
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from faced.service.idle import IdleExit
from faced.service.interface import Interface
from faced.service.loop import Loop
from faced.service.server import Call, Server
from faced.service.varlink import Client, encode

IDLE_S = 100.0
PATIENCE_S = 10.0


class Clock:
    """Seconds that a test lets pass."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


class Instance:
    """One process's loop and server on sockets that somebody else holds open, like PID 1."""

    def __init__(self, logon: socket.socket, status: socket.socket) -> None:
        self.clock = Clock()
        self.loop = Loop(self.clock)
        self.server = Server(self.loop)
        interface = Interface.shipped("io.faced.Status")
        self.server.listen(logon.dup(), interface, {"Get": _answer, "Remind": _answer})
        self.server.listen(status.dup(), interface, {"Get": _answer, "Remind": _answer}, counts=False)
        self.left: list[str] = []
        self.stopped = False
        IdleExit(self.loop, self.server, IDLE_S, lambda: self.left.append("idle")).watch()
        stop = self.loop.stop

        def stopping() -> None:
            self.stopped = True
            stop()

        self.loop.stop = stopping  # type: ignore[method-assign]

    def once(self) -> None:
        self.loop.once(0.0)

    def end(self) -> None:
        self.server.close()
        self.loop.close()


def _answer(call: Call) -> None:
    call.reply(
        **{"version": "1", "realm": "", "dummy": True, "host": "", "camera": "", "camera_state": "", "predictor": ""},
        **{"metric": "", "directory": "", "manifest": {"known": False, "seconds": None}, "expires_in": None},
        warnings=[],
    )


@contextmanager
def connected(path: Path) -> Iterator[None]:
    """Somebody who has asked something and stays on the line."""
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        client.sendall(encode({"method": "io.faced.Status.Get"}))
        yield


def _listener(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    listener.listen(8)
    return listener


@pytest.fixture
def listeners(open_folder: Path) -> Iterator[tuple[socket.socket, socket.socket]]:
    with _listener(open_folder / "logon") as logon, _listener(open_folder / "status") as status:
        yield logon, status


def test_it_ends_when_nobody_came_and_not_before(listeners: tuple[socket.socket, socket.socket]) -> None:
    instance = Instance(*listeners)
    instance.clock.now_s += IDLE_S - 0.5
    instance.once()
    assert not instance.stopped
    instance.clock.now_s += 0.5
    instance.once()
    assert (instance.stopped, instance.left) == (True, ["idle"])
    instance.end()


def test_who_is_there_keeps_it_and_the_time_begins_when_they_leave(
    listeners: tuple[socket.socket, socket.socket], open_folder: Path
) -> None:
    instance = Instance(*listeners)
    with connected(open_folder / "logon"):
        instance.once()
        instance.once()
        instance.clock.now_s += 10 * IDLE_S
        instance.once()
        assert not instance.stopped
    instance.once()
    instance.clock.now_s += IDLE_S - 1
    instance.once()
    assert not instance.stopped
    instance.clock.now_s += 2
    instance.once()
    assert instance.stopped
    instance.end()


def test_a_monitor_that_asks_how_it_goes_does_not_keep_it_but_gets_its_answer(
    listeners: tuple[socket.socket, socket.socket], open_folder: Path
) -> None:
    instance = Instance(*listeners)
    with connected(open_folder / "status"):
        instance.once()
        instance.once()
        instance.clock.now_s += IDLE_S
        instance.once()
        assert not instance.stopped
    instance.once()
    instance.clock.now_s += 1
    instance.once()
    assert instance.stopped
    instance.end()


def test_a_caller_at_the_moment_of_the_exit_is_served_by_the_next_instance(
    listeners: tuple[socket.socket, socket.socket], open_folder: Path
) -> None:
    first = Instance(*listeners)
    first.clock.now_s += IDLE_S
    # The sockets are looked at before the timers: this caller comes between the two.
    select = first.loop._selector.select
    arrived: list[Client] = []

    def select_then_arrive(timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = select(timeout)
        if not arrived:
            arrived.append(Client(open_folder / "logon", PATIENCE_S))
        return ready

    first.loop._selector.select = select_then_arrive  # type: ignore[method-assign]
    first.loop.run()
    first.end()
    assert first.stopped
    second = Instance(*listeners)
    answers: list[object] = []
    with arrived[0] as client:
        asking = threading.Thread(target=lambda: answers.append(client.call("io.faced.Status.Get")), daemon=True)
        asking.start()
        until_s = time.monotonic() + PATIENCE_S
        while not answers and time.monotonic() < until_s:
            second.loop.once(0.01)
        asking.join(PATIENCE_S)
    assert answers
    second.end()
