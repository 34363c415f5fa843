"""Exemptions: believed for this person, from who may approve, for a while - and in no other case."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from nacl.signing import SigningKey

from faced.errors import TrustError
from faced.trust.exemption import LONGEST_DAYS, Exemption, check_exemption, issue_exemption
from faced.trust.keys import key_id
from faced.trust.realm import Realm
from faced.trust.statement import Kind, Statement
from tests.trust.conftest import DAY, NOW, World, key


def exemption(
    world: World,
    *,
    by: SigningKey | None = None,
    realm: Realm | None = None,
    login: str = "tanaka",
    serial: int = 7,
    without: Iterable[str] = ("open_mouth", "blink_twice"),
    now: int = NOW,
    days: int = 100,
) -> bytes:
    return issue_exemption(
        realm or world.realm,
        by or world.approve,
        login,
        serial=serial,
        without=without,
        now=now,
        expires=now + days * DAY,
    )


def of_body(world: World, body: dict[str, object]) -> bytes:
    issuer = key_id(bytes(world.approve.verify_key))
    statement = Statement(Kind.EXEMPTION, world.realm.id, "tanaka", 7, NOW, NOW + DAY, issuer, body)
    return statement.sign(world.approve)


def reason(call: Callable[[], object]) -> str:
    with pytest.raises(TrustError) as refusal:
        call()
    return refusal.value.reason


def test_an_exemption_says_what_was_approved(world: World) -> None:
    assert check_exemption(world.verifier(), "tanaka", exemption(world)) == Exemption(
        "tanaka", 7, NOW + 100 * DAY, ("blink_twice", "open_mouth")
    )


def test_a_withdrawal_is_an_exemption_that_leaves_nothing_out(world: World) -> None:
    assert check_exemption(world.verifier(), "tanaka", exemption(world, without=())).without == ()


def test_another_factor_stands_alone_and_is_no_withdrawal(world: World) -> None:
    data = of_body(world, {"without": [], "instead": "token"})
    issued = issue_exemption(
        *(world.realm, world.approve, "tanaka"), serial=7, without=(), now=NOW, expires=NOW + DAY, instead="token"
    )
    assert issued == data
    held = check_exemption(world.verifier(), "tanaka", data)
    assert (held.without, held.instead, held.withdrawn) == ((), "token", False)
    assert check_exemption(world.verifier(), "tanaka", exemption(world, without=())).withdrawn


def test_only_who_may_approve_can_exempt(world: World) -> None:
    for by in (world.enrol, world.operate, world.manifest_key, world.revoke):
        refused = reason(lambda by=by: check_exemption(world.verifier(), "tanaka", exemption(world, by=by)))  # type: ignore[misc]
        assert refused == "issuer_lacks_role"
    for stranger in (world.root, key(77)):
        data = exemption(world, by=stranger)
        assert reason(lambda data=data: check_exemption(world.verifier(), "tanaka", data)) == "unknown_issuer"  # type: ignore[misc]


def test_who_may_approve_can_sign_nothing_else_that_a_pc_believes(world: World) -> None:
    issuer = key_id(bytes(world.approve.verify_key))
    own = {
        *(Kind.PURPOSE, Kind.EXEMPTION, Kind.UNLOCK, Kind.EMERGENCY, Kind.CONSENT, Kind.APPROVAL),
        *(Kind.ACT, Kind.PROPOSAL, Kind.CONFIRMATION, Kind.BATCH),
    }
    for kind in set(Kind) - own:
        data = Statement(kind, world.realm.id, "tanaka", 7, NOW, NOW + DAY, issuer, {}).sign(world.approve)
        assert reason(lambda data=data, kind=kind: world.verifier().check(data, kind)) == "issuer_lacks_role"  # type: ignore[misc]


def test_another_persons_exemption_is_refused(world: World) -> None:
    assert reason(lambda: check_exemption(world.verifier(), "tanaka", exemption(world, login="sato"))) == "wrong_person"
    assert reason(lambda: check_exemption(world.verifier(), "Tanaka", exemption(world))) == "wrong_person"


def test_another_realms_exemption_is_refused(world: World) -> None:
    foreign = Realm.create("Elsewhere", world.root, NOW - 100 * DAY, dummy=True)
    data = exemption(world, realm=foreign)
    assert reason(lambda: check_exemption(world.verifier(), "tanaka", data)) == "wrong_realm"


def test_an_exemption_ends(world: World) -> None:
    data = exemption(world, now=NOW - 5 * DAY, days=5)
    assert check_exemption(world.verifier(NOW - 1), "tanaka", data).serial == 7
    assert reason(lambda: check_exemption(world.verifier(NOW), "tanaka", data)) == "expired"


def test_nobody_is_exempted_for_ever(world: World) -> None:
    assert check_exemption(world.verifier(), "tanaka", exemption(world, days=LONGEST_DAYS)).serial == 7
    data = exemption(world, days=LONGEST_DAYS + 1)
    assert reason(lambda: check_exemption(world.verifier(), "tanaka", data)) == "too_long"


def test_an_older_serial_is_refused(world: World) -> None:
    data = exemption(world)
    assert check_exemption(world.verifier(), "tanaka", data, lowest_serial=7).serial == 7
    assert reason(lambda: check_exemption(world.verifier(), "tanaka", data, lowest_serial=8)) == "older_serial"


def test_an_approvers_key_that_was_revoked_exempts_nobody(world: World) -> None:
    world.change_manifest(revoked_keys=frozenset({key_id(bytes(world.approve.verify_key))}))
    assert reason(lambda: check_exemption(world.verifier(), "tanaka", exemption(world))) == "issuer_revoked"


@pytest.mark.parametrize(
    "body",
    [
        *({}, {"without": "open_mouth"}, {"without": [1]}, {"without": None}, {"without": [], "liveness": False}),
        *({"instead": "token"}, {"without": ["look_up"], "instead": "token"}),
        *({"without": [], "instead": word} for word in ("", "Token", "two words", "../token", "x" * 33, 1, None)),
    ],
)
def test_any_other_body_is_malformed(world: World, body: dict[str, object]) -> None:
    assert reason(lambda: check_exemption(world.verifier(), "tanaka", of_body(world, body))) == "malformed"


def test_a_changed_bit_is_refused(world: World) -> None:
    data = exemption(world)
    for index in range(len(data)):
        changed = bytearray(data)
        changed[index] ^= 1
        with pytest.raises(TrustError):
            check_exemption(world.verifier(), "tanaka", bytes(changed))
