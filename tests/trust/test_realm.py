"""The realm: who is believed about what, and until when."""

from __future__ import annotations

from dataclasses import replace

import pytest
from nacl.public import PrivateKey
from nacl.signing import SigningKey

from faced.errors import TrustError
from faced.trust.host import issue_host, open_epoch_keys
from faced.trust.keys import HostKeys, key_id
from faced.trust.proposal import propose
from faced.trust.realm import Epoch, Realm, RecordHead, Role, issue_calibration, open_calibration
from faced.trust.sealed import seal_template
from faced.trust.statement import Kind, Statement
from faced.trust.tombstone import issue_tombstone
from tests.trust.conftest import COORDINATES, DAY, NOW, World, key


def refused(world: World, data: bytes, kind: Kind, now: int = NOW) -> str:
    with pytest.raises(TrustError) as refusal:
        world.verifier(now).check(data, kind)
    return refusal.value.reason


def tombstone_by(world: World, signer: SigningKey, now: int = NOW) -> bytes:
    return issue_tombstone(world.realm, signer, "tanaka", below_serial=6, reason="left", now=now, expires=now + DAY)


def test_an_anchor_opens_to_the_realm_it_was_made_for(world: World) -> None:
    again = Realm.open(world.realm.anchor)
    assert again == world.realm
    assert again.dummy
    assert len(again.fingerprint) == 24


def test_every_single_bit_change_of_an_anchor_is_refused(world: World) -> None:
    for bit in range(8 * len(world.realm.anchor)):
        changed = bytearray(world.realm.anchor)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(TrustError):
            Realm.open(bytes(changed))


def test_a_dummy_realm_cannot_become_a_real_one_under_the_same_id(world: World) -> None:
    body = {"name": world.realm.name, "dummy": False, "root": world.realm.root}
    issuer = key_id(world.realm.root)
    forged = Statement(Kind.REALM, world.realm.id, world.realm.name, NOW, NOW, NOW + DAY, issuer, body).sign(world.root)
    with pytest.raises(TrustError) as refusal:
        Realm.open(forged)
    assert refusal.value.reason == "wrong_realm"


def test_another_statement_of_the_root_is_no_anchor(world: World) -> None:
    with pytest.raises(TrustError):
        Realm.open(world.delegations[0])


def test_only_the_role_for_a_kind_may_sign_it(world: World) -> None:
    assert world.verifier().check(tombstone_by(world, world.revoke), Kind.TOMBSTONE).subject == "tanaka"
    assert world.verifier().check(tombstone_by(world, world.enrol), Kind.TOMBSTONE).subject == "tanaka"
    assert refused(world, tombstone_by(world, world.operate), Kind.TOMBSTONE) == "issuer_lacks_role"
    assert refused(world, tombstone_by(world, world.manifest_key), Kind.TOMBSTONE) == "issuer_lacks_role"
    assert refused(world, tombstone_by(world, key(77)), Kind.TOMBSTONE) == "unknown_issuer"


def test_the_root_itself_signs_nothing_but_delegations(world: World) -> None:
    assert refused(world, tombstone_by(world, world.root), Kind.TOMBSTONE) == "unknown_issuer"


def test_a_delegation_by_somebody_else_delegates_nothing(world: World) -> None:
    intruder = key(77)
    body = {"key": bytes(intruder.verify_key), "roles": ["enrol"]}
    issuer = key_id(bytes(intruder.verify_key))
    own = Statement(Kind.DELEGATION, world.realm.id, "intruder", 1, NOW - DAY, NOW + DAY, issuer, body).sign(intruder)
    by_handler = Statement(
        Kind.DELEGATION, world.realm.id, "x", 1, NOW - DAY, NOW + DAY, key_id(bytes(world.enrol.verify_key)), body
    ).sign(world.enrol)
    world.delegations += [own, by_handler, b"junk"]
    assert refused(world, tombstone_by(world, intruder), Kind.TOMBSTONE) == "unknown_issuer"


def test_a_handler_is_believed_for_the_time_of_the_delegation_only(world: World) -> None:
    public = bytes(key(77).verify_key)
    world.delegations.append(
        world.realm.delegate(world.root, "mori", public, [Role.REVOKE], NOW - 10 * DAY, NOW - 5 * DAY)
    )
    during = issue_tombstone(
        world.realm, key(77), "tanaka", below_serial=6, reason="left", now=NOW - 6 * DAY, expires=NOW + DAY
    )
    assert world.verifier().check(during, Kind.TOMBSTONE)
    assert refused(world, tombstone_by(world, key(77)), Kind.TOMBSTONE) == "issuer_lacks_role"


