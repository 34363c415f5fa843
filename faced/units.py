"""Lengths of time in seconds, the zone in which a moment is a day, and the year that the administration counts in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

HOUR_S = 3600
DAY_S = 24 * HOUR_S
_AHEAD = timedelta(hours=9)
JST = timezone(_AHEAD, "JST")


def fiscal_year(moment: int) -> int:
    """The Japanese fiscal year (it begins on 1 April of that number) of a moment in unix seconds."""
    day = datetime.fromtimestamp(moment, UTC).astimezone(JST)
    return day.year if day.month >= 4 else day.year - 1


def midnight(moment: int) -> int:
    """The beginning of a moment's day in Japan; both in unix seconds."""
    return moment - (moment + int(_AHEAD.total_seconds())) % DAY_S
