"""The offline cache: sealed and signed bytes exactly as the directory holds them, for people who logged on here.

One file a person, named by a hash; beside them the realm's papers and the latest time this machine was sure of. A
damaged file counts as absent. Validity is judged by a clock that cannot be set back: it never runs behind the latest
time that was seen here.
"""

from __future__ import annotations

import hashlib
import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from faced.directory import schema
from faced.directory.bundle import RealmPapers
from faced.directory.people import SealedFace
from faced.errors import DirectoryError, StateError, TrustError
from faced.i18n import _
from faced.trust import encoding
from faced.units import DAY_S

logger = logging.getLogger(__name__)

#: People kept; beyond this the one who has not logged on for longest goes.
MOST_PEOPLE = 500
#: Who has not logged on here for so long is a guest no more, however fresh the entry is kept.
UNUSED_DAYS = 35
_MAGIC = b"faced cache 1\n"
_DIGEST_SIZE = 32
_LARGEST_FILE = 64 * 1024
_SUFFIX = ".face"
_PAPERS = "realm.papers"
_SEEN = "seen.time"
_SHUT_OUT = "shut.out"


@dataclass(frozen=True)
class CachedFace:
    """A person's sealed face as it was ``fetched`` (unix seconds); ``used``: the last logon here."""

    login: str
    face: SealedFace
    fetched: int
    used: int


@dataclass(frozen=True)
class CachedPapers:
    """The realm's papers as they were ``fetched`` (unix seconds)."""

    papers: RealmPapers
    fetched: int


