"""Lengths of time in seconds, the zone in which a moment is a day, and the year that the administration counts in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

HOUR_S = 3600
DAY_S = 24 * HOUR_S
JST = timezone(timedelta(hours=9), "JST")


def fiscal_year(moment: int) -> int:
    """The Japanese fiscal year (it begins on 1 April of that number) of a moment in unix seconds."""
    day = datetime.fromtimestamp(moment, UTC).astimezone(JST)
    return day.year if day.month >= 4 else day.year - 1
