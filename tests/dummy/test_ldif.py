"""The HR directory: LDIF that a real slapd loads, and that says what the staff is."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path

import numpy as np
import pytest

from faced.dummy import encode_jpeg, staff
from faced.dummy.ldif import DEFAULT_BASE, check_base, hr_directory
from faced.dummy.staff import StaffMember

SLAPADD, SLAPCAT = "/usr/sbin/slapadd", "/usr/sbin/slapcat"
SCHEMA = Path("/etc/ldap/schema")


@pytest.fixture(scope="module")
def members() -> list[StaffMember]:
    return staff(20)


@pytest.fixture(scope="module")
def photos(members: list[StaffMember]) -> dict[str, bytes]:
    """One small picture for each; whose face it is does not matter to a directory."""
    return {
        member.login: encode_jpeg(np.full((30, 24, 3), index * 10, np.uint8)) for index, member in enumerate(members)
    }


def loaded(folder: Path, suffix: str, text: str) -> str:
    """What a slapd that was filled with the text holds afterwards, as slapcat writes it."""
    (folder / "db").mkdir()
    conf, ldif = folder / "slapd.conf", folder / "hr.ldif"
    schemas = "".join(f"include {SCHEMA}/{name}.schema\n" for name in ("core", "cosine", "inetorgperson"))
    database = f'database mdb\nsuffix "{suffix}"\ndirectory {folder}/db\n'
    conf.write_text(f"modulepath /usr/lib/ldap\nmoduleload back_mdb\n{schemas}{database}", encoding="utf-8")
    ldif.write_text(text, encoding="ascii")
    adding = subprocess.run([SLAPADD, "-q", "-f", conf, "-l", ldif], capture_output=True, text=True)
    assert adding.returncode == 0, adding.stderr
    return subprocess.run([SLAPCAT, "-f", conf], capture_output=True, text=True, check=True).stdout


def attributes_of(ldif: str, login: str) -> dict[str, str]:
    """The attributes of one entry as slapcat writes them, unfolded; base64 stays base64."""
    entry = next(block for block in ldif.replace("\n ", "").split("\n\n") if block.startswith(f"dn: uid={login},"))
    pairs = (line.partition(": ") for line in entry.splitlines())
    return {attribute: value for attribute, _colon, value in pairs}


@pytest.mark.parametrize("base", ["dc=example,dc=jp", "o=Midori City", "ou=hr,dc=example,dc=jp"])
def test_a_real_slapd_loads_it(base: str, members: list[StaffMember], photos: dict[str, bytes], tmp_path: Path) -> None:
    back = loaded(tmp_path, base, "".join(hr_directory(members, photos, base)))
    assert back.count("objectClass: inetOrgPerson") == len(members)


def test_what_is_in_it_is_what_the_staff_is(
    members: list[StaffMember], photos: dict[str, bytes], tmp_path: Path
) -> None:
    back = loaded(tmp_path, DEFAULT_BASE, "".join(hr_directory(members, photos)))
    member = members[3]
    entry = attributes_of(back, member.login)
    assert entry["employeeNumber"] == member.number
    assert entry["employeeType"] == member.category
    assert entry["mail"] == member.mail
    assert entry["cn"] == member.name
    assert base64.b64decode(entry["cn;lang-ja:"]).decode() == member.japanese_name
    assert base64.b64decode(entry["sn;lang-ja:"]).decode() == member.family.japanese
    assert base64.b64decode(entry["sn;lang-ja-hira:"]).decode() == member.family.kana
    assert base64.b64decode(entry["jpegPhoto:"]) == photos[member.login]


def test_lines_are_ascii_and_short(members: list[StaffMember], photos: dict[str, bytes]) -> None:
    text = "".join(hr_directory(members, photos))
    assert text.isascii()
    assert max(map(len, text.splitlines())) <= 76


@pytest.mark.parametrize("base", ["", "example.jp", "cn=config", "dc=example,,dc=jp", "dc=a\ndc=b", "dc=example,dc="])
def test_a_base_that_cannot_be_made_is_refused(base: str) -> None:
    with pytest.raises(ValueError, match="is not a base"):
        check_base(base)
