"""The comparison of the two sides: who is enrolled, changed, suspended, erased, and who is left to a handler."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from faced.directory.personnel import PersonnelRecord
from faced.enrolment.sync.brakes import Limits, check_limits, check_source
from faced.enrolment.sync.plan import (
    Change,
    FaceState,
    Known,
    OpenCase,
    Plan,
    Rules,
    Step,
    make_plan,
    wants_photo,
    without_photos,
)
from faced.errors import NotAllowed
from faced.trust.sealed import Basis, Provenance, TemplateHeader
from faced.trust.suspension import NOT_LISTED
from faced.units import DAY_S

TODAY = date(2026, 10, 15)
NOW = 1_792_033_200
GRACE_S = 30 * DAY_S
BASES = {"regular": Basis.STAFF, "part-time": Basis.CONSENT}
RULES = Rules(BASES.get, "default", GRACE_S, keep=frozenset({"mayor"}))
OLD, NEW, REVISION = b"old photo", b"new photo", b"revision"


def record(login: str = "tanaka", number: str = "000123", **more: Any) -> PersonnelRecord:
    given = {"name": "Tanaka Hanako", "mail": "", "category": "regular", "starts": None, "ends": None}
    return PersonnelRecord(login, number, **{**given, "revision": REVISION, "key": f"key of {login}", **more})


def known(login: str = "tanaka", number: str = "000123", **more: Any) -> Known:
    provenance = Provenance(more.pop("basis", Basis.STAFF), more.pop("photo", OLD), more.pop("revision", REVISION))
    header = TemplateHeader(login, number, 1, 0, 2**40, bytes(32), ("default",), "photo", provenance)
    given = {"name": "Tanaka Hanako", "mail": "", "groups": ("default",), "state": FaceState.ENROLLED, "header": header}
    return Known(login, number, **{**given, **more})


def nobody(login: str = "tanaka", number: str = "000123", **more: Any) -> Known:
    """An entry without a template."""
    return known(login, number, **{"header": None, "state": FaceState.NONE, **more})


def plan(
    records: list[PersonnelRecord], people: list[Known], photos: dict[str, bytes] | None = None, *accepted: str
) -> Plan:
    return make_plan(records, people, photos or {}, RULES, now=NOW, today=TODAY, accepted=frozenset(accepted))


def words(made: Plan) -> list[tuple[str, str, str]]:
    return [change.words for change in made.changes]


def cases(made: Plan) -> list[tuple[str, str, str]]:
    return [(case.login, case.reason, case.detail) for case in made.cases]


def test_nothing_has_changed() -> None:
    made = plan([record()], [known()])
    assert (made.changes, made.cases, made.enrolled, made.records) == ((), (), 1, 1)


def test_a_joiner_is_enrolled_into_the_key_group_of_the_site_or_their_own() -> None:
    made = plan([record(), record("sato", "000124")], [nobody("sato", "000124", groups=("finance",))])
    assert words(made) == [("enrol", "sato", "joined"), ("enrol", "tanaka", "joined")]
    assert [change.details and change.details.groups for change in made.changes] == [("finance",), ("default",)]


@pytest.mark.parametrize("change", [{"name": "Suzuki Hanako"}, {"mail": "tanaka@example.jp"}])
def test_a_name_or_a_mail_address_is_corrected(change: dict[str, str]) -> None:
    assert words(plan([record(**change)], [known()])) == [("describe", "tanaka", "details")]


def test_a_new_photo_is_a_change_that_must_be_compared() -> None:
    made = plan([record(name="Suzuki Hanako")], [known()], {"tanaka": NEW})
    assert words(made) == [("renew", "tanaka", "photo")]
    assert [change.same_photo for change in made.changes] == [False]


@pytest.mark.parametrize("photo", [OLD, b""])
def test_the_same_photo_or_none_any_more_changes_nothing(photo: bytes) -> None:
    assert not plan([record()], [known()], {"tanaka": photo}).changes


def test_what_was_confirmed_at_the_camera_is_never_lowered_to_a_photo() -> None:
    made = plan([record()], [known(confirmed=True)], {"tanaka": NEW})
    assert (made.changes, made.cases) == ((), ())
    made = plan([record()], [known(confirmed=True, ends_soon=True)], {"tanaka": NEW})
    assert (made.changes, cases(made)) == ((), [("tanaka", "ends_soon", "")])


def test_a_template_that_ends_soon_is_made_anew_from_the_same_photo() -> None:
    made = plan([record()], [known(ends_soon=True)], {"tanaka": OLD})
    assert (words(made), made.changes[0].same_photo) == ([("renew", "tanaka", "ends_soon")], True)
    assert cases(plan([record()], [known(ends_soon=True)], {"tanaka": b""})) == [("tanaka", "no_photo", "")]


def test_one_that_is_over_is_renewed_as_long_as_its_signature_holds() -> None:
    over = known(state=FaceState.UNUSABLE, ends_soon=True)
    assert words(plan([record()], [over], {"tanaka": OLD})) == [("renew", "tanaka", "ends_soon")]
    forged = nobody(state=FaceState.UNUSABLE)
    assert cases(plan([record()], [forged])) == [("tanaka", "unusable", "")]
    assert words(plan([record()], [forged], None, "tanaka")) == [("enrol", "tanaka", "accepted")]


def test_only_what_may_have_changed_is_asked_for_its_photo() -> None:
    assert not wants_photo(record(), known(), Basis.STAFF, REVISION)
    assert wants_photo(record(), known(), Basis.STAFF, b"another")
    assert wants_photo(record(), known(revision=b""), Basis.STAFF, b""), "the source cannot tell"
    assert wants_photo(record(), known(ends_soon=True), Basis.STAFF, REVISION)
    assert wants_photo(record(), known(), Basis.CONSENT, REVISION)
    assert not wants_photo(record(), known(confirmed=True), Basis.STAFF, b"another")
    assert not wants_photo(record(), nobody(), Basis.STAFF, b"another")


def test_a_leaver_is_suspended_and_erased_when_the_grace_period_is_over() -> None:
    assert words(plan([], [known()])) == [("suspend", "tanaka", "left")]
    gone = known(suspended=NOT_LISTED, suspended_since=NOW - GRACE_S + 1)
    assert not plan([], [gone]).changes
    over = replace(gone, suspended_since=NOW - GRACE_S)
    assert words(plan([], [over])) == [("erase", "tanaka", "grace_over")]
    assert words(plan([], [gone], None, "tanaka")) == [("erase", "tanaka", "grace_over")], "a handler confirmed it"
    assert not plan([], [nobody(state=FaceState.ERASED)]).changes


def test_while_a_record_could_be_anybodys_nobody_is_taken_for_a_leaver() -> None:
    unreadable = record("", "", faults=("several_values",))
    made = plan([unreadable, record("sato", "2")], [known(), known("sato", "2")])
    assert (made.changes, cases(made)[-1]) == ((), ("tanaka", "unreadable_record", ""))
    by_number = record("", "000123", faults=("several_values",))
    assert not plan([by_number], [known()]).changes


def test_the_last_day_of_an_employment_is_worked() -> None:
    assert not plan([record(ends=TODAY)], [known()]).changes
    assert words(plan([record(ends=date(2026, 10, 14))], [known()])) == [("suspend", "tanaka", "left")]


def test_somebody_who_begins_tomorrow_is_not_enrolled_today() -> None:
    made = plan([record(starts=date(2026, 10, 16))], [])
    assert (made.changes, cases(made)) == ((), [("tanaka", "not_yet", "")])
    assert words(plan([record(starts=TODAY)], [])) == [("enrol", "tanaka", "joined")]


def test_who_comes_back_within_the_grace_period_goes_on() -> None:
    made = plan([record()], [known(suspended=NOT_LISTED, suspended_since=NOW - 1)])
    assert words(made) == [("resume", "tanaka", "returned")]


def test_who_was_suspended_by_a_handler_is_not_let_in_again_by_a_list() -> None:
    suspended = known(suspended="incident")
    assert cases(plan([record()], [suspended])) == [("tanaka", "suspended", "")]
    gone = plan([], [suspended])
    assert (gone.changes, cases(gone)) == ((), [("tanaka", "suspended_and_gone", "")])
    assert not plan([record()], [known(suspended="left")]).changes, "a handler's word too"


def test_who_was_erased_is_not_enrolled_again_by_a_list() -> None:
    erased = nobody(state=FaceState.ERASED)
    assert cases(plan([record()], [erased])) == [("tanaka", "erased", "")]
    assert words(plan([record()], [erased], None, "tanaka")) == [("enrol", "tanaka", "accepted")]
    leaver = replace(erased, suspended=NOT_LISTED)
    assert cases(plan([record()], [leaver])) == [("tanaka", "erased", "")]
    assert words(plan([record()], [leaver], None, "tanaka")) == [
        ("resume", "tanaka", "returned"),
        ("enrol", "tanaka", "accepted"),
    ]


def test_who_never_came_from_the_personnel_section_is_not_taken_for_a_leaver() -> None:
    by_hand = known(photo=b"", revision=b"")
    assert cases(plan([record("sato", "1")], [by_hand]))[-1:] == [("tanaka", "not_in_source", "")]
    assert words(plan([], [by_hand], None, "tanaka")) == [("suspend", "tanaka", "left")]
    assert not plan([], [known("mayor", "1", photo=b"", revision=b"")]).cases


def test_a_number_whose_login_name_changed_is_left_to_a_handler() -> None:
    made = plan([record("suzuki")], [known()])
    assert (made.changes, cases(made)) == ((), [("suzuki", "renamed", "tanaka")])
    accepted = plan([record("suzuki")], [known()], None, "suzuki")
    assert words(accepted) == [("erase", "tanaka", "renamed"), ("enrol", "suzuki", "joined")]


def test_a_login_name_with_another_number_is_left_to_a_handler() -> None:
    """Whoever writes the personnel section's directory must not become the mayor."""
    made = plan([record(number="000999")], [known()], {"tanaka": NEW})
    assert (made.changes, cases(made)) == ((), [("tanaka", "other_number", "tanaka")])
    accepted = plan([record(number="000999")], [known()], None, "tanaka")
    assert words(accepted) == [("erase", "tanaka", "renamed"), ("enrol", "tanaka", "joined")]


