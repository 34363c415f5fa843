from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
from nacl.signing import SigningKey

from faced.enrolment.manifest import adopt_manifest, last_manifest, next_manifest
from faced.enrolment.station import RoleKey, Station
from faced.errors import StateError, TrustError
from faced.trust.keys import key_id
from faced.trust.realm import Role
from tests.enrolment.conftest import NOW, ROLE_PASSPHRASE, ROOT_PASSPHRASE

DAY = 86400


def test_a_wrong_passphrase_opens_no_role(station: Station) -> None:
    with pytest.raises(TrustError) as refusal:
        station.role(Role.ENROL, lambda name: b"not the passphrase")
    assert refusal.value.reason == "wrong_passphrase"


def test_a_passphrase_is_asked_for_the_key_by_its_name_and_not_for_an_open_one(station: Station) -> None:
    asked: list[str] = []

    def unlock(name: str) -> bytes:
        asked.append(name)
        return ROLE_PASSPHRASE

    station.role(Role.AUDIT, unlock)
    station.role(Role.REVOKE, unlock)
    assert asked == ["revoke"]


def test_the_root_key_opens_under_its_own_passphrase_only(station: Station) -> None:
    assert bytes(station.root(lambda name: ROOT_PASSPHRASE).verify_key) == station.realm.root
    with pytest.raises(TrustError):
        station.root(lambda name: ROLE_PASSPHRASE)


def test_one_role_cannot_stand_in_for_another(station: Station) -> None:
    station.key_path("suzuki.enrol").unlink()
    station.key_path("suzuki.revoke").rename(station.key_path("suzuki.enrol"))
    with pytest.raises(TrustError, match="another role"):
        station.role(Role.ENROL, lambda name: ROLE_PASSPHRASE)


@pytest.mark.parametrize("mode", [0o750, 0o701, 0o755])
def test_a_station_open_to_others_is_refused(station: Station, mode: int) -> None:
    station.path.chmod(mode)
    with pytest.raises(StateError, match="chmod 700"):
        Station.open(station.path)


def test_a_key_file_open_to_others_is_refused(station: Station) -> None:
    station.key_path("suzuki.audit").chmod(0o640)
    with pytest.raises(TrustError, match="chmod 600"):
        station.role(Role.AUDIT, lambda name: ROLE_PASSPHRASE)


def test_a_folder_that_is_no_station_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="facectl realm init"):
        Station.open(tmp_path / "nowhere")


def test_a_changed_anchor_is_noticed(station: Station) -> None:
    anchor = station.path / "realm.anchor"
    data = bytearray(anchor.read_bytes())
    data[-1] ^= 1
    anchor.write_bytes(data)
    with pytest.raises(TrustError):
        Station.open(station.path)


def test_a_renewed_manifest_has_a_higher_serial_and_forgets_no_revocation(
    station: Station, role_key: Callable[[Role], RoleKey]
) -> None:
    old = station.verifier(NOW).manifest
    assert old is not None
    new = next_manifest(old, NOW)
    assert new.serial == old.serial + 1
    later = next_manifest(new, NOW + 7 * DAY)
    assert later.serial == later.issued == NOW + 7 * DAY
    assert (later.expires - later.issued) == 14 * DAY
    station.keep_manifest(station.realm.issue_manifest(role_key(Role.MANIFEST).sign, later))
    assert Station.open(station.path).verifier(NOW + 20 * DAY).manifest == later


def test_an_epoch_that_is_over_leaves_the_manifest(station: Station) -> None:
    old = station.verifier(NOW).manifest
    assert old is not None
    assert next_manifest(old, old.epochs[0].not_after).epochs == ()


def test_an_expired_manifest_is_not_believed(station: Station) -> None:
    with pytest.raises(TrustError) as refusal:
        station.verifier(NOW + 15 * DAY)
    assert refusal.value.reason == "manifest_expired"


def test_a_role_key_shows_no_secret_when_printed(role_key: Callable[[Role], RoleKey]) -> None:
    key = role_key(Role.OPERATE)
    assert key.password not in repr(key)


def test_a_station_from_a_backup_takes_over_the_newer_manifest_and_forgets_no_revocation(
    station: Station, role_key: Callable[[Role], RoleKey]
) -> None:
    key = role_key(Role.MANIFEST).sign
    old = last_manifest(station)
    newer = dataclasses.replace(next_manifest(old, NOW + DAY), revoked_hosts=frozenset({"pc0007"}))
    published = station.realm.issue_manifest(key, newer)
    assert adopt_manifest(station, published, NOW + DAY)
    assert next_manifest(last_manifest(station), NOW + 2 * DAY).revoked_hosts == {"pc0007"}
    assert not adopt_manifest(station, station.realm.issue_manifest(key, old), NOW + DAY)


@pytest.mark.parametrize("how", ["retired_keys", "revoked_keys"])
def test_who_was_dismissed_cannot_undo_it_with_a_manifest_of_their_own(
    station: Station, role_key: Callable[[Role], RoleKey], how: str
) -> None:
    leaver = role_key(Role.MANIFEST)
    successor = SigningKey.generate()
    root = station.root(lambda name: ROOT_PASSPHRASE)
    delegation = station.realm.delegate(root, "mori", bytes(successor.verify_key), [Role.MANIFEST], NOW, NOW + 99 * DAY)
    (station.path / "delegations" / "mori.manifest").write_bytes(delegation)
    key = key_id(leaver.public)
    new = dataclasses.replace(
        next_manifest(last_manifest(station), NOW + 1),
        **{how: {key: NOW + 1} if how == "retired_keys" else frozenset({key})},
    )
    station.keep_manifest(station.realm.issue_manifest(successor, new))
    undone = dataclasses.replace(next_manifest(new, NOW + DAY), retired_keys={}, revoked_keys=frozenset())
    assert not adopt_manifest(station, station.realm.issue_manifest(leaver.sign, undone), NOW + DAY)
    assert adopt_manifest(station, station.realm.issue_manifest(successor, undone), NOW + DAY)


@pytest.mark.parametrize("forgery", ["another role", "the future", "rubbish", "nothing"])
def test_what_is_not_our_manifest_is_not_taken_over(
    station: Station, role_key: Callable[[Role], RoleKey], forgery: str
) -> None:
    newer = next_manifest(last_manifest(station), NOW + DAY)
    published = {
        "another role": station.realm.issue_manifest(role_key(Role.ENROL).sign, newer),
        "the future": station.realm.issue_manifest(role_key(Role.MANIFEST).sign, next_manifest(newer, NOW + 9 * DAY)),
        "rubbish": b"\x80rubbish",
        "nothing": None,
    }[forgery]
    before = station.manifest
    assert not adopt_manifest(station, published, NOW + DAY)
    assert station.manifest == before
