from __future__ import annotations

from pathlib import Path

import pytest

from faced.enrolment.photo_folder import is_of_dummies, people_of, read_groups
from faced.errors import StateError


def lay(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return folder


def test_a_sub_folder_is_a_person_and_its_first_photo_by_name_comes_first(tmp_path: Path) -> None:
    folder = lay(tmp_path, "sato/b.JPG", "sato/a.png", "ito/1.heic", "ito/notes.txt", ".hidden/a.jpg", "empty/readme")
    found = {person.name: [path.name for path in person.photos] for person in people_of(folder)}
    assert found == {"ito": ["1.heic"], "sato": ["a.png", "b.JPG"]}


def test_numbered_files_are_one_persons_in_the_order_of_numbers(tmp_path: Path) -> None:
    folder = lay(tmp_path, "sato_10.jpg", "sato_2.jpg", "ito_k.jpg", "tanaka.jpg", "tanaka_1.jpg")
    found = {person.name: [path.name for path in person.photos] for person in people_of(folder)}
    assert found == {
        "ito_k": ["ito_k.jpg"],
        "sato": ["sato_2.jpg", "sato_10.jpg"],
        "tanaka": ["tanaka.jpg", "tanaka_1.jpg"],
    }


def test_a_person_is_not_shown_where_values_are(tmp_path: Path) -> None:
    (person,) = people_of(lay(tmp_path / "photos", "sato/id.jpg"))
    assert "sato" not in repr(person)


def test_a_folder_without_photos_says_what_is_wanted(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="PERSON_1.jpg"):
        people_of(tmp_path)
    with pytest.raises(StateError, match="cannot be read"):
        people_of(tmp_path / "absent")


def test_a_folder_of_dummy_staff_is_known(tmp_path: Path) -> None:
    photos = lay(tmp_path, "staff.json", "hr.ldif", "photos/a.jpg") / "photos"
    assert is_of_dummies(tmp_path) and is_of_dummies(photos)
    assert not is_of_dummies(lay(tmp_path / "real" / "photos", "a.jpg"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_groups_are_read_as_spreadsheets_write_them(tmp_path: Path, encoding: str) -> None:
    table = tmp_path / "groups.csv"
    table.write_bytes("person,group\r\nsato,60歳以上\r\nito, 眼鏡 \r\n".encode(encoding))
    assert read_groups(table) == {"sato": "60歳以上", "ito": "眼鏡"}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("name,group\nsato,a\n", 1),
        ("", 1),
        ("person,group\nsato\n", 2),
        ("person,group\nsato,a\nsato,b\n", 3),
        ("person,group\nsato,a,b\n", 2),
        ("person,group\n,a\n", 2),
        ('person,group\nsato,"a"b\n', 2),
    ],
)
def test_another_table_is_refused_by_line_and_quotes_nobody(tmp_path: Path, text: str, line: int) -> None:
    table = tmp_path / "groups.csv"
    table.write_text(text)
    with pytest.raises(StateError, match=f"line {line}") as refused:
        read_groups(table)
    assert "sato" not in str(refused.value)
