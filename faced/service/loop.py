"""The event loop of a daemon: one thread, readiness, timers, and a door for worker threads."""

from __future__ import annotations

import heapq
import itertools
import os
import selectors
import socket
import time
from collections import deque
from collections.abc import Callable

Callback = Callable[[], None]


class Timer:
    """A call that is due later; :meth:`cancel` forgets it."""

    def __init__(self, callback: Callback) -> None:
        self._callback: Callback | None = callback

    @property
    def armed(self) -> bool:
        """Whether it is still to come."""
        return self._callback is not None

    def cancel(self) -> None:
        self._callback = None

    def fire(self) -> None:
        callback, self._callback = self._callback, None
        if callback is not None:
            callback()


class Loop:
    """Runs callbacks when a socket is ready, a time has come, or another thread asks.

    :param clock: monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._selector = selectors.DefaultSelector()
        self._timers: list[tuple[float, int, Timer]] = []
        self._order = itertools.count()
        self._soon: deque[Callback] = deque()
        self._running = False
        self._wake_read, self._wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._selector.register(self._wake_read, selectors.EVENT_READ, self._woken)

    def watch(self, sock: socket.socket, events: int, callback: Callable[[int], None]) -> None:
        """Call back with the ready events (``selectors.EVENT_*``); events 0 forgets the socket."""
        known = sock in self._selector.get_map()
        if events == 0:
            if known:
                self._selector.unregister(sock)
        elif known:
            self._selector.modify(sock, events, callback)
        else:
            self._selector.register(sock, events, callback)

    def later(self, delay_s: float, callback: Callback) -> Timer:
        """Call back once after this time."""
        timer = Timer(callback)
        heapq.heappush(self._timers, (self.clock() + delay_s, next(self._order), timer))
        return timer

    def soon(self, callback: Callback) -> None:
        """Call back in the loop's thread as soon as possible; any thread and signal handlers may ask."""
        self._soon.append(callback)
        try:
            os.write(self._wake_write, b"\0")
        except BlockingIOError:
            pass  # A full pipe wakes the loop just as well.

    def stop(self) -> None:
        """Leave :meth:`run` after the present round; any thread may ask."""
        self.soon(self._stop)

    def run(self) -> None:
        """Serve until :meth:`stop`."""
        self._running = True
        while self._running:
            self.once()

    def once(self, longest_s: float | None = None) -> None:
        """One round: wait until something is due or ready, at most this long, and call back."""
        for key, events in self._selector.select(self._wait_s(longest_s)):
            # A callback of this round may have closed the socket of another one.
            if key.fd in self._selector.get_map():
                key.data(events)
        for _unused in range(len(self._soon)):
            self._soon.popleft()()
        now = self.clock()
        while self._timers and self._timers[0][0] <= now:
            heapq.heappop(self._timers)[2].fire()

    def close(self) -> None:
        """Give the loop's own descriptors back; sockets belong to whoever registered them."""
        self._selector.close()
        os.close(self._wake_read)
        os.close(self._wake_write)

    def _wait_s(self, longest_s: float | None) -> float | None:
        if self._soon:
            return 0.0
        if not self._timers:
            return longest_s
        due_s = max(0.0, self._timers[0][0] - self.clock())
        return due_s if longest_s is None else min(due_s, longest_s)

    def _woken(self, _events: int) -> None:
        try:
            os.read(self._wake_read, 4096)
        except BlockingIOError:
            pass

    def _stop(self) -> None:
        self._running = False
