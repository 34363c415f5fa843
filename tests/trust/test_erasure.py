"""The record of what became of an erasure: by who may revoke, and true for as long as a certificate counts."""

from __future__ import annotations

import dataclasses

import pytest
from nacl.signing import SigningKey

from faced.errors import TrustError
from faced.trust.erasure import Erasure, HostCounts, issue_erasure, read_erasure
from faced.trust.keys import key_id
from faced.trust.statement import parse
from tests.trust.conftest import NOW, World

REMOVED = Erasure("tanaka", bytes(range(32)), NOW - 20, 2, NOW - 10)
COMPLETE = dataclasses.replace(REMOVED, hosts=HostCounts(31, 2, 1))


def refused(world: World, data: bytes) -> str:
    with pytest.raises(TrustError) as refusal:
        read_erasure(world.verifier(), data)
    return refusal.value.reason


@pytest.mark.parametrize("erasure", [REMOVED, COMPLETE])
def test_it_is_read_as_it_was_signed(world: World, erasure: Erasure) -> None:
    data = issue_erasure(world.realm, world.revoke, erasure)
    assert read_erasure(world.verifier(), data) == erasure


def test_only_who_revokes_can_say_so(world: World) -> None:
    signers: list[SigningKey] = [world.enrol, world.operate, world.manifest_key]
    for signer in signers:
        assert refused(world, issue_erasure(world.realm, signer, COMPLETE)) == "issuer_lacks_role"


@pytest.mark.parametrize(
    "changes",
    [
        {"tombstone": b"short"},
        {"more": 1},
        {"hosts": {"confirmed": 1}},
        {"hosts": {"confirmed": -1, "expired": 0, "revoked": 0}},
        {"removed": "yesterday"},
    ],
)
def test_anything_else_is_refused(world: World, changes: dict[str, object]) -> None:
    statement = parse(issue_erasure(world.realm, world.revoke, COMPLETE)).unverified
    assert statement.issuer == key_id(bytes(world.revoke.verify_key))
    changed = dataclasses.replace(statement, body={**statement.body, **changes}).sign(world.revoke)
    assert refused(world, changed) == "malformed"
