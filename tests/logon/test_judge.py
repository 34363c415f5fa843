"""From a bundle to a judge: what a directory can put there, and what it gains by it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from nacl.signing import SigningKey

from faced.directory.bundle import Bundle
from faced.errors import StateError
from faced.liveness.challenge import Challenge
from faced.logon.exemption import LeftOut
from faced.logon.judge import Bench, Unfit
from faced.logon.outcome import Outcome, Standing
from faced.logon.serials import SerialMemory
from faced.recognition.calibration import Policy
from faced.recognition.decision import MIN_FRAMES, Decision
from faced.recognition.template import Source
from faced.trust.keys import key_id
from faced.trust.realm import Role
from faced.trust.report import subject_of
from faced.trust.sealed import Basis, Provenance
from faced.trust.statement import Kind
from tests.logon.faces import METRIC, POINT, face, template
from tests.logon.realm import DAY, TestRealm
from tests.logon.theatre import frame

FROM_HR = Provenance(photo=bytes(32))


class Host:
    """A workstation of the test realm; a new bench is a restarted daemon."""

    def __init__(self, folder: Path, authority: TestRealm) -> None:
        self._path = folder / "serials.json"
        self.authority = authority

    @property
    def bench(self) -> Bench:
        return Bench(
            realm=self.authority.realm,
            host=self.authority.host,
            predictor=self.authority.predictor,
            metric=METRIC,
            policy=Policy(POINT, POINT),
            serials=SerialMemory(self._path, self.authority.realm.id),
        )

    def refusal(self, bundle: Bundle, login: str = "tanaka", now: int | None = None) -> tuple[Outcome, str]:
        with pytest.raises(Unfit) as refused:
            self.bench.judge(login, bundle, now or self.authority.now)
        return refused.value.ruling.outcome, refused.value.ruling.reason

    def accepts(self, bundle: Bundle) -> None:
        self.bench.judge("tanaka", bundle, self.authority.now)

    def standing(self, bundle: Bundle, now: int | None = None) -> tuple[Standing, str]:
        return self.bench.standing("tanaka", bundle, now or self.authority.now)


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path, TestRealm())


@pytest.fixture
def bundle(host: Host) -> Bundle:
    return host.authority.bundle("tanaka", template())


def test_the_person_of_the_template_is_recognised_and_somebody_else_is_not(host: Host, bundle: Bundle) -> None:
    judge = host.bench.judge("tanaka", bundle, host.authority.now)
    decisions = [judge.weigh(replace(frame(0.0).observation, points=face(1))) for _ in range(MIN_FRAMES)]  # type: ignore[type-var]
    assert decisions[-1] is Decision.MATCH
    assert decisions[:4] == [Decision.UNDECIDED] * 4
    judge.restart()
    for _ in range(20):
        decision = judge.weigh(replace(frame(0.0).observation, points=face(2)))  # type: ignore[type-var]
    assert decision is Decision.NO_MATCH
    assert judge.band == "below"


def test_a_clear_standing(host: Host, bundle: Bundle) -> None:
    assert host.standing(bundle) == (Standing.CLEAR, "")


def test_a_template_moved_to_another_entry_is_refused(host: Host, bundle: Bundle) -> None:
    assert host.refusal(bundle, "suzuki") == (Outcome.NO_TEMPLATE, "wrong_person")


def test_the_canonical_spelling_counts(host: Host, bundle: Bundle) -> None:
    assert host.refusal(bundle, "Tanaka") == (Outcome.NO_TEMPLATE, "wrong_person")


def test_an_older_template_put_back_is_refused_after_a_restart_too(host: Host, bundle: Bundle) -> None:
    host.accepts(host.authority.bundle("tanaka", template(), serial=6))
    assert host.refusal(bundle) == (Outcome.NO_TEMPLATE, "older_serial")
    assert host.standing(bundle) == (Standing.UNAVAILABLE, "older_serial")


def test_a_tombstone_revokes(host: Host, bundle: Bundle) -> None:
    buried = replace(bundle, tombstone=host.authority.tombstone("tanaka", 6))
    assert host.refusal(buried) == (Outcome.REVOKED, "tombstoned")
    assert host.standing(buried) == (Standing.REVOKED, "tombstoned")


def test_a_tombstone_that_was_seen_holds_when_the_directory_loses_it(host: Host, bundle: Bundle) -> None:
    host.standing(replace(bundle, tombstone=host.authority.tombstone("tanaka", 6)))
    assert host.refusal(bundle) == (Outcome.REVOKED, "tombstoned")
    assert host.standing(replace(bundle, template=None)) == (Standing.REVOKED, "tombstoned")
    host.accepts(host.authority.bundle("tanaka", template(), serial=6))


def test_a_timers_key_puts_no_photo_in_the_place_of_what_was_confirmed_at_the_camera(host: Host) -> None:
    realm = host.authority
    by_timer = {"by": realm.sync, "provenance": FROM_HR}
    host.accepts(realm.bundle("tanaka", template(source=Source.PHOTO), **by_timer))
    host.accepts(realm.bundle("tanaka", template(source=Source.PHOTO), serial=6, **by_timer))
    host.accepts(realm.bundle("tanaka", template(), serial=7, method="camera"))
    replaced = realm.bundle("tanaka", template(source=Source.PHOTO), serial=8, **by_timer)
    assert host.refusal(replaced) == (Outcome.NO_TEMPLATE, "issuer_lacks_role")
    assert host.standing(replaced) == (Standing.UNAVAILABLE, "issuer_lacks_role")
    by_itself = replace(replaced, tombstone=realm.tombstone("tanaka", 8, by=realm.sync))
    assert host.refusal(by_itself) == (Outcome.NO_TEMPLATE, "issuer_lacks_role")
    assert host.refusal(replaced) == (Outcome.NO_TEMPLATE, "issuer_lacks_role"), "its own tombstone begins nothing anew"


def test_a_handler_can_go_back_to_a_photo_and_so_can_the_timer_then(host: Host) -> None:
    realm = host.authority
    by_timer = {"by": realm.sync, "provenance": FROM_HR}
    host.accepts(realm.bundle("tanaka", template(), serial=6, method="camera"))
    host.accepts(realm.bundle("tanaka", template(source=Source.PHOTO), serial=7))
    host.accepts(realm.bundle("tanaka", template(source=Source.PHOTO), serial=8, **by_timer))


def test_after_a_handlers_tombstone_the_timer_enrols_anew(host: Host) -> None:
    realm = host.authority
    confirmed = realm.bundle("tanaka", template(), serial=6, method="camera")
    host.accepts(confirmed)
    buried = replace(confirmed, template=None, tombstone=realm.tombstone("tanaka", 7, by=realm.sync))
    assert host.standing(buried) == (Standing.REVOKED, "tombstoned")
    anew = replace(
        realm.bundle("tanaka", template(source=Source.PHOTO), serial=8, by=realm.sync, provenance=FROM_HR),
        tombstone=realm.tombstone("tanaka", 7),
    )
    host.accepts(anew)
    host.accepts(replace(anew, tombstone=None))


def test_the_timer_stops_somebody_and_only_a_handler_lets_them_in_again(host: Host, bundle: Bundle) -> None:
    realm = host.authority
    stopped = replace(bundle, suspension=realm.suspension("tanaka", by=realm.sync))
    assert host.standing(stopped) == (Standing.REVOKED, "suspended")
    by_itself = replace(bundle, suspension=realm.suspension("tanaka", serial=8, suspended=False, by=realm.sync))
    assert host.standing(by_itself) == (Standing.REVOKED, "suspended")
    host.accepts(replace(bundle, suspension=realm.suspension("tanaka", serial=8, suspended=False)))


def test_what_a_timer_sealed_is_no_more_than_its_header_says(host: Host) -> None:
    """Templates with samples of a camera are judged by another threshold; the header is not what decides that."""
    disguised = host.authority.bundle("tanaka", template(), by=host.authority.sync, provenance=FROM_HR)
    assert host.refusal(disguised) == (Outcome.NO_TEMPLATE, "issuer_lacks_role")


def test_a_forged_tombstone_does_not_revoke_for_ever(host: Host, bundle: Bundle) -> None:
    forged = replace(bundle, tombstone=host.authority.tombstone("suzuki", 99))
    assert host.refusal(forged) == (Outcome.NO_TEMPLATE, "wrong_person")
    host.accepts(bundle)


def test_an_older_manifest_put_back_is_refused(host: Host, bundle: Bundle) -> None:
    host.accepts(replace(bundle, manifest=host.authority.signed_manifest(serial=11)))
    assert host.refusal(bundle) == (Outcome.NO_TEMPLATE, "older_serial")


def test_a_dismissed_key_issues_no_manifest_that_does_not_name_it(host: Host, bundle: Bundle) -> None:
    """Whoever took that key and writes the directory would undo the dismissal, and every other one with it."""
    realm, spare = host.authority, SigningKey(bytes([77]) * 32)
    until = realm.now + 30 * DAY
    appointed = realm.realm.delegate(
        realm.root, "mori", bytes(spare.verify_key), [Role.MANIFEST], realm.now - DAY, until
    )
    delegations = (*bundle.delegations, appointed)
    dismissal = replace(
        realm.manifest, serial=11, revoked_keys=frozenset({key_id(bytes(realm.manifest_key.verify_key))})
    )
    host.accepts(replace(bundle, delegations=delegations, manifest=realm.realm.issue_manifest(spare, dismissal)))
    undone = replace(bundle, delegations=delegations, manifest=realm.signed_manifest(serial=12))
    assert host.refusal(undone)[1] == "issuer_revoked"


def test_without_a_manifest_nobody_is_judged(host: Host, bundle: Bundle) -> None:
    assert host.refusal(replace(bundle, manifest=None)) == (Outcome.NO_TEMPLATE, "manifest_expired")
    later = host.authority.now + 20 * DAY
    assert host.refusal(bundle, now=later) == (Outcome.NO_TEMPLATE, "manifest_expired")


def test_a_host_taken_out_of_the_realm_opens_nothing(host: Host, bundle: Bundle) -> None:
    out = replace(bundle, manifest=host.authority.signed_manifest(revoked_hosts=frozenset({"pc-1"})))
    assert host.refusal(out) == (Outcome.REVOKED, "host_revoked")
    assert host.standing(out) == (Standing.REVOKED, "host_revoked")


def test_a_purpose_that_is_over_is_over(host: Host) -> None:
    ended = host.authority.bundle("tanaka", template(), not_after=host.authority.now - 1)
    assert host.refusal(ended) == (Outcome.PURPOSE_OVER, "purpose_over")
    assert host.standing(ended) == (Standing.PURPOSE_OVER, "purpose_over")


def test_another_predictors_template_is_refused(host: Host) -> None:
    other = host.authority.bundle("tanaka", template(), predictor=bytes(32))
    assert host.refusal(other) == (Outcome.NO_TEMPLATE, "wrong_predictor")


def test_somebody_not_enrolled_has_no_template(host: Host, bundle: Bundle) -> None:
    assert host.refusal(replace(bundle, template=None)) == (Outcome.NO_TEMPLATE, "no_template")
    assert host.standing(replace(bundle, template=None)) == (Standing.UNAVAILABLE, "no_template")


def test_without_a_host_statement_nothing_opens(host: Host, bundle: Bundle) -> None:
    assert host.refusal(replace(bundle, host=None)) == (Outcome.NO_TEMPLATE, "no_host_statement")


def test_sealed_rubbish_is_no_template(host: Host) -> None:
    assert host.refusal(host.authority.bundle("tanaka", b"rubbish")) == (Outcome.NO_TEMPLATE, "template_format")


def test_another_realms_papers_are_refused(tmp_path: Path, host: Host) -> None:
    foreign = TestRealm(dummy=False)
    assert host.refusal(foreign.bundle("tanaka", template()))[0] is Outcome.NO_TEMPLATE


def test_a_damaged_memory_of_serials_is_not_an_empty_one(tmp_path: Path, host: Host, bundle: Bundle) -> None:
    host.accepts(bundle)
    (tmp_path / "serials.json").write_text("{}")
    with pytest.raises(StateError):
        _ = host.bench


def test_a_serial_that_cannot_be_remembered_is_not_accepted(tmp_path: Path, host: Host, bundle: Bundle) -> None:
    (tmp_path / "serials.json.new").mkdir()
    assert host.refusal(bundle) == (Outcome.NO_TEMPLATE, "state")


# --- Exemptions.


def left_out(host: Host, bundle: Bundle, exemption: bytes | None, now: int | None = None) -> LeftOut:
    judge = host.bench.judge("tanaka", replace(bundle, exemption=exemption), now or host.authority.now)
    return judge.left_out


def test_without_an_exemption_nothing_is_left_out(host: Host, bundle: Bundle) -> None:
    assert left_out(host, bundle, None) == LeftOut()


def test_what_was_approved_for_the_person_is_left_out(host: Host, bundle: Bundle) -> None:
    exemption = host.authority.exemption("tanaka", "open_mouth", "look_up")
    assert left_out(host, bundle, exemption) == LeftOut(frozenset({Challenge.OPEN_MOUTH, Challenge.LOOK_UP}))


def test_another_persons_exemption_moved_here_leaves_nothing_out(host: Host, bundle: Bundle) -> None:
    assert left_out(host, bundle, host.authority.exemption("sato", "look_up")) == LeftOut(refused="wrong_person")
    assert left_out(host, bundle, host.authority.exemption("Tanaka", "look_up")) == LeftOut(refused="wrong_person")


def test_an_exemption_that_enrolment_signed_leaves_nothing_out(host: Host, bundle: Bundle) -> None:
    for by in (host.authority.enrol, host.authority.operate, host.authority.manifest_key, host.authority.revoke):
        exemption = host.authority.exemption("tanaka", "look_up", by=by)
        assert left_out(host, bundle, exemption) == LeftOut(refused="issuer_lacks_role")


def test_an_exemption_of_a_key_from_elsewhere_leaves_nothing_out(host: Host, bundle: Bundle) -> None:
    exemption = host.authority.exemption("tanaka", "look_up", by=SigningKey(bytes([77]) * 32))
    assert left_out(host, bundle, exemption) == LeftOut(refused="unknown_issuer")


def test_another_realms_exemption_leaves_nothing_out(host: Host, bundle: Bundle) -> None:
    foreign = TestRealm(dummy=False).exemption("tanaka", "look_up")
    assert left_out(host, bundle, foreign) == LeftOut(refused="wrong_realm")


def test_an_exemption_that_is_over_leaves_nothing_out(host: Host, bundle: Bundle) -> None:
    now = host.authority.now
    over = host.authority.exemption("tanaka", "look_up", issued=now - 2 * DAY, days=2)
    assert left_out(host, bundle, over) == LeftOut(refused="expired")
    for_ever = host.authority.exemption("tanaka", "look_up", days=5000)
    assert left_out(host, bundle, for_ever) == LeftOut(refused="too_long")
    from_tomorrow = host.authority.exemption("tanaka", "look_up", issued=now + DAY)
    assert left_out(host, bundle, from_tomorrow) == LeftOut(refused="not_yet_valid")


def test_a_withdrawn_exemption_put_back_leaves_nothing_out_after_a_restart_too(host: Host, bundle: Bundle) -> None:
    granted = host.authority.exemption("tanaka", "look_up", serial=7)
    assert left_out(host, bundle, granted).actions
    assert left_out(host, bundle, host.authority.exemption("tanaka", serial=8)) == LeftOut()
    assert left_out(host, bundle, granted) == LeftOut(refused="older_serial")
    assert left_out(host, bundle, host.authority.exemption("tanaka", "look_up", serial=9)).actions


def test_exemptions_have_serials_of_their_own(host: Host, bundle: Bundle) -> None:
    assert left_out(host, bundle, host.authority.exemption("tanaka", "look_up", serial=99)).actions
    host.accepts(bundle)
    later = replace(host.authority.bundle("tanaka", template(), serial=200))
    assert left_out(host, later, host.authority.exemption("tanaka", "look_up", serial=99)).actions


def test_an_exemption_that_does_not_hold_uses_up_no_serial(host: Host, bundle: Bundle) -> None:
    foreign = host.authority.exemption("tanaka", "look_up", serial=2**40, by=host.authority.enrol)
    left_out(host, bundle, foreign)
    assert left_out(host, bundle, host.authority.exemption("tanaka", "look_up", serial=7)).actions


def test_an_exemption_from_an_action_that_nobody_knows_leaves_nothing_out(host: Host, bundle: Bundle) -> None:
    unknown = host.authority.exemption("tanaka", "look_up", "liveness")
    assert left_out(host, bundle, unknown) == LeftOut(refused="unknown_action")


@pytest.mark.parametrize("rubbish", [b"", b"rubbish", b"\x00" * 900])
def test_rubbish_instead_of_an_exemption_locks_nobody_out(host: Host, bundle: Bundle, rubbish: bytes) -> None:
    assert left_out(host, bundle, rubbish) == LeftOut(refused="malformed")
    assert left_out(host, bundle, bundle.template) == LeftOut(refused="wrong_kind")


def test_a_memory_from_before_there_were_exemptions_is_read(tmp_path: Path, host: Host, bundle: Bundle) -> None:
    host.accepts(bundle)
    path = tmp_path / "serials.json"
    content = json.loads(path.read_text())
    assert content.pop("exempt") == {}
    path.write_text(json.dumps(content))
    assert left_out(host, bundle, host.authority.exemption("tanaka", "look_up")).actions
    assert host.refusal(host.authority.bundle("tanaka", template(), serial=4)) == (Outcome.NO_TEMPLATE, "older_serial")


@pytest.mark.parametrize("exempt", [None, [], {"tanaka": "7"}])
def test_a_memory_with_other_things_in_it_is_damaged(
    tmp_path: Path, host: Host, bundle: Bundle, exempt: object
) -> None:
    host.accepts(bundle)
    path = tmp_path / "serials.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "exempt": exempt}))
    with pytest.raises(StateError):
        _ = host.bench


def test_a_closed_judge_has_neither_template_nor_what_was_made_of_it(host: Host) -> None:
    bundle = host.authority.bundle("tanaka", template(1))
    judge = host.bench.judge("tanaka", bundle, host.authority.now)
    seen = frame(0.0, None).observation
    assert seen is not None
    judge.weigh(seen)
    held = [sample.points for sample in judge._template.samples]
    held += [judge._matcher._enrolled.latent, *(row.latent for row in judge._matcher._frames)]
    assert all(array.any() for array in held)
    judge.close()
    assert not any(array.any() for array in held)


# --- Consent, approval, suspension.


def permitted(bundle: Bundle, authority: TestRealm, **changes: bytes | None) -> Bundle:
    """What the directory holds about somebody who is enrolled by consent, with what is wrong with it."""
    words = {"consent": authority.consent("tanaka"), "approval": authority.approval("tanaka")}
    return replace(bundle, **{**words, **changes})  # type: ignore[arg-type]


@pytest.fixture
def by_consent(host: Host) -> Bundle:
    basis = Provenance(basis=Basis.CONSENT)
    return permitted(host.authority.bundle("tanaka", template(), provenance=basis), host.authority)


def both(host: Host, bundle: Bundle) -> tuple[Outcome, Standing, str]:
    """What the auth and the account phase say; the reason is the same."""
    outcome, reason = host.refusal(bundle)
    standing, token = host.bench.standing("tanaka", bundle, host.authority.now)
    assert token == reason
    return outcome, standing, reason


def test_with_consent_and_approval_the_face_is_judged(host: Host, by_consent: Bundle) -> None:
    host.accepts(by_consent)
    assert host.bench.standing("tanaka", by_consent, host.authority.now) == (Standing.CLEAR, "")


@pytest.mark.parametrize("word", ["consent", "approval"])
def test_without_one_of_them_it_is_not_whether_it_is_missing_anothers_over_or_forged(
    host: Host, by_consent: Bundle, word: str
) -> None:
    make, nothing = getattr(host.authority, word), (Outcome.NO_TEMPLATE, Standing.UNAVAILABLE)
    over = make("tanaka", issued=host.authority.now - 20 * DAY, days=20)
    for data, outcome, standing, reason in (
        (None, *nothing, f"no_{word}"),
        (make("ueda"), *nothing, "wrong_person"),
        (make("tanaka", by=host.authority.enrol), *nothing, "issuer_lacks_role"),
        (b"rubbish", *nothing, "malformed"),
        (over, Outcome.PURPOSE_OVER, Standing.PURPOSE_OVER, f"{word}_over"),
        (make("tanaka", withdrawn=True), Outcome.REVOKED, Standing.REVOKED, f"{word}_withdrawn"),
    ):
        assert both(host, replace(by_consent, **{word: data})) == (outcome, standing, reason)


@pytest.mark.parametrize("word", ["consent", "approval"])
def test_a_withdrawal_that_was_seen_holds_whatever_is_put_back_and_a_newer_one_ends_it(
    host: Host, by_consent: Bundle, word: str
) -> None:
    make, refused = getattr(host.authority, word), (Outcome.REVOKED, Standing.REVOKED, f"{word}_withdrawn")
    host.accepts(by_consent)
    assert both(host, replace(by_consent, **{word: make("tanaka", serial=8, withdrawn=True)})) == refused
    assert both(host, by_consent) == refused
    assert both(host, replace(by_consent, **{word: None})) == refused
    host.accepts(replace(by_consent, **{word: make("tanaka", serial=9)}))


def test_a_member_of_the_regular_staff_who_says_no_is_not_judged_either(host: Host, bundle: Bundle) -> None:
    no = replace(bundle, consent=host.authority.consent("tanaka", withdrawn=True))
    assert both(host, no) == (Outcome.REVOKED, Standing.REVOKED, "consent_withdrawn")
    assert both(host, bundle) == (Outcome.REVOKED, Standing.REVOKED, "consent_withdrawn")


def test_a_suspended_person_is_not_judged_until_a_newer_word_lifts_it(host: Host, bundle: Bundle) -> None:
    suspended = (Outcome.REVOKED, Standing.REVOKED, "suspended")
    host.accepts(bundle)
    assert both(host, replace(bundle, suspension=host.authority.suspension("tanaka"))) == suspended
    assert both(host, bundle) == suspended, "taken out of the directory"
    older = host.authority.suspension("tanaka", serial=6, suspended=False)
    assert both(host, replace(bundle, suspension=older)) == suspended
    host.accepts(replace(bundle, suspension=host.authority.suspension("tanaka", serial=8, suspended=False)))
    host.accepts(bundle)


def test_who_is_suspended_is_so_without_a_template_too(host: Host, bundle: Bundle) -> None:
    """Else an emergency grant would let them in."""
    bare = replace(bundle, template=None, template_keys=(), suspension=host.authority.suspension("tanaka"))
    assert both(host, bare) == (Outcome.REVOKED, Standing.REVOKED, "suspended")


def test_what_the_manifest_says_against_somebody_counts_without_the_statement(host: Host, bundle: Bundle) -> None:
    named = host.authority.signed_manifest(serial=11, words_against={Kind.SUSPENSION: {"tanaka": 7}})
    assert both(host, replace(bundle, manifest=named)) == (Outcome.REVOKED, Standing.REVOKED, "suspended")
    later = host.authority.signed_manifest(serial=12)
    assert both(host, replace(bundle, manifest=later)) == (Outcome.REVOKED, Standing.REVOKED, "suspended")
    lifted = host.authority.suspension("tanaka", serial=8, suspended=False)
    host.accepts(replace(bundle, manifest=later, suspension=lifted))


def test_a_memory_from_before_there_were_words_about_people_is_read(tmp_path: Path, host: Host, bundle: Bundle) -> None:
    host.accepts(bundle)
    path = tmp_path / "serials.json"
    content = json.loads(path.read_text())
    assert content.pop("words") == {}
    path.write_text(json.dumps(content))
    assert host.refusal(host.authority.bundle("tanaka", template(), serial=4)) == (Outcome.NO_TEMPLATE, "older_serial")


@pytest.mark.parametrize("words", [[], {"tanaka": 7}, {"tanaka": {"consent": 7}}, {"tanaka": {"template": [7, True]}}])
def test_a_damaged_memory_of_words_is_not_taken_for_an_empty_one(
    tmp_path: Path, host: Host, bundle: Bundle, words: object
) -> None:
    host.accepts(bundle)
    path = tmp_path / "serials.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "words": words}))
    with pytest.raises(StateError):
        _ = host.bench


# --- More is asked.


def test_the_manifest_names_of_whom_more_is_asked_and_until_when(tmp_path: Path) -> None:
    authority = TestRealm()
    host = Host(tmp_path, authority)
    named = {subject_of(authority.realm, "tanaka"): authority.now + 60}
    bundle = replace(
        authority.bundle("tanaka", template(1)), manifest=authority.signed_manifest(serial=11, stricter=named)
    )
    bench = host.bench
    assert bench.stricter("tanaka", bundle, authority.now + 59)
    assert not bench.stricter("tanaka", bundle, authority.now + 60)
    assert not bench.stricter("TANAKA", bundle, authority.now)
    assert not bench.stricter("suzuki", bundle, authority.now)


def test_a_manifest_from_before_the_alarm_that_is_put_back_asks_less_of_nobody(tmp_path: Path) -> None:
    authority = TestRealm()
    before = authority.bundle("tanaka", template(1))
    named = {subject_of(authority.realm, "tanaka"): authority.now + 60}
    bench = Host(tmp_path, authority).bench
    alarmed = replace(before, manifest=authority.signed_manifest(serial=11, stricter=named))
    assert bench.stricter("tanaka", alarmed, authority.now)
    with pytest.raises(Unfit) as refused:
        bench.judge("tanaka", before, authority.now)
    assert refused.value.ruling.reason == "older_serial"
