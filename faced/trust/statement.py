"""Signed statements: everything in faced that must be believed is one (design.md, section 5).

On the wire a statement is the CBOR array ``[payload, signature]``. The payload is the canonical encoding of the map
``{v, kind, realm, subject, serial, issued, expires, issuer, body}``; the signature is Ed25519 (RFC 8032) over
``b"faced statement\\0" + payload``, so that no other signature of the same key can be taken for one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Any

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from faced.errors import TrustError
from faced.i18n import _
from faced.trust import encoding
from faced.trust.keys import KEY_ID_SIZE, key_id

VERSION = 1
REALM_ID_SIZE = 16
#: Larger than any statement of ours by far; what is larger is refused before it is decoded.
MAX_SIZE = 32 * 1024
_DOMAIN = b"faced statement\0"
_SIGNATURE_SIZE = 64


@unique
class Kind(StrEnum):
    """What a statement says."""

    REALM = "realm"
    DELEGATION = "delegation"
    MANIFEST = "manifest"
    HOST = "host"
    TEMPLATE = "template"
    TOMBSTONE = "tombstone"
    CALIBRATION = "calibration"
    ERASURE = "erasure"
    PURPOSE = "purpose"
    EXEMPTION = "exemption"
    UNLOCK = "unlock"
    EMERGENCY = "emergency"
    CONSENT = "consent"
    APPROVAL = "approval"
    SUSPENSION = "suspension"
    ACT = "act"
    PROPOSAL = "proposal"
    CONFIRMATION = "confirmation"
    BATCH = "batch"


@dataclass(frozen=True)
class Statement:
    """What is said, by whom and until when.

    Times are unix seconds; ``expires`` is the first second in which it no longer holds.
    """

    kind: Kind
    realm: bytes
    subject: str
    serial: int
    issued: int
    expires: int
    issuer: bytes
    body: Mapping[str, Any]

    def payload(self, *, without: str | None = None) -> bytes:
        """The canonical bytes that are signed.

        :param without: a key of the body to leave out (a sealed part is bound to all the rest that way).
        """
        body = {key: value for key, value in self.body.items() if key != without}
        return encoding.encode(
            {
                "v": VERSION,
                "kind": self.kind.value,
                "realm": self.realm,
                "subject": self.subject,
                "serial": self.serial,
                "issued": self.issued,
                "expires": self.expires,
                "issuer": self.issuer,
                "body": body,
            }
        )

    def sign(self, key: SigningKey) -> bytes:
        """The statement as it is stored and sent.

        :raises ValueError: if ``key`` is not the issuer's.
        """
        if key_id(bytes(key.verify_key)) != self.issuer:
            raise ValueError("the signing key is not the issuer's")
        payload = self.payload()
        return encoding.encode([payload, key.sign(_DOMAIN + payload).signature])


@dataclass(frozen=True)
class SignedStatement:
    """A statement whose signature has **not** been checked yet: parse, find the issuer's key, then :meth:`verify`."""

    unverified: Statement
    _payload: bytes
    _signature: bytes

    def verify(self, public: bytes) -> Statement:
        """The statement, believed.

        :param public: the issuer's Ed25519 public key, 32 bytes.
        :raises TrustError: ``bad_signature``.
        """
        if key_id(public) != self.unverified.issuer:
            raise TrustError(
                _("A record names another issuer than the key it is checked with."), reason="bad_signature"
            )
        try:
            VerifyKey(public).verify(_DOMAIN + self._payload, self._signature)
        except BadSignatureError:
            raise TrustError(_("The signature of a record does not hold."), reason="bad_signature") from None
        return self.unverified


def parse(data: bytes) -> SignedStatement:
    """Read a statement without believing it.

    :raises TrustError: ``malformed``.
    """
    if len(data) > MAX_SIZE:
        raise _malformed("too large")
    outer = encoding.decode(data)
    match outer:
        case [bytes() as payload, bytes() as signature] if len(signature) == _SIGNATURE_SIZE:
            return SignedStatement(_parse_payload(payload), payload, signature)
    raise _malformed("not a statement")


def _parse_payload(payload: bytes) -> Statement:
    match encoding.decode(payload):
        case {
            "v": 1,
            "kind": str() as kind,
            "realm": bytes() as realm,
            "subject": str() as subject,
            "serial": int() as serial,
            "issued": int() as issued,
            "expires": int() as expires,
            "issuer": bytes() as issuer,
            "body": dict() as body,
            **rest,
        } if not rest and kind in set(Kind):
            numbers_fit = min(serial, issued, expires) >= 0 and not any(
                isinstance(number, bool) for number in (serial, issued, expires)
            )
            if numbers_fit and len(realm) == REALM_ID_SIZE and len(issuer) == KEY_ID_SIZE and subject:
                return Statement(Kind(kind), realm, subject, serial, issued, expires, issuer, body)
    raise _malformed("not a statement of this version")


def _malformed(what: str) -> TrustError:
    return TrustError(_("A signed record is malformed: {what}.").format(what=what), reason="malformed")
