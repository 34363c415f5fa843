"""What a person may be asked to do, and the choice among it."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from enum import StrEnum


class Challenge(StrEnum):
    """An action; directions are the person's own."""

    TURN_LEFT = "turn_left"
    TURN_RIGHT = "turn_right"
    LOOK_UP = "look_up"
    LOOK_DOWN = "look_down"
    BLINK_TWICE = "blink_twice"
    OPEN_MOUTH = "open_mouth"

    @property
    def turns(self) -> bool:
        """Whether the head turns, so that depth shows."""
        return self in TURNS


TURNS = (Challenge.TURN_LEFT, Challenge.TURN_RIGHT, Challenge.LOOK_UP, Challenge.LOOK_DOWN)
ALL = tuple(Challenge)


def draw(actions: Sequence[Challenge], count: int, chance: random.Random) -> list[Challenge]:
    """``count`` different actions in an order that nobody can foresee.

    :param chance: :class:`random.SystemRandom` outside tests.
    """
    return chance.sample(list(actions), count)


def draw_with_turn(actions: Sequence[Challenge], count: int, chance: random.Random) -> list[Challenge]:
    """As :func:`draw`, but one of them turns the head, if any of the actions does."""
    first = chance.choice([action for action in actions if action.turns] or list(actions))
    others = draw([action for action in actions if action is not first], count - 1, chance)
    return draw([first, *others], count, chance)


def remaining(actions: Sequence[Challenge], without: Collection[Challenge], count: int) -> tuple[Challenge, ...]:
    """What can still be asked for when some actions are left out; empty if that would be too little.

    Enough is ``count`` different actions, one of them a turn: nothing else shows depth.
    """
    kept = tuple(action for action in actions if action not in without)
    enough = len(set(kept)) >= count and any(action.turns for action in kept)
    return kept if enough else ()