class Cache:
    """The cache in one folder, which only this daemon writes. For one thread at a time."""

    def __init__(
        self,
        folder: Path,
        *,
        valid_days: int,
        clock: Callable[[], float],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """
        :param valid_days: how long an entry may be used without the directory.
        :param clock: unix seconds; ``monotonic``: seconds that nobody can set back.
        :raises StateError: the folder cannot be made.
        """
        self._folder = folder
        self._valid_s = valid_days * DAY_S
        self._clock = clock
        self._monotonic = monotonic
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StateError(
                _("The cache folder {path} cannot be made: {why}.").format(path=folder, why=error.strerror)
            ) from None
        self._seen, self._seen_at = self._read_seen(), monotonic()

    def now(self) -> int:
        """Unix seconds by the clock, but never behind what was seen before and the time that has run since."""
        return max(int(self._clock()), self._seen + int(self._monotonic() - self._seen_at))

    def is_valid(self, fetched: int) -> bool:
        """Whether something fetched at this time may still be used."""
        return 0 <= self.now() - fetched <= self._valid_s

    def reached(self) -> None:
        """The directory was reached and verified: the clock counts as right, even if it was ahead before.

        :raises StateError: it cannot be written.
        """
        self._note(int(self._clock()))

    def passed(self) -> None:
        """Time has passed without the directory: a restart must not bring it back.

        :raises StateError: it cannot be written.
        """
        self._note(self.now())

    @property
    def shut_out(self) -> bool:
        """Whether the directory refused this host's account when it was last reached."""
        return (self._folder / _SHUT_OUT).exists()

    def note_shut_out(self, refused: bool) -> None:
        """Remember across restarts whether the directory refuses this host's account.

        :raises StateError: it cannot be written.
        """
        if refused:
            self._write(_SHUT_OUT, {})
        else:
            (self._folder / _SHUT_OUT).unlink(missing_ok=True)

    def find(self, login: str) -> CachedFace | None:
        """A person's entry if there is one that may still be used."""
        entry = self._read_face(_file_name(login))
        if entry is None or entry.login != login or not self.is_valid(entry.fetched):
            return None
        return entry

    def papers(self) -> CachedPapers | None:
        """The realm's papers if they may still be used."""
        content = self._read(_PAPERS)
        if content is None:
            return None
        try:
            match content:
                case {"manifest": manifest, "delegations": list() as delegations, "host": host, "fetched": int() as at}:
                    papers = RealmPapers(
                        _value(schema.MANIFEST, manifest),
                        schema.bounded(schema.DELEGATION, map(_bytes, delegations)),
                        _value(schema.HOST_STATEMENT, host),
                    )
                    return CachedPapers(papers, at) if self.is_valid(at) else None
        except (DirectoryError, TypeError):
            pass
        self._complain(_PAPERS)
        return None

    def people(self) -> tuple[CachedFace, ...]:
        """Everybody with a readable entry, expired ones included, the latest logon first."""
        entries = [self._read_face(path.name) for path in self._files()]
        return tuple(sorted((entry for entry in entries if entry), key=lambda entry: entry.used, reverse=True))

    def keep(self, login: str, face: SealedFace, fetched: int, *, used: int | None = None) -> None:
        """Write a person's entry; the bytes are on the disk when this returns. An emergency grant is left out.

        :param used: the time of the logon; None leaves the one on record.
        :raises StateError: it cannot be written; the entry before it still stands.
        """
        name = _file_name(login)
        if used is None:
            before = self._read_face(name)
            used = before.used if before else fetched
        self._write(
            name,
            {
                "login": login,
                "fetched": fetched,
                "used": used,
                "template": face.template,
                "keys": list(face.template_keys),
                "tombstone": face.tombstone,
                "exemption": face.exemption,
                "unlock": face.unlock,
                "consent": face.consent,
                "approval": face.approval,
                "suspension": face.suspension,
            },
        )

    def keep_papers(self, papers: RealmPapers, fetched: int) -> None:
        """Write the realm's papers.

        :raises StateError: as :meth:`keep`.
        """
        self._write(
            _PAPERS,
            {
                "manifest": papers.manifest,
                "delegations": list(papers.delegations),
                "host": papers.host,
                "fetched": fetched,
            },
        )

    def purge(self) -> int:
        """Delete what is damaged, expired, long unused or too much. To be called while the directory is reached: on the
        word of a lone clock that runs ahead nothing is deleted.

        :return: how many entries remain.
        """
        now = self.now()
        readable = {_file_name(entry.login): entry for entry in self.people()}
        keep = [
            name
            for name, entry in readable.items()
            if self.is_valid(entry.fetched) and now - entry.used <= UNUSED_DAYS * DAY_S
        ][:MOST_PEOPLE]
        for path in self._files():
            if path.name not in keep:
                path.unlink(missing_ok=True)
        for draft in self._folder.glob("*.new"):
            draft.unlink(missing_ok=True)
        return len(keep)

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob(f"*{_SUFFIX}"))

    def _read_face(self, name: str) -> CachedFace | None:
        content = self._read(name)
        if content is None:
            return None
        try:
            match content:
                case {
                    "login": str() as login,
                    "fetched": int() as fetched,
                    "used": int() as used,
                    "template": template,
                    "keys": list() as keys,
                    "tombstone": tombstone,
                } if _file_name(login) == name:
                    face = SealedFace(
                        _value(schema.TEMPLATE, template),
                        schema.bounded(schema.TEMPLATE_KEY, map(_bytes, keys)),
                        _value(schema.TOMBSTONE, tombstone),
                        # Files from before there were such statements have none.
                        exemption=_value(schema.EXEMPTION, content.get("exemption")),
                        unlock=_value(schema.UNLOCK, content.get("unlock")),
                        consent=_value(schema.CONSENT, content.get("consent")),
                        approval=_value(schema.APPROVAL, content.get("approval")),
                        suspension=_value(schema.SUSPENSION, content.get("suspension")),
                    )
                    return CachedFace(login, face, fetched, used)
        except (DirectoryError, TypeError):
            pass
        self._complain(name)
        return None

    def _note(self, seen: int) -> None:
        self._seen, self._seen_at = seen, self._monotonic()
        self._write(_SEEN, {"seen": seen})

    def _read_seen(self) -> int:
        match self._read(_SEEN):
            case {"seen": int() as seen}:
                return seen
        return 0

    def _read(self, name: str) -> dict[str, Any] | None:
        try:
            with (self._folder / name).open("rb") as file:
                data = file.read(_LARGEST_FILE + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            logger.error("The cache file %s cannot be read: %s.", self._folder / name, error.strerror)
            return None
        body = data[len(_MAGIC) + _DIGEST_SIZE :]
        if len(data) <= _LARGEST_FILE and data == _MAGIC + hashlib.sha256(body).digest() + body:
            try:
                content = encoding.decode(body)
            except TrustError:
                content = None
            if isinstance(content, dict):
                return content
        self._complain(name)
        return None

    def _write(self, name: str, content: dict[str, Any]) -> None:
        body = encoding.encode(content)
        path = self._folder / name
        draft = self._folder / f"{name}.new"
        try:
            draft.unlink(missing_ok=True)
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(_MAGIC + hashlib.sha256(body).digest() + body)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
            folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise StateError(
                _("The cache file {path} cannot be written: {why}.").format(path=path, why=error.strerror)
            ) from None

    def _complain(self, name: str) -> None:
        logger.error("The cache file %s is damaged and counts as absent.", self._folder / name)


def _file_name(login: str) -> str:
    return hashlib.sha256(login.encode("utf-8", errors="surrogateescape")).hexdigest() + _SUFFIX


def _bytes(value: object) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError
    return value


def _value(attribute: str, value: object) -> bytes | None:
    return None if value is None else schema.bounded(attribute, [_bytes(value)])[0]
