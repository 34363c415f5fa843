"""A town hall's staff who do not exist: numbers, names, mail addresses, categories and faces."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from faced.dummy.identity import SPREAD, Identity
from faced.dummy.names import FAMILY, FEMALE, MALE, Name
from faced.dummy.roster import roster
from faced.dummy.shape import draw_shape

#: RFC 2606: nobody's.
MAIL_DOMAIN = "example.jp"
_FIRST_NUMBER = 100_001


class Category(StrEnum):
    """How a person is employed; the values are those of ``employeeType`` in the HR directory."""

    REGULAR = "regular"
    REAPPOINTED = "reappointed"
    REEMPLOYED = "reemployed"
    PART_TIME = "part-time"
    TEMPORARY = "temporary"
    DISPATCHED = "dispatched"


#: Shares about as in a Japanese municipality.
_SHARES = {
    Category.REGULAR: 0.62,
    Category.REAPPOINTED: 0.05,
    Category.REEMPLOYED: 0.05,
    Category.PART_TIME: 0.15,
    Category.TEMPORARY: 0.08,
    Category.DISPATCHED: 0.05,
}
#: People who came back after the retiring age.
_ELDERLY = (Category.REAPPOINTED, Category.REEMPLOYED)


@dataclass(frozen=True)
class StaffMember:
    """One dummy of the staff.

    :param number: the staff number, as ``employeeNumber``.
    :param login: the login name: lower-case letters, a hyphen, and a digit where two would be the same.
    :param seed: of the face; see :class:`faced.dummy.Identity`.
    """

    number: str
    login: str
    family: Name
    given: Name
    mail: str
    category: Category
    seed: int

    @property
    def name(self) -> str:
        """In roman letters, given name first."""
        return f"{self.given.roman} {self.family.roman}"

    @property
    def japanese_name(self) -> str:
        """In kanji, family name first."""
        return f"{self.family.japanese} {self.given.japanese}"

    @property
    def kana_name(self) -> str:
        """How the Japanese name is read."""
        return f"{self.family.kana} {self.given.kana}"

    def identity(self) -> Identity:
        """The face; a tenth of a second of work."""
        return Identity(self.seed)


def staff(count: int, seed: int = 0, *, difficult: bool = False) -> list[StaffMember]:
    """The staff of a town hall, in the order of their staff numbers.

    :param seed: of names and categories; the faces are the roster's first ``count``.
    :param difficult: with the faces whose landmarks dlib does not find steadily.
    :raises ValueError: the roster has not as many faces, or there are not as many names.
    """
    # Names have a generator of their own, so that a smaller staff is the beginning of a larger one.
    names = np.random.default_rng([31, seed])
    faces = [(face, draw_shape(face, SPREAD)) for face in roster(count, difficult=difficult)]
    categories = _categories([shape.age for _face, shape in faces], np.random.default_rng([37, seed]))
    taken: set[tuple[str, str]] = set()
    logins: set[str] = set()
    members = []
    for index, (face, shape) in enumerate(faces):
        family, given = _new_name(MALE if shape.male else FEMALE, taken, names)
        login = _login(family, given, logins)
        members.append(
            StaffMember(
                number=str(_FIRST_NUMBER + index),
                login=login,
                family=family,
                given=given,
                mail=f"{login}@{MAIL_DOMAIN}",
                category=categories[index],
                seed=face,
            )
        )
    return members


def _new_name(
    given_names: tuple[Name, ...], taken: set[tuple[str, str]], rng: np.random.Generator
) -> tuple[Name, Name]:
    """A pair of names that nobody has yet."""
    if len(taken) >= len(FAMILY) * min(len(MALE), len(FEMALE)) // 2:
        raise ValueError("there are not names for so many staff")
    while True:
        family = FAMILY[int(rng.integers(len(FAMILY)))]
        given = given_names[int(rng.integers(len(given_names)))]
        if (family.japanese, given.japanese) not in taken:
            taken.add((family.japanese, given.japanese))
            return family, given


def _login(family: Name, given: Name, taken: set[str]) -> str:
    stem = f"{family.roman}-{given.roman[0]}".lower()
    login, number = stem, 1
    while login in taken:
        number += 1
        login = f"{stem}{number}"
    taken.add(login)
    return login


def _categories(ages: list[float], rng: np.random.Generator) -> list[Category]:
    """A category for each, by the largest remainders of the shares; the oldest faces are those who came back."""
    count = len(ages)
    exact = {category: share * count for category, share in _SHARES.items()}
    seats = {category: int(value) for category, value in exact.items()}
    by_remainder = sorted(exact, key=lambda category: seats[category] - exact[category])
    for category in by_remainder[: count - sum(seats.values())]:
        seats[category] += 1
    returned = [category for category in _ELDERLY for _seat in range(seats[category])]
    others = [category for category in Category if category not in _ELDERLY for _seat in range(seats[category])]
    oldest_first = sorted(range(count), key=lambda index: -ages[index])
    drawn = [others[place] for place in rng.permutation(len(others))]
    result = [Category.REGULAR] * count
    for index, category in zip(oldest_first, [*returned, *drawn], strict=True):
        result[index] = category
    return result
