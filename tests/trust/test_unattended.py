"""What the key of the unattended synchronisation is believed about: as little as it needs (decision 0047)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from nacl.signing import SigningKey

from faced.errors import TrustError
from faced.trust.keys import key_id
from faced.trust.realm import SIGNERS, Role
from faced.trust.sealed import (
    Basis,
    Provenance,
    check_header,
    check_template,
)
from faced.trust.statement import Kind, Statement
from faced.trust.suspension import Suspension, issue_suspension, read_suspension
from faced.trust.tombstone import check_tombstone, issue_tombstone
from tests.trust.conftest import DAY, NOW, World, key

FROM_HR = Provenance(Basis.STAFF, bytes(32), b"")


def reason(call: Callable[[], object]) -> str:
    with pytest.raises(TrustError) as refusal:
        call()
    return refusal.value.reason


def tombstone(world: World, by: SigningKey, below_serial: int) -> bytes:
    return issue_tombstone(
        world.realm, by, "tanaka", below_serial=below_serial, reason="left", now=NOW, expires=NOW + DAY
    )


def test_a_photo_of_the_personnel_section_is_enrolled(world: World) -> None:
    sealed = world.seal(world.sync, provenance=FROM_HR)
    assert world.open(sealed).header.provenance == FROM_HR
    assert check_template(world.verifier(), "tanaka", sealed.template).unattended
    assert not check_template(world.verifier(), "tanaka", world.seal(provenance=FROM_HR).template).unattended


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"method": "camera"}, "issuer_lacks_role"),
        ({"method": "camera+photo"}, "issuer_lacks_role"),
        ({"method": ""}, "issuer_lacks_role"),
        ({"provenance": Provenance()}, "issuer_lacks_role"),
        ({"provenance": Provenance(Basis.CONSENT, b"", bytes(32))}, "issuer_lacks_role"),
        ({"serial": NOW + 301}, "not_yet_valid"),
        ({"serial": 2**63}, "not_yet_valid"),
    ],
)
def test_nothing_else_is(world: World, changes: Mapping[str, Any], why: str) -> None:
    """Not even by the station, which would otherwise count up from such a serial."""
    changes = {"provenance": FROM_HR, **changes}
    sealed = world.seal(world.sync, **changes)
    assert reason(lambda: world.open(sealed)) == why
    assert reason(lambda: check_header(world.verifier(), sealed.template)) == why
    assert world.open(world.seal(**changes)).header.serial == changes.get("serial", 5), "a handler may sign it"


def test_a_key_that_may_enrol_too_is_a_handlers(world: World) -> None:
    both = key(13)
    since, until = NOW - DAY, NOW + DAY
    world.delegations += [
        world.realm.delegate(world.root, "mori", bytes(both.verify_key), [role], since, until)
        for role in (Role.SYNC, Role.ENROL)
    ]
    assert world.open(world.seal(both, method="camera")).header.method == "camera"


def test_who_was_not_appointed_to_enrol_until_later_signed_as_a_timer(world: World) -> None:
    both = key(13)
    public = bytes(both.verify_key)
    world.delegations += [
        world.realm.delegate(world.root, "mori", public, [Role.SYNC], NOW - DAY, NOW + DAY),
        world.realm.delegate(world.root, "mori", public, [Role.ENROL], NOW + 60, NOW + DAY),
    ]
    sealed = world.seal(both, method="camera")
    assert reason(lambda: check_template(world.verifier(NOW + 120), "tanaka", sealed.template)) == "issuer_lacks_role"


def test_it_buries_who_left(world: World) -> None:
    found = check_tombstone(world.verifier(), "tanaka", tombstone(world, world.sync, 6))
    assert (found.below_serial, found.unattended) == (6, True)
    assert not check_tombstone(world.verifier(), "tanaka", tombstone(world, world.revoke, 6)).unattended
    buried = world.seal(provenance=FROM_HR)
    assert reason(lambda: world.open(buried, tombstone=tombstone(world, world.sync, 6))) == "tombstoned"


def test_it_buries_nobody_beyond_today(world: World) -> None:
    for below, by in ((NOW + 301, world.sync), (2**63, world.sync)):
        assert reason(lambda: check_tombstone(world.verifier(), "tanaka", tombstone(world, by, below))) == (  # noqa: B023
            "not_yet_valid"
        )
    assert check_tombstone(world.verifier(), "tanaka", tombstone(world, world.revoke, 2**63)).below_serial == 2**63


def test_it_brings_nobody_back_whom_it_buried(world: World) -> None:
    anew = world.seal(world.sync, provenance=FROM_HR, serial=7)
    by_sync, by_handler = tombstone(world, world.sync, 6), tombstone(world, world.revoke, 6)
    assert reason(lambda: world.open(anew, tombstone=by_sync)) == "issuer_lacks_role"
    assert world.open(anew, tombstone=by_handler).header.serial == 7
    assert world.open(world.seal(serial=8), tombstone=by_sync).header.serial == 8


def suspension(world: World, by: SigningKey, *, serial: int = NOW, suspended: bool = True) -> bytes:
    return issue_suspension(world.realm, by, Suspension("tanaka", serial, suspended, "left", NOW, NOW + DAY))


def test_it_suspends_and_lifts_no_suspension(world: World) -> None:
    verifier = world.verifier()
    assert read_suspension(verifier, "tanaka", suspension(world, world.sync)).suspended
    lifted = suspension(world, world.sync, suspended=False)
    assert reason(lambda: read_suspension(verifier, "tanaka", lifted)) == "issuer_lacks_role"
    ahead = suspension(world, world.sync, serial=2**63)
    assert reason(lambda: read_suspension(verifier, "tanaka", ahead)) == "not_yet_valid"
    for by in (world.enrol, world.revoke):
        assert not read_suspension(verifier, "tanaka", suspension(world, by, serial=2**63, suspended=False)).suspended


@pytest.mark.parametrize("kind", sorted(set(SIGNERS) - {Kind.TEMPLATE, Kind.TOMBSTONE, Kind.SUSPENSION, Kind.ACT}))
def test_every_other_kind_is_refused(world: World, kind: Kind) -> None:
    issuer = key_id(bytes(world.sync.verify_key))
    forged = Statement(kind, world.realm.id, "tanaka", 1, NOW, NOW + DAY, issuer, {}).sign(world.sync)
    assert reason(lambda: world.verifier().check(forged, kind)) == "issuer_lacks_role"


def test_of_a_dismissed_one_stays_what_it_signed_before(world: World) -> None:
    sealed = world.seal(world.sync, provenance=FROM_HR)
    issuer = key_id(bytes(world.sync.verify_key))
    world.change_manifest(retired_keys={issuer: NOW + 1})
    assert world.open(sealed).header.provenance == FROM_HR
    world.change_manifest(retired_keys={}, revoked_keys=frozenset({issuer}))
    assert reason(lambda: world.open(sealed)) == "issuer_revoked"
