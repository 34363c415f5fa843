"""A signed exemption: actions that one person is not asked for, or another factor that they show instead of a face.

This room does not know what an action or a factor is: they are words here, and whoever follows an exemption checks
them. A newer exemption that leaves nothing out and names no factor withdraws the one before.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from nacl.signing import SigningKey

from faced.errors import TrustError
from faced.i18n import _
from faced.trust import personal
from faced.trust.realm import Realm, Verifier
from faced.trust.statement import Kind
from faced.units import DAY_S

#: From issue to end, at most: a year, and somebody looks again. A withdrawal of that length outlives what it withdraws.
LONGEST_DAYS = 366
_FACTOR = re.compile(r"[a-z][a-z0-9_]{0,31}")


@dataclass(frozen=True)
class Exemption:
    """What an exemption says.

    ``without``: the words of the actions, sorted. ``instead``: the word of the factor that takes the place of the whole
    face step, empty for none; it stands alone. ``expires``: unix seconds, the first second in which it no longer holds.
    """

    login: str
    serial: int
    expires: int
    without: tuple[str, ...]
    instead: str = ""

    @property
    def withdrawn(self) -> bool:
        """Whether it only takes back what was granted before."""
        return not self.without and not self.instead


def is_factor(word: str) -> bool:
    """Whether this can be the word of a factor."""
    return _FACTOR.fullmatch(word) is not None


def issue_exemption(
    realm: Realm,
    key: SigningKey,
    login: str,
    *,
    serial: int,
    without: Iterable[str],
    now: int,
    expires: int,
    instead: str = "",
) -> bytes:
    """The statement that a person is not asked for these actions, or for no face, signed in the role ``approve``.

    :param without: none of them, and no factor, to withdraw what was granted before.
    :param instead: the factor in place of the face; with no ``without``.
    """
    # A host from before there were other factors refuses a field that it does not know, and asks for the face.
    body = {"without": sorted(without), **({"instead": instead} if instead else {})}
    return personal.issue(realm, key, Kind.EXEMPTION, login, serial=serial, now=now, expires=expires, body=body)


def check_exemption(verifier: Verifier, login: str, data: bytes, *, lowest_serial: int = 0) -> Exemption:
    """What must be believed to be left out for this person, now.

    :param login: the canonical login name from NSS.
    :param lowest_serial: the highest serial this host has seen for the person's exemptions (a lower one was put back).
    :raises TrustError: as :func:`personal.read`, and older_serial.
    """
    statement = personal.read(verifier, Kind.EXEMPTION, login, data, longest_s=LONGEST_DAYS * DAY_S)
    if statement.serial < lowest_serial:
        raise TrustError(_("The exemption is older than one already seen."), reason="older_serial")
    match statement.body:
        case {"without": list() as without, **rest} if not rest and all(isinstance(action, str) for action in without):
            return Exemption(login, statement.serial, statement.expires, tuple(sorted(set(without))))
        case {"without": [], "instead": str() as factor, **rest} if not rest and is_factor(factor):
            return Exemption(login, statement.serial, statement.expires, (), factor)
    raise personal.malformed(Kind.EXEMPTION)
