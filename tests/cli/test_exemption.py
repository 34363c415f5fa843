"""`facectl exemption`, at a real directory."""

from __future__ import annotations

import pytest

from faced.directory.people import People
from faced.directory.tree import RoleAccount
from faced.enrolment.acts import Act, ActLog
from faced.trust.realm import Role
from tests.cli.conftest import NOW, ROLE_PASSPHRASE, Office

DAY = 86_400
UNTIL = ("--until", "2027-03-31")
WHY = ("--reason", "decided by the health section, file 12")


@pytest.fixture
def staffed(founded: Office) -> Office:
    """Sato and Tanaka have templates, Ueda only an entry."""
    password = founded.station.role(Role.ENROL, lambda _name: ROLE_PASSPHRASE.encode()).password
    tree = founded.slapd.tree
    with founded.slapd.connector(tree.role(RoleAccount.ENROL), password).connect() as connection:
        people = People(connection, tree)
        for login in ("sato", "tanaka"):
            people.add(login, staff_number=f"N-{login}", name=f"氏名 {login}", mail="", groups=["default"])
            people.enrol(login, b"template", [b"key"], ["default"])
    with founded.slapd.admin() as admin:
        People(admin, tree).add("ueda", staff_number="7", name="上田", mail="", groups=[])
    return founded


def held(office: Office, login: str) -> bytes | None:
    with office.slapd.admin() as admin:
        return People(admin, office.slapd.tree).find(login).face.exemption


def grant(office: Office, login: str, *actions: str) -> None:
    options = [word for action in actions for word in ("--without", action)]
    result = office.facectl("exemption", "grant", login, *options, *UNTIL, *WHY)
    assert result.exit_code == 0, result.output


def test_what_is_granted_is_in_the_directory_and_on_record(staffed: Office) -> None:
    options = ("--without", "blink_twice", "--without", "look_up")
    answer = staffed.json("exemption", "grant", "sato", *options, *UNTIL, *WHY)
    assert answer == {
        "login": "sato",
        "without": ["blink_twice", "look_up"],
        "instead": None,
        "until": "2027-03-31",
        "serial": NOW,
        "dry_run": False,
    }
    shown = staffed.json("exemption", "show", "sato")
    assert (shown["state"], shown["without"], shown["until"]) == ("in_force", ["blink_twice", "look_up"], "2027-03-31")
    records = [record for record in ActLog(staffed.station_path).read() if record.act is Act.GRANT_EXEMPTION]
    assert [(record.subject, record.reason, record.outcome) for record in records] == [
        ("sato", WHY[1], "begun"),
        ("sato", WHY[1], "done"),
    ]
    exemption = held(staffed, "sato")
    assert exemption is not None
    assert b"health section" not in exemption


def test_a_withdrawal_is_a_newer_statement_and_not_a_gap(staffed: Office) -> None:
    grant(staffed, "sato", "look_up")
    granted = held(staffed, "sato")
    result = staffed.facectl("exemption", "withdraw", "sato", "--reason", "no longer needed")
    assert result.exit_code == 0, result.output
    shown = staffed.json("exemption", "show", "sato")
    assert (shown["state"], shown["without"], shown["until"]) == ("withdrawn", [], None)
    assert shown["serial"] > NOW
    assert held(staffed, "sato") not in (None, granted)
    acts = [(record.act, record.outcome) for record in ActLog(staffed.station_path).read()]
    assert acts[-2:] == [(Act.WITHDRAW_EXEMPTION, "begun"), (Act.WITHDRAW_EXEMPTION, "done")]


def test_everybody_who_has_one_is_listed(staffed: Office) -> None:
    assert staffed.json("exemption", "show") == []
    grant(staffed, "tanaka", "open_mouth")
    grant(staffed, "sato", "look_up")
    staffed.facectl("exemption", "withdraw", "sato", *WHY)
    assert [(entry["login"], entry["state"]) for entry in staffed.json("exemption", "show")] == [
        ("sato", "withdrawn"),
        ("tanaka", "in_force"),
    ]
    text = staffed.facectl("exemption", "show").output
    assert "氏名 tanaka" in text
    assert "2 exemptions, 1 of them in force" in text


