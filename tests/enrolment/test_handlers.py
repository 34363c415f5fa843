"""Several handlers on one station: appointed, renewed, dismissed; what they share."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable

import pytest
from nacl.public import PrivateKey
from nacl.signing import SigningKey

from faced.enrolment import handlers
from faced.enrolment.founding import DELEGATION_DAYS
from faced.enrolment.handlers import Appointment, Standing
from faced.enrolment.manifest import last_manifest, next_manifest
from faced.enrolment.station import RoleKey, Station
from faced.errors import DirectoryError, NotAllowed, TrustError
from faced.trust.keys import is_protected
from faced.trust.realm import Role, issue_calibration, open_calibration
from tests.enrolment.conftest import CHEAP, NOW, ROOT_PASSPHRASE

DAY = 86400
MORI = b"mori's own passphrase"


@pytest.fixture
def root(station: Station) -> SigningKey:
    return station.root(lambda _name: ROOT_PASSPHRASE)


def appoint(
    station: Station, root: SigningKey, shared: RoleKey, passphrase: bytes | None = MORI, who: str = "mori"
) -> RoleKey:
    fresh = dataclasses.replace(shared, sign=SigningKey.generate())
    handlers.appoint(station, root, who, fresh, passphrase, NOW, cost=CHEAP)
    return station.role(shared.role, lambda _name: passphrase or b"", who)


def of(station: Station, handler: str, role: Role, now: int = NOW) -> Appointment:
    [found] = [one for one in handlers.appointments(station, now) if (one.handler, one.role) == (handler, role)]
    return found


def dismiss(station: Station, manifest: RoleKey, gone: Appointment, now: int, *, leaked: bool = False) -> None:
    new = handlers.without_keys(next_manifest(last_manifest(station), now), [gone], now, leaked=leaked)
    station.keep_manifest(station.realm.issue_manifest(manifest.sign, new))
    handlers.clear_out(station, gone, leaked=leaked)


def test_a_new_handler_has_a_key_and_a_passphrase_of_their_own_and_what_the_role_shares(
    station: Station, root: SigningKey, role_key: Callable[[Role], RoleKey]
) -> None:
    suzuki = role_key(Role.OPERATE)
    mori = appoint(station, root, suzuki)
    assert mori.sign != suzuki.sign
    assert mori.password == suzuki.password
    assert {name: bytes(key) for name, key in mori.epochs.items()} == {
        name: bytes(key) for name, key in suzuki.epochs.items()
    }
    assert is_protected(station.key_path("mori.operate"))
    for wrong in (b"correct horse battery", b""):
        with pytest.raises(TrustError):
            station.role(Role.OPERATE, lambda _name, it=wrong: it, "mori")  # type: ignore[misc]
    handlers.check_live(station, mori, NOW)


def test_where_two_hold_a_role_somebody_must_say_who_they_are(
    station: Station, root: SigningKey, role_key: Callable[[Role], RoleKey]
) -> None:
    appoint(station, root, role_key(Role.ENROL))
    with pytest.raises(NotAllowed, match=r"mori\|suzuki") as refusal:
        station.role(Role.ENROL, lambda _name: MORI)
    assert refusal.value.reason == "which_handler"
    with pytest.raises(NotAllowed) as refusal:
        station.role(Role.REVOKE, lambda _name: MORI, "mori")
    assert refusal.value.reason == "no_such_key"


def test_one_handlers_key_cannot_be_put_in_the_place_of_anothers(
    station: Station, root: SigningKey, role_key: Callable[[Role], RoleKey]
) -> None:
    appoint(station, root, role_key(Role.ENROL))
    os.replace(station.key_path("mori.enrol"), station.key_path("suzuki.enrol"))
    with pytest.raises(TrustError):
        station.role(Role.ENROL, lambda _name: MORI, "suzuki")


@pytest.mark.parametrize("name", ["", "Mori", "../mori", "mori/x", "m" * 33, "森"])
def test_a_handlers_name_is_a_login_name(
    station: Station, root: SigningKey, role_key: Callable[[Role], RoleKey], name: str
) -> None:
    with pytest.raises(DirectoryError):
        appoint(station, root, role_key(Role.ENROL), who=name)
    assert len(station.delegations) == len(Role)


def test_a_new_password_and_new_epochs_reach_every_holder_without_a_passphrase(
    station: Station, root: SigningKey, role_key: Callable[[Role], RoleKey]
) -> None:
    appoint(station, root, role_key(Role.OPERATE))
    assert handlers.share_password(station, Role.OPERATE, "another", NOW) == 2
    fresh = {("default", 2027): PrivateKey.generate()}
    assert handlers.share_epochs(station, fresh, NOW) == 2
    for key in (role_key_of(station, "suzuki"), station.role(Role.OPERATE, lambda _name: MORI, "mori")):
        assert key.password == "another"
        assert {name: bytes(private) for name, private in key.epochs.items()} == {
            name: bytes(private) for name, private in fresh.items()
        }


def role_key_of(station: Station, handler: str) -> RoleKey:
    return station.role(Role.OPERATE, lambda _name: b"correct horse battery", handler)


def test_who_is_dismissed_has_no_key_no_share_and_no_standing(
    station: Station, root: SigningKey, role_key: Callable[[Role], RoleKey]
) -> None:
    mori = appoint(station, root, role_key(Role.OPERATE))
    dismiss(station, role_key(Role.MANIFEST), of(station, "mori", Role.OPERATE), NOW + DAY)
    with pytest.raises(NotAllowed) as refusal:
        station.role(Role.OPERATE, lambda _name: MORI, "mori")
    assert refusal.value.reason == "no_such_key"
    with pytest.raises(NotAllowed) as refusal:
        handlers.check_live(station, mori, NOW + DAY)
    assert refusal.value.reason == "no_live_delegation"
    assert of(station, "mori", Role.OPERATE).standing is Standing.RETIRED
    assert handlers.share_password(station, Role.OPERATE, "another", NOW + DAY) == 1
    assert not (station.path / "shared" / "mori.operate").exists()


def test_who_left_can_be_appointed_again_with_another_key_and_the_old_signatures_still_have_a_name(
    station: Station, root: SigningKey, role_key: Callable[[Role], RoleKey]
) -> None:
    old = appoint(station, root, role_key(Role.ENROL))
    dismiss(station, role_key(Role.MANIFEST), of(station, "mori", Role.ENROL), NOW + 1)
    new = appoint(station, root, role_key(Role.ENROL))
    handlers.check_live(station, new, NOW + 2)
    with pytest.raises(NotAllowed):
        handlers.check_live(station, old, NOW + 2)
    assert len(station.delegations) == len(Role) + 2


def test_the_delegation_of_a_leaked_key_is_set_aside_for_the_auditor(
    station: Station, root: SigningKey, role_key: Callable[[Role], RoleKey]
) -> None:
    appoint(station, root, role_key(Role.ENROL))
    gone = of(station, "mori", Role.ENROL)
    dismiss(station, role_key(Role.MANIFEST), gone, NOW + 1, leaked=True)
    assert last_manifest(station).revoked_keys == {gone.delegation.key_id}
    assert (len(station.delegations), len(station.history)) == (len(Role), len(Role) + 1)


def test_dismissing_twice_moves_no_date_and_a_leak_found_later_counts(
    station: Station, root: SigningKey, role_key: Callable[[Role], RoleKey]
) -> None:
    appoint(station, root, role_key(Role.ENROL))
    gone = of(station, "mori", Role.ENROL)
    first = handlers.without_keys(last_manifest(station), [gone], NOW + 1, leaked=False)
    again = handlers.without_keys(first, [gone], NOW + 9, leaked=False)
    assert again.retired_keys == first.retired_keys == {gone.delegation.key_id: NOW + 1}
    worse = handlers.without_keys(again, [gone], NOW + 20, leaked=True)
    assert (worse.retired_keys, worse.revoked_keys) == ({}, {gone.delegation.key_id})
    assert handlers.without_keys(worse, [gone], NOW + 30, leaked=False) == worse


def test_a_calibration_goes_with_a_leaked_key_only(
    station: Station, root: SigningKey, role_key: Callable[[Role], RoleKey]
) -> None:
    """Named by the manifest but signed by a revoked key, it would keep everybody out."""
    numbers = issue_calibration(station.realm, role_key(Role.ENROL).sign, b"numbers", NOW, NOW + DAY)
    held = dataclasses.replace(last_manifest(station), calibration=numbers)
    enrol, approve = of(station, "suzuki", Role.ENROL), of(station, "suzuki", Role.APPROVE)
    for gone, leaked, kept in ((enrol, True, None), (approve, True, numbers), (enrol, False, numbers)):
        new = handlers.without_keys(next_manifest(held, NOW + 1), [gone], NOW + 1, leaked=leaked)
        signed = station.realm.issue_manifest(role_key(Role.MANIFEST).sign, new)
        verifier = station.realm.verifier(station.delegations, signed, NOW + 1)
        assert open_calibration(verifier) == (kept and b"numbers")


def test_nobody_is_appointed_twice_to_one_role(
    station: Station, root: SigningKey, role_key: Callable[[Role], RoleKey]
) -> None:
    key = appoint(station, root, role_key(Role.ENROL))
    with pytest.raises(NotAllowed) as refusal:
        appoint(station, root, dataclasses.replace(key, handler="suzuki"))
    assert refusal.value.reason == "appointed"
    assert station.role(Role.ENROL, lambda _name: MORI, "mori").sign == key.sign


def test_an_appointment_ends_and_the_root_renews_it_with_the_same_key(
    station: Station, root: SigningKey, role_key: Callable[[Role], RoleKey]
) -> None:
    key = role_key(Role.ENROL)
    over = NOW + DELEGATION_DAYS * DAY
    handlers.check_live(station, key, over - 1)
    with pytest.raises(NotAllowed, match="handler renew suzuki"):
        handlers.check_live(station, key, over)
    handlers.renew(station, root, of(station, "suzuki", Role.ENROL), over - DAY)
    handlers.check_live(station, key, over)
    assert of(station, "suzuki", Role.ENROL).delegation.issued == NOW
    assert len(station.delegations) == len(Role)


def test_a_key_of_a_timer_is_nobodys_personal_one(
    station: Station, root: SigningKey, role_key: Callable[[Role], RoleKey]
) -> None:
    appoint(station, root, role_key(Role.ENROL), None, "timer")
    assert not of(station, "timer", Role.ENROL).personal
    assert of(station, "suzuki", Role.ENROL).personal
    assert not of(station, "suzuki", Role.MANIFEST).personal
