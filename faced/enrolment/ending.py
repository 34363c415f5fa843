"""Whose face data end soon: however often the purpose is renewed, faces change, and people are enrolled anew.

The synchronisation with HR renews what came from a photo; somebody enrolled at the camera has to come again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from faced.directory.people import Person
from faced.enrolment.register import is_confirmed
from faced.errors import TrustError
from faced.trust.realm import Verifier
from faced.trust.sealed import read_header
from faced.trust.statement import Kind
from faced.units import DAY_S
from faced.urgency import DAYS_AHEAD


@dataclass(frozen=True)
class Ending:
    """Face data that end at ``expires`` (unix seconds); ``confirmed``: enrolled at the camera."""

    login: str
    expires: int
    confirmed: bool


def endings(people: Iterable[Person], verifier: Verifier, days: int = DAYS_AHEAD[0]) -> tuple[Ending, ...]:
    """Whose face data end within so many days or have ended, the earliest first.

    The purpose does not matter here; face data that were withdrawn or do not hold for other reasons are not named.
    """
    found = []
    for person in people:
        try:
            if person.face.template is None:
                continue
            statement = verifier.check(person.face.template, Kind.TEMPLATE, even_expired=True)
            header = read_header(statement)
        except TrustError:
            continue
        if statement.subject == person.login and statement.expires - verifier.now <= days * DAY_S:
            found.append(Ending(person.login, statement.expires, is_confirmed(header)))
    return tuple(sorted(found, key=lambda ending: (ending.expires, ending.login)))
