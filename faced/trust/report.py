"""What a workstation reports: its failed tries, which only the realm can add up, and how fresh its cache is.

CBOR ``[payload, signature]``; the payload is ``{v, realm, host, serial, at, failed: [{subject, count, last}]}`` and,
once there was one, ``refreshed``; the signature is Ed25519 by the host's own key over ``b"faced host report\\0" +
payload``. It is one host's word and admits nobody: whoever reads it asks how much a host that lies can do with it
(docs/decisions/0041, 0046).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from nacl.encoding import RawEncoder
from nacl.exceptions import BadSignatureError
from nacl.hash import blake2b
from nacl.signing import VerifyKey

from faced.errors import TrustError
from faced.i18n import _
from faced.trust import encoding
from faced.trust.host import read_host
from faced.trust.keys import HostKeys
from faced.trust.realm import CLOCK_SKEW_S, SUBJECT_SIZE, Realm, Verifier
from faced.trust.statement import Kind
from faced.units import DAY_S

#: Failures, and reports, that are older do not count.
COUNTED_S = DAY_S
#: In one report; those with the most failures come first.
MOST_PEOPLE = 200
#: Bytes; above that nothing is decoded.
MAX_SIZE = 12 * 1024
_DOMAIN = b"faced host report\0"
_PERSON = b"faced subject"


@dataclass(frozen=True)
class Failures:
    """Judged tries in a row that somebody failed on a host. ``last``: unix seconds of the last one."""

    subject: bytes
    count: int
    last: int


@dataclass(frozen=True)
class Report:
    """A report that was checked.

    ``at``: unix seconds. ``refreshed``: when the host last asked the directory about everybody in its cache and kept
    nothing older; 0 if never.
    """

    host: str
    serial: int
    at: int
    failed: tuple[Failures, ...]
    refreshed: int = 0


def subject_of(realm: Realm, login: str) -> bytes:
    """The word for a person in reports and in the manifest: keyed BLAKE2b of the canonical login name, 16 bytes.

    The key is the realm's id, which is no secret: whoever knows it and guesses the name can tell.
    """
    name = login.encode(errors="surrogateescape")
    return blake2b(name, digest_size=SUBJECT_SIZE, key=realm.id, person=_PERSON, encoder=RawEncoder)


def counted(failed: Iterable[Failures], now: int) -> tuple[Failures, ...]:
    """Those that a report of this moment names: of the last 24 hours, and not too many; by subject."""
    recent = [one for one in failed if one.count > 0 and one.last > now - COUNTED_S]
    most = sorted(recent, key=lambda one: (-one.count, one.subject))[:MOST_PEOPLE]
    return tuple(sorted(most, key=lambda one: one.subject))


def issue_report(
    realm: Realm, keys: HostKeys, serial: int, now: int, failed: Iterable[Failures], refreshed: int = 0
) -> bytes:
    """Sign a report as this host.

    :param refreshed: as :attr:`Report.refreshed`; a moment ahead of ``now`` counts as ``now``.
    """
    payload = encoding.encode(
        {
            "v": 1,
            "realm": realm.id,
            "host": keys.name,
            "serial": serial,
            "at": now,
            "failed": [{"subject": one.subject, "count": one.count, "last": one.last} for one in counted(failed, now)],
            **({"refreshed": min(refreshed, now)} if refreshed else {}),
        }
    )
    return encoding.encode([payload, keys.sign.sign(_DOMAIN + payload).signature])


def read_report(
    verifier: Verifier,
    host: str,
    host_statement: bytes | None,
    data: bytes,
    *,
    lowest_serial: int = 0,
    longest_s: int | None = COUNTED_S,
) -> Report:
    """What a host says, if it is that host's word of the last 24 hours.

    :param host: the name of the directory's entry that has the report, and ``host_statement`` of the same entry.
    :param lowest_serial: the highest serial that was seen of this host (a lower one was put back).
    :param longest_s: how old it may be; None for what stays true (``refreshed``).
    :raises TrustError: host_revoked, no_host_statement, as :meth:`Verifier.check` for the host's statement, wrong_host,
        malformed, wrong_realm, bad_signature, not_yet_valid, expired, older_serial.
    """
    if verifier.manifest is not None and host in verifier.manifest.revoked_hosts:
        raise TrustError(_("This computer was taken out of the realm."), reason="host_revoked")
    if host_statement is None:
        raise TrustError(_("This computer was never approved."), reason="no_host_statement")
    statement = verifier.check(host_statement, Kind.HOST)
    payload, signature = _parts(data)
    realm, report = _report(encoding.decode(payload))
    if statement.subject != host or report.host != host:
        raise TrustError(_("The report is another computer's."), reason="wrong_host")
    if realm != verifier.realm.id:
        raise TrustError(_("A record belongs to another realm."), reason="wrong_realm")
    try:
        VerifyKey(read_host(statement).sign).verify(_DOMAIN + payload, signature)
    except BadSignatureError:
        raise TrustError(_("The signature of a record does not hold."), reason="bad_signature") from None
    if report.at > verifier.now + CLOCK_SKEW_S:
        raise TrustError(_("A record is from the future: check the clock of this computer."), reason="not_yet_valid")
    if longest_s is not None and report.at <= verifier.now - longest_s:
        raise TrustError(_("A record has expired."), reason="expired")
    if report.serial < lowest_serial:
        raise TrustError(_("The report is older than one already seen."), reason="older_serial")
    return report


def _parts(data: bytes) -> tuple[bytes, bytes]:
    if len(data) <= MAX_SIZE:
        match encoding.decode(data):
            case [bytes() as payload, bytes() as signature] if len(signature) == 64:
                return payload, signature
    raise _malformed()


def _report(content: Any) -> tuple[bytes, Report]:
    match content:
        case {
            "v": 1,
            "realm": bytes() as realm,
            "host": str() as host,
            "serial": int() as serial,
            "at": int() as at,
            "failed": list() as entries,
            **rest,
        } if rest.keys() <= {"refreshed"} and len(entries) <= MOST_PEOPLE:
            failed = tuple(_failures(entry) for entry in entries)
            refreshed: Any = rest.get("refreshed", 0)
            if not all(type(number) is int and number >= 0 for number in (serial, at, refreshed)) or refreshed > at:
                raise _malformed()
            if len({one.subject for one in failed}) == len(failed):
                return realm, Report(host, serial, at, failed, refreshed)
    raise _malformed()


def _failures(entry: Any) -> Failures:
    match entry:
        case {"subject": bytes() as subject, "count": int() as count, "last": int() as last, **rest} if (
            not rest and len(subject) == SUBJECT_SIZE and count > 0 and last >= 0
        ):
            return Failures(subject, int(count), int(last))
    raise _malformed()


def _malformed() -> TrustError:
    return TrustError(_("The report of a computer is malformed."), reason="malformed")
