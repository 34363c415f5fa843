"""The Japanese fiscal year, 1 April to 31 March in Japan Standard Time: the period of the purpose and of an epoch."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone

JST = timezone(timedelta(hours=9), "JST")
#: Next year's keys are out this long before, and the old ones hold as long after, so that 1 April locks out nobody.
OVERLAP = timedelta(days=14)


@dataclass(frozen=True)
class FiscalYear:
    """The year that begins on 1 April of ``number``."""

    number: int

    @classmethod
    def at(cls, now: int) -> FiscalYear:
        """The fiscal year of a moment, in unix seconds."""
        day = datetime.fromtimestamp(now, UTC).astimezone(JST)
        return cls(day.year if day.month >= 4 else day.year - 1)

    @property
    def begins(self) -> int:
        """Unix seconds of 1 April, 00:00 in Japan."""
        return start_of(date(self.number, 4, 1))

    @property
    def ends(self) -> int:
        """Unix seconds of the next 1 April, 00:00 in Japan: the first second after the year."""
        return start_of(date(self.number + 1, 4, 1))


def start_of(day: date) -> int:
    """Unix seconds of the beginning of a day in Japan."""
    return int(datetime.combine(day, time(), JST).timestamp())


def end_of(day: date) -> int:
    """Unix seconds of the first second after a day in Japan."""
    return start_of(day + timedelta(days=1))


def last_day(not_after: int) -> date:
    """The last day in Japan that lies wholly before a period's end."""
    return (datetime.fromtimestamp(not_after, UTC).astimezone(JST) - timedelta(seconds=1)).date()