def test_a_revoked_key_is_not_believed_about_anything(world: World) -> None:
    data = tombstone_by(world, world.revoke)
    world.change_manifest(revoked_keys=frozenset({key_id(bytes(world.revoke.verify_key))}))
    assert refused(world, data, Kind.TOMBSTONE) == "issuer_revoked"


def test_a_manifest_cannot_revoke_its_own_signer_and_hold(world: World) -> None:
    world.change_manifest(revoked_keys=frozenset({key_id(bytes(world.manifest_key.verify_key))}))
    with pytest.raises(TrustError) as refusal:
        world.verifier()
    assert refusal.value.reason == "issuer_revoked"


def test_a_manifest_dies_after_fourteen_days(world: World) -> None:
    assert world.verifier(NOW + 13 * DAY - 1).manifest == world.manifest_content
    with pytest.raises(TrustError) as refusal:
        world.verifier(NOW + 13 * DAY)
    assert refusal.value.reason == "manifest_expired"


def test_a_manifest_by_the_enroller_is_refused(world: World) -> None:
    forged = world.realm.issue_manifest(world.enrol, world.manifest_content)
    with pytest.raises(TrustError) as refusal:
        world.realm.verifier(world.delegations, forged, NOW)
    assert refusal.value.reason == "issuer_lacks_role"


def test_time_and_kind_and_realm_are_checked(world: World) -> None:
    data = tombstone_by(world, world.revoke)
    assert refused(world, data, Kind.TOMBSTONE, NOW + 2 * DAY) == "expired"
    assert refused(world, data, Kind.TEMPLATE) == "wrong_kind"
    assert refused(world, tombstone_by(world, world.revoke, NOW + DAY), Kind.TOMBSTONE) == "not_yet_valid"
    other = Realm.create("Other", world.root, NOW, dummy=True)
    elsewhere = issue_tombstone(other, world.revoke, "tanaka", below_serial=6, reason="x", now=NOW, expires=NOW + DAY)
    assert refused(world, elsewhere, Kind.TOMBSTONE) == "wrong_realm"


def test_a_small_clock_difference_is_forgiven(world: World) -> None:
    data = tombstone_by(world, world.revoke, NOW + 200)
    assert world.verifier().check(data, Kind.TOMBSTONE)


def test_a_host_gets_the_keys_sealed_to_it(world: World) -> None:
    keys = open_epoch_keys(world.verifier(), world.host_statement, world.host)
    assert {name: bytes(private) for name, private in keys.items()} == {("default", 2026): bytes(world.epoch_private)}


def host_refused(world: World, host: HostKeys, statement: bytes) -> str:
    with pytest.raises(TrustError) as refusal:
        open_epoch_keys(world.verifier(), statement, host)
    return refusal.value.reason


def test_another_host_gets_nothing_from_a_copied_host_record(world: World) -> None:
    thief = HostKeys("pc-2", key(50), {2026: PrivateKey(bytes([51]) * 32)})
    assert host_refused(world, thief, world.host_statement) == "wrong_host"
    renamed = HostKeys("pc-1", key(50), thief.boxes)
    assert host_refused(world, renamed, world.host_statement) == "wrong_host"
    half = HostKeys("pc-1", world.host.sign, thief.boxes)
    assert host_refused(world, half, world.host_statement) == "wrong_key"


def test_a_revoked_host_opens_nothing(world: World) -> None:
    world.change_manifest(revoked_hosts=frozenset({"pc-1"}))
    assert host_refused(world, world.host, world.host_statement) == "host_revoked"


def test_a_host_record_with_a_key_that_is_not_the_realms_is_refused(world: World) -> None:
    statement = issue_host(
        world.realm,
        world.operate,
        name="pc-1",
        box=bytes(world.host.boxes[2026].public_key),
        sign=bytes(world.host.sign.verify_key),
        epoch=2026,
        groups={"default": {2026: PrivateKey(bytes([99]) * 32)}},
        now=NOW,
        expires=NOW + DAY,
    )
    assert host_refused(world, world.host, statement) == "wrong_key"


def test_a_host_record_by_the_enroller_is_refused(world: World) -> None:
    statement = issue_host(
        world.realm,
        world.enrol,
        name="pc-1",
        box=bytes(32),
        sign=bytes(32),
        epoch=2026,
        groups={},
        now=NOW,
        expires=NOW + 1,
    )
    assert host_refused(world, world.host, statement) == "issuer_lacks_role"


