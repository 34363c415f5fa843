"""How often a uid may ask: a bucket of tokens for each."""

from __future__ import annotations

from collections.abc import Callable

#: Requests at once, and seconds until one more is allowed. A locker needs three for a logon.
BURST = 12
REFILL_S = 2.0
_MOST_UIDS = 1024


class RateLimit:
    """Counts requests per uid.

    :param clock: monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float], burst: int = BURST, refill_s: float = REFILL_S) -> None:
        self._clock = clock
        self._burst = burst
        self._refill_s = refill_s
        self._spent: dict[int, tuple[float, float]] = {}

    def allow(self, uid: int) -> bool:
        """Whether this uid may ask once more now."""
        now = self._clock()
        spent, at = self._spent.get(uid, (0.0, now))
        spent = max(0.0, spent - (now - at) / self._refill_s)
        if spent + 1 > self._burst:
            return False
        if len(self._spent) >= _MOST_UIDS:
            self._spent.clear()
        self._spent[uid] = (spent + 1, now)
        return True
