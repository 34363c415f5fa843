"""A signed emergency grant: one logon of one person without the face step, on one host or once on each.

A newer grant that is withdrawn takes back the one before.
"""

from __future__ import annotations

from dataclasses import dataclass

from nacl.signing import SigningKey

from faced.errors import TrustError
from faced.i18n import _
from faced.trust.keys import key_id
from faced.trust.realm import Realm, Verifier
from faced.trust.statement import Kind, Statement

#: From issue to end, at most: from a Friday evening to a Monday morning. A withdrawal of that length outlives what it
#: withdraws.
LONGEST_HOURS = 72
HOUR_S = 3600


@dataclass(frozen=True)
class Grant:
    """What a grant says.

    ``host``: where it holds, empty for every host. ``expires``: unix seconds, the first second in which it no longer
    holds.
    """

    login: str
    host: str
    serial: int
    expires: int
    withdrawn: bool = False


def issue_grant(realm: Realm, key: SigningKey, grant: Grant, now: int) -> bytes:
    """The statement of a grant, signed in the role ``approve``."""
    issuer = key_id(bytes(key.verify_key))
    body = {"host": grant.host, "withdrawn": grant.withdrawn}
    return Statement(Kind.EMERGENCY, realm.id, grant.login, grant.serial, now, grant.expires, issuer, body).sign(key)


def read_grant(verifier: Verifier, login: str, data: bytes) -> Grant:
    """What must be believed to be granted to this person, now, wherever it holds.

    :param login: the canonical login name from NSS.
    :raises TrustError: as :meth:`Verifier.check`, and wrong_person, too_long.
    """
    statement = verifier.check(data, Kind.EMERGENCY)
    if statement.subject != login:
        raise TrustError(_("The emergency grant is another person's."), reason="wrong_person")
    if statement.expires - statement.issued > LONGEST_HOURS * HOUR_S:
        raise TrustError(
            _("The emergency grant is for longer than {hours} hours.").format(hours=LONGEST_HOURS), reason="too_long"
        )
    match statement.body:
        case {"host": str() as host, "withdrawn": bool() as withdrawn, **rest} if not rest:
            return Grant(login, host, statement.serial, statement.expires, withdrawn)
    raise TrustError(_("An emergency grant is malformed."), reason="malformed")


def check_grant(verifier: Verifier, login: str, host: str, data: bytes, *, spent: int) -> Grant:
    """What is granted to this person on this host, now; nothing if it is ``withdrawn``.

    :param spent: the highest serial that was used here or seen withdrawn: nothing up to it holds.
    :raises TrustError: as :func:`read_grant`, and older_serial, wrong_host.
    """
    grant = read_grant(verifier, login, data)
    if grant.serial <= spent:
        raise TrustError(_("The emergency grant was used or withdrawn."), reason="older_serial")
    if grant.host not in ("", host) and not grant.withdrawn:
        raise TrustError(_("The emergency grant is for another computer."), reason="wrong_host")
    return grant
