"""How pressing the end of something is: the days left at which an alarm rises to the next level."""

from __future__ import annotations

from enum import StrEnum, unique

from faced.units import DAY_S

DAYS_AHEAD = (60, 30, 7)


@unique
class Level(StrEnum):
    """How pressing an alarm is."""

    AHEAD = "ahead"
    SOON = "soon"
    URGENT = "urgent"
    OVER = "over"


def level_of(left_s: int) -> Level | None:
    """The level of what ends in so many seconds; None while it is further away than all of :data:`DAYS_AHEAD`."""
    ahead, soon, urgent = (days * DAY_S for days in DAYS_AHEAD)
    if left_s <= 0:
        return Level.OVER
    if left_s <= urgent:
        return Level.URGENT
    if left_s <= soon:
        return Level.SOON
    return Level.AHEAD if left_s <= ahead else None


def days_left(left_s: int) -> int:
    """Whole days, 0 for what is over."""
    return max(0, left_s // DAY_S)
