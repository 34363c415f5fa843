"""Names through NSS: one person, whatever the spelling; nobody for what NSS does not know."""

from __future__ import annotations

import pwd

import pytest

from faced.logon.names import Person, resolve


def test_root_is_root() -> None:
    assert resolve("root") == Person(0, "root")


@pytest.mark.parametrize(
    "name", ["", "no-such-user-here", "a" * 256, "root\0", "ro\not", "\ud800", " root", "root\u200b"]
)
def test_a_name_that_nss_does_not_know_is_nobody(name: str) -> None:
    assert resolve(name) is None


def test_the_canonical_name_counts_not_the_spelling() -> None:
    def directory(name: str) -> pwd.struct_passwd:
        return pwd.struct_passwd(("tanaka", "x", 2001, 2001, "", "/", "/bin/sh"))

    assert {resolve(name, directory) for name in ("tanaka", "TANAKA", "ｔａｎａｋａ", "tanaka ")} == {
        Person(2001, "tanaka")
    }


def test_a_broken_nss_is_nobody() -> None:
    def broken(name: str) -> pwd.struct_passwd:
        raise OSError

    assert resolve("tanaka", broken) is None
