"""Consent, approval and suspension: what each says, who may say it, and what they say together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from nacl.signing import SigningKey

from faced.errors import TrustError
from faced.trust import personal
from faced.trust.consent import (
    LONGEST_DAYS,
    WITHDRAWN_DAYS,
    Approval,
    Consent,
    issue_approval,
    issue_consent,
    read_approval,
    read_consent,
)
from faced.trust.permission import Permission, Word, Words, examine
from faced.trust.realm import Manifest, Realm, Role, Verifier
from faced.trust.sealed import Basis
from faced.trust.statement import Kind
from faced.trust.suspension import Suspension, issue_suspension, read_suspension

NOW = 1_792_033_200
DAY = 86_400
ROOT, ENROL, APPROVE, REVOKE, ISSUER = (SigningKey(bytes([number]) * 32) for number in range(1, 6))
REALM = Realm.create("Example Ward", ROOT, NOW - 100 * DAY, dummy=True)
DELEGATIONS = [
    REALM.delegate(ROOT, handler, bytes(key.verify_key), [role], NOW - 100 * DAY, NOW + 900 * DAY)
    for handler, key, role in [
        ("sato", ENROL, Role.ENROL),
        ("kimura", APPROVE, Role.APPROVE),
        ("abe", REVOKE, Role.REVOKE),
        ("timer", ISSUER, Role.MANIFEST),
    ]
]
CONSENT = Consent("tanaka", 5, NOW - 3 * DAY, NOW - DAY, NOW + 100 * DAY)
APPROVAL = Approval("tanaka", 5, "R8-12", NOW - DAY, NOW + 100 * DAY)
SUSPENSION = Suspension("tanaka", 5, True, "leave", NOW - DAY, NOW + 100 * DAY)


def verifier(now: int = NOW, against: Mapping[Kind, Mapping[str, int]] | None = None) -> Verifier:
    manifest = Manifest(1, now - DAY, now + DAY, (), frozenset(), frozenset(), {}, words_against=against or {})
    return REALM.verifier(DELEGATIONS, REALM.issue_manifest(ISSUER, manifest), now)


def consent(by: SigningKey = APPROVE, **changes: Any) -> bytes:
    return issue_consent(REALM, by, replace(CONSENT, **changes))


def approval(by: SigningKey = APPROVE, **changes: Any) -> bytes:
    return issue_approval(REALM, by, replace(APPROVAL, **changes))


def suspension(by: SigningKey = REVOKE, **changes: Any) -> bytes:
    return issue_suspension(REALM, by, replace(SUSPENSION, **changes))


def examined(
    statements: Mapping[Kind, bytes | None],
    known: Words | None = None,
    *,
    now: int = NOW,
    against: Mapping[Kind, Mapping[str, int]] | None = None,
) -> Permission:
    return examine(verifier(now, against), "tanaka", statements, known or {})


STANDING = {Kind.CONSENT: consent(), Kind.APPROVAL: approval()}


def test_what_is_issued_is_read_again() -> None:
    assert read_consent(verifier(), "tanaka", consent()) == CONSENT
    assert read_approval(verifier(), "tanaka", approval()) == APPROVAL
    for key in (ENROL, REVOKE):
        assert read_suspension(verifier(), "tanaka", suspension(key)) == SUSPENSION


@pytest.mark.parametrize(
    ("read", "make", "keys"),
    [
        (read_consent, consent, (ENROL, REVOKE, ISSUER)),
        (read_approval, approval, (ENROL, REVOKE, ISSUER)),
        (read_suspension, suspension, (APPROVE, ISSUER)),
    ],
)
def test_nobody_else_may_say_it(
    read: Callable[..., object], make: Callable[..., bytes], keys: tuple[SigningKey, ...]
) -> None:
    for key in keys:
        with pytest.raises(TrustError) as refused:
            read(verifier(), "tanaka", make(key))
        assert refused.value.reason == "issuer_lacks_role"


@pytest.mark.parametrize(
    ("read", "make"), [(read_consent, consent), (read_approval, approval), (read_suspension, suspension)]
)
def test_it_is_about_one_person_for_a_while(read: Callable[..., object], make: Callable[..., bytes]) -> None:
    for login, changes, reason in (
        ("tanaka", {"login": "ueda"}, "wrong_person"),
        ("ueda", {}, "wrong_person"),
        ("tanaka", {"expires": NOW}, "expired"),
        ("tanaka", {"issued": NOW + DAY}, "not_yet_valid"),
        ("tanaka", {"expires": NOW + WITHDRAWN_DAYS * DAY}, "too_long"),
    ):
        with pytest.raises(TrustError) as refused:
            read(verifier(), login, make(**changes))
        assert refused.value.reason == reason


def test_only_a_withdrawal_lasts_longer_than_a_year() -> None:
    beyond = NOW - DAY + LONGEST_DAYS * DAY + 1
    assert read_consent(verifier(), "tanaka", consent(withdrawn=True, expires=beyond)).withdrawn
    assert read_approval(verifier(), "tanaka", approval(withdrawn=True, expires=beyond)).withdrawn
    for read, data in ((read_consent, consent(expires=beyond)), (read_approval, approval(expires=beyond))):
        with pytest.raises(TrustError) as refused:
            read(verifier(), "tanaka", data)
        assert refused.value.reason == "too_long"
    assert read_consent(verifier(), "tanaka", consent(expires=beyond - 1)).expires == beyond - 1


@pytest.mark.parametrize(
    ("kind", "key", "read", "body", "reason"),
    [
        (Kind.CONSENT, APPROVE, read_consent, {"purpose": "door", "given": 1, "withdrawn": False}, "wrong_purpose"),
        (Kind.CONSENT, APPROVE, read_consent, {"purpose": "logon", "given": 1}, "malformed"),
        (Kind.CONSENT, APPROVE, read_consent, {"purpose": "logon", "given": 1, "withdrawn": 0}, "malformed"),
        (Kind.APPROVAL, APPROVE, read_approval, {"decision": 7, "withdrawn": False}, "malformed"),
        (Kind.APPROVAL, APPROVE, read_approval, {"decision": "", "withdrawn": False, "more": 1}, "malformed"),
        (Kind.SUSPENSION, REVOKE, read_suspension, {"suspended": True, "reason": "a long text"}, "malformed"),
        (Kind.SUSPENSION, REVOKE, read_suspension, {"suspended": None, "reason": "leave"}, "malformed"),
    ],
)
def test_what_says_something_else_says_nothing(
    kind: Kind, key: SigningKey, read: Callable[..., object], body: dict[str, Any], reason: str
) -> None:
    data = personal.issue(REALM, key, kind, "tanaka", serial=5, now=NOW - 1, expires=NOW + DAY, body=body)
    with pytest.raises(TrustError) as refused:
        read(verifier(), "tanaka", data)
    assert refused.value.reason == reason


def test_a_member_of_the_regular_staff_needs_neither_and_anybody_else_both() -> None:
    assert examined({}).missing(Basis.STAFF) == ()
    assert examined({}).missing(Basis.CONSENT) == ("no_consent", "no_approval")
    assert examined({Kind.CONSENT: consent()}).missing(Basis.CONSENT) == ("no_approval",)
    assert examined({Kind.APPROVAL: approval()}).missing(Basis.CONSENT) == ("no_consent",)
    assert examined(STANDING).missing(Basis.CONSENT) == ()
    assert examined(STANDING, now=NOW + 200 * DAY).missing(Basis.CONSENT) == ("consent_over", "approval_over")


def test_whoever_said_no_has_said_no_but_an_approval_is_for_those_who_need_one() -> None:
    withdrawn = {Kind.CONSENT: consent(withdrawn=True), Kind.APPROVAL: approval(withdrawn=True)}
    assert examined(withdrawn).missing(Basis.STAFF) == ("consent_withdrawn",)
    assert examined(withdrawn).missing(Basis.CONSENT) == ("consent_withdrawn", "approval_withdrawn")


def test_a_suspension_counts_for_everybody_until_a_newer_one_lifts_it() -> None:
    for basis in Basis:
        assert examined({**STANDING, Kind.SUSPENSION: suspension()}).missing(basis) == ("suspended",)
        lifted = {**STANDING, Kind.SUSPENSION: suspension(serial=6, suspended=False)}
        assert examined(lifted, {Kind.SUSPENSION: Word(5, True)}).missing(basis) == ()


def test_what_was_seen_counts_when_it_is_taken_out_or_an_older_one_is_put_back() -> None:
    known = {Kind.SUSPENSION: Word(5, True)}
    for data in (None, suspension(serial=4, suspended=False), suspension(expires=NOW), b"garbage"):
        assert examined({Kind.SUSPENSION: data}, known).missing(Basis.STAFF) == ("suspended",)
    known = {Kind.CONSENT: Word(6, True)}
    for data in (None, consent(), b"garbage"):
        assert examined({Kind.CONSENT: data}, known).missing(Basis.STAFF) == ("consent_withdrawn",)
    # The newer one said yes too, but for how long only it can tell.
    assert examined(STANDING, {Kind.CONSENT: Word(6, False)}).missing(Basis.CONSENT) == ("older_serial",)


def test_an_old_suspension_that_is_put_back_locks_nobody_out_who_has_seen_it_lifted() -> None:
    known = {Kind.SUSPENSION: Word(6, False)}
    assert examined({Kind.SUSPENSION: suspension()}, known).missing(Basis.STAFF) == ()


def test_what_cannot_be_believed_may_stand_where_a_suspension_stood() -> None:
    assert examined({Kind.SUSPENSION: b"garbage"}).missing(Basis.STAFF) == ("malformed",)
    assert examined({Kind.SUSPENSION: suspension(APPROVE)}).missing(Basis.STAFF) == ("issuer_lacks_role",)
    assert examined({Kind.SUSPENSION: suspension(expires=NOW)}).missing(Basis.STAFF) == ()
    # A consent that cannot be believed is as good as none: who needs none is not locked out by it.
    assert examined({Kind.CONSENT: b"garbage"}).missing(Basis.STAFF) == ()
    assert examined({**STANDING, Kind.CONSENT: consent(login="ueda")}).missing(Basis.CONSENT) == ("wrong_person",)


@pytest.mark.parametrize(
    ("kind", "reason", "newer"),
    [
        (Kind.SUSPENSION, "suspended", suspension(serial=8, suspended=False)),
        (Kind.CONSENT, "consent_withdrawn", consent(serial=8)),
        (Kind.APPROVAL, "approval_withdrawn", approval(serial=8)),
    ],
)
def test_what_the_manifest_names_counts_until_something_newer_is_here(kind: Kind, reason: str, newer: bytes) -> None:
    against = {kind: {"tanaka": 7}}
    heard = examined(STANDING, against=against)
    assert heard.missing(Basis.CONSENT) == (reason,)
    assert examined(STANDING, heard.words).missing(Basis.CONSENT) == (reason,), "when the manifest says it no more"
    assert examined({**STANDING, kind: newer}, heard.words, against=against).missing(Basis.CONSENT) == ()
    assert examined(STANDING, against={kind: {"ueda": 7}}).missing(Basis.CONSENT) == ()


def test_a_manifest_that_names_anything_else_is_refused() -> None:
    for words in ({Kind.TEMPLATE: {"tanaka": 7}}, {Kind.CONSENT: {"tanaka": "7"}}):
        with pytest.raises(TrustError) as refused:
            verifier(against=words)  # type: ignore[arg-type]
        assert refused.value.reason == "malformed"
