"""Two-person rule: what one handler proposes and another confirms, each with a key of their own.

A proposal names the act and its terms in full; a confirmation names the proposal by its digest. Both end after a week,
so that nobody finds a forgotten one years later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nacl.signing import SigningKey

from faced.errors import TrustError
from faced.i18n import _
from faced.trust.keys import digest, key_id
from faced.trust.realm import Realm, Verifier
from faced.trust.statement import Kind, Statement
from faced.units import DAY_S

VALID_DAYS = 7


@dataclass(frozen=True)
class Proposal:
    """What a handler wants done.

    ``id``: the digest of the signed proposal, 32 bytes; ``terms``: whatever the act needs to be told, as the encoding
    allows it; ``decision``: the number of the decision it carries out; ``expires``: unix seconds.
    """

    id: bytes
    handler: str
    act: str
    subject: str
    terms: Mapping[str, Any]
    reason: str
    decision: str
    expires: int


def propose(
    realm: Realm,
    key: SigningKey,
    *,
    act: str,
    subject: str,
    terms: Mapping[str, Any],
    reason: str,
    decision: str,
    now: int,
) -> bytes:
    """A signed proposal."""
    body = {"act": act, "terms": dict(terms), "reason": reason, "decision": decision}
    issuer = key_id(bytes(key.verify_key))
    return Statement(Kind.PROPOSAL, realm.id, subject, now, now, now + VALID_DAYS * DAY_S, issuer, body).sign(key)


def check_proposal(verifier: Verifier, data: bytes) -> Proposal:
    """A proposal that still stands.

    :raises TrustError: as :meth:`Verifier.check`.
    """
    statement = verifier.check(data, Kind.PROPOSAL)
    _same, handler = verifier.check_past(data, Kind.PROPOSAL)
    match statement.body:
        case {
            "act": str() as act,
            "terms": dict() as terms,
            "reason": str() as reason,
            "decision": str() as decision,
            **rest,
        } if not rest:
            return Proposal(digest(data), handler, act, statement.subject, terms, reason, decision, statement.expires)
    raise _malformed()


def confirm(realm: Realm, key: SigningKey, proposal: Proposal, now: int) -> bytes:
    """The second handler's signature under a proposal."""
    body = {"proposal": proposal.id}
    issuer = key_id(bytes(key.verify_key))
    return Statement(Kind.CONFIRMATION, realm.id, proposal.subject, now, now, proposal.expires, issuer, body).sign(key)


def check_confirmation(verifier: Verifier, proposal: Proposal, data: bytes) -> str:
    """The second handler of a confirmed proposal.

    :raises TrustError: as :meth:`Verifier.check`; ``wrong_proposal``; ``one_person`` if both signatures are one
        person's, whatever keys they hold.
    """
    statement = verifier.check(data, Kind.CONFIRMATION)
    _same, second = verifier.check_past(data, Kind.CONFIRMATION)
    match statement.body:
        case {"proposal": bytes() as named, **rest} if not rest:
            if named != proposal.id:
                raise TrustError(_("The confirmation belongs to another proposal."), reason="wrong_proposal")
            if second == proposal.handler:
                raise TrustError(
                    _("{handler} cannot confirm their own proposal: a second handler must.").format(handler=second),
                    reason="one_person",
                )
            return second
    raise _malformed()


def _malformed() -> TrustError:
    return TrustError(_("A proposal or its confirmation is malformed."), reason="malformed")
