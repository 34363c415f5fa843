"""A folder of photos by person, and the table that says which group a person belongs to: the input of an evaluation.

::

    FOLDER/PERSON/any-name.jpg      a sub-folder a person, or
    FOLDER/PERSON_1.jpg             a number after the last underscore; without one the whole name is the person

The first photo by name is the enrolment. What people are called here goes no further than the groups.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field
from pathlib import Path

from faced.enrolment.photo import SUFFIXES
from faced.enrolment.staff_list import text_of_table
from faced.errors import StateError
from faced.i18n import _

_NUMBERED = re.compile(r"(?P<person>.+)_(?P<number>\d+)")
_COLUMNS = ("person", "group")
_MOST_BYTES = 32 * 1024 * 1024
#: What `facectl dummy make` writes beside the folder of photos.
_DUMMY_MARKS = ("staff.json", "hr.ldif")


@dataclass(frozen=True)
class PhotoPerson:
    """One person's photos, the first for enrolment."""

    name: str = field(repr=False)
    photos: tuple[Path, ...] = field(repr=False)


def people_of(folder: Path) -> list[PhotoPerson]:
    """Everybody of whom there is a photo in a folder, by name.

    :raises StateError: it cannot be read, or holds no photo.
    """
    found: dict[str, list[tuple[int, str, Path]]] = {}
    try:
        for entry in folder.iterdir():
            if entry.is_dir() and not entry.name.startswith("."):
                photos = [(0, path.name, path) for path in entry.iterdir() if _is_photo(path)]
                if photos:
                    found.setdefault(entry.name, []).extend(photos)
            elif _is_photo(entry):
                numbered = _NUMBERED.fullmatch(entry.stem)
                name, number = (numbered["person"], int(numbered["number"])) if numbered else (entry.stem, 0)
                found.setdefault(name, []).append((number, entry.name, entry))
    except OSError as error:
        raise StateError(_("{path} cannot be read: {why}.").format(path=folder, why=error.strerror)) from None
    if not found:
        raise StateError(
            _(
                "There is no photo in {path}. It needs one sub-folder a person with that person's photos, or files "
                "named PERSON_1.jpg, PERSON_2.jpg."
            ).format(path=folder)
        )
    return [PhotoPerson(name, tuple(path for *_order, path in sorted(found[name]))) for name in sorted(found)]


def is_of_dummies(folder: Path) -> bool:
    """Whether ``facectl dummy make`` made this folder, or the one it lies in."""
    return any(all((place / mark).is_file() for mark in _DUMMY_MARKS) for place in (folder, folder.resolve().parent))


def read_groups(path: Path) -> dict[str, str]:
    """The group of each person of a CSV table with the columns ``person`` and ``group`` (UTF-8 or CP932).

    :raises StateError: unreadable, not such a table, or a person is there twice; the message names the line.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise StateError(_("{path} cannot be read: {why}.").format(path=path, why=error.strerror)) from None
    rows = csv.DictReader(io.StringIO(text_of_table(data, path), newline=""), strict=True)
    groups: dict[str, str] = {}
    try:
        if tuple(rows.fieldnames or ()) != _COLUMNS or len(data) > _MOST_BYTES:
            raise _no_table(path, 1)
        for row in rows:
            person, group = (row.get("person") or "").strip(), (row.get("group") or "").strip()
            if None in row or not person or not group or person in groups:
                raise _no_table(path, rows.line_num)
            groups[person] = group
    except csv.Error:
        raise _no_table(path, rows.reader.line_num) from None
    return groups


def _is_photo(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()


def _no_table(path: Path, line: int) -> StateError:
    return StateError(
        _(
            "{path}, line {line}: this must be a CSV table with the columns person,group and one line a person; the "
            "person is written as in the folder."
        ).format(path=path, line=line)
    )
