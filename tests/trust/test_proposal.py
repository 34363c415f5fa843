"""Two persons: a proposal, another handler's confirmation, and what is not one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from nacl.signing import SigningKey

from faced.errors import TrustError
from faced.trust.keys import key_id
from faced.trust.proposal import VALID_DAYS, Proposal, check_confirmation, check_proposal, confirm, propose
from faced.trust.realm import Role
from faced.trust.statement import Kind, Statement
from tests.trust.conftest import DAY, NOW, World, key

TERMS = {"roles": ["enrol"], "until": NOW + DAY}


def proposed(world: World, by: SigningKey | None = None) -> bytes:
    return propose(
        world.realm,
        by or world.approve,
        act="appoint",
        subject="mori",
        terms=TERMS,
        reason="two are too few",
        decision="R8-12",
        now=NOW,
    )


def reason(call: Callable[[], object]) -> str:
    with pytest.raises(TrustError) as refusal:
        call()
    return refusal.value.reason


def test_a_confirmed_proposal_names_both_persons_and_all_its_terms(world: World) -> None:
    proposal = check_proposal(world.verifier(), proposed(world))
    assert (proposal.handler, proposal.act, proposal.subject, proposal.terms) == ("kimura", "appoint", "mori", TERMS)
    assert (proposal.reason, proposal.decision) == ("two are too few", "R8-12")
    confirmation = confirm(world.realm, world.operate, proposal, NOW)
    assert check_confirmation(world.verifier(), proposal, confirmation) == "ito"


def test_nobody_confirms_their_own_proposal_with_another_of_their_keys(world: World) -> None:
    public = bytes(key(77).verify_key)
    world.delegations.append(world.realm.delegate(world.root, "kimura", public, [Role.REVOKE], NOW - DAY, NOW + DAY))
    proposal = check_proposal(world.verifier(), proposed(world))
    for own in (key(77), world.approve):
        confirmation = confirm(world.realm, own, proposal, NOW)
        assert reason(lambda it=confirmation: check_confirmation(world.verifier(), proposal, it)) == "one_person"


def test_a_confirmation_of_other_terms_confirms_nothing(world: World) -> None:
    proposal = check_proposal(world.verifier(), proposed(world))
    other = replace(proposal, id=bytes(32))
    confirmation = confirm(world.realm, world.operate, other, NOW)
    assert reason(lambda: check_confirmation(world.verifier(), proposal, confirmation)) == "wrong_proposal"


def test_the_timers_key_is_no_second_person(world: World) -> None:
    proposal = check_proposal(world.verifier(), proposed(world))
    confirmation = confirm(world.realm, world.manifest_key, proposal, NOW)
    assert reason(lambda: check_confirmation(world.verifier(), proposal, confirmation)) == "issuer_lacks_role"
    assert reason(lambda: check_proposal(world.verifier(), proposed(world, world.manifest_key))) == "issuer_lacks_role"


def test_after_a_week_both_have_ended(world: World) -> None:
    world.change_manifest(expires=NOW + 30 * DAY)
    data = proposed(world)
    proposal = check_proposal(world.verifier(), data)
    confirmation = confirm(world.realm, world.operate, proposal, NOW + 6 * DAY)
    assert check_confirmation(world.verifier(NOW + VALID_DAYS * DAY - 1), proposal, confirmation)
    late = world.verifier(NOW + VALID_DAYS * DAY)
    assert reason(lambda: check_proposal(late, data)) == "expired"
    assert reason(lambda: check_confirmation(late, proposal, confirmation)) == "expired"


def test_a_dismissed_handlers_confirmation_confirms_nothing(world: World) -> None:
    proposal = check_proposal(world.verifier(), proposed(world))
    confirmation = confirm(world.realm, world.operate, proposal, NOW)
    world.change_manifest(retired_keys={key_id(bytes(world.operate.verify_key)): NOW + 1})
    assert reason(lambda: check_confirmation(world.verifier(), proposal, confirmation)) == "issuer_retired"


@pytest.mark.parametrize("body", [{}, {"proposal": 1}, {"proposal": bytes(32), "more": 1}])
def test_a_confirmation_of_another_form_is_refused(world: World, body: dict[str, object]) -> None:
    issuer = key_id(bytes(world.operate.verify_key))
    data = Statement(Kind.CONFIRMATION, world.realm.id, "mori", NOW, NOW, NOW + DAY, issuer, body).sign(world.operate)
    proposal = Proposal(b"", "kimura", "", "mori", {}, "", "", NOW + DAY)
    assert reason(lambda: check_confirmation(world.verifier(), proposal, data)) == "malformed"
