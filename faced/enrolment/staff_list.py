"""A staff list as personnel sections export it: a CSV table of login names, staff numbers, names and mail addresses.

The first line names the columns: ``login``, ``staff_number`` and ``name``; ``mail`` and ``groups`` (separated by
spaces) may be missing. UTF-8, or the Shift_JIS of spreadsheets in Japan (CP932).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path

from faced.enrolment.person import PersonDetails
from faced.errors import DirectoryError, StateError
from faced.i18n import _

_REQUIRED = ("login", "staff_number", "name")
_KNOWN = (*_REQUIRED, "mail", "groups")
_MOST_BYTES = 32 * 1024 * 1024


def read_staff_list(path: Path, default_groups: tuple[str, ...]) -> dict[str, PersonDetails]:
    """The people of a list, by login name.

    :param default_groups: the key groups of people for whom the list names none.
    :raises StateError: unreadable, or not such a table; the message names the line.
    :raises DirectoryError: two people share a login name or a staff number.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise StateError(_("{path} cannot be read: {why}.").format(path=path, why=error.strerror)) from None
    if len(data) > _MOST_BYTES:
        raise StateError(_("{path} is too large for a staff list.").format(path=path))
    people: dict[str, PersonDetails] = {}
    numbers: dict[str, str] = {}
    rows = csv.DictReader(io.StringIO(text_of_table(data, path), newline=""), strict=True)
    try:
        _check_columns(rows.fieldnames or (), path)
        for row in rows:
            person = _person(row, path, rows.line_num, default_groups)
            twin = numbers.setdefault(person.staff_number, person.login)
            if person.login in people or twin != person.login:
                raise DirectoryError(
                    _("{path}, line {line}: the login name or the staff number is there twice.").format(
                        path=path, line=rows.line_num
                    ),
                    reason="staff_list",
                )
            people[person.login] = person
    except csv.Error:
        raise StateError(
            _("{path}, line {line}: this is no CSV table.").format(path=path, line=rows.line_num)
        ) from None
    return people


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


def _person(
    row: Mapping[str | None, str | None], path: Path, line: int, default_groups: tuple[str, ...]
) -> PersonDetails:
    value = {name: (row.get(name) or "").strip() for name in _KNOWN}
    try:
        if None in row:
            raise DirectoryError(_("There are more values than columns."), reason="staff_list")
        groups = tuple(value["groups"].split()) or default_groups
        return PersonDetails(value["login"], value["staff_number"], value["name"], value["mail"], groups)
    except DirectoryError as error:
        raise DirectoryError(
            _("{path}, line {line}: {why}").format(path=path, line=line, why=error), reason=error.reason
        ) from None
