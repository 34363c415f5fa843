"""A staff list as personnel sections export it: a CSV table of login names, staff numbers, names and mail addresses.

The first line names the columns: ``login``, ``staff_number`` and ``name``; ``mail``, ``groups`` (separated by spaces),
``category``, ``starts`` and ``ends`` may be missing. UTF-8, or the Shift_JIS of spreadsheets in Japan (CP932).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from faced.enrolment.person import PersonDetails
from faced.errors import DirectoryError, StateError
from faced.i18n import _

_REQUIRED = ("login", "staff_number", "name")
_KNOWN = (*_REQUIRED, "mail", "groups", "category", "starts", "ends")
_MOST_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True)
class StaffRow:
    """One line of a list.

    :param line: its number in the file.
    :param values: of every known column, without spaces around them; "" where there is none.
    """

    line: int
    values: Mapping[str, str]


def read_staff_list(path: Path, default_groups: tuple[str, ...]) -> dict[str, PersonDetails]:
    """The people of a list, by login name.

    :param default_groups: the key groups of people for whom the list names none.
    :raises StateError: unreadable, or not such a table; the message names the line.
    :raises DirectoryError: two people share a login name or a staff number.
    """
    people: dict[str, PersonDetails] = {}
    numbers: dict[str, str] = {}
    for row in read_rows(path):
        person = _person(row, path, default_groups)
        twin = numbers.setdefault(person.staff_number, person.login)
        if person.login in people or twin != person.login:
            raise DirectoryError(
                _("{path}, line {line}: the login name or the staff number is there twice.").format(
                    path=path, line=row.line
                ),
                reason="staff_list",
            )
        people[person.login] = person
    return people


def read_rows(path: Path) -> list[StaffRow]:
    """The lines of a list, unjudged; empty ones are left out.

    :raises StateError: unreadable, or not such a table; the message names the line.
    :raises DirectoryError: ``staff_list``: a line has more values than columns.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise StateError(_("{path} cannot be read: {why}.").format(path=path, why=error.strerror)) from None
    if len(data) > _MOST_BYTES:
        raise StateError(_("{path} is too large for a staff list.").format(path=path))
    rows = csv.DictReader(io.StringIO(text_of_table(data, path), newline=""), strict=True)
    try:
        _check_columns(rows.fieldnames or (), path)
        read = [_row(row, path, rows.line_num) for row in rows]
    except csv.Error:
        raise StateError(
            _("{path}, line {line}: this is no CSV table.").format(path=path, line=rows.line_num)
        ) from None
    return [row for row in read if any(row.values.values())]


def text_of_table(data: bytes, path: Path) -> str:
    """The text of a table as offices save it: UTF-8, or what Japanese spreadsheets write.

    :raises StateError: neither.
    """
    for encoding in ("utf-8-sig", "cp932"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise StateError(_("{path} is neither UTF-8 nor Shift_JIS text.").format(path=path))


def _check_columns(names: object, path: Path) -> None:
    columns = list(names) if isinstance(names, list | tuple) else []
    missing = [name for name in _REQUIRED if name not in columns]
    unknown = [name for name in columns if name not in _KNOWN]
    if missing or unknown:
        raise StateError(
            _("{path}: the first line must name the columns {columns}, and no others.").format(
                path=path, columns=", ".join(_KNOWN)
            )
        )


def _row(row: Mapping[str | None, str | None], path: Path, line: int) -> StaffRow:
    if None in row:
        raise DirectoryError(
            _("{path}, line {line}: there are more values than columns.").format(path=path, line=line),
            reason="staff_list",
        )
    return StaffRow(line, {name: (row.get(name) or "").strip() for name in _KNOWN})


def _person(row: StaffRow, path: Path, default_groups: tuple[str, ...]) -> PersonDetails:
    value = row.values
    try:
        groups = tuple(value["groups"].split()) or default_groups
        return PersonDetails(value["login"], value["staff_number"], value["name"], value["mail"], groups)
    except DirectoryError as error:
        raise DirectoryError(
            _("{path}, line {line}: {why}").format(path=path, line=row.line, why=error), reason=error.reason
        ) from None
