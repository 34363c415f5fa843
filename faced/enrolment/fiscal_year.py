"""The Japanese fiscal year, 1 April to 31 March in Japan Standard Time: the period of the purpose and of an epoch."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from faced.units import JST, fiscal_year

#: Next year's keys are out this long before, and the old ones hold as long after, so that 1 April locks out nobody.
OVERLAP = timedelta(days=14)
#: Epoch numbers from here on are year * 100 + how many times the year's key was replaced.
_FRESH, _FIRST_FRESH = 100, 100_000


@dataclass(frozen=True, order=True)
class FiscalYear:
    """The year that begins on 1 April of ``number``."""

    number: int

    @classmethod
    def at(cls, now: int) -> FiscalYear:
        """The fiscal year of a moment, in unix seconds."""
        return cls(fiscal_year(now))

    @classmethod
    def of_epoch(cls, number: int) -> FiscalYear:
        """The fiscal year of an epoch, see :meth:`epoch`."""
        return cls(number if number < _FIRST_FRESH else number // _FRESH)

    def epoch(self, fresh: int = 0) -> int:
        """The number of an epoch of this year.

        :param fresh: 0 for the year's first (2026); 1 .. 99 for those that took its place after a leak (202601 ...).
        """
        if not 0 <= fresh < _FRESH:
            raise ValueError("a year has at most a hundred epochs")
        return self.number * _FRESH + fresh if fresh else self.number

    @property
    def announced(self) -> int:
        """Unix seconds from which the year's epochs may be begun."""
        return self.begins - int(OVERLAP.total_seconds())

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


def day_of(moment: int) -> date:
    """The day in Japan of a moment in unix seconds."""
    return datetime.fromtimestamp(moment, UTC).astimezone(JST).date()


def last_day(not_after: int) -> date:
    """The last day in Japan that lies wholly before a period's end."""
    return day_of(not_after - 1)
