"""A signed unlock: a person whose tries are used up may try again, on one host or on all, once on each.

It gives tries back and nothing else: whoever uses them must be recognised all the same.
"""

from __future__ import annotations

from dataclasses import dataclass

from nacl.signing import SigningKey

from faced.errors import TrustError
from faced.i18n import _
from faced.trust.keys import key_id
from faced.trust.realm import Realm, Verifier
from faced.trust.statement import Kind, Statement

#: From issue to end, at most: from a Friday evening to a Monday morning.
LONGEST_HOURS = 72
_HOUR_S = 3600


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
    issuer = key_id(bytes(key.verify_key))
    return Statement(Kind.UNLOCK, realm.id, login, serial, now, expires, issuer, {"host": host}).sign(key)


def read_unlock(verifier: Verifier, login: str, data: bytes) -> Unlock:
    """What must be believed to be said about this person, now, wherever it holds.

    :param login: the canonical login name from NSS.
    :raises TrustError: as :meth:`Verifier.check`, and wrong_person, too_long.
    """
    statement = verifier.check(data, Kind.UNLOCK)
    if statement.subject != login:
        raise TrustError(_("The unlock is another person's."), reason="wrong_person")
    if statement.expires - statement.issued > LONGEST_HOURS * _HOUR_S:
        raise TrustError(
            _("The unlock is for longer than {hours} hours.").format(hours=LONGEST_HOURS), reason="too_long"
        )
    match statement.body:
        case {"host": str() as host, **rest} if not rest:
            return Unlock(login, host, statement.serial, statement.expires)
    raise TrustError(_("An unlock is malformed."), reason="malformed")


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