def test_one_person_is_shown_in_words(staffed: Office) -> None:
    grant(staffed, "sato", "look_up", "look_down")
    text = staffed.facectl("exemption", "show", "sato").output
    assert "look_down, look_up" in text
    assert "in force" in text
    assert staffed.json("exemption", "show", "tanaka")["state"] == "none"


def test_an_exemption_moved_to_another_entry_is_shown_as_somebody_elses(staffed: Office) -> None:
    grant(staffed, "sato", "look_up")
    moved = held(staffed, "sato")
    assert moved is not None
    with staffed.slapd.admin() as admin:
        People(admin, staffed.slapd.tree).exempt("tanaka", moved)
    assert staffed.json("exemption", "show", "tanaka")["state"] == "wrong_person"
    assert "not valid (wrong_person)" in staffed.facectl("exemption", "show", "tanaka").output


def test_a_dry_run_says_what_would_be_and_writes_nothing(staffed: Office) -> None:
    before = (staffed.station_path / "acts").exists()
    options = ("--without", "look_up", *UNTIL, *WHY, "--dry-run")
    result = staffed.facectl("exemption", "grant", "sato", *options)
    assert result.exit_code == 0
    assert "Would not ask sato (氏名 sato) for look_up until 2027-03-31." in result.output
    assert staffed.json("exemption", "grant", "sato", *options)["serial"] is None
    assert staffed.facectl("exemption", "withdraw", "sato", *WHY, "--dry-run").exit_code == 0
    assert held(staffed, "sato") is None
    assert (staffed.station_path / "acts").exists() is before


@pytest.mark.parametrize(
    ("options", "status"),
    [
        (("--without", "look_up", *WHY), 2),
        (("--without", "look_up", *UNTIL), 2),
        ((*UNTIL, *WHY), 2),
        (("--without", "liveness", *UNTIL, *WHY), 2),
        (("--without", "look_up", "--instead", "token", *UNTIL, *WHY), 2),
        (("--instead", "", *UNTIL, *WHY), 2),
        (("--instead", "Two words", *UNTIL, *WHY), 9),
        (("--instead", "token", "--until", "2026-10-14", *WHY), 9),
        (("--instead", "token", "--until", "2027-10-16", *WHY), 9),
        (("--without", "look_up", "--until", "soon", *WHY), 2),
        (("--without", "look_up", *UNTIL, "--reason", " "), 2),
        (("--without", "look_up", "--until", "2026-10-14", *WHY), 9),
        (("--without", "look_up", "--until", "2027-10-16", *WHY), 9),
        (tuple(word for way in ("turn_left", "turn_right", "look_up", "look_down") for word in ("--without", way))
         + (*UNTIL, *WHY), 9),
    ],
)  # fmt: skip
def test_what_would_be_no_exemption_is_refused(staffed: Office, options: tuple[str, ...], status: int) -> None:
    assert staffed.facectl("exemption", "grant", "sato", *options).exit_code == status
    assert held(staffed, "sato") is None


def test_a_year_to_the_day_can_be_granted(staffed: Office) -> None:
    until = ("--until", "2027-10-15")
    assert staffed.facectl("exemption", "grant", "sato", "--without", "look_up", *until, *WHY).exit_code == 0


@pytest.mark.parametrize("login", ["nobody", "SATO", "*", "ueda"])
def test_only_who_is_enrolled_is_exempted(staffed: Office, login: str) -> None:
    assert staffed.facectl("exemption", "grant", login, "--without", "look_up", *UNTIL, *WHY).exit_code == 5


