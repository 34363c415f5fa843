"""`facectl consent`, `approval`, `suspend`, `resume` and `add`, at a real directory and a PC that joined."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from faced.directory.people import People, Person
from faced.enrolment.acts import Act, ActLog
from faced.enrolment.announcing import MOST_NAMED, naming
from faced.enrolment.eligibility import missing
from faced.enrolment.manifest import last_manifest, next_manifest
from faced.errors import NotAllowed, NotInDirectory
from faced.trust.consent import Consent, issue_consent
from faced.trust.realm import Role
from faced.trust.sealed import NO_PROVENANCE, Basis, Provenance
from faced.trust.statement import Kind
from tests.cli.conftest import NOW, Office
from tests.cli.test_handler import appointed, dismiss, own
from tests.cli.year import Pc, as_role, enrol, go_to, role_key

WHY = ("--reason", "application 2026-77")
GIVEN = ("--given", "2026-10-12")
DAY = 86_400


@pytest.fixture
def staffed(founded: Office) -> Office:
    """Tanaka, of the regular staff, is enrolled; Ueda, a part-timer, has an entry."""
    enrol(founded, "tanaka")
    added = founded.json("add", "ueda", "--staff-number", "P-77", "--name", "上田 花子", *WHY)
    assert added == {"login": "ueda", "staff_number": "P-77", "groups": ["default"], "dry_run": False}
    return founded


@pytest.fixture
def enrolled(staffed: Office) -> Office:
    """Ueda is enrolled, with an approval and a consent."""
    allow(staffed)
    enrol(staffed, "ueda", provenance=Provenance(basis=Basis.CONSENT))
    return staffed


@pytest.fixture
def pc(enrolled: Office) -> Pc:
    made = Pc(enrolled, "pc-1")
    assert made.refusal("ueda") == made.refusal("tanaka") == ""
    return made


def allow(office: Office, login: str = "ueda") -> None:
    office.json("consent", "record", login, *GIVEN, *WHY)
    office.json("approval", "record", login, "--decision", "R8-77", *WHY)


def person(office: Office, login: str = "ueda") -> Person:
    with office.slapd.admin() as admin:
        return People(admin, office.slapd.tree).find(login)


def lacks(office: Office, basis: Basis = Basis.CONSENT) -> tuple[str, ...]:
    return missing(person(office), basis, office.station.verifier(office.now))


def records(office: Office, act: Act) -> list[tuple[str, str, str, str]]:
    found = [record for record in ActLog(office.station_path).read() if record.act is act]
    return [(record.subject, record.reason, record.decision, record.outcome) for record in found]


# --- Recording.


def test_a_consent_says_when_and_until_when_and_the_paper_is_on_record(staffed: Office) -> None:
    answer = staffed.json("consent", "record", "ueda", *GIVEN, *WHY, "--form", "77")
    assert answer == {"login": "ueda", "given": "2026-10-12", "until": "2027-03-31", "serial": NOW, "dry_run": False}
    assert staffed.json("consent", "show", "ueda") == {
        "login": "ueda",
        "name": "上田 花子",
        "state": "in_force",
        "given": "2026-10-12",
        "withdrawn": None,
        "until": "2027-03-31",
        "serial": NOW,
    }
    assert [one["login"] for one in staffed.json("consent", "list")] == ["ueda"]
    assert staffed.json("consent", "list", "--state", "withdrawn") == []
    assert records(staffed, Act.RECORD_CONSENT) == [
        ("ueda", WHY[1], "77", "begun"),
        ("ueda", WHY[1], "77", "done"),
    ]
    consent = person(staffed).face.consent
    assert consent is not None
    assert b"application" not in consent


def test_an_approval_leads_to_the_decision(staffed: Office) -> None:
    until = ("--until", "2026-12-31")
    answer = staffed.json("approval", "record", "ueda", "--decision", "R8-77", *until, *WHY)
    assert answer == {"login": "ueda", "decision": "R8-77", "until": "2026-12-31", "serial": NOW, "dry_run": False}
    shown = staffed.json("approval", "show", "ueda")
    assert (shown["state"], shown["decision"], shown["until"]) == ("in_force", "R8-77", "2026-12-31")
    assert records(staffed, Act.RECORD_APPROVAL)[1] == ("ueda", WHY[1], "R8-77", "done")


@pytest.mark.parametrize(
    ("command", "options", "status"),
    [
        ("consent", (), 2),
        ("consent", ("--given", "yesterday"), 2),
        ("consent", ("--given", "2026-10-16"), 9),
        ("consent", (*GIVEN, "--until", "2026-10-14"), 9),
        ("consent", (*GIVEN, "--until", "2027-04-01"), 9),
        ("approval", (), 2),
        ("approval", ("--decision", " "), 9),
        ("approval", ("--decision", "x" * 61), 9),
        ("approval", ("--decision", "R8-1\n"), 9),
        ("approval", ("--decision", "R8-1", "--until", "2027-04-01"), 9),
    ],
)
def test_what_would_not_hold_is_not_recorded(
    staffed: Office, command: str, options: tuple[str, ...], status: int
) -> None:
    assert staffed.facectl(command, "record", "ueda", *options, *WHY).exit_code == status
    assert person(staffed).face == person(staffed, "ueda").face
    assert (person(staffed).face.consent, person(staffed).face.approval) == (None, None)


def test_from_the_fortnight_before_on_it_can_be_for_the_next_year(staffed: Office) -> None:
    go_to(staffed, "2027-03-17")
    until = ("--until", "2028-03-31")
    assert staffed.facectl("consent", "record", "ueda", *GIVEN, *until, *WHY).exit_code == 9
    go_to(staffed, "2027-03-18")
    assert staffed.json("consent", "record", "ueda", *GIVEN, *until, *WHY)["until"] == "2028-03-31"


@pytest.mark.parametrize(
    "arguments",
    [
        ("consent", "record", "ueda", *GIVEN),
        ("consent", "withdraw", "ueda"),
        ("approval", "record", "ueda", "--decision", "R8-77"),
        ("approval", "withdraw", "ueda"),
        ("suspend", "ueda"),
        ("resume", "ueda"),
        ("add", "sato", "--staff-number", "1", "--name", "佐藤"),
    ],
)
def test_a_dry_run_says_what_it_would_do_and_does_nothing(staffed: Office, arguments: tuple[str, ...]) -> None:
    before, manifest = person(staffed), staffed.station.manifest
    lines = (staffed.station_path / "acts").read_bytes()
    assert staffed.json(*arguments, *WHY, "--dry-run")["dry_run"] is True
    assert "Would" in staffed.facectl(*arguments, *WHY, "--dry-run").output
    assert (person(staffed), staffed.station.manifest) == (before, manifest)
    assert (staffed.station_path / "acts").read_bytes() == lines
    with staffed.slapd.admin() as admin:
        assert {one.login for one in People(admin, staffed.slapd.tree).all()} == {"tanaka", "ueda"}


def test_nobody_is_added_twice_or_under_a_colleagues_number(staffed: Office) -> None:
    for login, number, status in (("ueda", "P-77", 5), ("sato", "N-tanaka", 5), ("Sato", "9", 5)):
        done = staffed.facectl("add", login, "--staff-number", number, "--name", "x", *WHY)
        assert done.exit_code == status, done.output


# --- Who may be enrolled.


def test_by_consent_only_who_has_both_is_enrolled(staffed: Office, tmp_path: Path) -> None:
    """Refused before the photo is looked at: there is none."""
    photo = ("--photo", tmp_path / "none.jpg", "--basis", "consent", *WHY)

    def refusal() -> str:
        done = staffed.facectl("enroll", "ueda", *photo)
        assert done.exit_code in (7, 9)
        return str(done.output)

    assert lacks(staffed) == ("no_consent", "no_approval")
    assert "facectl consent record ueda" in refusal()
    staffed.json("consent", "record", "ueda", *GIVEN, *WHY)
    assert lacks(staffed) == ("no_approval",)
    assert "facectl approval record ueda" in refusal()
    staffed.json("approval", "record", "ueda", "--decision", "R8-77", *WHY)
    assert lacks(staffed) == ()
    assert "none.jpg" in refusal()
    staffed.json("suspend", "ueda", *WHY)
    assert lacks(staffed) == lacks(staffed, Basis.STAFF) == ("suspended",)
    assert "facectl resume ueda" in refusal()
    staffed.json("resume", "ueda", *WHY)
    go_to(staffed, "2027-04-01")
    assert lacks(staffed) == ("consent_over", "approval_over")


def test_the_register_refuses_too_whoever_asks_it(staffed: Office) -> None:
    with pytest.raises(NotAllowed) as refused:
        enrol(staffed, "ueda", provenance=Provenance(basis=Basis.CONSENT))
    assert refused.value.reason == "no_consent"
    with pytest.raises(NotAllowed):
        enrol(staffed, "nobody", provenance=Provenance(basis=Basis.CONSENT))
    staffed.json("consent", "withdraw", "ueda", *WHY, "--yes")
    with pytest.raises(NotAllowed) as refused:
        enrol(staffed, "ueda", provenance=NO_PROVENANCE)
    assert refused.value.reason == "consent_withdrawn"


def test_what_somebody_rests_on_is_shown(enrolled: Office) -> None:
    shown = {login: enrolled.json("show", login) for login in ("tanaka", "ueda")}
    assert {login: (facts["basis"], facts["state"]) for login, facts in shown.items()} == {
        "tanaka": ("staff", "enrolled"),
        "ueda": ("consent", "enrolled"),
    }
    enrolled.json("approval", "withdraw", "ueda", *WHY)
    assert enrolled.json("show", "ueda")["state"] == "approval_withdrawn"
    assert "approval withdrawn" in enrolled.facectl("show", "ueda").output
    assert [one["login"] for one in enrolled.json("list", "--state", "approval_withdrawn")] == ["ueda"]


# --- Taking back.


def test_a_withdrawn_consent_stops_and_erases_and_stays_on_record(enrolled: Office, pc: Pc) -> None:
    answer = enrolled.json("consent", "withdraw", "ueda", *WHY, "--yes")
    assert (answer["announced"], answer["erased"], answer["to_do"]) == (True, True, [])
    face = person(enrolled).face
    assert (face.template, face.template_keys) == (None, ())
    assert face.tombstone is not None
    assert pc.refusal("ueda") == "consent_withdrawn"
    shown = enrolled.json("consent", "show", "ueda")
    assert (shown["state"], shown["given"], shown["withdrawn"]) == ("withdrawn", "2026-10-12", "2026-10-15")
    assert records(enrolled, Act.ERASE)[-1] == ("ueda", WHY[1], "", "done")
    assert pc.refusal("tanaka") == ""


def test_who_does_not_revoke_stops_it_and_says_who_erases(enrolled: Office, pc: Pc) -> None:
    appointed(enrolled, "kato", "approve")
    acting = ("--handler", "kato", "--passphrase-file", own(enrolled, "kato"))
    answer = enrolled.json("consent", "withdraw", "ueda", *WHY, "--yes", *acting)
    # The only key that issues manifests here has suzuki's passphrase.
    assert (answer["announced"], answer["erased"], answer["to_do"]) == (False, False, ["facectl erase ueda"])
    assert pc.refusal("ueda") == "consent_withdrawn"
    assert person(enrolled).face.template is not None
    # What the work list shows, and what ends it.
    assert lacks(enrolled, Basis.STAFF) == ("consent_withdrawn",)
    assert enrolled.facectl("erase", "ueda", *WHY, "--yes").exit_code == 0
    assert person(enrolled).face.template is None


def test_without_a_yes_nothing_is_withdrawn(enrolled: Office) -> None:
    before = person(enrolled)
    assert enrolled.facectl("consent", "withdraw", "ueda", *WHY, input="n\n").exit_code == 1
    assert person(enrolled) == before


def test_a_regular_member_of_staff_can_say_no_and_yes_again(enrolled: Office, pc: Pc) -> None:
    enrolled.json("consent", "withdraw", "tanaka", *WHY, "--yes")
    assert pc.refusal("tanaka") == "consent_withdrawn"
    enrolled.now += 60
    enrolled.json("consent", "record", "tanaka", "--given", "2026-10-15", *WHY)
    enrol(enrolled, "tanaka")
    assert pc.refusal("tanaka") == ""


def test_a_withdrawn_approval_stops_and_a_new_one_lets_in_again(enrolled: Office, pc: Pc) -> None:
    enrolled.json("approval", "withdraw", "ueda", *WHY)
    assert pc.refusal("ueda") == "approval_withdrawn"
    assert enrolled.json("approval", "show", "ueda")["decision"] == "R8-77"
    enrolled.json("approval", "record", "ueda", "--decision", "R8-90", *WHY)
    assert pc.refusal("ueda") == ""


def test_a_suspension_is_lifted_by_a_newer_word_within_the_same_second(enrolled: Office, pc: Pc) -> None:
    answer = enrolled.json("suspend", "ueda", "--cause", "leave", *WHY)
    assert answer == {
        "login": "ueda",
        "suspended": True,
        "cause": "leave",
        "serial": NOW,
        "announced": True,
        "dry_run": False,
    }
    assert pc.refusal("ueda") == "suspended"
    assert enrolled.json("show", "ueda")["state"] == "suspended"
    enrolled.json("resume", "ueda", *WHY)
    assert pc.refusal("ueda") == ""
    enrolled.json("suspend", "ueda", *WHY)
    assert pc.refusal("ueda") == "suspended"
    assert records(enrolled, Act.SUSPEND)[1] == ("ueda", WHY[1], "", "done")


def test_a_suspension_that_the_directory_loses_is_lifted_all_the_same(enrolled: Office, pc: Pc) -> None:
    enrolled.json("suspend", "ueda", *WHY)
    with enrolled.slapd.admin() as admin:
        admin.modify(enrolled.slapd.tree.person("ueda"), replace={"facedSuspension": []})
    assert pc.refusal("ueda") == "suspended"
    enrolled.json("resume", "ueda", *WHY)
    assert pc.refusal("ueda") == ""


def test_a_station_without_the_manifests_key_says_when_it_counts(enrolled: Office, pc: Pc) -> None:
    (enrolled.station_path / "keys" / "suzuki.manifest.key").unlink()
    done = enrolled.facectl("suspend", "ueda", *WHY)
    assert done.exit_code == 0
    assert "next refresh" in done.output
    assert pc.refusal("ueda") == "suspended"


def test_the_enrolling_role_suspends_too(enrolled: Office, pc: Pc) -> None:
    appointed(enrolled, "mori", "enrol", "manifest")
    acting = ("--handler", "mori", "--passphrase-file", own(enrolled, "mori"))
    assert enrolled.json("suspend", "ueda", *WHY, *acting)["announced"] is True
    assert pc.refusal("ueda") == "suspended"


def test_who_has_not_the_passphrase_says_nothing_about_anybody(enrolled: Office) -> None:
    before, wrong = person(enrolled), enrolled.secret("wrong", "not the passphrase")
    for command in (
        ("consent", "withdraw", "ueda", "--yes"),
        ("consent", "record", "ueda", *GIVEN),
        ("approval", "withdraw", "ueda"),
        ("suspend", "ueda"),
        ("resume", "ueda"),
    ):
        assert enrolled.facectl(*command, *WHY, "--passphrase-file", wrong).exit_code == 6
    assert person(enrolled) == before


# --- The manifest.


def test_a_pc_that_gets_the_manifest_alone_refuses(enrolled: Office, pc: Pc) -> None:
    """What the poll brings, while the entry in its cache is of yesterday."""
    cached = pc.bundle("ueda")
    enrolled.json("suspend", "ueda", *WHY)
    news = dataclasses.replace(cached, manifest=pc.bundle("ueda").manifest)
    assert pc.refusal("ueda", news) == "suspended"
    assert pc.refusal("ueda", cached) == "older_serial", "no PC takes the old manifest back either"


def test_the_manifest_names_a_word_for_a_fortnight(enrolled: Office) -> None:
    enrolled.json("suspend", "ueda", *WHY)
    manifest = last_manifest(enrolled.station)
    assert manifest.words_against == {Kind.SUSPENSION: {"ueda": NOW}}
    assert next_manifest(manifest, NOW + 14 * DAY).words_against == {Kind.SUSPENSION: {"ueda": NOW}}
    later = next_manifest(manifest, NOW + 14 * DAY + 1)
    assert later.words_against == {Kind.SUSPENSION: {}}
    assert "words_against" not in later.body()


def test_the_manifest_stays_small_on_the_last_day_of_march(enrolled: Office) -> None:
    manifest = last_manifest(enrolled.station)
    leavers = {f"leaver-{number:026}": NOW + number for number in range(MOST_NAMED + 50)}
    for kind in (Kind.SUSPENSION, Kind.CONSENT):
        manifest = naming(manifest, kind, leavers)
    assert set(manifest.words_against[Kind.CONSENT].values()) == set(range(NOW + 50, NOW + MOST_NAMED + 50))
    signed = enrolled.station.realm.issue_manifest(role_key(enrolled, Role.MANIFEST).sign, manifest)
    assert len(signed) < 18 * 1024


@pytest.mark.parametrize("role", [Role.ENROL, Role.REVOKE, Role.MANIFEST])
def test_nobody_but_the_approver_records_a_consent(enrolled: Office, pc: Pc, role: Role) -> None:
    """Not through the directory's rules, and not believed when its administrator puts it in."""
    own_key, verifier = role_key(enrolled, role), enrolled.station.verifier(enrolled.now)
    forged = issue_consent(
        verifier.realm, own_key.sign, Consent("ueda", enrolled.now + 1, NOW, enrolled.now, NOW + 9 * DAY)
    )
    with as_role(enrolled, role) as connection, pytest.raises((NotAllowed, NotInDirectory)):
        People(connection, enrolled.slapd.tree).consent("ueda", forged)
    with enrolled.slapd.admin() as admin:
        People(admin, enrolled.slapd.tree).consent("ueda", forged)
    assert pc.refusal("ueda") == "issuer_lacks_role"


def test_what_a_leaked_key_said_about_people_is_counted_and_a_suspension_still_stops(enrolled: Office, pc: Pc) -> None:
    appointed(enrolled, "mori", "enrol", "approve", "revoke", "manifest")
    acting = ("--handler", "mori", "--passphrase-file", own(enrolled, "mori"))
    enrolled.now += 60
    enrolled.json("consent", "record", "ueda", *GIVEN, *WHY, *acting)
    enrolled.json("suspend", "tanaka", *WHY, *acting)
    assert (pc.refusal("ueda"), pc.refusal("tanaka")) == ("", "suspended")
    enrolled.now += 60
    gone = dismiss(enrolled, "mori", "--leaked", "--json")
    assert json.loads(gone.stdout)["signed"]["permissions"] == ["tanaka", "ueda"]
    fresh = Pc(enrolled, "pc-2")
    assert (fresh.refusal("ueda"), fresh.refusal("tanaka")) == ("issuer_revoked", "suspended")
    for command in (("consent", "record", "ueda", *GIVEN), ("resume", "tanaka")):
        enrolled.json(*command, *WHY)
    assert [one.refusal(login) for one in (pc, fresh) for login in ("ueda", "tanaka")] == [""] * 4
