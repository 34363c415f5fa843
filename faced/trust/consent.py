"""The two signed words that somebody rests on who is no regular member of staff: their consent, and an approval.

A newer one that is withdrawn takes back the one before. It lasts longer than what it withdraws can.
"""

from __future__ import annotations

from dataclasses import dataclass

from nacl.signing import SigningKey

from faced.errors import TrustError
from faced.i18n import _
from faced.trust import personal
from faced.trust.purpose import PURPOSE
from faced.trust.realm import Realm, Verifier
from faced.trust.statement import Kind, Statement
from faced.units import DAY_S

#: From issue to end, at most: a fiscal year, and the fortnight before it in which it may be given already.
LONGEST_DAYS = 366 + 14
#: A withdrawal lives as long as a tombstone.
WITHDRAWN_DAYS = 3 * 366


@dataclass(frozen=True)
class Consent:
    """That a person agreed to the use of their photo for the logon, or does not any more.

    Times are unix seconds: ``given`` is the beginning of the day on the paper, ``issued`` when it was recorded (or
    withdrawn), ``expires`` the first second in which it no longer holds.
    """

    login: str
    serial: int
    given: int
    issued: int
    expires: int
    withdrawn: bool = False


@dataclass(frozen=True)
class Approval:
    """That the section chief approved a person's use of the system; ``decision`` is the number of the decision."""

    login: str
    serial: int
    decision: str
    issued: int
    expires: int
    withdrawn: bool = False


def issue_consent(realm: Realm, key: SigningKey, consent: Consent) -> bytes:
    """The statement of a consent, signed in the role ``approve``."""
    body = {"purpose": PURPOSE, "given": consent.given, "withdrawn": consent.withdrawn}
    return personal.issue(
        *(realm, key, Kind.CONSENT, consent.login),
        serial=consent.serial,
        now=consent.issued,
        expires=consent.expires,
        body=body,
    )


def read_consent(verifier: Verifier, login: str, data: bytes) -> Consent:
    """What must be believed of a person's consent, now.

    :param login: the canonical login name from NSS.
    :raises TrustError: as :func:`personal.read`, and wrong_purpose.
    """
    statement = personal.read(verifier, Kind.CONSENT, login, data, longest_s=WITHDRAWN_DAYS * DAY_S)
    match statement.body:
        case {"purpose": str() as purpose, "given": int() as given, "withdrawn": bool() as withdrawn, **rest} if (
            not rest
        ):
            if purpose != PURPOSE:
                raise TrustError(_("The consent is for another purpose."), reason="wrong_purpose")
            _check_length(statement, withdrawn)
            return Consent(login, statement.serial, given, statement.issued, statement.expires, withdrawn)
    raise personal.malformed(Kind.CONSENT)


def issue_approval(realm: Realm, key: SigningKey, approval: Approval) -> bytes:
    """The statement of an approval, signed in the role ``approve``."""
    body = {"decision": approval.decision, "withdrawn": approval.withdrawn}
    return personal.issue(
        *(realm, key, Kind.APPROVAL, approval.login),
        serial=approval.serial,
        now=approval.issued,
        expires=approval.expires,
        body=body,
    )


def read_approval(verifier: Verifier, login: str, data: bytes) -> Approval:
    """What must be believed of a person's approval, now.

    :param login: the canonical login name from NSS.
    :raises TrustError: as :func:`personal.read`.
    """
    statement = personal.read(verifier, Kind.APPROVAL, login, data, longest_s=WITHDRAWN_DAYS * DAY_S)
    match statement.body:
        case {"decision": str() as decision, "withdrawn": bool() as withdrawn, **rest} if not rest:
            _check_length(statement, withdrawn)
            return Approval(login, statement.serial, decision, statement.issued, statement.expires, withdrawn)
    raise personal.malformed(Kind.APPROVAL)


def _check_length(statement: Statement, withdrawn: bool) -> None:
    if not withdrawn and statement.expires - statement.issued > LONGEST_DAYS * DAY_S:
        raise personal.too_long(statement.kind, LONGEST_DAYS)
