"""NSS in threads of its own: a directory that hangs must not hang the loop."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from faced.logon.names import Person, resolve
from faced.service.loop import Loop

logger = logging.getLogger(__name__)

#: More lookups than this at once mean that NSS hangs; further names are answered as unknown, which admits nobody.
_MOST = 16


class NameLookup:
    """Finds people by name and answers in the loop."""

    def __init__(self, loop: Loop, find: Callable[[str], Person | None] = resolve) -> None:
        self._loop = loop
        self._find = find
        self._places = threading.BoundedSemaphore(_MOST)

    def find(self, name: str, found: Callable[[Person | None], None]) -> None:
        """Call back with the person, or None for nobody."""
        if not self._places.acquire(blocking=False):
            logger.error("NSS does not answer: too many lookups wait")
            self._loop.soon(lambda: found(None))
            return
        # A daemon thread: the process must be able to end while NSS hangs.
        threading.Thread(target=self._run, args=(name, found), name="nss", daemon=True).start()

    def _run(self, name: str, found: Callable[[Person | None], None]) -> None:
        try:
            person = self._find(name)
        finally:
            self._places.release()
        self._loop.soon(lambda: found(person))