def test_one_persons_number_under_anothers_login_name_is_accepted_by_nobody() -> None:
    """Who looks at one case decides about one person."""
    mayor, intruder = known("mayor", "000001"), known("intruder", "000666")
    swapped = record("mayor", "000666")
    for accepted in ((), ("mayor",)):
        made = plan([swapped], [mayor, intruder], {"mayor": NEW}, *accepted)
        assert (made.changes, cases(made)) == ((), [("mayor", "two_people", "intruder")])
    gone = replace(mayor, staff_number="", header=None, state=FaceState.ERASED)
    assert words(plan([swapped], [gone, intruder], None, "mayor")) == [
        ("erase", "intruder", "renamed"),
        ("enrol", "mayor", "accepted"),
    ], "a login name may be used again"


@pytest.mark.parametrize(
    "held", [known(basis=Basis.CONSENT, lacks=("approval_withdrawn",)), nobody(lacks=("approval_withdrawn",))]
)
def test_a_category_does_not_undo_a_withdrawn_approval(held: Known) -> None:
    made = plan([record()], [held], {"tanaka": OLD})
    assert (made.changes, cases(made)) == ((), [("tanaka", "now_staff", "")])
    assert len(plan([record()], [held], {"tanaka": OLD}, "tanaka").changes) == 1
    decided = known(lacks=("approval_withdrawn",))
    assert plan([record()], [decided]).cases == ()


