"""The watchdog is fed as long as this process can still do its work."""

from __future__ import annotations

import logging
from typing import Protocol

from faced.records.audit import AuditError, AuditEvent, AuditSink, EventKind
from faced.service.loop import Loop

logger = logging.getLogger(__name__)


class Worker(Protocol):
    """What is used of :class:`faced.service.camera_thread.CameraThread`."""

    def stuck(self) -> bool:
        """Whether it will never come back."""


class Feeder(Protocol):
    """What is used of :class:`faced.service.notify.Notifier`."""

    def alive(self) -> None:
        """Feed the watchdog."""


class Watchdog:
    """Feeds from the loop, so that a loop that hangs is noticed too.

    A camera call that never returns leaves a thread that nobody can get back: then the watchdog is left to starve, and
    systemd starts a new process.
    """

    def __init__(self, loop: Loop, worker: Worker, feeder: Feeder, audit: AuditSink, every_s: float) -> None:
        self._loop = loop
        self._worker = worker
        self._feeder = feeder
        self._audit = audit
        self._every_s = every_s
        self._recorded = False

    def feed(self) -> None:
        """Feed now, and from now on."""
        if not self._worker.stuck():
            self._feeder.alive()
        elif not self._recorded:
            self._recorded = True
            try:
                self._audit.record(AuditEvent(EventKind.CAMERA, reason="stuck"))
            except AuditError as error:
                logger.error("%s", error)
        self._loop.later(self._every_s, self.feed)
