from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from faced.enrolment.fiscal_year import FiscalYear, end_of, last_day, start_of


def unix(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


@pytest.mark.parametrize(
    ("moment", "year"),
    [
        ("2027-03-31T23:59:59+09:00", 2026),
        ("2027-04-01T00:00:00+09:00", 2027),
        ("2027-03-31T15:00:00+00:00", 2027),
        ("2026-12-31T20:00:00+00:00", 2026),
    ],
)
def test_the_year_turns_on_the_first_of_april_in_japan(moment: str, year: int) -> None:
    assert FiscalYear.at(unix(moment)) == FiscalYear(year)


def test_a_year_ends_where_the_next_begins() -> None:
    assert FiscalYear(2026).ends == FiscalYear(2027).begins == unix("2027-04-01T00:00:00+09:00")


def test_the_last_day_of_a_period_is_a_day_in_japan() -> None:
    assert last_day(FiscalYear(2026).ends) == date(2027, 3, 31)
    assert last_day(end_of(date(2026, 10, 2))) == date(2026, 10, 2)
    assert datetime.fromtimestamp(start_of(date(2026, 10, 2)), UTC).hour == 15