def test_without_a_manifest_nothing_opens(world: World) -> None:
    verifier = world.realm.verifier(world.delegations, None, NOW)
    with pytest.raises(TrustError) as refusal:
        open_epoch_keys(verifier, world.host_statement, world.host)
    assert refusal.value.reason == "manifest_expired"


def test_an_epoch_that_the_manifest_does_not_name_is_found_by_its_number(world: World) -> None:
    other = Epoch("default", 2027, bytes(32), NOW, NOW + DAY)
    world.manifest_content = replace(world.manifest_content, epochs=(*world.manifest_content.epochs, other))
    manifest = world.verifier().manifest
    assert manifest is not None
    assert manifest.epoch("default", 2027) == other
    assert manifest.epoch("default", 2028) is None


def calibrated(world: World, signer: SigningKey) -> World:
    numbers = issue_calibration(world.realm, signer, b"numbers", NOW - DAY, NOW + DAY)
    world.change_manifest(calibration=numbers)
    return world


def test_a_calibration_by_the_enroller_counts(world: World) -> None:
    assert open_calibration(world.verifier()) is None
    assert open_calibration(calibrated(world, world.enrol).verifier()) == b"numbers"


def test_whoever_issues_manifests_cannot_make_a_calibration(world: World) -> None:
    with pytest.raises(TrustError) as refusal:
        open_calibration(calibrated(world, world.manifest_key).verifier())
    assert refusal.value.reason == "issuer_lacks_role"


def test_an_expired_calibration_is_no_reason_to_judge_without_one(world: World) -> None:
    with pytest.raises(TrustError) as refusal:
        open_calibration(calibrated(world, world.enrol).verifier(NOW + DAY))
    assert refusal.value.reason == "expired"


def host_by(world: World, signer: SigningKey, now: int = NOW) -> bytes:
    return issue_host(
        world.realm,
        signer,
        name="pc-2",
        box=bytes(32),
        sign=bytes(32),
        epoch=2026,
        groups={},
        now=now,
        expires=NOW + DAY,
    )


def retire(world: World, signer: SigningKey, since: int = NOW) -> None:
    world.change_manifest(retired_keys={key_id(bytes(signer.verify_key)): since})


def test_what_a_handler_signed_before_leaving_is_believed_and_nothing_after(world: World) -> None:
    before, after = tombstone_by(world, world.revoke, NOW - 1), tombstone_by(world, world.revoke, NOW)
    retire(world, world.revoke)
    assert world.verifier().check(before, Kind.TOMBSTONE).subject == "tanaka"
    assert refused(world, after, Kind.TOMBSTONE) == "issuer_retired"


def test_templates_and_pcs_survive_who_made_them(world: World) -> None:
    host = host_by(world, world.operate, NOW - 1)
    sealed = seal_template(
        world.realm, world.enrol, world.header, COORDINATES, world.manifest_content.epochs, NOW - DAY
    )
    world.change_manifest(
        retired_keys={key_id(bytes(signer.verify_key)): NOW for signer in (world.enrol, world.operate)}
    )
    assert world.open(sealed).coordinates
    assert world.verifier().check(host, Kind.HOST).subject == "pc-2"


def test_a_serial_beyond_the_end_of_an_appointment_is_refused_whatever_the_date_says(world: World) -> None:
    """A backdated record would win over all later ones by its serial."""
    issuer = key_id(bytes(world.enrol.verify_key))
    ahead = Statement(Kind.TEMPLATE, world.realm.id, "tanaka", NOW, NOW - DAY, NOW + DAY, issuer, {}).sign(world.enrol)
    behind = Statement(Kind.TEMPLATE, world.realm.id, "tanaka", 9, NOW - DAY, NOW + DAY, issuer, {}).sign(world.enrol)
    retire(world, world.enrol)
    assert refused(world, ahead, Kind.TEMPLATE) == "issuer_retired"
    assert world.verifier().check(behind, Kind.TEMPLATE)


def test_a_proposal_dies_with_the_appointment(world: World) -> None:
    data = propose(world.realm, world.approve, act="x", subject="y", terms={}, reason="", decision="", now=NOW - DAY)
    assert world.verifier().check(data, Kind.PROPOSAL)
    retire(world, world.approve)
    assert refused(world, data, Kind.PROPOSAL) == "issuer_retired"


