"""The personnel section's directory beside the office: what its writer does, and runs of `facectl sync`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

import cv2
import numpy as np
import pytest
from click.testing import Result

from faced.directory.people import People, Person
from faced.dummy import Identity, clip, encode_jpeg, id_photo
from tests.rig.personnel import PersonnelSlapd

if TYPE_CHECKING:
    from tests.cli.conftest import Office

DAY = 86400
WHY = ("--reason", "first enrolment; file 7")
#: Dummies whose photos can be used; as many as the site's threshold needs.
IDENTITIES = {"aoki": 3, "ito": 4, "mori": 6, "sato": 7, "tanaka": 8, "ueda": 9, "wada": 10}
STAFF = tuple(IDENTITIES)


@pytest.fixture(scope="session")
def pictures() -> dict[str, bytes]:
    """By login name the ID photo of another person each, and photos that cannot be used."""
    faces = {login: id_photo(Identity(number)) for login, number in IDENTITIES.items()}
    two = np.hstack([faces["aoki"], faces["ito"]])
    found = {login: encode_jpeg(picture) for login, picture in faces.items()}
    small = cv2.imencode(".png", np.zeros((8, 8, 3), np.uint8))[1].tobytes()
    header = b"IHDR" + 2 * (30_000).to_bytes(4, "big") + small[24:29]
    return {
        **found,
        # Taken again by the same photographer: another file of the same face.
        "again": encode_jpeg(cv2.convertScaleAbs(faces["tanaka"], alpha=0.97, beta=3)),
        "landscape": encode_jpeg(np.full((480, 640, 3), (90, 160, 120), np.uint8)),
        "two": encode_jpeg(two),
        "huge": small[:12] + header + crc32(header).to_bytes(4, "big") + small[33:],
        "three bytes": b"\xff\xd8\xff",
    }


@pytest.fixture(scope="module")
def hr_once() -> Iterator[PersonnelSlapd]:
    with PersonnelSlapd() as slapd:
        slapd.fill([], {})
        yield slapd


class Hr:
    """The personnel section's directory, changed as its writer changes it."""

    def __init__(self, slapd: PersonnelSlapd) -> None:
        self.slapd = slapd

    def add(self, login: str, photo: bytes | None, **changes: Any) -> None:
        values = {
            **{"ou": login, "uid": login, "employeeNumber": f"N-{login}", "cn": "Hanako Tanaka", "sn": "Tanaka"},
            **{"mail": f"{login}@example.jp", "employeeType": "regular", "jpegPhoto": photo, **changes},
        }
        with self.slapd.admin() as admin:
            admin.add(self._dn(login), ("inetOrgPerson",), _encoded(values))

    def change(self, login: str, **values: Any) -> None:
        with self.slapd.admin() as admin:
            admin.modify(self._dn(login), replace=_encoded(values))

    def remove(self, login: str) -> None:
        with self.slapd.admin() as admin:
            admin.remove(self._dn(login))

    def _dn(self, login: str) -> str:
        return f"ou={login},{self.slapd.staff}"


def _encoded(values: dict[str, Any]) -> dict[str, list[bytes]]:
    return {
        name: [value.encode() if isinstance(value, str) else value] if value else [] for name, value in values.items()
    }


@pytest.fixture
def hr(hr_once: PersonnelSlapd, office: Office, pictures: dict[str, bytes]) -> Iterator[Hr]:
    """Seven regular members of staff; the office's configuration names this directory."""
    hr_once.start()
    password = office.secret("personnel.password", hr_once.reader_password)
    with office.config.open("a", encoding="utf-8") as config:
        config.write(
            f'[personnel]\nservers = ["{hr_once.ldaps_url}"]\nbase = "{hr_once.staff}"\n'
            f'bind_dn = "{hr_once.reader_dn}"\nca_file = "{hr_once.ca_file}"\npassword = "{password}"\n'
        )
    found = Hr(hr_once)
    for login in STAFF:
        found.add(login, pictures[login])
    yield found
    hr_once.start()
    with hr_once.admin() as admin:
        for entry in tuple(admin.find_all(hr_once.staff, "(objectClass=inetOrgPerson)", [])):
            admin.remove(entry.dn)


@pytest.fixture
def enrolled(founded: Office, hr: Hr) -> Office:
    """Everybody is enrolled, by an approved first run."""
    first_run(founded)
    return founded


def first_run(office: Office) -> None:
    saved = office.folder / "plan.json"
    assert office.facectl("sync", "plan", "--no-photos", "--save", saved).exit_code == 12
    approved = office.facectl("sync", "approve", saved, "--decision", "2026-7", *WHY, "--yes")
    assert approved.exit_code == 0, approved.output
    result = apply(office, "--plan", saved)
    assert (result.exit_code, done_of(result)) == (0, len(STAFF)), result.output


def apply(office: Office, *more: object) -> Result:
    return office.facectl("sync", "apply", *more, *WHY, "--json")


def done_of(result: Result) -> int:
    assert result.stdout, result.output
    return int(json.loads(result.stdout)["done"])


def planned(office: Office, *more: object) -> dict[str, Any]:
    result = office.facectl("sync", "plan", *more, "--json")
    assert result.exit_code in (0, 12), result.output
    found: dict[str, Any] = json.loads(result.stdout)
    assert result.exit_code == (12 if found["changes"] else 0)
    return found


def steps(office: Office, *more: object) -> list[tuple[str, str, str]]:
    return [(each["step"], each["login"], each["why"]) for each in planned(office, *more)["changes"]]


def opened(found: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each["login"], each["reason"]) for each in found["open"]]


def person(office: Office, login: str) -> Person:
    with office.slapd.admin() as admin:
        return People(admin, office.slapd.tree).find(login)


def template(office: Office, login: str) -> bytes | None:
    return person(office, login).face.template


def all_entries(office: Office) -> dict[str, Any]:
    with office.slapd.admin() as admin:
        entries = admin.find_all(office.slapd.tree.people, "(objectClass=person)", ("*", "+"))
        return {entry.dn: entry.attributes for entry in entries}


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ito at a desk."""
    path = tmp_path_factory.mktemp("film") / "ito.avi"
    clip(Identity(IDENTITIES["ito"]), seconds=1.5, fps=10).save(path)
    return path