def test_who_has_no_usable_photo_leaves_a_plan_and_the_rest_stays() -> None:
    made = plan([record(), record("sato", "2")], [known("ito", "3")])
    left = without_photos(made, [OpenCase("sato", "2", "", "no_photo"), OpenCase("ito", "3", "", "no_photo")])
    assert words(left) == [("suspend", "ito", "left"), ("enrol", "tanaka", "joined")]


@pytest.mark.parametrize("broken", [{"faults": ("several_values",)}, {"category": "councillor"}])
def test_a_record_that_cannot_be_used_changes_nothing_about_the_person(broken: dict[str, Any]) -> None:
    made = plan([record(**broken)], [known()])
    assert not made.changes
    assert [case.reason for case in made.cases] == [broken.get("faults", ("category",))[0]]


def test_a_details_fault_is_an_open_case() -> None:
    ((login, reason, detail),) = cases(plan([record("Tanaka!")], []))
    assert (login, reason) == ("Tanaka!", "login")
    assert "is not a login name" in detail


def test_who_is_no_regular_member_of_staff_needs_an_approval_and_a_consent() -> None:
    temp = record(category="part-time")
    assert [case.reason for case in plan([temp], []).cases] == ["no_approval", "no_consent"]
    made = plan([temp], [nobody(lacks=("consent_over",))])
    assert (made.changes, cases(made)) == ((), [("tanaka", "consent_over", "")])
    (change,) = plan([temp], [nobody()]).changes
    assert (change.step, change.basis) == (Step.ENROL, Basis.CONSENT)


