"""An act of the authority as a signed statement: what the station's record consists of.

Each act carries the digest of the line before it, so that a line cannot be changed, taken out or put in without every
later signature failing. What is cut off at the end shows by the checkpoint in the manifest.
"""

from __future__ import annotations

from collections.abc import Mapping

from nacl.signing import SigningKey

from faced.trust import encoding
from faced.trust.keys import key_id
from faced.trust.realm import Realm, Verifier
from faced.trust.statement import Kind, Statement

#: An act is a record, not a permission: it never ends.
_FOREVER = 2**62


def sign_act(realm: Realm, key: SigningKey, *, number: int, at: int, body: Mapping[str, str], previous: bytes) -> bytes:
    """The signature (64 bytes) of an act by whoever acts.

    :param number: the place in the record, from 1.
    :param at: unix seconds.
    :param body: the act in words; ``act`` is the statement's subject.
    :param previous: the digest of the line before, 32 bytes.
    """
    statement = _statement(realm, key_id(bytes(key.verify_key)), number, at, body, previous)
    signature = encoding.decode(statement.sign(key))[1]
    assert isinstance(signature, bytes)  # noqa: S101 - our own encoding
    return signature


def check_act(
    verifier: Verifier,
    *,
    issuer: bytes,
    number: int,
    at: int,
    body: Mapping[str, str],
    previous: bytes,
    signature: bytes,
) -> str:
    """The handler who signed this act.

    :raises TrustError: as :meth:`Verifier.check_past`.
    """
    payload = _statement(verifier.realm, issuer, number, at, body, previous).payload()
    return verifier.check_past(encoding.encode([payload, signature]), Kind.ACT)[1]


def _statement(
    realm: Realm, issuer: bytes, number: int, at: int, body: Mapping[str, str], previous: bytes
) -> Statement:
    content = {**body, "previous": previous}
    return Statement(Kind.ACT, realm.id, body["act"], number, at, _FOREVER, issuer, content)
