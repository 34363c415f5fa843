"""The next manifest from the last one."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from faced.enrolment.fiscal_year import OVERLAP, FiscalYear
from faced.trust.realm import MANIFEST_DAYS, Epoch, Manifest

_DAY_S = 86400


def epoch_of(group: str, year: FiscalYear, public: bytes) -> Epoch:
    """A fiscal year's epoch of a key group; it overlaps its neighbours by :data:`OVERLAP`."""
    overlap = int(OVERLAP.total_seconds())
    return Epoch(group, year.number, public, year.begins - overlap, year.ends + overlap)


def first_manifest(epochs: Iterable[Epoch], now: int) -> Manifest:
    """A new realm's manifest: nothing is revoked yet."""
    return Manifest(now, now, now + MANIFEST_DAYS * _DAY_S, tuple(epochs), frozenset(), frozenset(), {})


def next_manifest(previous: Manifest, now: int) -> Manifest:
    """The same for the next fortnight, with a higher serial and without the epochs that are over."""
    return dataclasses.replace(
        previous,
        serial=max(now, previous.serial + 1),
        issued=now,
        expires=now + MANIFEST_DAYS * _DAY_S,
        epochs=tuple(epoch for epoch in previous.epochs if epoch.not_after > now),
    )
