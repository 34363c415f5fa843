"""Which epochs a rotation begins and ends; what it does with them is tested with a directory in tests/cli."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from faced.enrolment.fiscal_year import FiscalYear
from faced.enrolment.manifest import epochs_to_seal_to, last_manifest
from faced.enrolment.rotation import LEAK_OVERLAP_S, begin, begun_manifest, over, spread
from faced.enrolment.station import RoleKey, Station
from faced.errors import DirectoryError
from faced.trust.realm import Manifest, Role

Keys = Callable[[Role], RoleKey]
#: 20 March, a fortnight into the overlap, and the day after it.
MARCH, APRIL, OVER = (
    int(datetime.fromisoformat(f"2027-{day}T12:00:00+09:00").timestamp()) for day in ("03-20", "04-05", "04-15")
)


def names(manifest: Manifest) -> list[tuple[str, int]]:
    return sorted((epoch.group, epoch.number) for epoch in manifest.epochs)


@pytest.fixture
def operate(role_key: Keys) -> RoleKey:
    return role_key(Role.OPERATE)


def test_the_number_of_an_epoch_tells_its_fiscal_year() -> None:
    year = FiscalYear(2026)
    assert [year.epoch(fresh) for fresh in (0, 1, 99)] == [2026, 202601, 202699]
    assert {FiscalYear.of_epoch(year.epoch(fresh)) for fresh in range(100)} == {year}
    with pytest.raises(ValueError, match="hundred"):
        year.epoch(100)


def test_a_half_that_was_made_and_not_published_is_taken_up(station: Station, operate: RoleKey) -> None:
    manifest = last_manifest(station)
    first = begin(operate, manifest, MARCH)
    second = begin(first.key, manifest, MARCH)
    assert second.epochs == first.epochs
    assert over(first.key, manifest, MARCH) == (), "it is not destroyed either"


def test_a_leak_in_the_overlap_replaces_the_epochs_of_both_years(station: Station, operate: RoleKey) -> None:
    begun = begin(operate, last_manifest(station), MARCH)
    manifest = begun_manifest(last_manifest(station), begun, MARCH)
    leak = begin(begun.key, manifest, MARCH, leaked=["default"])
    assert leak.names == (("default", 202601), ("default", 202701))
    after = begun_manifest(manifest, leak, MARCH)
    ends = {(epoch.group, epoch.number): epoch.not_after for epoch in after.epochs}
    assert ends["default", 2026] == ends["default", 2027] == MARCH + LEAK_OVERLAP_S
    assert ends["default", 202601] == ends["finance", 2026] == FiscalYear(2026).ends + 14 * 86400
    sealed_to = {(epoch.group, epoch.number) for epoch in epochs_to_seal_to(after, MARCH)}
    assert sealed_to == {("default", 202601), ("default", 202701), ("finance", 2026), ("finance", 2027)}
    assert over(leak.key, after, MARCH) == ()
    assert over(leak.key, after, MARCH + LEAK_OVERLAP_S) == (("default", 2026), ("default", 2027))


def test_a_leak_after_the_first_of_april_reaches_the_year_that_ends(station: Station, operate: RoleKey) -> None:
    begun = begin(operate, last_manifest(station), MARCH)
    manifest = begun_manifest(last_manifest(station), begun, APRIL)
    assert begin(begun.key, manifest, APRIL, leaked=["finance"]).names == (("finance", 202601), ("finance", 202701))


def test_a_year_change_that_was_forgotten_is_made_up_for(station: Station, operate: RoleKey) -> None:
    begun = begin(operate, last_manifest(station), OVER)
    assert begun.names == (("default", 2027), ("finance", 2027))
    manifest = begun_manifest(last_manifest(station), begun, OVER)
    assert over(begun.key, manifest, OVER) == (("default", 2026), ("finance", 2026))


def test_after_an_error_the_rest_is_left_for_the_next_run() -> None:
    taken: list[int] = []

    def work(item: int) -> None:
        taken.append(item)
        if item == 2:
            raise DirectoryError("refused")

    with pytest.raises(DirectoryError):
        spread(range(10), [work], lambda: None)
    assert taken == [0, 1, 2]


def test_every_item_is_worked_off_once_whoever_takes_it() -> None:
    done: list[int] = []
    steps: list[None] = []
    spread(range(500), [done.append, done.append, done.append], lambda: steps.append(None))
    assert sorted(done) == list(range(500))
    assert len(steps) == 500
