"""The purpose: by the role approve, within a fiscal year, the newest of each counts, and none means nobody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from faced.errors import TrustError
from faced.trust.keys import key_id
from faced.trust.purpose import check_purpose, covered_until, purposes, require_purpose
from faced.trust.realm import MAX_PURPOSES, Realm
from faced.trust.statement import parse
from tests.trust.conftest import APRIL_2026, APRIL_2027, APRIL_2028, DAY, NOW, World


def reason(call: Callable[[], object]) -> str:
    with pytest.raises(TrustError) as refusal:
        call()
    return refusal.value.reason


def check(world: World, data: bytes, now: int = NOW) -> str:
    return reason(lambda: check_purpose(world.verifier(now), data))


def refused_at(world: World, now: int) -> bool:
    """Whether the purposes of the world's manifest leave a moment uncovered; the papers hold at any."""
    world.change_manifest(issued=now - DAY, expires=now + DAY)
    world.delegations = [
        world.realm.delegate(world.root, one.handler, one.key, one.roles, one.issued, now + DAY)
        for one in map(world.realm.read_delegation, world.delegations)
    ]
    try:
        require_purpose(world.verifier(now))
    except TrustError as error:
        assert error.reason == "purpose_over"
        return True
    return False


def test_a_purpose_says_from_when_until_when_and_under_which_decision(world: World) -> None:
    purpose = check_purpose(world.verifier(), world.purpose(APRIL_2026 + DAY, APRIL_2027 - DAY, decision="議決 8-12"))
    assert (purpose.not_before, purpose.not_after, purpose.decision) == (
        *(APRIL_2026 + DAY, APRIL_2027 - DAY),
        "議決 8-12",
    )


@pytest.mark.parametrize("who", ["enrol", "operate", "manifest_key", "revoke", "root"])
def test_only_who_approves_can_make_one(world: World, who: str) -> None:
    forged = world.purpose(key=getattr(world, who))
    assert check(world, forged) in ("issuer_lacks_role", "unknown_issuer")
    world.change_manifest(purposes=(forged,))
    assert refused_at(world, NOW)


def test_another_realms_purpose_is_none_of_ours(world: World) -> None:
    world.realm, ours = Realm.create("Elsewhere", world.root, NOW - 100 * DAY, dummy=True), world.realm
    foreign = world.purpose()
    world.realm = ours
    assert check(world, foreign) == "wrong_realm"


@pytest.mark.parametrize(
    ("not_before", "not_after"),
    [
        (APRIL_2027 - 1, APRIL_2027 + 1),
        (APRIL_2026 - 1, APRIL_2027),
        (APRIL_2026, APRIL_2027 + 1),
        (APRIL_2028 + 366 * DAY, APRIL_2028 + 367 * DAY),
        (2**60, 2**60 + 1),
        (NOW, 2**63),
    ],
)
def test_a_purpose_lies_within_one_fiscal_year_that_is_not_far_ahead(
    world: World, not_before: int, not_after: int
) -> None:
    assert check(world, world.purpose(not_before, not_after)) == "too_long"


@pytest.mark.parametrize(
    "changes",
    [
        {"purpose": 1},
        {"decision": ""},
        {"decision": "x" * 201},
        {"not_after": NOW},
        {"not_before": APRIL_2027},
        {"not_before": -1},
        {"more": 1},
    ],
)
def test_what_does_not_say_what_it_should_is_malformed(world: World, changes: dict[str, object]) -> None:
    genuine = parse(world.purpose()).unverified
    forged = replace(genuine, body={**genuine.body, **changes}).sign(world.approve)
    assert check(world, forged) == "malformed"


def test_a_purpose_is_logon_and_the_realms(world: World) -> None:
    genuine = parse(world.purpose()).unverified
    other = replace(genuine, body={**genuine.body, "purpose": "attendance"}).sign(world.approve)
    assert check(world, other) == "wrong_purpose"
    assert check(world, replace(genuine, subject="tanaka").sign(world.approve)) == "malformed"


def test_without_one_and_in_a_gap_between_two_nobody_is_matched(world: World) -> None:
    world.change_manifest(purposes=(world.purpose(), world.purpose(APRIL_2027 + 10 * DAY, APRIL_2028)))
    moments = (APRIL_2027 - 1, APRIL_2027, APRIL_2027 + 10 * DAY - 1, APRIL_2027 + 10 * DAY, APRIL_2028)
    assert [refused_at(world, now) for now in moments] == [False, True, True, False, True]
    world.change_manifest(purposes=())
    assert refused_at(world, NOW)


def test_of_one_fiscal_year_the_newest_counts_whatever_their_order(world: World) -> None:
    longer, shorter = world.purpose(), world.purpose(APRIL_2026, NOW + DAY, serial=NOW)
    following = world.purpose(APRIL_2027, APRIL_2028, serial=NOW + 1)
    for order in ((longer, shorter, following), (following, shorter, longer)):
        world.change_manifest(purposes=order)
        assert [purpose.not_after for purpose in purposes(world.verifier())] == [NOW + DAY, APRIL_2028]
        assert [refused_at(world, now) for now in (APRIL_2027, NOW + DAY, NOW)] == [False, True, False]


def test_a_bad_record_takes_no_purpose_away(world: World) -> None:
    newer = world.purpose(serial=NOW, key=world.enrol)
    world.change_manifest(purposes=(b"junk", newer, world.purpose()))
    assert not refused_at(world, NOW)


def test_a_purpose_outlives_whoever_signed_it_unless_the_key_leaked(world: World) -> None:
    approver = key_id(bytes(world.approve.verify_key))
    world.change_manifest(retired_keys={approver: NOW - 1})
    assert not refused_at(world, NOW)
    world.change_manifest(purposes=(world.purpose(serial=NOW - 1),))
    assert refused_at(world, NOW), "signed after the dismissal, by its serial"
    world.change_manifest(purposes=(world.purpose(),), retired_keys={}, revoked_keys=frozenset({approver}))
    assert refused_at(world, NOW)


def test_a_manifest_carries_few_and_leaves_them_out_while_it_has_none(world: World) -> None:
    assert "purposes" not in replace(world.manifest_content, purposes=()).body()
    world.change_manifest(purposes=(world.purpose(),) * MAX_PURPOSES)
    assert world.verifier().manifest == world.manifest_content
    world.change_manifest(purposes=(world.purpose(),) * (MAX_PURPOSES + 1))
    assert reason(world.verifier) == "malformed"


def test_matching_ends_where_no_purpose_follows_without_a_gap(world: World) -> None:
    this, following = world.purpose(), world.purpose(APRIL_2027, APRIL_2028)

    def until(*found: bytes) -> int:
        world.change_manifest(purposes=found)
        return covered_until(purposes(world.verifier()), NOW)

    assert until() == until(following) == NOW
    assert until(this) == APRIL_2027
    assert until(this, following) == APRIL_2028
    assert until(this, world.purpose(APRIL_2027 + 1, APRIL_2028)) == APRIL_2027
