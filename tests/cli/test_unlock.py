"""`facectl unlock` at a real directory, and what a workstation makes of it."""

from __future__ import annotations

import pytest

from faced.directory.people import People
from faced.directory.tree import RoleAccount
from faced.enrolment.acts import Act, ActLog
from faced.errors import TrustError
from faced.trust.realm import Role
from faced.trust.unlock import check_unlock
from tests.cli.conftest import NOW, ROLE_PASSPHRASE, Office

HOUR = 3600
WHY = ("--reason", "called at 08:35, was trying with a mask on")


@pytest.fixture
def staffed(founded: Office) -> Office:
    """Sato is enrolled, Ueda has only an entry."""
    password = founded.station.role(Role.ENROL, lambda _name: ROLE_PASSPHRASE.encode()).password
    tree = founded.slapd.tree
    with founded.slapd.connector(tree.role(RoleAccount.ENROL), password).connect() as connection:
        people = People(connection, tree)
        people.add("sato", staff_number="1", name="佐藤", mail="", groups=["default"])
        people.enrol("sato", b"template", [b"key"], ["default"])
    with founded.slapd.admin() as admin:
        People(admin, tree).add("ueda", staff_number="7", name="上田", mail="", groups=[])
    return founded


def held(office: Office, login: str = "sato") -> bytes | None:
    with office.slapd.admin() as admin:
        return People(admin, office.slapd.tree).find(login).face.unlock


def holds(office: Office, host: str, *, now: int, used: int = 0) -> str:
    """What a workstation says of the unlock in the directory."""
    data = held(office)
    assert data is not None
    try:
        check_unlock(office.station.verifier(now), "sato", host, data, used=used)
    except TrustError as error:
        return error.reason
    return "holds"


def test_an_unlock_is_published_for_a_day_and_on_record(staffed: Office) -> None:
    answer = staffed.json("unlock", "sato", *WHY)
    assert (answer["login"], answer["host"], answer["serial"], answer["dry_run"]) == ("sato", None, NOW, False)
    assert holds(staffed, "pc-7", now=NOW + 24 * HOUR - 1) == "holds"
    assert holds(staffed, "pc-7", now=NOW + 24 * HOUR) == "expired"
    assert holds(staffed, "pc-7", now=NOW + 1, used=answer["serial"]) == "older_serial"
    records = [record for record in ActLog(staffed.station_path).read() if record.act is Act.UNLOCK]
    assert [(record.subject, record.reason, record.outcome) for record in records] == [
        ("sato", WHY[1], "begun"),
        ("sato", WHY[1], "done"),
    ]
    data = held(staffed)
    assert data is not None
    assert b"mask" not in data


def test_a_second_one_in_the_same_second_gives_tries_again(staffed: Office) -> None:
    first = staffed.json("unlock", "sato", *WHY)["serial"]
    assert staffed.json("unlock", "sato", *WHY)["serial"] > first


def test_it_can_be_for_one_pc_and_for_some_hours(staffed: Office) -> None:
    assert staffed.json("unlock", "sato", "--host", "pc-7", "--hours", 2, *WHY)["host"] == "pc-7"
    assert holds(staffed, "pc-7", now=NOW + HOUR) == "holds"
    assert holds(staffed, "pc-8", now=NOW + HOUR) == "wrong_host"
    assert holds(staffed, "pc-7", now=NOW + 2 * HOUR) == "expired"


def test_a_dry_run_changes_nothing(staffed: Office) -> None:
    result = staffed.facectl("unlock", "sato", "--dry-run", *WHY)
    assert result.exit_code == 0
    assert result.output.startswith("Would give sato new tries on every PC")
    assert held(staffed) is None
    assert not [record for record in ActLog(staffed.station_path).read() if record.act is Act.UNLOCK]


@pytest.mark.parametrize(
    ("arguments", "status", "text"),
    [
        (("ueda", *WHY), 5, "not enrolled"),
        (("nobody", *WHY), 5, ""),
        (("sato", "--hours", "73", *WHY), 9, "1 to 72 hours"),
        (("sato", "--hours", "0", *WHY), 9, "1 to 72 hours"),
        (("sato", "--reason", " "), 2, "reason"),
        (("sato",), 2, "--reason"),
    ],
)
def test_what_is_not_to_be_unlocked_is_not(staffed: Office, arguments: tuple[str, ...], status: int, text: str) -> None:
    result = staffed.facectl("unlock", *arguments)
    assert (result.exit_code, held(staffed)) == (status, None), result.output
    assert text in result.output


def test_a_station_without_the_approving_key_cannot(staffed: Office) -> None:
    staffed.station.key_path("suzuki.approve").unlink()
    assert staffed.facectl("unlock", "sato", *WHY).exit_code == 9
    assert held(staffed) is None