def test_who_changes_the_category_is_enrolled_anew_on_the_other_ground() -> None:
    made = plan([record(category="part-time")], [known()], {"tanaka": OLD})
    assert words(made) == [("renew", "tanaka", "basis")]
    assert (made.changes[0].basis, made.changes[0].same_photo) == (Basis.CONSENT, True)


def test_the_name_of_a_plan_is_that_of_exactly_its_changes() -> None:
    one, other = plan([record()], []), plan([record("sato", "2")], [])
    assert one.id == plan([record()], [known("mayor", "9")]).id
    assert one.id != other.id
    assert one.id != plan([record(revision=b"later")], []).id
    assert one.id != plan([record(number="000124")], []).id


def stopped(check: Any, made: Plan) -> str:
    with pytest.raises(NotAllowed) as refusal:
        check(made, Limits())
    return refusal.value.reason


def town(size: int) -> tuple[list[PersonnelRecord], list[Known]]:
    names = [(f"clerk{number}", f"{number}") for number in range(size)]
    return [record(*name) for name in names], [known(*name) for name in names]


def test_an_empty_or_shrunken_source_is_refused_whoever_approves() -> None:
    records, people = town(100)
    assert stopped(check_source, plan([], people)) == "source_empty"
    assert stopped(check_source, plan(records[:49], people)) == "source_truncated"
    check_source(plan(records[:50], people), Limits())


def test_a_department_is_not_erased_by_accident() -> None:
    records, people = town(100)
    check_limits(plan(records[10:], people), Limits())
    assert stopped(check_limits, plan(records[11:], people)) == "too_many_removals"
    records, people = town(3000)
    check_limits(plan(records[30:], people), Limits())
    assert stopped(check_limits, plan(records[31:], people)) == "too_many_removals"


def test_a_run_does_not_change_everybody() -> None:
    records, people = town(1000)
    changed = [replace(each, mail="new@example.jp") for each in records]
    check_limits(plan(changed[:50] + records[50:], people), Limits())
    assert stopped(check_limits, plan(changed[:51] + records[51:], people)) == "too_many_changes"


def test_the_first_run_is_confirmed() -> None:
    records, _people = town(3)
    assert stopped(check_limits, plan(records, [])) == "first_run"
    check_limits(plan([], []), Limits())


def test_a_change_shows_no_digest() -> None:
    shown = repr(Change(Step.ENROL, "tanaka", "joined", record(), photo=NEW))
    assert "photo'" not in shown
