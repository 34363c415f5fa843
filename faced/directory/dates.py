"""Days and moments as personnel systems write them: ISO 8601, spreadsheets in Japan, LDAP."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

from faced.units import JST

_DAY = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})|(\d{4})/(\d{1,2})/(\d{1,2})(?: 0?0:00(?::00)?)?|(\d{4})(\d{2})(\d{2})", re.ASCII
)
_MOMENT = re.compile(r"(\d{10})(\d{2})?(\d{2})?(?:[.,]\d+)?(Z|[+-]\d{2}(?:\d{2})?)", re.ASCII)


def read_day(text: str) -> date:
    """The day of ``2026-04-01``, ``20260401``, ``2026/4/1`` (as spreadsheets write it, also with midnight behind it) or
    of a generalized time, in Japan.

    :raises ValueError: none of these, or no such day.
    """
    if found := _DAY.fullmatch(text):
        year, month, day = (int(part) for part in found.groups() if part is not None)
        return date(year, month, day)
    try:
        return read_moment(text).astimezone(JST).date()
    except OverflowError:
        # The last second of the year 9999, which means for ever, is in Japan a day too late.
        return date.max


def read_moment(text: str) -> datetime:
    """An LDAP generalized time (RFC 4517, 3.3.13), such as ``20260331150000Z``; fractions are dropped.

    :raises ValueError: none, or no such moment.
    """
    found = _MOMENT.fullmatch(text)
    if found is None:
        raise ValueError("no generalized time")
    hour, minute, second, zone = found.groups()
    offset = "+0000" if zone == "Z" else zone.ljust(5, "0")
    # A leap second is the last of its minute.
    moment = datetime.strptime(f"{hour}{minute or '00'}{min(second or '00', '59')}{offset}", "%Y%m%d%H%M%S%z")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("no such moment") from None
