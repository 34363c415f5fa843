"""What a tombstone says of what was erased, and that nothing in it makes a host ignore it."""

from __future__ import annotations

import dataclasses

import pytest

from faced.errors import TrustError
from faced.trust import encoding
from faced.trust.statement import Kind, parse
from faced.trust.tombstone import Erased, Tombstone, issue_tombstone, read_tombstone, tombstoned_below
from tests.trust.conftest import NOW, World

DAY = 86400
ERASED = Erased("012345", bytes(range(32)), 5, NOW - DAY, "R8-77")


def tombstone(world: World, erased: Erased = ERASED) -> bytes:
    return issue_tombstone(
        *(world.realm, world.revoke, "tanaka"), below_serial=6, reason="left", now=NOW, expires=NOW + DAY, erased=erased
    )


def with_body(world: World, **changes: object) -> bytes:
    statement = parse(tombstone(world)).unverified
    return dataclasses.replace(statement, body={**statement.body, **changes}).sign(world.revoke)


def test_it_says_what_was_erased_for_the_certificate(world: World) -> None:
    statement = world.verifier().check(tombstone(world), Kind.TOMBSTONE)
    assert read_tombstone(statement) == Tombstone("tanaka", 6, "left", ERASED)


def test_where_nothing_is_known_of_it_the_bytes_are_those_of_before(world: World) -> None:
    payload, _signature = encoding.decode(tombstone(world, Erased()))
    assert encoding.decode(payload)["body"] == {"reason": "left", "below_serial": 6}


@pytest.mark.parametrize("changes", [{"later": 1}, {"erased": {"another": "version"}}, {"erased": 7}])
def test_a_tombstone_that_says_more_than_a_host_understands_kills_all_the_same(
    world: World, changes: dict[str, object]
) -> None:
    data = with_body(world, **changes)
    assert tombstoned_below(world.verifier(), "tanaka", data) == 6
    read = read_tombstone(world.verifier().check(data, Kind.TOMBSTONE))
    assert read.erased == (ERASED if "later" in changes else None)


@pytest.mark.parametrize("changes", [{"below_serial": "6"}, {"reason": 7}])
def test_one_without_a_serial_is_refused(world: World, changes: dict[str, object]) -> None:
    with pytest.raises(TrustError) as refusal:
        tombstoned_below(world.verifier(), "tanaka", with_body(world, **changes))
    assert refusal.value.reason == "malformed"
