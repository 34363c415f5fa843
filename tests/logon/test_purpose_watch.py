"""The daily warning in the journal that the purpose ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from faced.enrolment.fiscal_year import FiscalYear
from faced.logon.purpose_watch import PurposeWatch
from faced.records.audit import AuditError, AuditEvent
from faced.trust.purpose import Purpose
from faced.units import DAY_S

END = FiscalYear(2026).ends
THIS = Purpose(1, FiscalYear(2026).begins, END, "R8-1", b"")
NEXT = Purpose(2, END, FiscalYear(2027).ends, "R9-1", b"")


class Journal:
    """Keeps what it is told, or refuses."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []
        self.broken = False

    def record(self, event: AuditEvent) -> None:
        if self.broken:
            raise AuditError("The journal is full.")
        self.told.append((event.kind.word, event.outcome))


@pytest.mark.parametrize(
    ("left", "told"),
    [
        (61 * DAY_S, []),
        (60 * DAY_S, [("purpose", "ahead")]),
        (30 * DAY_S, [("purpose", "soon")]),
        (7 * DAY_S, [("purpose", "urgent")]),
        (0, [("purpose", "over")]),
    ],
)
def test_it_warns_by_degrees(tmp_path: Path, left: int, told: list[tuple[str, str]]) -> None:
    journal = Journal()
    PurposeWatch(tmp_path / "purpose.json", journal).look([THIS], END - left)
    assert journal.told == told


def test_a_renewed_purpose_ends_the_warnings_and_none_at_all_is_one(tmp_path: Path) -> None:
    journal = Journal()
    watch = PurposeWatch(tmp_path / "purpose.json", journal)
    watch.look([THIS, NEXT], END - DAY_S)
    assert journal.told == []
    watch.look([], END - DAY_S)
    assert journal.told == [("purpose", "over")]


def test_it_warns_once_a_day_also_after_a_restart(tmp_path: Path) -> None:
    journal = Journal()
    morning = (END // DAY_S - 5) * DAY_S
    for seconds in (0, 60, DAY_S - 1, DAY_S, DAY_S + 60):
        PurposeWatch(tmp_path / "purpose.json", journal).look([THIS], morning + seconds)
    assert journal.told == [("purpose", "urgent")] * 2


def test_a_warning_that_was_not_recorded_is_given_later(tmp_path: Path) -> None:
    journal = Journal()
    watch = PurposeWatch(tmp_path / "purpose.json", journal)
    journal.broken = True
    watch.look([THIS], END - DAY_S)
    journal.broken = False
    watch.look([THIS], END - DAY_S)
    assert journal.told == [("purpose", "urgent")]


def test_a_damaged_memory_warns_and_mends_itself(tmp_path: Path) -> None:
    (tmp_path / "purpose.json").write_text("{")
    journal = Journal()
    watch = PurposeWatch(tmp_path / "purpose.json", journal)
    for _twice in range(2):
        watch.look([THIS], END - DAY_S)
    assert journal.told == [("purpose", "urgent")]
