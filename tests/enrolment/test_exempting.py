"""What the authority signs about actions that are left out, and what it refuses to sign."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import cast

import pytest

from faced.directory.connection import Connection
from faced.directory.people import Person, SealedFace
from faced.directory.tree import Tree
from faced.enrolment.exempting import Exemptions
from faced.enrolment.station import RoleKey, Station
from faced.errors import DirectoryError, FacedError, NotAllowed, TrustError
from faced.liveness.challenge import TURNS, Challenge
from faced.trust.exemption import LONGEST_DAYS
from faced.trust.realm import Role
from tests.enrolment.conftest import NOW

DAY = 86_400
TANAKA = Person("tanaka", "1", "田中", "", ("default",), SealedFace())
BLINK = {Challenge.BLINK_TWICE}
Keys = Callable[[Role], RoleKey]


def exemptions(
    station: Station, keys: Keys, *, role: Role = Role.APPROVE, now: int = NOW, challenges: int = 1
) -> Exemptions:
    """Nothing is published here, so there is no directory."""
    return Exemptions(cast(Connection, None), Tree("dc=jp"), station.verifier(now), keys(role), challenges)


def holding(exemption: bytes) -> Person:
    return replace(TANAKA, face=SealedFace(exemption=exemption))


def reason(call: Callable[[], object]) -> str:
    with pytest.raises(FacedError) as refusal:
        call()
    return refusal.value.reason


def test_what_is_granted_is_in_force_until_its_end(station: Station, role_key: Keys) -> None:
    authority = exemptions(station, role_key)
    signed = authority.grant(TANAKA, {Challenge.OPEN_MOUTH, Challenge.BLINK_TWICE}, NOW + 5 * DAY)
    assert signed.says.without == ("blink_twice", "open_mouth")
    holder = holding(signed.statement)
    state = authority.state(holder)
    assert (state.state, state.says) == ("in_force", signed.says)
    assert exemptions(station, role_key, now=NOW + 5 * DAY - 1).state(holder).state == "in_force"
    assert exemptions(station, role_key, now=NOW + 5 * DAY).state(holder).state == "expired"


def test_a_withdrawal_leaves_nothing_out_and_is_newer_and_lasts_as_long(station: Station, role_key: Keys) -> None:
    authority = exemptions(station, role_key)
    granted = authority.grant(TANAKA, BLINK, NOW + LONGEST_DAYS * DAY)
    withdrawn = authority.withdraw(holding(granted.statement))
    assert withdrawn.says.serial > granted.says.serial
    assert withdrawn.says.expires >= granted.says.expires
    assert authority.state(holding(withdrawn.statement)).state == "withdrawn"
    assert authority.grant(holding(withdrawn.statement), BLINK, NOW + DAY).says.serial > withdrawn.says.serial


def test_without_an_exemption_in_the_entry_one_can_be_withdrawn_too(station: Station, role_key: Keys) -> None:
    assert exemptions(station, role_key).state(TANAKA).state == "none"
    assert exemptions(station, role_key).withdraw(TANAKA).says.without == ()


@pytest.mark.parametrize(
    ("without", "challenges"),
    [(set(TURNS), 1), (set(Challenge), 1), (set(Challenge) - {Challenge.LOOK_UP}, 2)],
)
def test_an_exemption_that_leaves_too_little_is_not_signed(
    station: Station, role_key: Keys, without: set[Challenge], challenges: int
) -> None:
    authority = exemptions(station, role_key, challenges=challenges)
    with pytest.raises(NotAllowed) as refused:
        authority.grant(TANAKA, without, NOW + DAY)
    assert refused.value.reason == "too_little_left"


def test_one_turn_is_enough_where_one_action_is_asked_for(station: Station, role_key: Keys) -> None:
    signed = exemptions(station, role_key).grant(TANAKA, set(Challenge) - {Challenge.LOOK_UP}, NOW + DAY)
    # A station that asks for two would not have signed it, and says so of one that it finds.
    assert exemptions(station, role_key, challenges=2).state(holding(signed.statement)).state == "too_little_left"


@pytest.mark.parametrize("not_after", [NOW - 1, NOW, NOW + LONGEST_DAYS * DAY + 1])
def test_the_period_lies_ahead_and_within_a_year(station: Station, role_key: Keys, not_after: int) -> None:
    assert reason(lambda: exemptions(station, role_key).grant(TANAKA, BLINK, not_after)) == "too_long"


def test_who_is_not_enrolled_is_not_exempted(station: Station, role_key: Keys) -> None:
    with pytest.raises(DirectoryError) as refused:
        exemptions(station, role_key).grant(replace(TANAKA, groups=()), BLINK, NOW + DAY)
    assert refused.value.reason == "not_enrolled"


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.APPROVE}))
def test_only_the_approving_role_can_sign_one(station: Station, role_key: Keys, role: Role) -> None:
    with pytest.raises(TrustError) as refused:
        exemptions(station, role_key, role=role).grant(TANAKA, BLINK, NOW + DAY)
    assert refused.value.reason == "issuer_lacks_role"


def test_another_persons_exemption_is_not_taken_for_this_ones(station: Station, role_key: Keys) -> None:
    authority = exemptions(station, role_key)
    moved = authority.grant(replace(TANAKA, login="sato"), BLINK, NOW + DAY).statement
    assert authority.state(holding(moved)).state == "wrong_person"
    assert authority.grant(holding(moved), BLINK, NOW + DAY).says.serial == NOW
