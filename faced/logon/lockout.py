"""The counter of judged tries, per person on this host: a growing delay after too many, and in the end a lock.

A try is *charged*, on the disk, before the judge is asked for the first time, and taken back only by a match. Whoever
pulls the plug, hangs up or covers the lens while being judged has paid; whoever was never judged has not. Greeters are
counted apart from what users start (lockers, sudo): nothing that runs in a session can lock anybody out of the greeter.

A delay ends by itself. The lock at the ceiling (NIST SP 800-63B-4, 3.2.3) does not: an unlock takes the tries back.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum, unique
from pathlib import Path

from faced.errors import StateError
from faced.logon.state_file import damaged, read_state, write_state

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
FIRST_DELAY_S = 30.0
LONGEST_DELAY_S = 1800.0


@unique
class Counter(StrEnum):
    """Which of the counters of a person."""

    GREETER = "greeter"
    LOCKER = "locker"
    #: Emergency codes, not faces.
    CODE = "code"


@dataclass(frozen=True)
class Moment:
    """A point in time that survives a reboot and does not believe a changed clock within one."""

    boot: str
    boottime_s: float
    wall_s: float

    @classmethod
    def now(cls) -> Moment:
        """This moment.

        :raises StateError: the kernel does not say which boot this is; then no delay can be measured.
        """
        try:
            boot = _BOOT_ID.read_text(encoding="ascii").strip()
        except OSError as error:
            raise StateError(f"{_BOOT_ID} cannot be read: {error.strerror}.") from None
        return cls(boot, time.clock_gettime(time.CLOCK_BOOTTIME), time.time())

    def since(self, earlier: Moment) -> float:
        """Seconds from then to now; 0 if the wall clock, the only one across a reboot, was set back."""
        if self.boot == earlier.boot:
            return self.boottime_s - earlier.boottime_s
        return max(0.0, self.wall_s - earlier.wall_s)


@dataclass(frozen=True)
class _Tally:
    charged: int
    last: Moment


@dataclass(frozen=True)
class Count:
    """The tries in a row that a person has failed at one counter.

    ``wait_s``: until the next one may begin; ``locked``: there is no next one. ``last``: unix seconds.
    """

    uid: int
    counter: Counter
    failed: int
    last: int
    wait_s: float
    locked: bool


class Lockout:
    """All counters of this host, one small file each.

    :param folder: of the state; made by the caller, 0700.
    :param tries: judged failures that cost no delay.
    :param ceiling: judged failures in a row after which the person is locked.
    """

    def __init__(self, folder: Path, tries: int, ceiling: int, now: Callable[[], Moment] = Moment.now) -> None:
        self._folder = folder
        self._tries = tries
        self._ceiling = ceiling
        self._now = now

    def remaining_s(self, uid: int, counter: Counter, *, stricter: bool = False) -> float:
        """How long this person must still wait; 0 for a try that may begin.

        :param stricter: whether the first failure costs a delay already.
        :raises StateError: a counter that cannot be read admits nobody.
        """
        tally = self._read(self._path(uid, counter))
        if tally is None:
            return 0.0
        now = self._now()
        wait_s = self._wait_s(tally, now, min(self._tries, 1) if stricter else self._tries)
        if wait_s and now.boot != tally.last.boot and now.wall_s < tally.last.wall_s:
            # The clock went back across a reboot: the delay begins anew, at a moment that can be measured from.
            self._write(self._path(uid, counter), _Tally(tally.charged, now))
        return wait_s

    def _wait_s(self, tally: _Tally, now: Moment, tries: int) -> float:
        if tally.charged < tries:
            return 0.0
        delay_s = min(LONGEST_DELAY_S, FIRST_DELAY_S * 2.0 ** min(tally.charged - tries, 16))
        return max(0.0, delay_s - now.since(tally.last))

    def locked(self, uid: int, counter: Counter) -> bool:
        """Whether this person has no try left, until an unlock.

        :raises StateError: as :meth:`remaining_s`.
        """
        tally = self._read(self._path(uid, counter))
        return tally is not None and tally.charged >= self._ceiling

    def counts(self) -> tuple[Count, ...]:
        """Everybody who has failed since the last match or unlock, those with the most failures first; writes nothing.

        :raises StateError: a counter that cannot be read.
        """
        found, now = [], self._now()
        for path in self._folder.glob("tries-*-*.json"):
            _tries, counter, uid = path.stem.split("-", 2)
            tally = self._read(path)
            if tally is not None and tally.charged and counter in set(Counter) and uid.isdecimal():
                found.append(self._count(int(uid), Counter(counter), tally, now))
        return tuple(sorted(found, key=lambda count: (-count.failed, count.uid, count.counter)))

    def _count(self, uid: int, counter: Counter, tally: _Tally, now: Moment) -> Count:
        locked = tally.charged >= self._ceiling
        wait_s = 0.0 if locked else self._wait_s(tally, now, self._tries)
        return Count(uid, counter, tally.charged, int(tally.last.wall_s), wait_s, locked)

    def charge(self, uid: int, counter: Counter) -> None:
        """One more try, on the disk when this returns.

        :raises StateError: then nothing may be judged.
        """
        path = self._path(uid, counter)
        tally = self._read(path)
        self._write(path, _Tally(tally.charged + 1 if tally else 1, self._now()))

    def forgive(self, uid: int, counter: Counter) -> None:
        """The person was recognised: all tries are taken back.

        :raises StateError: if that cannot be written.
        """
        self._write(self._path(uid, counter), _Tally(0, self._now()))

    def unlock(self, uid: int) -> None:
        """Somebody with the right said that the person may try again: all tries of all counters are taken back.

        :raises StateError: if that cannot be written.
        """
        for counter in Counter:
            if self._read(self._path(uid, counter)) is not None:
                self.forgive(uid, counter)

    def _path(self, uid: int, counter: Counter) -> Path:
        return self._folder / f"tries-{counter.value}-{uid}.json"

    def _read(self, path: Path) -> _Tally | None:
        match read_state(path):
            case None:
                return None
            case {
                "charged": int() as charged,
                "boot": str() as boot,
                "boottime": float() as boottime_s,
                "wall": float() as wall_s,
            } if charged >= 0:
                return _Tally(charged, Moment(boot, boottime_s, wall_s))
        raise damaged(path)

    def _write(self, path: Path, tally: _Tally) -> None:
        last = tally.last
        write_state(
            path, {"charged": tally.charged, "boot": last.boot, "boottime": last.boottime_s, "wall": last.wall_s}
        )
