from __future__ import annotations

from pathlib import Path

import pytest

from faced.enrolment.staff_list import read_staff_list
from faced.errors import FacedError

HEAD = "login,staff_number,name,mail,groups\n"


def read(folder: Path, text: str | bytes) -> dict[str, tuple[str, tuple[str, ...]]]:
    path = folder / "staff.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    people = read_staff_list(path, ("default",))
    return {login: (person.name, person.groups) for login, person in people.items()}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_spreadsheets_of_japan_are_read(tmp_path: Path, encoding: str) -> None:
    text = HEAD + 'tanaka,0012345,"田中 花子",tanaka@example.lg.jp,finance tax\nsato,2,髙橋,,\n'
    assert read(tmp_path, text.encode(encoding)) == {
        "tanaka": ("田中 花子", ("finance", "tax")),
        "sato": ("髙橋", ("default",)),
    }


def test_lines_without_a_value_are_nobody(tmp_path: Path) -> None:
    assert set(read(tmp_path, HEAD + "tanaka,1,T,,\n,,,,\n\nsato,2,S,,\n , ,,,\n")) == {"tanaka", "sato"}


def test_one_list_serves_the_sync_as_well(tmp_path: Path) -> None:
    text = "login,staff_number,name,category,starts,ends\ntanaka,1,T,正規,2026/4/1,\n"
    assert read(tmp_path, text) == {"tanaka": ("T", ("default",))}


def test_mail_and_groups_may_be_missing(tmp_path: Path) -> None:
    assert read(tmp_path, "name,login,staff_number\nT,tanaka,1\n") == {"tanaka": ("T", ("default",))}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (HEAD + "tanaka,1,T,,\ntanaka,2,T,,\n", "line 3"),
        (HEAD + "tanaka,1,T,,\nsato,1,S,,\n", "line 3"),
        (HEAD + "Tanaka,1,T,,\n", "line 2"),
        (HEAD + "tanaka,1,T,,a,b\n", "more values"),
        (HEAD + 'tanaka,1,"T\n', "no CSV"),
        ("login,name\ntanaka,T\n", "first line"),
        (HEAD.strip() + ",birthday\n", "first line"),
        ("", "first line"),
        (b"login,name\x81", "neither UTF-8"),
    ],
)
def test_a_table_that_cannot_be_trusted_is_refused_whole(tmp_path: Path, text: str | bytes, words: str) -> None:
    with pytest.raises(FacedError, match=words):
        read(tmp_path, text)
