"""Sealed templates: they open here, for this person, now - and in no other case."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from nacl.public import PrivateKey, SealedBox

from faced.enrolment.fiscal_year import FiscalYear
from faced.errors import TrustError
from faced.trust import encoding
from faced.trust.host import issue_host, open_epoch_keys
from faced.trust.keys import HostKeys, decode_key_file, digest
from faced.trust.realm import Epoch, Realm, Verifier
from faced.trust.sealed import (
    LONGEST_DAYS,
    Basis,
    Provenance,
    SealedTemplate,
    TemplateKey,
    check_template,
    open_template,
    rewrap,
    seal_template,
)
from faced.trust.statement import parse
from faced.trust.tombstone import issue_tombstone
from faced.units import midnight
from tests.trust.conftest import APRIL_2027, APRIL_2028, COORDINATES, DAY, NOW, PREDICTOR, World, key


def in_time(world: World, epoch: Epoch, now: int) -> None:
    """Another day: papers and keys are those of then, and only the purpose may be over."""
    world.change_manifest(issued=now - DAY, expires=now + DAY, epochs=(replace(epoch, not_after=now + DAY),))
    world.delegations = [
        world.realm.delegate(world.root, one.handler, one.key, one.roles, one.issued, now + DAY)
        for one in map(world.realm.read_delegation, world.delegations)
    ]
    groups = {"default": {2026: world.epoch_private}}
    world.host_statement = issue_host(
        *(world.realm, world.operate),
        name="pc-1",
        box=bytes(world.host.boxes[2026].public_key),
        sign=bytes(world.host.sign.verify_key),
        epoch=2026,
        groups=groups,
        now=now - DAY,
        expires=now + DAY,
    )


def reason(call: Callable[[], object]) -> str:
    with pytest.raises(TrustError) as refusal:
        call()
    return refusal.value.reason


def test_a_template_opens_to_what_was_sealed(world: World) -> None:
    opened = world.open(world.seal())
    assert opened.coordinates == COORDINATES
    assert opened.header == world.header


def test_nothing_of_the_coordinates_can_be_read_without_a_key(world: World) -> None:
    sealed = world.seal()
    assert b"coordinates" not in sealed.template
    assert world.enrol is not None
    assert reason(lambda: world.open(SealedTemplate(sealed.template, ()))) == "wrong_key"


def test_every_single_bit_change_of_a_stored_template_is_refused(world: World) -> None:
    sealed = world.seal()
    verifier = world.verifier()
    keys = open_epoch_keys(verifier, world.host_statement, world.host)

    def opens(template: bytes, template_key: bytes) -> bool:
        try:
            open_template(check_template(verifier, "tanaka", template), [template_key], keys, PREDICTOR)
        except TrustError:
            return False
        return True

    [template_key] = sealed.template_keys
    assert opens(sealed.template, template_key)
    for bit in range(8 * len(sealed.template)):
        changed = bytearray(sealed.template)
        changed[bit // 8] ^= 1 << bit % 8
        assert not opens(bytes(changed), template_key), f"bit {bit} of the template"
    for bit in range(8 * len(template_key)):
        changed = bytearray(template_key)
        changed[bit // 8] ^= 1 << bit % 8
        assert not opens(sealed.template, bytes(changed)), f"bit {bit} of the template key"


def test_a_template_is_one_persons_only(world: World) -> None:
    sealed = world.seal()
    assert reason(lambda: world.open(sealed, "suzuki")) == "wrong_person"
    assert reason(lambda: world.open(sealed, "TANAKA")) == "wrong_person"


def test_the_keys_of_one_template_do_not_open_another(world: World) -> None:
    one, other = world.seal(), world.seal(serial=6)
    assert reason(lambda: world.open(SealedTemplate(one.template, other.template_keys))) == "wrong_key"


def test_a_data_key_moved_to_another_template_does_not_open_it(world: World) -> None:
    one, other = world.seal(), world.seal(serial=6)
    moved = encoding.decode(other.template_keys[0]) | {"template": digest(one.template)}
    assert reason(lambda: world.open(SealedTemplate(one.template, (encoding.encode(moved),)))) == "tampered"


def test_an_older_serial_is_refused(world: World) -> None:
    sealed = world.seal()
    assert world.open(sealed, lowest_serial=5)
    assert reason(lambda: world.open(sealed, lowest_serial=6)) == "older_serial"
    world.change_manifest(minimum_serials={"tanaka": 6})
    assert reason(lambda: world.open(sealed)) == "older_serial"


def test_a_tombstone_kills_what_is_older_and_only_the_right_persons(world: World) -> None:
    def tombstone(login: str, below: int) -> bytes:
        return issue_tombstone(
            world.realm, world.revoke, login, below_serial=below, reason="left", now=NOW, expires=NOW + DAY
        )

    sealed = world.seal()
    assert world.open(sealed, tombstone=tombstone("tanaka", 5))
    assert reason(lambda: world.open(sealed, tombstone=tombstone("tanaka", 6))) == "tombstoned"
    assert reason(lambda: world.open(sealed, tombstone=tombstone("suzuki", 6))) == "wrong_person"
    assert reason(lambda: world.open(sealed, tombstone=b"junk")) == "malformed"


def test_outside_the_period_nothing_opens(world: World) -> None:
    sealed = world.seal(not_after=NOW + 10 * DAY)
    assert world.open(sealed, now=NOW + 10 * DAY - 1)
    assert reason(lambda: world.open(sealed, now=NOW + 10 * DAY)) == "purpose_over"
    assert reason(lambda: world.open(world.seal(not_before=NOW + 1))) == "purpose_over"


def test_a_template_without_an_end_opens_as_long_as_the_purpose_is_renewed(world: World) -> None:
    [epoch] = world.manifest_content.epochs
    sealed = world.seal(not_after=None)
    for now in (APRIL_2027 - 1, APRIL_2027, APRIL_2028 - 1):
        in_time(world, epoch, now)
        assert world.open(sealed, now=now).header.not_after is None
    in_time(world, epoch, APRIL_2028)
    assert reason(lambda: world.open(sealed, now=APRIL_2028)) == "purpose_over"


def test_an_end_of_its_own_holds_within_the_purpose_and_never_beyond_it(world: World) -> None:
    [epoch] = world.manifest_content.epochs
    world.change_manifest(purposes=(world.purpose(),))
    sealed = world.seal(not_after=APRIL_2027 + DAY)
    in_time(world, epoch, APRIL_2027 - 1)
    assert world.open(sealed, now=APRIL_2027 - 1)
    in_time(world, epoch, APRIL_2027)
    assert reason(lambda: world.open(sealed, now=APRIL_2027)) == "purpose_over"


def test_without_a_purpose_nothing_opens(world: World) -> None:
    world.change_manifest(purposes=())
    assert reason(lambda: world.open(world.seal())) == "purpose_over"
    assert reason(lambda: world.open(world.seal(not_after=None))) == "purpose_over"


def test_however_long_the_purpose_a_face_is_taken_anew_after_three_years(world: World) -> None:
    [epoch] = world.manifest_content.epochs
    sealed = world.seal(not_after=None)
    end = parse(sealed.template).unverified.expires
    assert end == midnight(NOW + LONGEST_DAYS * DAY)
    world.change_manifest(purposes=(world.purpose(FiscalYear(2029).begins, FiscalYear(2029).ends, now=end - 2 * DAY),))
    in_time(world, epoch, end)
    assert world.open(sealed, now=end - 1)
    assert reason(lambda: world.open(sealed, now=end)) == "expired"


def test_a_template_that_is_signed_for_longer_is_refused(world: World) -> None:
    assert world.open(world.seal(not_after=NOW + LONGEST_DAYS * DAY))
    assert reason(lambda: world.open(world.seal(not_after=NOW + LONGEST_DAYS * DAY + 1))) == "too_long"


def test_another_purpose_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr("faced.trust.sealed.PURPOSE", "attendance")
        sealed = world.seal()
    assert reason(lambda: world.open(sealed)) == "purpose_over"


def test_another_predictor_is_refused(world: World) -> None:
    assert reason(lambda: world.open(world.seal(), predictor=bytes(32))) == "wrong_predictor"


def test_another_realm_is_refused(world: World) -> None:
    other = Realm.create("Other", world.root, NOW, dummy=False)
    sealed = seal_template(other, world.enrol, world.header, COORDINATES, world.manifest_content.epochs, NOW)
    assert reason(lambda: world.open(sealed)) == "wrong_realm"


def test_an_unsigned_or_foreign_signed_template_is_refused(world: World) -> None:
    by_intruder = seal_template(world.realm, key(77), world.header, COORDINATES, world.manifest_content.epochs, NOW)
    assert reason(lambda: world.open(by_intruder)) == "unknown_issuer"
    by_operator = seal_template(
        world.realm, world.operate, world.header, COORDINATES, world.manifest_content.epochs, NOW
    )
    assert reason(lambda: world.open(by_operator)) == "issuer_lacks_role"


def test_a_host_of_another_key_group_cannot_open_it(world: World) -> None:
    private = PrivateKey(bytes([33]) * 32)
    epoch = Epoch("election", 2026, bytes(private.public_key), NOW - DAY, NOW + DAY)
    world.change_manifest(epochs=(*world.manifest_content.epochs, epoch))
    assert reason(lambda: world.open(world.seal(groups=("election",)))) == "wrong_group"
    assert world.open(world.seal(groups=("default", "election")))


def test_an_epoch_that_is_over_opens_nothing(world: World) -> None:
    sealed = world.seal(not_after=NOW + 300 * DAY)
    [epoch] = world.manifest_content.epochs
    world.change_manifest(epochs=(Epoch(epoch.group, epoch.number, epoch.public, epoch.not_before, NOW),))
    assert reason(lambda: world.open(sealed)) == "wrong_epoch"


def test_rewrapping_to_the_next_epoch_opens_no_face_and_the_template_still_opens(world: World) -> None:
    sealed = world.seal()
    private = PrivateKey(bytes([44]) * 32)
    following = Epoch("default", 2027, bytes(private.public_key), NOW - DAY, NOW + 400 * DAY)
    world.change_manifest(epochs=(*world.manifest_content.epochs, following))
    held = TemplateKey.parse(sealed.template_keys[0])
    moved = rewrap(held, world.epoch_private, following)
    verifier = world.verifier()
    checked = check_template(verifier, "tanaka", sealed.template)
    opened = open_template(checked, [moved], {("default", 2027): private}, PREDICTOR)
    assert opened.coordinates == COORDINATES
    elsewhere = Epoch("election", 2027, bytes(private.public_key), NOW, NOW + DAY)
    assert reason(lambda: rewrap(held, world.epoch_private, elsewhere)) == "wrong_group"
    assert reason(lambda: rewrap(held, private, following)) == "wrong_key"


def test_the_header_can_be_checked_without_any_key(world: World) -> None:
    checked = check_template(world.verifier(), "tanaka", world.seal().template)
    assert checked.header == world.header


def test_what_a_template_rests_on_is_signed_with_it(world: World) -> None:
    header = replace(world.header, provenance=Provenance(Basis.CONSENT, b"photo", b"revision"))
    sealed = seal_template(world.realm, world.enrol, header, COORDINATES, world.manifest_content.epochs, NOW)
    assert check_template(world.verifier(), "tanaka", sealed.template).header == header


@pytest.mark.parametrize("provenance", [{}, {"basis": "rumour", "photo": b"", "revision": b""}, "staff"])
def test_what_it_rests_on_is_one_of_the_grounds_that_there_are(world: World, provenance: object) -> None:
    genuine = parse(world.seal().template).unverified
    forged = replace(genuine, body={**genuine.body, "provenance": provenance}).sign(world.enrol)
    assert reason(lambda: check_template(world.verifier(), "tanaka", forged)) == "malformed"


def test_a_recorded_template_of_this_format_still_opens(world: World) -> None:
    """Byte vectors: formats made once are meant to stay. Manifests of those days carry no purpose."""
    verifier, host_statement, host, sealed = recorded()
    assert reason(lambda: check_template(verifier, "tanaka", sealed.template)) == "purpose_over"
    assert verifier.manifest is not None
    renewed = replace(verifier.manifest, purposes=(world.purpose(),))
    verifier = world.realm.verifier(
        world.delegations, verifier.realm.issue_manifest(world.manifest_key, renewed), verifier.now
    )
    keys = open_epoch_keys(verifier, host_statement, host)
    checked = check_template(verifier, "tanaka", sealed.template)
    opened = open_template(checked, sealed.template_keys, keys, PREDICTOR)
    assert opened.coordinates == COORDINATES


def test_sealing_with_the_same_randomness_gives_the_recorded_bytes(world: World) -> None:
    _verifier, _host_statement, _host, sealed = recorded()
    again = seal_template(
        world.realm,
        world.enrol,
        world.header,
        COORDINATES,
        world.manifest_content.epochs,
        NOW,
        random=lambda size: bytes(range(size)),
    )
    assert again.template == sealed.template


def test_a_seal_of_the_data_key_has_eighty_bytes(world: World) -> None:
    [template_key] = world.seal().template_keys
    sealed = encoding.decode(template_key)["sealed"]
    assert len(sealed) == 80
    assert len(SealedBox(world.epoch_private).decrypt(sealed)) == 32


def test_an_issued_host_record_is_the_recorded_one_but_for_the_seal(world: World) -> None:
    _verifier, host_statement, _host, _sealed = recorded()
    again = issue_host(
        world.realm,
        world.operate,
        name="pc-1",
        box=bytes(world.host.boxes[2026].public_key),
        sign=bytes(world.host.sign.verify_key),
        epoch=2026,
        groups={"default": {2026: world.epoch_private}},
        now=NOW - DAY,
        expires=NOW + 300 * DAY,
    )
    assert len(again) == len(host_statement)


def recorded() -> tuple[Verifier, bytes, HostKeys, SealedTemplate]:
    """What an earlier faced wrote, and the keys to read it."""
    vectors = json.loads((Path(__file__).parent / "vectors.json").read_text(encoding="ascii"))
    read = bytes.fromhex
    realm = Realm.open(read(vectors["anchor"]))
    verifier = realm.verifier([read(data) for data in vectors["delegations"]], read(vectors["manifest"]), NOW)
    host = HostKeys.from_content(decode_key_file(read(vectors["host_keys"])))
    sealed = SealedTemplate(read(vectors["template"]), tuple(read(data) for data in vectors["template_keys"]))
    return verifier, read(vectors["host_statement"]), host, sealed
