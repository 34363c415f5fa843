"""The station's own record of what was done, by whom and why: one signed JSON object a line, only ever appended.

An act is written down before it is done and again when it has ended; a record that cannot be written stops the act
(requirement R18). Persons are named, because it is they whom the municipality answers to; nothing of a face is in it.

Each line carries the digest of the line before and the signature of whoever acts (requirement R20), so that an auditor
can verify the whole with public keys only. The daily manifest carries the number of lines and the digest of the last.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from enum import StrEnum, unique
from pathlib import Path
from typing import BinaryIO

from nacl.signing import SigningKey

from faced.errors import StateError, TrustError
from faced.i18n import _
from faced.trust.act import check_act, sign_act
from faced.trust.keys import digest, key_id
from faced.trust.realm import Realm, RecordHead, Verifier

FILE_NAME = "acts"
#: What the first line carries in place of the digest of the line before.
NOTHING_BEFORE = bytes(32)
_LONGEST_LINE = 64 * 1024


@unique
class Act(StrEnum):
    """What can be done at a station."""

    FOUND = "found"
    PUBLISH = "publish"
    MANIFEST = "manifest"
    ROTATE = "rotate"
    APPROVE_HOST = "approve_host"
    REVOKE_HOST = "revoke_host"
    ENROL = "enrol"
    DESCRIBE = "describe"
    ERASE = "erase"
    COMPLETE_ERASURE = "complete_erasure"
    APPROVE_BATCH = "approve_batch"
    EVALUATE = "evaluate"
    GRANT_EXEMPTION = "grant_exemption"
    GRANT_OTHER_FACTOR = "grant_other_factor"
    WITHDRAW_EXEMPTION = "withdraw_exemption"
    GRANT_EMERGENCY = "grant_emergency"
    WITHDRAW_EMERGENCY = "withdraw_emergency"
    EMERGENCY_CODE = "emergency_code"
    UNLOCK = "unlock"
    ADD_PERSON = "add_person"
    RECORD_CONSENT = "record_consent"
    WITHDRAW_CONSENT = "withdraw_consent"
    RECORD_APPROVAL = "record_approval"
    WITHDRAW_APPROVAL = "withdraw_approval"
    SUSPEND = "suspend"
    RESUME = "resume"
    CALM = "calm"
    APPOINT = "appoint"
    RENEW_APPOINTMENT = "renew_appointment"
    DISMISS = "dismiss"
    RENEW_PURPOSE = "renew_purpose"
    PROPOSE = "propose"
    CONFIRM = "confirm"


@dataclass(frozen=True)
class ActRecord:
    """One act.

    ``at``: unix seconds; ``operator``: the account at the station; ``subject``: login name, computer or both
    (login@computer); ``outcome``: "begun", then "done" or the reason why not; ``decision``: the number of the decision
    it carries out; ``agreement``: the id of the proposal that a second handler confirmed (hexadecimal).
    """

    at: int
    act: Act
    handler: str
    operator: str
    subject: str = ""
    reason: str = ""
    outcome: str = "begun"
    decision: str = ""
    agreement: str = ""


#: The fields of a record that are plain texts.
_TEXTS = {field.name for field in fields(ActRecord)} - {"at", "act"}


@dataclass(frozen=True)
class Flaw:
    """Why a line of the record is not to be believed.

    ``line``: from 1; ``reason``: damaged, wrong_number, broken_chain, wrong_handler, cut_off, rewritten, or a reason of
    trust. ``doubtful``: only the signature's key has leaked since; the lines after it still vouch for it.
    """

    line: int
    reason: str

    @property
    def doubtful(self) -> bool:
        """Whether later lines by others can still vouch for this one."""
        return self.reason == "issuer_revoked"


@dataclass(frozen=True)
class Verification:
    """What became of checking a record. ``anchored``: how many lines a manifest's checkpoint vouches for."""

    lines: int
    anchored: int
    flaws: tuple[Flaw, ...]

    @property
    def intact(self) -> bool:
        """Whether nothing was changed, taken out, put in or cut off."""
        return all(flaw.doubtful for flaw in self.flaws)


