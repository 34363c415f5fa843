"""Days as personnel systems write them; what is none is refused, not guessed."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from faced.directory.dates import read_day, read_moment


@pytest.mark.parametrize(
    "text",
    [
        *("2026-04-01", "2026/4/1", "2026/04/01", "2026/4/1 0:00", "2026/04/01 00:00:00", "20260401"),
        *("20260401000000+0900", "20260331150000Z", "2026033115Z", "202603311500Z", "20260401235959.9+09"),
        "20260401145960Z",
    ],
)
def test_a_day_is_a_day_in_japan(text: str) -> None:
    assert read_day(text) == date(2026, 4, 1)


@pytest.mark.parametrize(
    "text",
    [
        *("", "2026-4-1", "2026-02-30", "2026/13/1", "2026/4/1 12:00", "26/4/1", "00000000", "20261301"),
        *(
            "２０２６-０４-０１",
            "令和8年4月1日",
            "20260401000000",
            "20260401250000Z",
            "20260401000000+9900",
            "2026-04-01\n",
        ),
        "00010101000000+2300",
    ],
)
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the text is for nobody
        read_day(text)


def test_for_ever_is_a_day_too() -> None:
    assert read_day("99991231235959Z") == read_day("9999-12-31") == date.max


def test_a_moment_is_exact_to_the_second() -> None:
    assert read_moment("20261129111208.135318Z") == datetime(2026, 11, 29, 11, 12, 8, tzinfo=UTC)
