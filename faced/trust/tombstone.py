"""A tombstone: all templates of a person below a serial are dead. It says what was erased, for the certificate.

Whoever reads one believes the serial whatever else is in it: a tombstone only takes away, so something that a host does
not know yet is no reason to leave the template alive (docs/decisions/0046).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from nacl.signing import SigningKey

from faced.errors import TrustError
from faced.i18n import _
from faced.trust.keys import key_id
from faced.trust.realm import Realm, Verifier
from faced.trust.statement import Kind, Statement
from faced.trust.unattended import check_not_ahead


@dataclass(frozen=True)
class Erased:
    """What was erased.

    ``template``: the digest of the template (32 bytes), ``serial`` and ``made`` (unix seconds) are its own; empty and 0
    where there was none. ``decision``: the number of the decision that this carries out.
    """

    staff: str = ""
    template: bytes = b""
    serial: int = 0
    made: int = 0
    decision: str = ""


NOTHING_ERASED = Erased()


@dataclass(frozen=True)
class Tombstone:
    """What a tombstone says.

    ``erased`` is None where that part is of another version; ``unattended``: a timer signed it, and no handler.
    """

    login: str
    below_serial: int
    reason: str
    erased: Erased | None
    unattended: bool = False


def issue_tombstone(
    realm: Realm,
    key: SigningKey,
    login: str,
    *,
    below_serial: int,
    reason: str,
    now: int,
    expires: int,
    erased: Erased = NOTHING_ERASED,
) -> bytes:
    """The statement that all templates of a person with a serial below this one are dead."""
    body: dict[str, Any] = {"reason": reason, "below_serial": below_serial}
    if erased != NOTHING_ERASED:
        body["erased"] = asdict(erased)
    issuer = key_id(bytes(key.verify_key))
    return Statement(Kind.TOMBSTONE, realm.id, login, now, now, expires, issuer, body).sign(key)


def read_tombstone(statement: Statement) -> Tombstone:
    """What a checked tombstone says.

    :raises TrustError: ``malformed``.
    """
    match statement.body:
        case {"reason": str() as reason, "below_serial": int() as below_serial}:
            return Tombstone(statement.subject, below_serial, reason, _erased(statement.body.get("erased")))
    raise TrustError(_("A tombstone is malformed."), reason="malformed")


def check_tombstone(verifier: Verifier, login: str, tombstone: bytes) -> Tombstone:
    """What must be believed of this person's tombstone.

    :raises TrustError: as :meth:`Verifier.check`; ``wrong_person`` for another person's; ``malformed``;
        ``not_yet_valid`` where the unattended synchronisation signed what would kill the templates of days to come.
    """
    statement = verifier.check(tombstone, Kind.TOMBSTONE)
    if statement.subject != login:
        raise TrustError(_("The tombstone is another person's."), reason="wrong_person")
    said = read_tombstone(statement)
    if not verifier.is_unattended(statement):
        return said
    check_not_ahead(verifier, said.below_serial)
    return replace(said, unattended=True)


def tombstoned_below(verifier: Verifier, login: str, tombstone: bytes) -> int:
    """The serial below which a tombstone kills this person's templates.

    :raises TrustError: as :func:`check_tombstone`.
    """
    return check_tombstone(verifier, login, tombstone).below_serial


def _erased(content: Any) -> Erased | None:
    match content:
        case None:
            return NOTHING_ERASED
        case {
            "staff": str() as staff,
            "template": bytes() as template,
            "serial": int() as serial,
            "made": int() as made,
            "decision": str() as decision,
            **rest,
        } if not rest:
            return Erased(staff, template, serial, made, decision)
    return None
