"""Emergency grants: believed for this person on this host, from who may approve, once - and in no other case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from nacl.signing import SigningKey

from faced.errors import TrustError
from faced.trust.emergency import LONGEST_HOURS, Grant, check_grant, issue_grant
from faced.trust.keys import key_id
from faced.trust.realm import Realm
from faced.trust.statement import Kind, Statement
from faced.units import HOUR_S
from tests.trust.conftest import DAY, NOW, World, key

GRANT = Grant("tanaka", "pc-1", 7, NOW + 8 * HOUR_S)


def signed(world: World, grant: Grant = GRANT, *, by: SigningKey | None = None, now: int = NOW) -> bytes:
    return issue_grant(world.realm, by or world.approve, grant, now)


def check(world: World, data: bytes, *, now: int = NOW, host: str = "pc-1", spent: int = 0) -> Grant:
    return check_grant(world.verifier(now), "tanaka", host, data, spent=spent)


def reason(call: Callable[[], object]) -> str:
    with pytest.raises(TrustError) as refusal:
        call()
    return refusal.value.reason


def test_it_holds_on_the_host_it_names_or_on_every_one(world: World) -> None:
    assert check(world, signed(world)) == GRANT
    everywhere = replace(GRANT, host="")
    assert check(world, signed(world, everywhere), host="pc-9") == everywhere
    assert reason(lambda: check(world, signed(world), host="pc-9")) == "wrong_host"


def test_what_was_spent_is_spent(world: World) -> None:
    assert check(world, signed(world), spent=6) == GRANT
    assert reason(lambda: check(world, signed(world), spent=7)) == "older_serial"
    assert reason(lambda: check(world, signed(world), spent=8)) == "older_serial"


def test_a_withdrawal_is_for_every_host(world: World) -> None:
    withdrawn = replace(GRANT, withdrawn=True)
    assert check(world, signed(world, withdrawn)).withdrawn
    assert check(world, signed(world, withdrawn), host="pc-9").withdrawn


def test_it_ends_and_cannot_be_made_to_last(world: World) -> None:
    assert check(world, signed(world), now=GRANT.expires - 1) == GRANT
    assert reason(lambda: check(world, signed(world), now=GRANT.expires)) == "expired"
    long = replace(GRANT, expires=NOW + LONGEST_HOURS * HOUR_S + 1)
    assert reason(lambda: check(world, signed(world, long))) == "too_long"
    assert reason(lambda: check(world, signed(world, now=NOW + DAY))) == "not_yet_valid"


def test_it_is_this_persons_and_this_realms(world: World) -> None:
    assert reason(lambda: check(world, signed(world, replace(GRANT, login="suzuki")))) == "wrong_person"
    other = Realm.create("Other Ward", key(20), NOW - DAY, dummy=True)
    assert reason(lambda: check(world, issue_grant(other, world.approve, GRANT, NOW))) == "wrong_realm"


@pytest.mark.parametrize("role", ["enrol", "operate", "manifest_key", "revoke"])
def test_only_who_may_approve_grants(world: World, role: str) -> None:
    assert reason(lambda: check(world, signed(world, by=getattr(world, role)))) == "issuer_lacks_role"
    assert reason(lambda: check(world, signed(world, by=key(99)))) == "unknown_issuer"


@pytest.mark.parametrize("body", [{}, {"host": 1, "withdrawn": False}, {"host": ""}, {"host": "", "withdrawn": 0}])
def test_a_body_that_says_something_else_is_refused(world: World, body: dict[str, object]) -> None:
    issuer = key_id(bytes(world.approve.verify_key))
    statement = Statement(Kind.EMERGENCY, world.realm.id, "tanaka", 7, NOW, NOW + HOUR_S, issuer, body)
    assert reason(lambda: check(world, statement.sign(world.approve))) == "malformed"


def test_another_kind_is_no_grant(world: World) -> None:
    assert reason(lambda: check(world, world.manifest)) == "wrong_kind"
