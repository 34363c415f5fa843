"""What the personnel section's list is worth before anything is done with it: counts, and what keeps whom out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from faced.directory.personnel import PersonnelRecord
from faced.enrolment.sync.categories import Categories
from faced.trust.sealed import Basis

UNKNOWN_CATEGORY, NO_PHOTO = "unknown_category", "no_photo"
#: More different values are no categories but another attribute, perhaps names, which are not to be shown.
_MOST_UNKNOWN = 20


@dataclass(frozen=True)
class CategoryCount:
    """How many have a category, and on what ground they are enrolled.

    :param category: "" for none; None for many different values that are not known.
    :param basis: None: they are not enrolled.
    """

    category: str | None
    basis: Basis | None
    people: int


@dataclass(frozen=True)
class KeptOut:
    """Somebody who cannot be enrolled as they are there, and why: faults, ``unknown_category``, ``no_photo``."""

    record: PersonnelRecord
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Survey:
    """A list looked at as a whole."""

    people: int
    photos: int
    categories: tuple[CategoryCount, ...]
    #: Reason -> people.
    reasons: Mapping[str, int]
    kept_out: tuple[KeptOut, ...] = field(repr=False)


def survey(records: Sequence[PersonnelRecord], pictured: Collection[str], categories: Categories) -> Survey:
    """Look at a list.

    :param pictured: the keys of the records that have a photo.
    """
    kept_out = tuple(_kept_out(records, pictured, categories))
    return Survey(
        people=len(records),
        photos=sum(record.key in pictured for record in records),
        categories=tuple(_counted(Counter(record.category for record in records), categories)),
        reasons=dict(sorted(Counter(reason for each in kept_out for reason in each.reasons).items())),
        kept_out=kept_out,
    )


def _counted(counts: Mapping[str, int], categories: Categories) -> Iterator[CategoryCount]:
    unknown = [category for category in counts if categories.basis_of(category) is None]
    many = len(unknown) > _MOST_UNKNOWN
    for category, people in sorted(counts.items(), key=lambda entry: (-entry[1], entry[0])):
        if not (many and category in unknown):
            yield CategoryCount(category, categories.basis_of(category), people)
    if many:
        yield CategoryCount(None, None, sum(counts[category] for category in unknown))


def _kept_out(
    records: Sequence[PersonnelRecord], pictured: Collection[str], categories: Categories
) -> Iterator[KeptOut]:
    for record in records:
        unknown = categories.basis_of(record.category) is None
        reasons = (
            *record.faults,
            *((UNKNOWN_CATEGORY,) if unknown else ()),
            *((NO_PHOTO,) if record.key not in pictured else ()),
        )
        if reasons:
            yield KeptOut(record, reasons)
