"""Tells the realm how often people failed at the face step here, and how fresh the cache is, in nobody's way."""

from __future__ import annotations

import base64
import logging
import pwd
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from faced.errors import StateError
from faced.logon.lockout import Count, Counter, Lockout
from faced.logon.state_file import damaged, read_state, write_state
from faced.service.directory_link import Answer, DirectoryLink
from faced.service.loop import Loop
from faced.trust.keys import HostKeys
from faced.trust.realm import Realm
from faced.trust.report import Failures, counted, issue_report, subject_of

logger = logging.getLogger(__name__)

#: A report is made so long after what it tells of: the answer at the logon screen comes first.
_AFTER_S = 0.5


def login_of(uid: int) -> str | None:
    """The login name of an account; None if it is gone."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return None


def failures(realm: Realm, counts: Iterable[Count], name_of: Callable[[int], str | None]) -> tuple[Failures, ...]:
    """What the counters of faces say of each person; emergency codes are no faces."""
    found: defaultdict[int, list[Count]] = defaultdict(list)
    for count in counts:
        if count.counter is not Counter.CODE:
            found[count.uid].append(count)
    named = [(name_of(uid), held) for uid, held in found.items()]
    return tuple(
        Failures(subject_of(realm, login), sum(count.failed for count in held), max(count.last for count in held))
        for login, held in named
        if login is not None
    )


class Reporter:
    """Reports when the counters say something else than the last report did, or faced-directory that a report is due.

    The work is done in a thread of its own, because NSS and the disk may be slow.

    :param memory: the file that keeps the serial of the last report.
    :param name_of: the canonical login name of a uid.
    """

    def __init__(
        self,
        loop: Loop,
        directory: DirectoryLink,
        realm: Realm,
        host: HostKeys,
        lockout: Lockout,
        memory: Path,
        *,
        wall_s: Callable[[], float] = time.time,
        name_of: Callable[[int], str | None] = login_of,
    ) -> None:
        self._loop = loop
        self._directory = directory
        self._realm = realm
        self._host = host
        self._lockout = lockout
        self._memory = memory
        self._wall_s = wall_s
        self._name_of = name_of
        #: What faced-directory was given; None while that is not known.
        self._said: tuple[Failures, ...] | None = None
        self._at_it = False
        self._again = False

    def changed(self) -> None:
        """Something to report may have changed; also to be called at the start, for what was never delivered."""
        if self._at_it:
            self._again = True
            return
        self._at_it = True
        self._loop.later(_AFTER_S, lambda: self._directory.ask("Status", {}, self._begin))

    def _begin(self, answer: Answer) -> None:
        match answer:
            case {"refreshed": int() as refreshed, "report_due": bool() as due}:
                arguments = (refreshed, due)
            case _:
                arguments = (0, False)
        threading.Thread(target=self._work, args=arguments, name="report", daemon=True).start()

    def _work(self, refreshed: int, due: bool) -> None:
        """In the thread."""
        try:
            made = self._make(refreshed, due)
        except StateError as error:
            logger.error("Nothing is reported: %s", error)
            made = None
        self._loop.soon(lambda: self._send(*made) if made else self._done())

    def _make(self, refreshed: int, due: bool) -> tuple[dict[str, Any], tuple[Failures, ...]] | None:
        now = int(self._wall_s())
        failed = counted(failures(self._realm, self._lockout.counts(), self._name_of), now)
        serial, people = self._last()
        if not due and (failed == self._said or (self._said is None and not failed and not people)):
            return None
        serial = max(now, serial + 1)
        write_state(self._memory, {"serial": serial, "people": len(failed)})
        report = issue_report(self._realm, self._host, serial, now, failed, refreshed)
        return {"report": base64.b64encode(report).decode(), "refreshed": refreshed}, failed

    def _last(self) -> tuple[int, int]:
        """The serial of the last report, and how many people it named."""
        match read_state(self._memory):
            case None:
                return 0, 0
            case {"serial": int() as serial, "people": int() as people}:
                return serial, people
        raise damaged(self._memory)

    def _send(self, parameters: dict[str, Any], failed: tuple[Failures, ...]) -> None:
        self._directory.ask("Report", parameters, lambda answer: self._sent(answer, failed))

    def _sent(self, answer: Answer, failed: tuple[Failures, ...]) -> None:
        if isinstance(answer, dict):
            self._said = failed
        else:
            # With the next change or start.
            self._said = None
            logger.warning("faced-directory takes no report: %s", answer)
        self._done()

    def _done(self) -> None:
        self._at_it = False
        if self._again:
            self._again = False
            self.changed()
