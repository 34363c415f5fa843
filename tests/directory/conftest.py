from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from faced.directory.people import People
from faced.directory.tree import RoleAccount
from tests.rig.pki import Authority
from tests.rig.slapd import PrivateSlapd

TEMPLATE = b"\x82sealed template \x00\xff" * 20
KEYS = (b"key for default \x00", b"key for tax \xff")


@pytest.fixture(scope="package")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="package")
def other_authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("other"), "Somebody else")


@pytest.fixture(scope="package")
def slapd(authority: Authority) -> Iterator[PrivateSlapd]:
    with PrivateSlapd(authority=authority) as running:
        yield running


@pytest.fixture
def own_slapd(authority: Authority) -> Iterator[PrivateSlapd]:
    """One that a test may stop, freeze and kill."""
    with PrivateSlapd(authority=authority) as running:
        yield running


def enrol(
    slapd: PrivateSlapd, login: str, *, groups: tuple[str, ...] = ("default",), template: bytes = TEMPLATE
) -> None:
    """A member of staff with a template, made as the enrolment station makes one."""
    with slapd.role(RoleAccount.ENROL) as connection:
        people = People(connection, slapd.tree)
        people.add(login, staff_number=f"N-{login}", name=f"氏名 {login}", mail=f"{login}@example.jp", groups=groups)
        people.enrol(login, template, KEYS, groups)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"
