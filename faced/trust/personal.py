"""A signed statement about one person, for a while: an exemption, an unlock, a grant, a consent, a suspension ...

Each kind has a module of its own, which knows its body and its longest period; what they share is checked here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nacl.signing import SigningKey

from faced.errors import TrustError
from faced.i18n import _
from faced.trust.keys import key_id
from faced.trust.realm import Realm, Verifier
from faced.trust.statement import Kind, Statement
from faced.units import DAY_S


def issue(
    realm: Realm,
    key: SigningKey,
    kind: Kind,
    login: str,
    *,
    serial: int,
    now: int,
    expires: int,
    body: Mapping[str, Any],
) -> bytes:
    """The signed statement.

    :param login: the canonical login name of the person it is about.
    """
    issuer = key_id(bytes(key.verify_key))
    return Statement(kind, realm.id, login, serial, now, expires, issuer, body).sign(key)


def read(verifier: Verifier, kind: Kind, login: str, data: bytes, *, longest_s: int) -> Statement:
    """What must be believed to be said about this person, now.

    :param login: the canonical login name from NSS.
    :param longest_s: from issue to end, at most.
    :raises TrustError: as :meth:`Verifier.check`, and wrong_person, too_long.
    """
    statement = verifier.check(data, kind)
    if statement.subject != login:
        raise TrustError(_("The {record} is another person's.").format(record=_name(kind)), reason="wrong_person")
    if statement.expires - statement.issued > longest_s:
        raise too_long(kind, longest_s // DAY_S)
    return statement


def malformed(kind: Kind) -> TrustError:
    """The error of a statement whose body says something else."""
    return TrustError(_("The {record} is malformed.").format(record=_name(kind)), reason="malformed")


def too_long(kind: Kind, days: int) -> TrustError:
    """The error of a statement that lasts for longer than its kind may."""
    return TrustError(
        _("The {record} is for longer than {days} days.").format(record=_name(kind), days=days), reason="too_long"
    )


def _name(kind: Kind) -> str:
    return {
        Kind.EXEMPTION: _("exemption"),
        Kind.UNLOCK: _("unlock"),
        Kind.EMERGENCY: _("emergency grant"),
        Kind.CONSENT: _("consent"),
        Kind.APPROVAL: _("approval"),
        Kind.SUSPENSION: _("suspension"),
    }[kind]
