"""Which groups of people a record may show by themselves.

A figure over few people is about those people. It does not help to leave out such a group and print the total: who
subtracts the others has it. So hidden groups are put together, with further ones where they are still too few, until
what a subtraction gives is a figure over enough people too (complementary suppression).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

#: Below this nobody may set the least number of people in a figure.
LEAST_EVER = 5
LEAST_PEOPLE = 10


@dataclass(frozen=True)
class Partition:
    """``alone``: groups that may be shown; ``together``: groups of which only the union may be shown."""

    alone: tuple[str, ...]
    together: tuple[str, ...] = ()


def partition(sizes: Mapping[str, Sequence[int]], least: int) -> Partition:
    """How to break a total down.

    :param sizes: for each group, over how many people each of the figures to be shown is. Together the groups are all
        people of the total.
    :param least: people that a figure needs.
    :return: neither groups alone nor together if only the total may be shown.
    """
    # From the largest group to the smallest; the name decides where they are alike, so that the answer does not vary.
    alone = sorted(sizes, key=lambda group: (-min(sizes[group], default=0), group))
    together: list[str] = []
    while alone and _fewest(sizes, alone[-1:]) < least:
        together.insert(0, alone.pop())
    while alone and together and _fewest(sizes, together) < least:
        together.insert(0, alone.pop())
    if not alone or len(sizes) < 2:
        return Partition(())
    return Partition(tuple(sorted(alone)), tuple(sorted(together)))


def _fewest(sizes: Mapping[str, Sequence[int]], groups: Sequence[str]) -> int:
    """The smallest number of people behind any figure of these groups together."""
    return min((sum(column) for column in zip(*(sizes[group] for group in groups), strict=True)), default=0)
