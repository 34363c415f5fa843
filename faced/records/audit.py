"""Audit events and their one way out: the journal.

An event that cannot be written must not admit anybody, so :meth:`AuditSink.record` raises and callers answer only after
it returned. A later sink (a hash chain) takes the place of :class:`JournalSink` behind the same method.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, unique
from hashlib import blake2b
from pathlib import Path
from typing import Protocol

from faced.errors import FacedError

JOURNAL_SOCKET = Path("/run/systemd/journal/socket")
SECRET_BYTES = 32
_SUBJECT_BYTES = 16
#: A journald that does not take a datagram within this is treated as absent.
_SEND_TIMEOUT_S = 1.0
_NOTICE, _WARNING, _ERROR, _INFO = 5, 4, 3, 6


class AuditError(FacedError):
    """An event cannot be recorded: nothing that needs it may happen."""

    reason = "audit"


@unique
class EventKind(Enum):
    """What is recorded: the word in FACED_EVENT, the MESSAGE_ID of its catalogue text, and the syslog priority."""

    STARTED = ("started", "a06c7a22fa3f4d4ebf5e6e1964270b28", _INFO)
    STOPPED = ("stopped", "f1cf4bd3cc1f40a5a95f85f9569d108d", _INFO)
    ADMITTED = ("admitted", "42f69de3b41141ceae57c3736207215d", _INFO)
    REFUSED = ("refused", "ad4e4e241edf41aaa03014a3ead12cd5", _NOTICE)
    LOCKED_OUT = ("locked_out", "fcc3f5eaae1a4c29a95baca6c7b5fd83", _WARNING)
    LOCKED = ("locked", "69e8362dcb6946e7b88cdc3f4ab19135", _ERROR)
    UNLOCKED = ("unlocked", "12179ed829774dc4a95e884d812099aa", _NOTICE)
    EXEMPTED = ("exempted", "220bd47a83a547cdaee18f7afdcedd25", _NOTICE)
    EMERGENCY = ("emergency", "d2eb5a806ce445618728dfc4bde6fc69", _WARNING)
    PURPOSE = ("purpose", "5d0a1f6c3b7e4c0f9a52e8d4b1c7f360", _WARNING)
    ACCOUNT = ("account", "87cbccb65b704be2b64bdf40bc82a012", _NOTICE)
    INTRUDER = ("not_allowed", "3c8b2c4d0a5c4ff8a3f3f9fd3668792a", _WARNING)
    STATE = ("state", "afee6ba66c43446d9a4dc8d205be800b", _ERROR)
    ALARM = ("alarm", "3f1714b6469340d59a71822b661f065c", _ERROR)
    CAMERA = ("camera", "46a4e41a1d8c44eb81bcef016429e66c", _WARNING)

    def __init__(self, word: str, message_id: str, priority: int) -> None:
        self.word = word
        self.message_id = message_id
        self.priority = priority


@dataclass(frozen=True)
class AuditEvent:
    """One event. Never a name, a score, a coordinate.

    ``subject`` is a pseudonym from :class:`Pseudonyms`, empty where the person is not known to NSS. ``exemption`` says
    that actions were left out, or why not, never which: that would say something about a body.
    """

    kind: EventKind
    outcome: str = ""
    reason: str = ""
    subject: str = ""
    service: str = ""
    peer_uid: int | None = None
    score_band: str = ""
    exemption: str = ""

    def fields(self) -> dict[str, str]:
        """The journal fields; those that say nothing are left out."""
        words = " ".join(word for word in (self.kind.word, self.outcome, self.reason) if word)
        fields = {
            "MESSAGE": f"faced: {words}",
            "MESSAGE_ID": self.kind.message_id,
            "PRIORITY": str(self.kind.priority),
            "SYSLOG_IDENTIFIER": "faced",
            "FACED_EVENT": self.kind.word,
            "FACED_OUTCOME": self.outcome,
            "FACED_REASON": self.reason,
            "FACED_SUBJECT": self.subject,
            "FACED_SERVICE": self.service,
            "FACED_PEER_UID": "" if self.peer_uid is None else str(self.peer_uid),
            "FACED_SCORE_BAND": self.score_band,
            "FACED_EXEMPTION": self.exemption,
        }
        return {name: value for name, value in fields.items() if value}


class AuditSink(Protocol):
    """Where events go."""

    def record(self, event: AuditEvent) -> None:
        """Write the event; it is handed over when this returns.

        :raises AuditError: if it is not.
        """


class JournalSink:
    """systemd's journal, by its native protocol (https://systemd.io/JOURNAL_NATIVE_PROTOCOL/).

    libsystemd's own ``sd_journal_send`` reports success when nobody listens; an audit record must not.

    :raises AuditError: if there is no journal.
    """

    def __init__(self, path: Path = JOURNAL_SOCKET) -> None:
        self._path = path
        if not path.is_socket():
            raise AuditError("There is no systemd journal: without an audit record nobody is admitted.")

    def record(self, event: AuditEvent) -> None:
        datagram = b"".join(_field(name, value) for name, value in event.fields().items())
        try:
            # A socket for each event: journald may have been restarted since the last one.
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
                sender.settimeout(_SEND_TIMEOUT_S)
                sender.connect(str(self._path))
                sender.send(datagram)
        except OSError as error:
            raise AuditError(
                f"The journal does not take an audit event ({error.strerror or 'time is over'})."
            ) from None


def _field(name: str, value: str) -> bytes:
    data = value.encode(errors="replace")
    # The length-prefixed form: a service name with a line feed in it cannot forge another field.
    return name.encode() + b"\n" + len(data).to_bytes(8, "little") + data + b"\n"


class Pseudonyms:
    """Subjects of audit events: keyed BLAKE2b-128 of the login name under a secret of this host.

    The same person is the same subject in all records of one host and on no other; without the secret a name cannot be
    tried against a record.
    """

    def __init__(self, secret: bytes) -> None:
        if len(secret) != SECRET_BYTES:
            raise AuditError("The secret of the audit pseudonyms is damaged.", reason="state")
        self._secret = secret

    @classmethod
    def load(cls, path: Path, random: Callable[[int], bytes] = os.urandom) -> Pseudonyms:
        """The secret in this file, made at first use (0600).

        :raises AuditError: unreadable, damaged, or not to be made.
        """
        try:
            if not path.exists():
                draft = path.with_name(path.name + ".new")
                descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
                with os.fdopen(descriptor, "wb") as file:
                    file.write(random(SECRET_BYTES))
                    file.flush()
                    os.fsync(file.fileno())
                draft.replace(path)
            return cls(path.read_bytes())
        except OSError as error:
            raise AuditError(
                f"The secret of the audit pseudonyms {path} cannot be kept: {error.strerror}.", reason="state"
            ) from None

    def of(self, login: str) -> str:
        """The subject of this canonical login name, 32 hexadecimal digits."""
        return blake2b(login.encode(errors="surrogateescape"), digest_size=_SUBJECT_BYTES, key=self._secret).hexdigest()
