"""Emergency codes: one person, one host, an hour at most, once, from who may approve - and in no other case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from nacl.public import PrivateKey
from nacl.signing import SigningKey

from faced.errors import TrustError
from faced.trust.emergency_code import WINDOW_S, WINDOWS_MORE, Code, check_code, issue_code
from faced.trust.keys import HostKeys, key_id
from tests.trust.conftest import DAY, NOW, World


def code(world: World, *, now: int = NOW, login: str = "tanaka", by: SigningKey | None = None) -> Code:
    return issue_code(world.verifier(now), by or world.approve, world.host_statement, "pc-1", login)


def check(
    world: World, digits: str, *, now: int = NOW, login: str = "tanaka", host: HostKeys | None = None, spent: int = 0
) -> int:
    return check_code(world.verifier(now), host or world.host, login, digits, spent=spent)


def reason(call: Callable[[], object]) -> str:
    with pytest.raises(TrustError) as refusal:
        call()
    return refusal.value.reason


def test_what_the_authority_reads_out_the_host_takes(world: World) -> None:
    made = code(world)
    assert len(made.digits) == 8 and made.digits.isdecimal()
    assert check(world, made.digits) == NOW // WINDOW_S


def test_a_code_is_always_the_same_bytes(world: World) -> None:
    """The realm, its keys and the time are fixed here: a change of what is computed would lock out PCs in the field."""
    assert code(world).digits == "19099976"


def test_it_holds_to_the_second_it_says(world: World) -> None:
    made = code(world)
    assert made.expires - NOW > WINDOWS_MORE * WINDOW_S
    assert check(world, made.digits, now=made.expires - 1) == NOW // WINDOW_S
    assert reason(lambda: check(world, made.digits, now=made.expires)) == "wrong_code"


def test_the_authoritys_clock_may_be_a_little_ahead(world: World) -> None:
    start = (NOW // WINDOW_S + 1) * WINDOW_S
    made = code(world, now=start)
    assert check(world, made.digits, now=start - 299) == start // WINDOW_S
    assert reason(lambda: check(world, made.digits, now=start - 301)) == "wrong_code"


def test_it_is_for_one_person_on_one_host(world: World) -> None:
    digits = code(world).digits
    assert reason(lambda: check(world, digits, login="suzuki")) == "wrong_code"
    assert reason(lambda: check(world, digits, host=replace(world.host, name="pc-2"))) == "wrong_code"
    stranger = HostKeys("pc-1", world.host.sign, {2026: PrivateKey(bytes([8]) * 32)})
    assert reason(lambda: check(world, digits, host=stranger)) == "wrong_code"


@pytest.mark.parametrize("digits", ["", "0", "00000000", "000000000", "１２３４５６７８", "abcdefgh"])
def test_anything_else_is_wrong(world: World, digits: str) -> None:
    assert reason(lambda: check(world, digits)) == "wrong_code"


def test_what_was_spent_is_spent(world: World) -> None:
    digits = code(world).digits
    window = check(world, digits)
    assert reason(lambda: check(world, digits, spent=window)) == "older_serial"
    later = code(world, now=NOW + WINDOW_S)
    assert check(world, later.digits, now=NOW + WINDOW_S, spent=window) == window + 1


@pytest.mark.parametrize("role", ["enrol", "operate", "manifest_key", "revoke"])
def test_only_who_may_approve_makes_one(world: World, role: str) -> None:
    assert reason(lambda: code(world, by=getattr(world, role))) == "issuer_lacks_role"


def test_a_revoked_key_makes_none_and_its_codes_are_wrong(world: World) -> None:
    digits = code(world).digits
    world.change_manifest(revoked_keys=frozenset({key_id(bytes(world.approve.verify_key))}))
    assert reason(lambda: code(world)) == "issuer_lacks_role"
    assert reason(lambda: check(world, digits)) == "wrong_code"


def test_none_for_a_host_that_was_revoked_or_is_another(world: World) -> None:
    verifier = world.verifier()
    assert reason(lambda: issue_code(verifier, world.approve, world.host_statement, "pc-2", "tanaka")) == "wrong_host"
    world.change_manifest(revoked_hosts=frozenset({"pc-1"}))
    assert reason(lambda: code(world)) == "host_revoked"


def test_a_delegation_that_ran_out_approves_nothing(world: World) -> None:
    verifier = world.realm.verifier(world.delegations, None, NOW + 301 * DAY)
    assert reason(lambda: issue_code(verifier, world.approve, world.host_statement, "pc-1", "tanaka")) == (
        "issuer_lacks_role"
    )
