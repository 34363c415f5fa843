"""Unlocks: believed for this person on this host, from who may approve, once - and in no other case."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from nacl.signing import SigningKey

from faced.errors import TrustError
from faced.trust.keys import key_id
from faced.trust.realm import Realm
from faced.trust.statement import Kind, Statement
from faced.trust.unlock import LONGEST_HOURS, Unlock, check_unlock, issue_unlock
from tests.trust.conftest import DAY, NOW, World, key

HOUR = 3600


def unlock(
    world: World,
    *,
    by: SigningKey | None = None,
    realm: Realm | None = None,
    login: str = "tanaka",
    host: str = "",
    now: int = NOW,
    hours: int = 24,
) -> bytes:
    return issue_unlock(
        *(realm or world.realm, by or world.approve, login), host=host, serial=7, now=now, expires=now + hours * HOUR
    )


def check(world: World, data: bytes, *, now: int = NOW, host: str = "pc-1", used: int = 0) -> Unlock:
    return check_unlock(world.verifier(now), "tanaka", host, data, used=used)


def reason(call: Callable[[], object]) -> str:
    with pytest.raises(TrustError) as refusal:
        call()
    return refusal.value.reason


def test_an_unlock_holds_on_every_host_or_on_the_one_it_names(world: World) -> None:
    assert check(world, unlock(world)) == Unlock("tanaka", "", 7, NOW + 24 * HOUR)
    assert check(world, unlock(world, host="pc-1")).host == "pc-1"
    assert reason(lambda: check(world, unlock(world, host="pc-2"))) == "wrong_host"


def test_it_is_used_once(world: World) -> None:
    assert check(world, unlock(world), used=6).serial == 7
    assert reason(lambda: check(world, unlock(world), used=7)) == "older_serial"
    assert reason(lambda: check(world, unlock(world), used=8)) == "older_serial"


def test_it_ends_and_cannot_be_made_to_last(world: World) -> None:
    data = unlock(world)
    assert reason(lambda: check(world, data, now=NOW + 24 * HOUR)) == "expired"
    assert reason(lambda: check(world, unlock(world, hours=LONGEST_HOURS + 1))) == "too_long"
    assert reason(lambda: check(world, unlock(world, now=NOW + DAY))) == "not_yet_valid"


def test_it_is_this_persons_and_this_realms(world: World) -> None:
    assert reason(lambda: check(world, unlock(world, login="suzuki"))) == "wrong_person"
    other = Realm.create("Other Ward", key(20), NOW - DAY, dummy=True)
    assert reason(lambda: check(world, unlock(world, realm=other))) == "wrong_realm"


@pytest.mark.parametrize("role", ["enrol", "operate", "manifest_key", "revoke"])
def test_only_who_may_approve_unlocks(world: World, role: str) -> None:
    assert reason(lambda: check(world, unlock(world, by=getattr(world, role)))) == "issuer_lacks_role"
    assert reason(lambda: check(world, unlock(world, by=key(99)))) == "unknown_issuer"


@pytest.mark.parametrize("body", [{}, {"host": 1}, {"host": "", "tries": 3}])
def test_a_body_that_says_something_else_is_refused(world: World, body: dict[str, object]) -> None:
    issuer = key_id(bytes(world.approve.verify_key))
    statement = Statement(Kind.UNLOCK, world.realm.id, "tanaka", 7, NOW, NOW + HOUR, issuer, body)
    assert reason(lambda: check(world, statement.sign(world.approve))) == "malformed"


def test_another_kind_is_no_unlock(world: World) -> None:
    assert reason(lambda: check(world, world.manifest)) == "wrong_kind"
