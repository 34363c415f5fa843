"""A folder as a personnel section hands it over: one staff list (CSV), and photos beside it or in a folder ``photos``.

Photos are named by login name or staff number (``tanaka.jpg``, ``0012345.png``).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path

from faced.directory.personnel import PersonnelRecord, PhotoFault, UnusablePhoto, record_of, with_duplicates
from faced.enrolment.file_refusal import LIMITS, PhotoLimits
from faced.enrolment.photo import pictures, read_photo
from faced.enrolment.staff_list import StaffRow, read_rows
from faced.errors import PhotoRefused, StateError
from faced.i18n import _

_PHOTOS = "photos"
#: No file's name has it.
_BETWEEN_NAMES = "/"

Files = Mapping[str, Sequence[Path]]


class FolderPersonnel:
    """The staff of a folder; see :class:`faced.directory.personnel.Personnel`."""

    def __init__(self, folder: Path, limits: PhotoLimits = LIMITS) -> None:
        self._folder = folder
        self._limits = limits

    def records(self, *, progress: Callable[[int], None] | None = None) -> tuple[PersonnelRecord, ...]:
        """As :meth:`Personnel.records`.

        :raises StateError: there is not exactly one staff list, or it cannot be read.
        :raises DirectoryError: ``staff_list``: a line has more values than columns.
        """
        files = self._files()
        records = with_duplicates([self._record(row, files) for row in read_rows(self._staff_list())])
        if progress is not None:
            progress(len(records))
        return records

    def photos(self, keys: Sequence[str]) -> Generator[tuple[str, bytes | UnusablePhoto | None], None, None]:
        """As :meth:`Personnel.photos`; a file that cannot be read has the reason of
        :func:`faced.enrolment.photo.read_photo`."""
        files = self._files()
        for key in keys:
            yield key, self._photo(_named(key, files))

    def pictured(self) -> frozenset[str]:
        """As :meth:`Personnel.pictured`."""
        files = self._files()
        return frozenset(record.key for record in self.records() if _named(record.key, files))

    def _staff_list(self) -> Path:
        try:
            lists = sorted(
                path
                for path in self._folder.iterdir()
                if path.suffix.lower() == ".csv" and not path.name.startswith((".", "~"))
            )
        except OSError as error:
            raise StateError(_("{path} cannot be read: {why}.").format(path=self._folder, why=error.strerror)) from None
        if len(lists) != 1:
            raise StateError(
                _("{path} must hold exactly one staff list (a .csv file), and has {count}.").format(
                    path=self._folder, count=len(lists)
                )
            )
        return lists[0]

    def _files(self) -> Files:
        """The picture files by the name before the dot."""
        below = self._folder / _PHOTOS
        files: dict[str, list[Path]] = {}
        for path in (*pictures(self._folder), *(pictures(below) if below.is_dir() else ())):
            files.setdefault(path.stem, []).append(path)
        return files

    def _record(self, row: StaffRow, files: Files) -> PersonnelRecord:
        key = f"{row.values['login']}{_BETWEEN_NAMES}{row.values['staff_number']}"
        return record_of(row.values, revision=_revision(row, _named(key, files)), key=key)

    def _photo(self, files: Sequence[Path]) -> bytes | UnusablePhoto | None:
        if len(files) > 1:
            return UnusablePhoto(PhotoFault.SEVERAL)
        try:
            return read_photo(files[0], self._limits) if files else None
        except PhotoRefused as error:
            return UnusablePhoto(error.reason)


def _named(key: str, files: Files) -> list[Path]:
    """The files with the person's login name or staff number."""
    return [path for name in dict.fromkeys(key.split(_BETWEEN_NAMES)) if name for path in files.get(name, ())]


def _revision(row: StaffRow, files: Sequence[Path]) -> bytes:
    """The line of the list, and which files there are; one that was put in the place of another shows."""
    parts = ["folder", *row.values.values()]
    for path in files:
        try:
            status = path.stat()
        except OSError:
            return b""
        parts += [path.name, *map(str, (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns))]
    return "\0".join(parts).encode()