class ActLog:
    """The record in a station's folder, or in an auditor's copy of it."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME

    def write(self, record: ActRecord, realm: Realm, key: SigningKey) -> None:
        """Sign and append a record; it is on the disk when this returns.

        :raises StateError: it is not, so the act must not be done.
        """
        try:
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            with os.fdopen(os.open(self._path, flags, 0o600), "r+b", buffering=0) as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                number, previous = _tail(file)
                line = _line(record, realm, key, number + 1, previous)
                if file.write(line) != len(line):
                    raise OSError(None, "disk full")
                os.fsync(file.fileno())
        except (OSError, ValueError) as error:
            raise StateError(
                _("The record {path} cannot be written ({why}), so nothing was done.").format(
                    path=self._path, why=getattr(error, "strerror", None) or _("it is damaged")
                )
            ) from None

    def read(self) -> Iterator[ActRecord]:
        """All records, oldest first, as they are: :meth:`verify` says whether they are to be believed.

        :raises StateError: unreadable, or a line that is not a record.
        """
        for line in self._lines():
            try:
                yield _parse(line)[0]
            except ValueError:
                raise StateError(_("The record {path} is damaged or cannot be read.").format(path=self._path)) from None

    def head(self) -> RecordHead | None:
        """How far the record goes; None if there is none yet.

        :raises StateError: unreadable.
        """
        lines = self._lines()
        return RecordHead(len(lines), digest(lines[-1])) if lines else None

    def verify(self, verifier: Verifier, checkpoints: Sequence[RecordHead] = ()) -> Verification:
        """Check every line, and that no line is missing that a manifest has vouched for.

        :param verifier: over all delegations there ever were.
        :raises StateError: unreadable.
        """
        lines = self._lines()
        flaws = []
        previous = NOTHING_BEFORE
        for number, line in enumerate(lines, 1):
            reason = _fault(line, verifier, number, previous)
            if reason is not None:
                flaws.append(Flaw(number, reason))
            previous = digest(line)
        flaws += [flaw for point in checkpoints if (flaw := _contradiction(lines, point)) is not None]
        anchored = max((point.count for point in checkpoints), default=0)
        return Verification(len(lines), min(anchored, len(lines)), tuple(flaws))

    def contradicts(self, point: RecordHead) -> bool:
        """Whether the record is not the one that a checkpoint vouched for, or not all of it.

        :raises StateError: unreadable.
        """
        return _contradiction(self._lines(), point) is not None

    def _lines(self) -> list[bytes]:
        """The complete lines; what a power cut left of one that was being written was never an act."""
        try:
            return self._path.read_bytes().split(b"\n")[:-1] if self._path.exists() else []
        except OSError as error:
            raise StateError(_("{path} cannot be read: {why}.").format(path=self._path, why=error.strerror)) from None


def _contradiction(lines: Sequence[bytes], point: RecordHead) -> Flaw | None:
    if point.count > len(lines):
        return Flaw(len(lines) + 1, "cut_off")
    return Flaw(point.count, "rewritten") if digest(lines[point.count - 1]) != point.head else None


def _tail(file: BinaryIO) -> tuple[int, bytes]:
    """Number and digest of the last complete line, with the file ready for the next one.

    :raises ValueError: the last line is no record.
    """
    start = max(0, file.seek(0, os.SEEK_END) - 2 * _LONGEST_LINE)
    file.seek(start)
    data = file.read(2 * _LONGEST_LINE)
    end = data.rfind(b"\n") + 1
    if end != len(data):
        file.truncate(start + end)
    file.seek(start + end)
    if end == 0 and start == 0:
        return 0, NOTHING_BEFORE
    last = data[: end - 1].rpartition(b"\n")[2]
    return _parse(last)[1], digest(last)


def _line(record: ActRecord, realm: Realm, key: SigningKey, number: int, previous: bytes) -> bytes:
    signature = sign_act(realm, key, number=number, at=record.at, body=_body(record), previous=previous)
    content = {
        "number": number,
        **asdict(record),
        "previous": previous.hex(),
        "issuer": key_id(bytes(key.verify_key)).hex(),
        "signature": signature.hex(),
    }
    line = json.dumps(content, ensure_ascii=False).encode() + b"\n"
    if len(line) > _LONGEST_LINE:
        raise ValueError("too long")
    return line


def _body(record: ActRecord) -> dict[str, str]:
    return {name: str(value) for name, value in asdict(record).items() if name != "at"}


def _parse(line: bytes) -> tuple[ActRecord, int, bytes, bytes, bytes]:
    """Record, number, digest of the line before, key id of the signer, signature.

    :raises ValueError: it is no record.
    """
    match json.loads(line):
        case {
            "number": int() as number,
            "previous": str() as previous,
            "issuer": str() as issuer,
            "signature": str() as signature,
            "at": int() as at,
            "act": str() as act,
            **rest,
        } if rest.keys() == _TEXTS and all(isinstance(value, str) for value in rest.values()):
            record = ActRecord(at=at, act=Act(act), **{str(name): str(value) for name, value in rest.items()})
            return record, number, bytes.fromhex(previous), bytes.fromhex(issuer), bytes.fromhex(signature)
    raise ValueError("not a record")


def _fault(line: bytes, verifier: Verifier, number: int, before: bytes) -> str | None:
    try:
        record, claimed, previous, issuer, signature = _parse(line)
    except ValueError:
        return "damaged"
    if claimed != number:
        return "wrong_number"
    if previous != before:
        return "broken_chain"
    try:
        signer = check_act(
            verifier,
            issuer=issuer,
            number=number,
            at=record.at,
            body=_body(record),
            previous=previous,
            signature=signature,
        )
    except TrustError as error:
        return error.reason
    return None if signer == record.handler else "wrong_handler"
