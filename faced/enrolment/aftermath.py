"""What a dismissed handler's key has signed of that which stands in the directory, and what becomes of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from faced.directory.hosts import Host
from faced.directory.people import People, Person
from faced.enrolment.handlers import calibrated_by
from faced.enrolment.issue import TOMBSTONE_DAYS
from faced.enrolment.station import RoleKey
from faced.errors import TrustError
from faced.trust.purpose import purposes
from faced.trust.realm import Verifier
from faced.trust.statement import Kind, parse
from faced.trust.tombstone import NOTHING_ERASED, check_tombstone, issue_tombstone
from faced.units import DAY_S


@dataclass(frozen=True)
class Signed:
    """Login names and computers about which the directory holds something that these keys signed and that counts.

    ``permissions``: consents, approvals and suspensions. ``calibration``: they signed the calibration in force;
    ``purpose``: one of the purposes that count.
    """

    templates: tuple[str, ...] = ()
    tombstones: tuple[str, ...] = ()
    exemptions: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    calibration: bool = False
    purpose: bool = False


def signed_by(keys: Collection[bytes], verifier: Verifier, people: Iterable[Person], hosts: Iterable[Host]) -> Signed:
    """What of the directory rests on these keys (key ids) now."""

    def counts(data: bytes | None, kind: Kind) -> bool:
        try:
            return data is not None and verifier.check(data, kind).issuer in keys
        except TrustError:
            return False

    staff = tuple(people)
    return Signed(
        templates=tuple(one.login for one in staff if counts(one.face.template, Kind.TEMPLATE)),
        tombstones=tuple(
            one.login for one in staff if counts(one.face.tombstone, Kind.TOMBSTONE) and _is_buried(verifier, one)
        ),
        exemptions=tuple(one.login for one in staff if counts(one.face.exemption, Kind.EXEMPTION)),
        permissions=tuple(
            one.login
            for one in staff
            if counts(one.face.consent, Kind.CONSENT)
            or counts(one.face.approval, Kind.APPROVAL)
            or counts(one.face.suspension, Kind.SUSPENSION)
        ),
        hosts=tuple(host.name for host in hosts if counts(host.statement, Kind.HOST)),
        calibration=verifier.manifest is not None and calibrated_by(verifier.manifest, keys),
        purpose=any(parse(one.statement).unverified.issuer in keys for one in purposes(verifier)),
    )


def _is_buried(verifier: Verifier, person: Person) -> bool:
    try:
        return person.face.tombstone is not None and bool(
            check_tombstone(verifier, person.login, person.face.tombstone).below_serial
        )
    except TrustError:
        return False


def renew_tombstones(people: People, verifier: Verifier, key: RoleKey, logins: Iterable[str]) -> int:
    """Sign these people's tombstones again as they are, with a key that holds; the number of them.

    Otherwise the death of a template would die with the leaked key that signed it, and an erased person be back.

    :raises TrustError: one does not hold any more.
    """
    count = 0
    for login in logins:
        tombstone = people.find(login).face.tombstone
        if tombstone is not None:
            says = check_tombstone(verifier, login, tombstone)
            people.bury(
                login,
                issue_tombstone(
                    verifier.realm,
                    key.sign,
                    login,
                    below_serial=says.below_serial,
                    reason=says.reason,
                    now=verifier.now,
                    expires=verifier.now + TOMBSTONE_DAYS * DAY_S,
                    erased=says.erased or NOTHING_ERASED,
                ),
            )
            count += 1
    return count
