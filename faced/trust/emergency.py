"""A signed emergency grant: one logon of one person without the face step, on one host or once on each.

A newer grant that is withdrawn takes back the one before.
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

#: From issue to end, at most: from a Friday evening to a Monday morning. A withdrawal of that length outlives what it
#: withdraws.
LONGEST_HOURS = 72


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
    body = {"host": grant.host, "withdrawn": grant.withdrawn}
    return personal.issue(
        *(realm, key, Kind.EMERGENCY, grant.login), serial=grant.serial, now=now, expires=grant.expires, body=body
    )


def read_grant(verifier: Verifier, login: str, data: bytes) -> Grant:
    """What must be believed to be granted to this person, now, wherever it holds.

    :param login: the canonical login name from NSS.
    :raises TrustError: as :func:`personal.read`.
    """
    statement = personal.read(verifier, Kind.EMERGENCY, login, data, longest_s=LONGEST_HOURS * HOUR_S)
    match statement.body:
        case {"host": str() as host, "withdrawn": bool() as withdrawn, **rest} if not rest:
            return Grant(login, host, statement.serial, statement.expires, withdrawn)
    raise personal.malformed(Kind.EMERGENCY)


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
