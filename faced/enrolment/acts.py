"""The station's own record of what was done, by whom and why: one JSON object a line, only ever appended.

An act is written down before it is done and again when it has ended; a record that cannot be written stops the act
(requirement R18). Persons are named, because it is they whom the municipality answers to; nothing of a face is in it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum, unique
from pathlib import Path

from faced.errors import StateError
from faced.i18n import _

FILE_NAME = "acts"


@unique
class Act(StrEnum):
    """What can be done at a station."""

    FOUND = "found"
    PUBLISH = "publish"
    MANIFEST = "manifest"
    ROTATE = "rotate"
    APPROVE_HOST = "approve_host"
    ENROL = "enrol"
    WITHDRAW = "withdraw"
    EVALUATE = "evaluate"
    GRANT_EXEMPTION = "grant_exemption"
    WITHDRAW_EXEMPTION = "withdraw_exemption"
    GRANT_EMERGENCY = "grant_emergency"
    WITHDRAW_EMERGENCY = "withdraw_emergency"
    EMERGENCY_CODE = "emergency_code"
    UNLOCK = "unlock"


@dataclass(frozen=True)
class ActRecord:
    """One act.

    ``at``: unix seconds; ``operator``: the account at the station; ``subject``: login name, computer or both
    (login@computer); ``outcome``: "begun", then "done" or the reason why not.
    """

    at: int
    act: Act
    handler: str
    operator: str
    subject: str = ""
    reason: str = ""
    outcome: str = "begun"


class ActLog:
    """The record in a station's folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME

    def write(self, record: ActRecord) -> None:
        """Append a record; it is on the disk when this returns.

        :raises StateError: it is not, so the act must not be done.
        """
        line = json.dumps(asdict(record), ensure_ascii=False).encode() + b"\n"
        try:
            descriptor = os.open(
                self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600
            )
            with os.fdopen(descriptor, "wb", buffering=0) as file:
                if file.write(line) != len(line):
                    raise OSError(None, "disk full")
                os.fsync(file.fileno())
        except OSError as error:
            raise StateError(
                _("The record {path} cannot be written ({why}), so nothing was done.").format(
                    path=self._path, why=error.strerror
                )
            ) from None

    def read(self) -> Iterator[ActRecord]:
        """All records, oldest first.

        :raises StateError: unreadable, or a line that is not a record.
        """
        if not self._path.exists():
            return
        try:
            with self._path.open(encoding="utf-8") as file:
                for line in file:
                    fields = json.loads(line)
                    yield ActRecord(**{**fields, "act": Act(fields["act"])})
        except (OSError, ValueError, TypeError, KeyError):
            raise StateError(_("The record {path} is damaged or cannot be read.").format(path=self._path)) from None