def test_who_has_not_the_approvers_passphrase_exempts_nobody(staffed: Office) -> None:
    wrong = staffed.secret("wrong", "not the passphrase")
    options = ("--without", "look_up", *UNTIL, *WHY, "--passphrase-file", wrong)
    assert staffed.facectl("exemption", "grant", "sato", *options).exit_code == 6
    assert held(staffed, "sato") is None


def test_an_exemption_that_the_record_cannot_hold_is_not_granted(staffed: Office) -> None:
    (staffed.station_path / "acts").unlink(missing_ok=True)
    (staffed.station_path / "acts").mkdir()
    assert staffed.facectl("exemption", "grant", "sato", "--without", "look_up", *UNTIL, *WHY).exit_code == 10
    assert held(staffed, "sato") is None


def test_after_its_last_day_it_is_over(staffed: Office) -> None:
    grant(staffed, "sato", "look_up")
    staffed.now = NOW + 170 * DAY
    staffed.facectl("realm", "manifest")
    assert staffed.json("exemption", "show", "sato")["state"] == "expired"


def test_erasing_the_face_takes_the_exemption_away(staffed: Office) -> None:
    grant(staffed, "sato", "look_up")
    assert staffed.facectl("erase", "sato", "--reason", "left the office", "--yes").exit_code == 0
    assert held(staffed, "sato") is None


TOKEN = ("--instead", "token", *UNTIL, *WHY, "--decision", "R8-21")


def test_another_factor_in_place_of_the_face_is_in_the_directory_and_on_record(staffed: Office) -> None:
    answer = staffed.json("exemption", "grant", "sato", *TOKEN)
    assert answer == {
        "login": "sato",
        "without": [],
        "instead": "token",
        "until": "2027-03-31",
        "serial": NOW,
        "dry_run": False,
    }
    shown = staffed.json("exemption", "show", "sato")
    assert (shown["state"], shown["instead"], shown["until"]) == ("in_force", "token", "2027-03-31")
    assert "the face (token instead)" in staffed.facectl("exemption", "show", "sato").output
    assert "the face (token instead)" in staffed.facectl("exemption", "show").output
    records = [record for record in ActLog(staffed.station_path).read() if record.act is Act.GRANT_OTHER_FACTOR]
    assert [(record.subject, record.decision, record.outcome) for record in records] == [
        ("sato", "R8-21", "begun"),
        ("sato", "R8-21", "done"),
    ]
    assert staffed.facectl("exemption", "withdraw", "sato", *WHY).exit_code == 0
    shown = staffed.json("exemption", "show", "sato")
    assert (shown["state"], shown["instead"], shown["until"]) == ("withdrawn", None, None)


def test_somebody_who_was_never_enrolled_can_show_another_factor_and_gets_a_key_group_for_it(staffed: Office) -> None:
    assert staffed.facectl("exemption", "grant", "ueda", *TOKEN, "--dry-run").exit_code == 0
    with staffed.slapd.admin() as admin:
        people = People(admin, staffed.slapd.tree)
        assert people.find("ueda").groups == ()
        assert staffed.facectl("exemption", "grant", "ueda", *TOKEN).exit_code == 0
        entry = people.find("ueda")
    assert (entry.groups, entry.face.template) == (("default",), None)
    assert staffed.json("exemption", "show", "ueda")["state"] == "in_force"
    assert staffed.facectl("exemption", "grant", "ueda", *TOKEN).exit_code == 0, "again, with the group that is there"


def test_in_words_before_and_after(staffed: Office) -> None:
    before = staffed.facectl("exemption", "grant", "sato", *TOKEN, "--dry-run").output
    assert "Would let sato (氏名 sato) in with the password and token instead of the face until 2027-03-31." in before
    assert held(staffed, "sato") is None
    after = staffed.facectl("exemption", "grant", "sato", *TOKEN).output
    assert "sato (氏名 sato) is let in with the password and token instead of the face until 2027-03-31." in after
