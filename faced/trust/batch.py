"""An approved batch: one plan of changes that is larger than a run may carry out by itself, in the role ``approve``."""

from __future__ import annotations

from nacl.signing import SigningKey

from faced.errors import TrustError
from faced.i18n import _
from faced.trust.keys import key_id
from faced.trust.realm import Realm, Verifier
from faced.trust.statement import Kind, Statement


def issue_batch(realm: Realm, key: SigningKey, plan: str, *, decision: str, now: int, expires: int) -> bytes:
    """The statement that this plan may be carried out.

    :param plan: its id; it is worth nothing for another.
    """
    issuer = key_id(bytes(key.verify_key))
    return Statement(Kind.BATCH, realm.id, plan, now, now, expires, issuer, {"decision": decision}).sign(key)


def check_batch(verifier: Verifier, plan: str, data: bytes) -> str:
    """The decision under which this plan may be carried out now.

    :raises TrustError: as :meth:`Verifier.check`, and ``wrong_plan``.
    """
    statement = verifier.check(data, Kind.BATCH)
    if statement.subject != plan:
        raise TrustError(_("The approval is of another plan."), reason="wrong_plan")
    match statement.body:
        case {"decision": str() as decision, **rest} if not rest:
            return decision
    raise TrustError(_("An approval of a plan is malformed."), reason="malformed")
