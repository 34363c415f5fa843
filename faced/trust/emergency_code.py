"""The emergency code: eight digits that let one person in, once, on one host that is cut off.

Authority and host have a secret in common without ever having exchanged one: X25519 between the key that the role
``approve`` signs with (as Curve25519) and the host's box key, both of which are named in signed statements. The code is
a keyed BLAKE2b (RFC 7693) of realm, host, person and a quarter of an hour. So the host checks it without a network, and
only the authority can make it - and whoever is root on that very host, for that host.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from nacl.bindings import sodium_memcmp
from nacl.encoding import RawEncoder
from nacl.exceptions import CryptoError
from nacl.hash import blake2b
from nacl.public import Box, PublicKey
from nacl.signing import SigningKey, VerifyKey

from faced.errors import TrustError
from faced.i18n import _
from faced.trust import encoding
from faced.trust.host import read_host
from faced.trust.keys import HostKeys
from faced.trust.realm import CLOCK_SKEW_S, Role, Verifier
from faced.trust.statement import Kind

DIGITS = 8
WINDOW_S = 900
#: A code holds in its own window and so many more: for three quarters of an hour at least, for an hour at most.
WINDOWS_MORE = 3
_PERSON = b"faced emergency"


@dataclass(frozen=True)
class Code:
    """A code as it is read out. ``expires``: unix seconds, the first second in which it no longer holds."""

    digits: str
    expires: int


def issue_code(verifier: Verifier, key: SigningKey, host_statement: bytes, host: str, login: str) -> Code:
    """The code that lets this person in on this host, from now on.

    :param key: of the role ``approve``.
    :raises TrustError: as :meth:`Verifier.check` about the host; wrong_host, host_revoked; issuer_lacks_role: the key
        may not do this, so no host would take the code.
    """
    if bytes(key.verify_key) not in verifier.keys_of(Role.APPROVE):
        raise TrustError(
            _("This key may no longer approve: no computer would take its code."), reason="issuer_lacks_role"
        )
    shared = Box(key.to_curve25519_private_key(), _box_of(verifier, host_statement, host)).shared_key()
    window = verifier.now // WINDOW_S
    return Code(_digits(shared, verifier, host, login, window), (window + 1 + WINDOWS_MORE) * WINDOW_S)


def check_code(verifier: Verifier, host: HostKeys, login: str, digits: str, *, spent: int) -> int:
    """The window of a code that lets this person in on this host, now.

    :param spent: the highest window whose code was used here: no code up to it holds.
    :raises TrustError: wrong_code; older_serial.
    """
    found = None
    for shared in _secrets(verifier, host):
        for window in _windows(verifier.now):
            # Every candidate is compared, so that the time says nothing.
            if sodium_memcmp(_digits(shared, verifier, host.name, login, window).encode(), digits.encode()):
                found = window
    if found is None:
        raise TrustError(_("The emergency code is wrong, or its time is over."), reason="wrong_code")
    if found <= spent:
        raise TrustError(_("The emergency code was used."), reason="older_serial")
    return found


def _box_of(verifier: Verifier, host_statement: bytes, host: str) -> PublicKey:
    record = read_host(verifier.check(host_statement, Kind.HOST))
    if record.name != host:
        raise TrustError(_("The host record is another computer's."), reason="wrong_host")
    if verifier.manifest is not None and host in verifier.manifest.revoked_hosts:
        raise TrustError(_("This computer was taken out of the realm."), reason="host_revoked")
    return PublicKey(record.box)


def _secrets(verifier: Verifier, host: HostKeys) -> Iterator[bytes]:
    for public in verifier.keys_of(Role.APPROVE):
        for private in host.boxes.values():
            try:
                yield Box(private, VerifyKey(public).to_curve25519_public_key()).shared_key()
            except (CryptoError, RuntimeError, ValueError):
                continue


def _windows(now: int) -> range:
    """From the oldest that still holds to that of an authority whose clock is ahead."""
    return range(now // WINDOW_S - WINDOWS_MORE, (now + CLOCK_SKEW_S) // WINDOW_S + 1)


def _digits(shared: bytes, verifier: Verifier, host: str, login: str, window: int) -> str:
    said = encoding.encode({"v": 1, "realm": verifier.realm.id, "host": host, "login": login, "window": window})
    mac = blake2b(said, digest_size=32, key=shared, person=_PERSON, encoder=RawEncoder)
    return f"{int.from_bytes(mac, 'big') % 10**DIGITS:0{DIGITS}}"
