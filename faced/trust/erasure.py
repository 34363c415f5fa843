"""What became of an erasure: read back from every directory server, and confirmed by the hosts; for the certificate.

Signed in the role ``revoke``, kept at the station. The one without ``hosts`` says that every server was seen without
the face; the one with them, that no host waits any more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from nacl.signing import SigningKey

from faced.errors import TrustError
from faced.i18n import _
from faced.trust.keys import key_id
from faced.trust.realm import Realm, Verifier
from faced.trust.statement import Kind, Statement
from faced.units import DAY_S

#: The statement is a record: it is read with :meth:`Verifier.check_past`, and kept for as long as a certificate counts.
_KEPT_S = 30 * 366 * DAY_S
_DIGEST_SIZE = 32


@dataclass(frozen=True)
class HostCounts:
    """How many hosts said that nothing is left, had a cache that was void by its age, or had been revoked."""

    confirmed: int
    expired: int
    revoked: int


@dataclass(frozen=True)
class Erasure:
    """How far an erasure went.

    ``tombstone``: the digest of its tombstone. ``removed``: when all ``replicas`` (a number of servers) had been seen
    without the face; ``at``: when this was signed; unix seconds. ``hosts``: None while some wait.
    """

    login: str
    tombstone: bytes
    removed: int
    replicas: int
    at: int
    hosts: HostCounts | None = None


def issue_erasure(realm: Realm, key: SigningKey, erasure: Erasure) -> bytes:
    """The statement, signed in the role ``revoke``."""
    body: Mapping[str, Any] = {
        "tombstone": erasure.tombstone,
        "removed": erasure.removed,
        "replicas": erasure.replicas,
        "hosts": erasure.hosts and asdict(erasure.hosts),
    }
    issuer = key_id(bytes(key.verify_key))
    return Statement(
        Kind.ERASURE, realm.id, erasure.login, erasure.at, erasure.at, erasure.at + _KEPT_S, issuer, body
    ).sign(key)


def read_erasure(verifier: Verifier, data: bytes) -> Erasure:
    """What must be believed.

    :raises TrustError: as :meth:`Verifier.check_past`.
    """
    statement, _handler = verifier.check_past(data, Kind.ERASURE)
    match statement.body:
        case {
            "tombstone": bytes() as tombstone,
            "removed": int() as removed,
            "replicas": int() as replicas,
            "hosts": hosts,
            **rest,
        } if not rest and len(tombstone) == _DIGEST_SIZE:
            return Erasure(statement.subject, tombstone, removed, replicas, statement.issued, _hosts(hosts))
    raise _malformed()


def _hosts(content: Any) -> HostCounts | None:
    match content:
        case None:
            return None
        case {"confirmed": int() as confirmed, "expired": int() as expired, "revoked": int() as revoked, **rest} if (
            not rest and min(confirmed, expired, revoked) >= 0
        ):
            return HostCounts(confirmed, expired, revoked)
    raise _malformed()


def _malformed() -> TrustError:
    return TrustError(_("The record of an erasure is malformed."), reason="malformed")
