"""The end of a daemon that nobody needs: PID 1 keeps its sockets, and the next caller starts it again."""

from __future__ import annotations

from collections.abc import Callable

from faced.service.loop import Loop
from faced.service.server import Server

#: A caller who only asks how it goes is waited for.
_AGAIN_S = 1.0


class IdleExit:
    """Stops the loop when no caller whose questions count has been there for a while.

    :param idle_s: how long.
    :param leave: called once, before the loop stops.
    """

    def __init__(self, loop: Loop, server: Server, idle_s: float, leave: Callable[[], None]) -> None:
        self._loop = loop
        self._server = server
        self._idle_s = idle_s
        self._leave = leave

    def watch(self) -> None:
        """Look now, and whenever it may have come to that."""
        left_s = self._server.used_s + self._idle_s - self._loop.clock()
        if left_s > 0:
            self._loop.later(left_s, self.watch)
        elif self._server.retire():
            self._leave()
            self._loop.stop()
        else:
            self._loop.later(_AGAIN_S, self.watch)
