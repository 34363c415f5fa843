"""A list of people who need an emergency grant: a CSV table of login names and, where they differ, PCs and hours."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path

from faced.enrolment.emergency import Wish
from faced.enrolment.person import check_login
from faced.enrolment.staff_list import text_of_table
from faced.errors import DirectoryError, StateError
from faced.i18n import _

_KNOWN = ("login", "host", "hours")
_MOST_BYTES = 4 * 1024 * 1024


def read_grant_list(path: Path, host: str | None, hours: int) -> tuple[Wish, ...]:
    """The wishes of a list, in its order. UTF-8, or the Shift_JIS of spreadsheets in Japan (CP932).

    :param host: for those without one; None: everybody must have one.
    :param hours: for those without.
    :raises StateError: unreadable, or not such a table; the message names the line.
    :raises DirectoryError: ``grant_list``: somebody is there twice, or a value makes no sense.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise StateError(_("{path} cannot be read: {why}.").format(path=path, why=error.strerror)) from None
    if len(data) > _MOST_BYTES:
        raise StateError(_("{path} is too large for such a list.").format(path=path))
    rows = csv.DictReader(io.StringIO(text_of_table(data, path), newline=""), strict=True)
    wishes: dict[str, Wish] = {}
    try:
        _check_columns(rows.fieldnames or (), path)
        for row in rows:
            try:
                wish = _wish(row, host, hours)
                if wish.login in wishes:
                    raise DirectoryError(_("The login name is there twice."), reason="grant_list")
            except DirectoryError as error:
                raise DirectoryError(
                    _("{path}, line {line}: {why}").format(path=path, line=rows.line_num, why=error),
                    reason=error.reason,
                ) from None
            wishes[wish.login] = wish
    except csv.Error:
        raise StateError(
            _("{path}, line {line}: this is no CSV table.").format(path=path, line=rows.line_num)
        ) from None
    return tuple(wishes.values())


def _check_columns(names: object, path: Path) -> None:
    columns = list(names) if isinstance(names, list | tuple) else []
    if "login" not in columns or set(columns) - set(_KNOWN):
        raise StateError(
            _("{path}: the first line must name the columns {columns}, and no others.").format(
                path=path, columns=", ".join(_KNOWN)
            )
        )


def _wish(row: Mapping[str | None, str | None], host: str | None, hours: int) -> Wish:
    value = {name: (row.get(name) or "").strip() for name in _KNOWN}
    login = check_login(value["login"])
    if None in row:
        raise DirectoryError(_("There are more values than columns."), reason="grant_list")
    where = value["host"] or host
    if where is None:
        raise DirectoryError(_("No PC is named: fill in 'host', or give --host or --any-host."), reason="grant_list")
    if value["hours"] and not (value["hours"].isascii() and value["hours"].isdecimal()):
        raise DirectoryError(_("The hours are not a number."), reason="grant_list")
    return Wish(login, where, int(value["hours"] or hours))