def test_a_leaked_key_is_believed_about_nothing_although_it_was_retired_first(world: World) -> None:
    before = tombstone_by(world, world.revoke, NOW - DAY)
    retire(world, world.revoke)
    world.change_manifest(revoked_keys=frozenset({key_id(bytes(world.revoke.verify_key))}))
    assert refused(world, before, Kind.TOMBSTONE) == "issuer_revoked"


def test_a_manifest_cannot_retire_its_own_signer_and_hold(world: World) -> None:
    retire(world, world.manifest_key, NOW + DAY)
    with pytest.raises(TrustError) as refusal:
        world.verifier()
    assert refusal.value.reason == "issuer_revoked"


def test_a_manifest_keeps_what_it_says_of_keys_and_record(world: World) -> None:
    issuer = key_id(bytes(world.enrol.verify_key))
    world.change_manifest(
        retired_keys={issuer: NOW},
        record=RecordHead(7, bytes(range(32))),
        stricter={bytes(range(16)): NOW + DAY},
        calmed={bytes(16): NOW},
    )
    assert world.verifier().manifest == world.manifest_content


@pytest.mark.parametrize(
    "more",
    [
        {"retired_keys": {"a": 1}},
        {"retired_keys": [{"key": b"short", "since": 1}]},
        {"retired_keys": [{"key": bytes(16), "since": "now"}]},
        {"record": {"count": 0, "head": bytes(32)}},
        {"record": [1]},
        {"stricter": [{"subject": bytes(15), "until": NOW}]},
        {"stricter": [{"subject": bytes(16), "until": "soon"}]},
        {"stricter": [{"subject": bytes(16), "since": NOW}]},
        {"calmed": [{"subject": bytes(16), "since": NOW, "by": "sato"}]},
        {"unknown": 1},
    ],
)
def test_a_manifest_with_something_odd_in_it_is_refused(world: World, more: dict[str, object]) -> None:
    held = world.manifest_content
    issuer = key_id(bytes(world.manifest_key.verify_key))
    body = {**held.body(), **more}
    data = Statement(
        Kind.MANIFEST, world.realm.id, world.realm.name, held.serial, held.issued, held.expires, issuer, body
    ).sign(world.manifest_key)
    with pytest.raises(TrustError) as refusal:
        world.realm.verifier(world.delegations, data, NOW)
    assert refusal.value.reason == "malformed"


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind not in (Kind.MANIFEST, Kind.ACT)])
def test_the_daily_role_can_sign_the_manifest_and_its_own_acts_and_nothing_else(world: World, kind: Kind) -> None:
    """It may revoke, and neither enrol nor appoint: whatever it signs as something else is refused."""
    issuer = key_id(bytes(world.manifest_key.verify_key))
    body = {"key": bytes(world.manifest_key.verify_key), "roles": ["enrol"]}
    data = Statement(kind, world.realm.id, "tanaka", NOW, NOW, NOW + DAY, issuer, body).sign(world.manifest_key)
    assert refused(world, data, kind) == "issuer_lacks_role"
    world.delegations.append(data)
    sealed = seal_template(
        world.realm, world.manifest_key, world.header, COORDINATES, world.manifest_content.epochs, NOW
    )
    assert refused(world, sealed.template, Kind.TEMPLATE) == "issuer_lacks_role"


def test_a_renewed_appointment_covers_what_was_signed_under_the_old(world: World) -> None:
    public = bytes(key(77).verify_key)
    old = issue_tombstone(
        world.realm, key(77), "tanaka", below_serial=6, reason="left", now=NOW - 50 * DAY, expires=NOW + DAY
    )
    world.delegations.append(
        world.realm.delegate(world.root, "mori", public, [Role.REVOKE], NOW - 60 * DAY, NOW + 300 * DAY)
    )
    assert world.verifier().check(old, Kind.TOMBSTONE)
    assert world.verifier().check(tombstone_by(world, key(77)), Kind.TOMBSTONE)


@pytest.mark.parametrize("how", ["retired_keys", "revoked_keys"])
def test_a_dismissed_handlers_key_is_none_of_those_that_may_act_now(world: World, how: str) -> None:
    """Otherwise who left could go on minting emergency codes."""
    public = bytes(world.approve.verify_key)
    assert world.verifier().keys_of(Role.APPROVE) == (public,)
    gone = {key_id(public): NOW + DAY} if how == "retired_keys" else frozenset({key_id(public)})
    world.change_manifest(**{how: gone})
    assert world.verifier().keys_of(Role.APPROVE) == ()
