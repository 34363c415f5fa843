from __future__ import annotations

import itertools
import random

import pytest

from faced.records.disclosure import Partition, partition


def test_groups_that_are_large_enough_are_shown() -> None:
    assert partition({"south": (12,), "north": (30,)}, 10) == Partition(("north", "south"))


def test_a_small_group_is_not_shown_and_cannot_be_subtracted() -> None:
    found = partition({"north": (30,), "south": (12,), "west": (4,)}, 10)
    assert found == Partition(("north",), ("south", "west"))


def test_small_groups_that_are_enough_together_take_no_large_one_with_them() -> None:
    assert partition({"a": (30,), "b": (6,), "c": (5,)}, 10) == Partition(("a",), ("b", "c"))


@pytest.mark.parametrize(
    "sizes", [{}, {"all": (30,)}, {"a": (30,), "b": (1,)}, {"a": (3,), "b": (3,)}, {"a": (3,), "b": (8,)}]
)
def test_where_nothing_can_be_shown_beside_the_total_nothing_is(sizes: dict[str, tuple[int, ...]]) -> None:
    assert partition(sizes, 10) == Partition(())


def test_a_group_with_too_few_people_in_one_figure_is_small() -> None:
    found = partition({"north": (30, 20), "south": (25, 14), "west": (25, 2)}, 10)
    assert found == Partition(("north",), ("south", "west"))


def test_no_sum_of_shown_figures_gives_one_over_too_few_people() -> None:
    rng = random.Random(4)
    for _case in range(300):
        sizes = {name: (rng.randint(0, 25), rng.randint(0, 25)) for name in "abcdef"[: rng.randint(1, 6)]}
        found = partition(sizes, 10)
        shown = [(name,) for name in found.alone] + ([found.together] if found.together else [])
        assert not shown or sorted(itertools.chain(*shown)) == sorted(sizes)
        for figure in (0, 1):
            for groups in shown:
                assert sum(sizes[name][figure] for name in groups) >= 10
