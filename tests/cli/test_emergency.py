"""`facectl emergency`, at a real directory."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from faced.directory.hosts import Hosts
from faced.directory.people import People
from faced.directory.tree import RoleAccount
from faced.enrolment.acts import ActLog
from faced.enrolment.station import Station
from faced.trust.emergency import Grant, check_grant
from faced.trust.emergency_code import check_code
from faced.trust.host import issue_host
from faced.trust.keys import HostKeys
from faced.trust.realm import Role
from tests.cli.conftest import NOW, ROLE_PASSPHRASE, Office

HOUR = 3600
WHY = ("--reason", "the camera is broken, asked for in person")
PC = HostKeys.generate("pc-1", 2026)


def key_of(station: Station, role: Role) -> Any:
    return station.role(role, lambda _name: ROLE_PASSPHRASE.encode())


@pytest.fixture
def staffed(founded: Office) -> Office:
    """Sato is enrolled; Ueda joined today and has a plain entry; pc-1 is approved, pc-2 is of the finance section."""
    tree, station = founded.slapd.tree, founded.station
    enrol = key_of(station, Role.ENROL)
    with founded.slapd.connector(tree.role(RoleAccount.ENROL), enrol.password).connect() as connection:
        people = People(connection, tree)
        people.add("sato", staff_number="1", name="佐藤", mail="", groups=["default"])
        people.enrol("sato", b"template", [b"key"], ["default"])
    with founded.slapd.admin() as admin:
        admin.add(tree.person("ueda"), ["inetOrgPerson"], {"cn": ["上田".encode()], "sn": ["上田".encode()]})
    operate = key_of(station, Role.OPERATE)
    statement = issue_host(
        station.realm,
        operate.sign,
        name="pc-1",
        box=bytes(PC.boxes[2026].public_key),
        sign=bytes(PC.sign.verify_key),
        epoch=2026,
        groups={},
        now=founded.now,
        expires=founded.now + 100 * 24 * HOUR,
    )
    with founded.slapd.connector(tree.role(RoleAccount.OPERATE), operate.password).connect() as connection:
        Hosts(connection, tree).add("pc-1", "x", ["default"], statement)
        Hosts(connection, tree).add("pc-2", "x", ["finance"])
    return founded


def granted(office: Office, login: str, *, host: str = "pc-1", spent: int = 0) -> Grant:
    """What that PC would make of the entry."""
    with office.slapd.admin() as admin:
        emergency = People(admin, office.slapd.tree).face(login).emergency
    assert emergency is not None
    return check_grant(office.station.verifier(office.now), login, host, emergency, spent=spent)


def acts(office: Office) -> list[tuple[str, str, str, str]]:
    found = [
        (record.act.value, record.subject, record.reason, record.outcome)
        for record in ActLog(office.station_path).read()
    ]
    return [act for act in found if "emergency" in act[0]]


def table(office: Office, *lines: str) -> Path:
    path = office.folder / "joiners.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_grant_is_what_the_pc_believes_and_its_reason_stays_here(staffed: Office) -> None:
    answer = staffed.json("emergency", "grant", "sato", "--host", "pc-1", "--hours", 2, *WHY)
    assert (answer["host"], answer["serial"], answer["dry_run"]) == ("pc-1", NOW, False)
    assert granted(staffed, "sato") == Grant("sato", "pc-1", NOW, NOW + 2 * HOUR)
    assert acts(staffed) == [
        ("grant_emergency", "sato", WHY[1], "begun"),
        ("grant_emergency", "sato", WHY[1], "done"),
    ]
    (entry,) = staffed.json("emergency", "list")
    assert (entry["login"], entry["host"], entry["state"]) == ("sato", "pc-1", "in_force")
    assert "1 grants, 1 of them in force" in staffed.facectl("emergency", "list").output


def test_a_joiner_without_a_template_is_seen_by_the_pc(staffed: Office) -> None:
    staffed.json("emergency", "grant", "ueda", "--host", "pc-1", *WHY)
    assert granted(staffed, "ueda").host == "pc-1"
    with staffed.slapd.admin() as admin:
        assert People(admin, staffed.slapd.tree).find("ueda").groups == ("default",)
    staffed.now += 1
    staffed.json("emergency", "grant", "ueda", "--any-host", *WHY)
    assert granted(staffed, "ueda", host="pc-9").serial == NOW + 1


def test_a_withdrawal_is_newer_and_grants_nothing(staffed: Office) -> None:
    staffed.json("emergency", "grant", "sato", "--host", "pc-1", *WHY)
    assert "is taken back" in staffed.facectl("emergency", "withdraw", "sato", *WHY).output
    assert granted(staffed, "sato").withdrawn
    assert granted(staffed, "sato").serial == NOW + 1
    assert staffed.json("emergency", "list")[0]["state"] == "withdrawn"
    assert acts(staffed)[-1][0] == "withdraw_emergency"


@pytest.mark.parametrize(
    ("options", "exit_code", "says"),
    [
        (("sato", "--host", "pc-9"), 5, "pc-9"),
        (("sato", "--host", "pc-2"), 9, "key groups"),
        (("sato", "--host", "pc-1", "--hours", "73"), 9, "72"),
        (("sato", "--host", "pc-1", "--hours", "0"), 9, "72"),
        (("nobody", "--host", "pc-1"), 5, ""),
        (("sato",), 2, "--any-host"),
        (("sato", "--host", "pc-1", "--any-host"), 2, "--any-host"),
        ((), 2, "--from"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_written(
    staffed: Office, options: tuple[str, ...], exit_code: int, says: str
) -> None:
    result = staffed.facectl("emergency", "grant", *options, *WHY)
    assert result.exit_code == exit_code, result.output
    assert says in result.output
    assert staffed.json("emergency", "list") == []
    assert acts(staffed) == []


def test_a_list_is_planned_then_granted_and_can_be_run_again(staffed: Office) -> None:
    joiners = table(staffed, "login,host,hours", "sato,,", "ueda,pc-1,4")
    dry = staffed.facectl("emergency", "grant", "--from", joiners, "--host", "pc-1", "--dry-run", *WHY)
    assert "2 people are to be let in once, 0 have a grant already." in dry.output
    assert staffed.json("emergency", "list") == []
    result = staffed.facectl("emergency", "grant", "--from", joiners, "--host", "pc-1", "--yes", *WHY)
    assert result.exit_code == 0 and "2 people are let in once." in result.output
    assert granted(staffed, "ueda").expires == NOW + 4 * HOUR
    assert [act[1] for act in acts(staffed)] == ["sato", "sato", "ueda", "ueda"]
    again = staffed.json("emergency", "grant", "--from", joiners, "--host", "pc-1", "--yes", *WHY)
    assert (again["granted"], again["kept"]) == ([], ["sato", "ueda"])


def test_without_a_yes_nobody_on_a_list_is_let_in(staffed: Office) -> None:
    result = staffed.facectl("emergency", "grant", "--from", table(staffed, "login", "sato"), "--any-host", *WHY)
    assert result.exit_code == 1
    assert acts(staffed) == []


def test_one_line_that_does_not_hold_stops_the_whole_list(staffed: Office) -> None:
    joiners = table(staffed, "login,host", "sato,pc-1", "nobody,pc-1", "ueda,pc-9")
    result = staffed.facectl("emergency", "grant", "--from", joiners, "--yes", *WHY)
    assert result.exit_code == 1
    assert "nobody: " in result.output and "ueda: " in result.output and "2 lines do not hold" in result.output
    assert acts(staffed) == []


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (("name", "sato"), "columns"),
        (("login,section", "sato,tax"), "columns"),
        (("login,host", "sato,pc-1", "sato,pc-1"), "line 3"),
        (("login,host", "sa to,pc-1"), "sa to"),
        (("login,hours", "sato,many"), "line 2"),
        (("login,host", "sato,"), "--any-host"),
        (("login", "sato,x,y"), "line 2"),
    ],
)
def test_a_table_that_is_none_names_the_line(staffed: Office, lines: tuple[str, ...], says: str) -> None:
    result = staffed.facectl("emergency", "grant", "--from", table(staffed, *lines), *WHY)
    assert result.exit_code in (5, 10)
    assert says in result.output


def test_a_code_is_the_one_that_the_pc_takes_and_is_on_record_first(staffed: Office) -> None:
    result = staffed.facectl("emergency", "code", "sato", "pc-1", *WHY)
    found = re.search(r": (\d{4}) (\d{4})$", result.output.strip())
    assert found, result.output
    digits = found[1] + found[2]
    assert check_code(staffed.station.verifier(staffed.now), PC, "sato", digits, spent=0) == NOW // 900
    assert acts(staffed) == [
        ("emergency_code", "sato@pc-1", WHY[1], "begun"),
        ("emergency_code", "sato@pc-1", WHY[1], "done"),
    ]
    assert digits not in (staffed.station_path / "acts").read_text()
    assert staffed.json("emergency", "code", "sato", "pc-1", *WHY)["code"] == digits


def test_a_code_that_cannot_be_put_on_record_is_not_shown(staffed: Office) -> None:
    (staffed.station_path / "acts").unlink(missing_ok=True)
    (staffed.station_path / "acts").mkdir()
    result = staffed.facectl("emergency", "code", "sato", "pc-1", *WHY)
    assert result.exit_code == 10
    assert not re.search(r"\d{4} ?\d{4}", result.output)


def test_no_code_for_a_pc_that_was_not_approved_nor_in_a_dry_run(staffed: Office) -> None:
    result = staffed.facectl("emergency", "code", "sato", "pc-2", *WHY)
    assert result.exit_code == 5 and "approve" in result.output
    result = staffed.facectl("emergency", "code", "sato", "pc-1", "--dry-run", *WHY)
    assert result.exit_code == 0
    assert not re.search(r"\d{4} ?\d{4}", result.output)
    assert acts(staffed) == []
