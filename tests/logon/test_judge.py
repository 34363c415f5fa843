"""From a bundle to a judge: what a directory can put there, and what it gains by it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from faced.directory.bundle import Bundle
from faced.errors import StateError
from faced.logon.judge import Bench, Unfit
from faced.logon.outcome import Outcome, Standing
from faced.logon.serials import SerialMemory
from faced.recognition.calibration import Policy
from faced.recognition.decision import MIN_FRAMES, Decision
from tests.logon.faces import METRIC, POINT, face, template
from tests.logon.realm import DAY, TestRealm
from tests.logon.theatre import frame


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


def test_a_forged_tombstone_does_not_revoke_for_ever(host: Host, bundle: Bundle) -> None:
    forged = replace(bundle, tombstone=host.authority.tombstone("suzuki", 99))
    assert host.refusal(forged) == (Outcome.NO_TEMPLATE, "wrong_person")
    host.accepts(bundle)


def test_an_older_manifest_put_back_is_refused(host: Host, bundle: Bundle) -> None:
    host.accepts(replace(bundle, manifest=host.authority.signed_manifest(serial=11)))
    assert host.refusal(bundle) == (Outcome.NO_TEMPLATE, "older_serial")


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
