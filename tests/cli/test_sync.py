"""`facectl sync check` against a real directory of the personnel section, and a folder as `dummy make` writes it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from cli.main import group
from cli.printing import counting
from cli.run import Run
from cli.sync_words import reason_word
from faced.directory.personnel import PhotoFault, RecordFault
from faced.dummy import encode_jpeg, staff
from faced.i18n import set_language
from tests.rig.personnel import PersonnelSlapd

MEMBERS = staff(20)
PHOTO = encode_jpeg(np.full((30, 24, 3), 90, np.uint8))


@pytest.fixture(scope="module")
def hr() -> Iterator[PersonnelSlapd]:
    with PersonnelSlapd() as slapd:
        slapd.fill(MEMBERS, {member.login: PHOTO for member in MEMBERS})
        yield slapd


@pytest.fixture
def own_hr() -> Iterator[PersonnelSlapd]:
    with PersonnelSlapd() as slapd:
        yield slapd


def check(folder: Path, *arguments: object, hr: PersonnelSlapd | None = None, more: str = "") -> Result:
    config = folder / "faced.toml"
    password = folder / "personnel.password"
    text = more
    if hr is not None:
        password.write_text(hr.reader_password)
        password.chmod(0o600)
        text += (
            f'[personnel]\nservers = ["{hr.ldaps_url}"]\nbase = "{hr.staff}"\nbind_dn = "{hr.reader_dn}"\n'
            f'ca_file = "{hr.ca_file}"\npassword = "{password}"\n'
        )
    config.write_text(text, encoding="utf-8")
    set_language("en")
    result = CliRunner().invoke(
        group(), ["--config", str(config), "sync", "check", *map(str, arguments)], obj=Run(config), prog_name="facectl"
    )
    assert "Traceback" not in result.output
    return result


def test_a_staff_that_can_be_used_is_counted(hr: PersonnelSlapd, tmp_path: Path) -> None:
    result = check(tmp_path, "--json", hr=hr)
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    counts = Counter(member.category.value for member in MEMBERS)
    assert {each["category"]: each["people"] for each in found["categories"]} == counts
    assert {each["basis"] for each in found["categories"]} == {"staff", "consent"}
    assert (found["people"], found["photos"], found["kept_out"], found["reasons"]) == (20, 20, 0, {})
    text = check(tmp_path, hr=hr).output
    assert "20 people, 20 with a photo; 0 could not be enrolled" in text
    assert "after approval and consent" in text


def test_what_keeps_people_out_is_counted_and_named_only_when_asked(own_hr: PersonnelSlapd, tmp_path: Path) -> None:
    own_hr.fill(
        [],
        {},
        own_hr.entry("tanaka", jpegPhoto=b"x")
        + own_hr.entry("sato", cn=["Sato", "\u4f50\u85e4"], jpegPhoto=b"x")
        + own_hr.entry("ito", employeeType="\u5631\u8a17")
        + own_hr.entry("mori", employeeType=None, employeeNumber=None, cn="Mori\u3000Ken", jpegPhoto=[b"x", b"y"]),
    )
    result = check(tmp_path, "--json", hr=own_hr)
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    assert (found["people"], found["photos"], found["kept_out"]) == (4, 3, 3)
    assert found["reasons"] == {"no_photo": 1, "no_staff_number": 1, "several_values": 1, "unknown_category": 2}
    assert "names" not in found
    quiet = check(tmp_path, hr=own_hr).output
    for secret in ("sato", "Sato", "ito", "mori", "N-"):
        assert secret not in quiet
    named = {
        each["login"]: each["reasons"]
        for each in json.loads(check(tmp_path, "--json", "--names", hr=own_hr).stdout)["names"]
    }
    assert named == {
        "sato": ["several_values"],
        "ito": ["unknown_category", "no_photo"],
        "mori": ["no_staff_number", "unknown_category"],
    }
    assert (
        "no staff number; a category that the configuration does not name"
        in check(tmp_path, "--names", hr=own_hr).output
    )


def test_another_attribute_than_the_category_shows_nobodys_name(tmp_path: Path) -> None:
    lines = "".join(f"person{number},{number},N,,secret {number}\n" for number in range(30))
    (tmp_path / "staff.csv").write_text("login,staff_number,name,mail,category\n" + lines + "ito,99,I,,regular\n")
    result = check(tmp_path, "--source", f"dir:{tmp_path}")
    assert "secret" not in result.output
    assert "many different values" in result.output
    assert "regular" in result.output


def test_an_empty_staff_is_not_good(own_hr: PersonnelSlapd, tmp_path: Path) -> None:
    own_hr.fill([], {})
    result = check(tmp_path, hr=own_hr)
    assert result.exit_code == 1
    assert "check base, filter and what the account may read" in result.output


def test_a_folder_of_dummies_is_a_source(tmp_path: Path) -> None:
    set_language("en")
    town = tmp_path / "town"
    made = CliRunner().invoke(group(), ["dummy", "make", "--out", str(town), "--staff", "2"], prog_name="facectl")
    assert made.exit_code == 0, made.output
    for where in (("--source", f"dir:{town}"), ()):
        result = check(tmp_path, "--json", *where, more=f'[sync]\nsource = "dir:{town}"\n')
        assert result.exit_code == 0, result.output
        assert json.loads(result.stdout)["photos"] == 2


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("--source", "ldap"), 3, "servers is missing"),
        (("--source", "photos"), 3, "is no source of staff"),
        (("--source", "dir:/nowhere/at/all"), 10, "cannot be read"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(tmp_path: Path, arguments: tuple[str, ...], status: int, words: str) -> None:
    result = check(tmp_path, *arguments)
    assert result.exit_code == status
    assert words in result.output


def test_a_directory_that_is_away_is_told_apart(own_hr: PersonnelSlapd, tmp_path: Path) -> None:
    own_hr.fill([], {})
    own_hr.kill()
    assert check(tmp_path, hr=own_hr).exit_code == 4


def test_every_reason_has_words() -> None:
    set_language("en")
    for reason in (*RecordFault, *PhotoFault):
        assert reason_word(reason.value) != reason.value


def test_a_count_is_shown_to_whoever_looks(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with counting("People") as count:
        count(250)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with counting("People") as count:
        count(250)
        count(500)
    assert capsys.readouterr().err == "\rPeople: 250\rPeople: 500\n"
