"""The loop: timers in order, other threads heard, sockets forgotten when told."""

from __future__ import annotations

import selectors
import socket
import threading
from collections.abc import Iterator

import pytest

from faced.service.loop import Loop
from faced.service.rate import RateLimit


class Clock:
    """Stands still unless moved."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def loop(clock: Clock) -> Iterator[Loop]:
    made = Loop(clock)
    yield made
    made.close()


def test_timers_fire_in_the_order_of_their_times_and_once(loop: Loop, clock: Clock) -> None:
    fired: list[str] = []
    loop.later(2, lambda: fired.append("second"))
    loop.later(1, lambda: fired.append("first"))
    cancelled = loop.later(1, lambda: fired.append("never"))
    cancelled.cancel()
    clock.now = 1
    loop.once(0)
    assert fired == ["first"]
    clock.now = 5
    loop.once(0)
    loop.once(0)
    assert fired == ["first", "second"]


def test_another_thread_wakes_the_loop(loop: Loop) -> None:
    heard: list[int] = []
    thread = threading.Thread(target=lambda: loop.soon(lambda: heard.append(threading.get_ident())))
    thread.start()
    while not heard:
        loop.once(5)
    assert heard == [threading.get_ident()]
    thread.join()


def test_a_full_pipe_loses_no_callback(loop: Loop) -> None:
    counted: list[int] = []
    for number in range(100_000):
        loop.soon(lambda number=number: counted.append(number))  # type: ignore[misc]
    loop.once(0)
    assert counted == list(range(100_000))


def test_a_forgotten_socket_is_not_called_back(loop: Loop) -> None:
    one, other = socket.socketpair()
    called: list[int] = []
    with one, other:
        loop.watch(one, selectors.EVENT_READ, called.append)
        other.send(b"x")
        loop.once(0)
        loop.watch(one, 0, called.append)
        loop.once(0)
    assert called == [selectors.EVENT_READ]


def test_a_socket_closed_by_another_callback_of_the_same_round_is_not_called_back(loop: Loop) -> None:
    pairs = [socket.socketpair() for _ in range(2)]
    called: list[int] = []

    def close_all(which: int) -> None:
        called.append(which)
        for mine, _theirs in pairs:
            loop.watch(mine, 0, lambda _events: None)
            mine.close()

    for which, (mine, theirs) in enumerate(pairs):
        loop.watch(mine, selectors.EVENT_READ, lambda _events, which=which: close_all(which))  # type: ignore[misc]
        theirs.send(b"x")
    loop.once(0)
    assert len(called) == 1
    for _mine, theirs in pairs:
        theirs.close()


def test_stop_ends_the_run_from_any_thread(loop: Loop) -> None:
    thread = threading.Thread(target=loop.run)
    thread.start()
    loop.stop()
    thread.join(5)
    assert not thread.is_alive()


def test_a_uid_may_ask_in_a_burst_and_then_at_a_pace(clock: Clock) -> None:
    rate = RateLimit(clock, burst=3, refill_s=2.0)
    assert [rate.allow(1) for _ in range(4)] == [True, True, True, False]
    assert rate.allow(2), "each uid for itself"
    clock.now = 2.0
    assert [rate.allow(1) for _ in range(2)] == [True, False]
    clock.now = 100.0
    assert [rate.allow(1) for _ in range(4)] == [True, True, True, False]
