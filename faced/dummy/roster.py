"""Which dummies to use: seeds whose landmarks dlib finds steadily, and seeds that are kept because it does not.

``roster.json`` is made by tools/curate_dummy_roster.py with the real predictor; this room does not know dlib.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path

ROSTER_FILE = Path(__file__).with_name("roster.json")


def roster(count: int, *, difficult: bool = False) -> tuple[int, ...]:
    """The first ``count`` seeds for :class:`faced.dummy.Identity`.

    :param difficult: those that miss a limit in ``roster.json`` (photo and frames disagree, a blink cannot be seen) or
        whose photo the gates of enrolment refuse.
        For trying that a system refuses politely; never to be left out of an error rate in silence.
    :raises ValueError: there are not as many.
    """
    seeds = _seeds()[1 if difficult else 0]
    if count > len(seeds):
        kind = "difficult" if difficult else "curated"
        raise ValueError(f"the roster has only {len(seeds)} {kind} seeds")
    return seeds[:count]


@functools.cache
def _seeds() -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Steady and difficult seeds, both in ascending order."""
    record = json.loads(ROSTER_FILE.read_text(encoding="utf-8"))
    difficult = tuple(int(seed) for seed in record["difficult"])
    rejected = frozenset(difficult)
    first = int(record["first_seed"])
    examined = range(first, first + int(record["examined"]))
    return tuple(seed for seed in examined if seed not in rejected), difficult
