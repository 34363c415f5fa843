"""A signed unlock: a person whose tries are used up may try again, on one host or on all, once on each.

It gives tries back and nothing else: whoever uses them must be recognised all the same.
"""

from __future__ import annotations

from dataclasses import dataclass

from nacl.signing import SigningKey

from faced.errors import TrustError
from faced.i18n import _
from faced.trust import personal
from faced.trust.realm import Realm, Verifier
from faced.trust.statement import Kind
from faced.units import HOUR_S

#: From issue to end, at most: from a Friday evening to a Monday morning.
LONGEST_HOURS = 72


@dataclass(frozen=True)
class Unlock:
    """What an unlock says.

    ``host``: where it holds, empty for every host. ``expires``: unix seconds, the first second in which it no longer
    holds.
    """

    login: str
    host: str
    serial: int
    expires: int


def issue_unlock(realm: Realm, key: SigningKey, login: str, *, host: str, serial: int, now: int, expires: int) -> bytes:
    """The statement that a person may try again, signed in the role ``approve``.

    :param host: the only one where it holds; empty for every host.
    """
    body = {"host": host}
    return personal.issue(realm, key, Kind.UNLOCK, login, serial=serial, now=now, expires=expires, body=body)


def read_unlock(verifier: Verifier, login: str, data: bytes) -> Unlock:
    """What must be believed to be said about this person, now, wherever it holds.

    :param login: the canonical login name from NSS.
    :raises TrustError: as :func:`personal.read`.
    """
    statement = personal.read(verifier, Kind.UNLOCK, login, data, longest_s=LONGEST_HOURS * HOUR_S)
    match statement.body:
        case {"host": str() as host, **rest} if not rest:
            return Unlock(login, host, statement.serial, statement.expires)
    raise personal.malformed(Kind.UNLOCK)


def check_unlock(verifier: Verifier, login: str, host: str, data: bytes, *, used: int) -> Unlock:
    """What gives this person tries on this host, now.

    :param used: the highest serial that gave the person tries on this host before: each does so once.
    :raises TrustError: as :func:`read_unlock`, and wrong_host, older_serial.
    """
    unlock = read_unlock(verifier, login, data)
    if unlock.host not in ("", host):
        raise TrustError(_("The unlock is for another computer."), reason="wrong_host")
    if unlock.serial <= used:
        raise TrustError(_("The unlock was used on this computer."), reason="older_serial")
    return unlock
