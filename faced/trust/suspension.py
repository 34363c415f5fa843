"""A signed suspension: nobody is let in by this person's face until a newer one lifts it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from nacl.signing import SigningKey

from faced.i18n import _
from faced.trust import personal
from faced.trust.realm import Realm, Verifier
from faced.trust.statement import Kind
from faced.trust.unattended import beyond_sync, check_not_ahead
from faced.units import DAY_S

#: From issue to end, at most: as long as a tombstone lives.
LONGEST_DAYS = 3 * 366
#: The reason of a leaver's suspension: a word that only the synchronisation uses. For any other reason somebody was
#: suspended by a handler, whose word a list does not undo.
NOT_LISTED = "not_listed"
_TOKEN = re.compile(r"[a-z][a-z_]{0,31}")


@dataclass(frozen=True)
class Suspension:
    """What a suspension says.

    ``reason``: a word, not a text (left, leave, incident, ...): the directory need not know more. Times are unix
    seconds; ``expires`` is the first second in which it no longer holds.
    """

    login: str
    serial: int
    suspended: bool
    reason: str
    issued: int
    expires: int


def issue_suspension(realm: Realm, key: SigningKey, suspension: Suspension) -> bytes:
    """The statement of a suspension or of its end, signed in the role ``enrol``, ``revoke`` or (no end) ``sync``."""
    body = {"suspended": suspension.suspended, "reason": suspension.reason}
    return personal.issue(
        *(realm, key, Kind.SUSPENSION, suspension.login),
        serial=suspension.serial,
        now=suspension.issued,
        expires=suspension.expires,
        body=body,
    )


def read_suspension(verifier: Verifier, login: str, data: bytes) -> Suspension:
    """What must be believed to be said about this person, now.

    :param login: the canonical login name from NSS.
    :raises TrustError: as :func:`personal.read`; ``issuer_lacks_role`` for an end, and ``not_yet_valid`` for a serial
        ahead of the clock, that the unattended synchronisation signed.
    """
    statement = personal.read(verifier, Kind.SUSPENSION, login, data, longest_s=LONGEST_DAYS * DAY_S)
    match statement.body:
        case {"suspended": bool() as suspended, "reason": str() as reason, **rest} if not rest and _TOKEN.fullmatch(
            reason
        ):
            if verifier.is_unattended(statement):
                if not suspended:
                    raise beyond_sync(_("lift a suspension"))
                check_not_ahead(verifier, statement.serial)
            return Suspension(login, statement.serial, suspended, reason, statement.issued, statement.expires)
    raise personal.malformed(Kind.SUSPENSION)
