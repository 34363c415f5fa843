"""The warning in the journal that the purpose ends: by degrees from 60 days ahead on, at most one a day.

For administrators and their monitoring; whoever logs on is not told before it is over.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from faced.errors import StateError
from faced.logon.state_file import read_state, write_state
from faced.records.audit import AuditError, AuditEvent, AuditSink, EventKind
from faced.trust.purpose import Purpose, covered_until
from faced.units import DAY_S
from faced.urgency import Level, level_of

logger = logging.getLogger(__name__)


def purpose_level(found: Sequence[Purpose], now: int) -> Level | None:
    """How pressing the renewal is; None while there is time."""
    return level_of(covered_until(found, now) - now)


class PurposeWatch:
    """Remembers in a file on which day it warned: the daemon ends after every few logons."""

    def __init__(self, path: Path, audit: AuditSink) -> None:
        self._path = path
        self._audit = audit

    def look(self, found: Sequence[Purpose], now: int) -> None:
        """Warn if it is time to and nobody was warned today (by UTC). Whoever logs on is never refused because of this.

        :param found: the purposes of the manifest in force.
        """
        level = purpose_level(found, now)
        if level is None or self._last_day() == now // DAY_S:
            return
        try:
            self._audit.record(AuditEvent(EventKind.PURPOSE, outcome=level.value))
            write_state(self._path, {"day": now // DAY_S})
        except (AuditError, StateError) as error:
            logger.error("%s", error)

    def _last_day(self) -> int | None:
        try:
            day = (read_state(self._path) or {}).get("day")
        except StateError as error:
            logger.error("%s", error)
            return None
        return day if isinstance(day, int) else None
