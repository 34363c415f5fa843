"""A staff list and photos in a folder: the same records as from a directory, the same faults."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from faced.directory.personnel import PersonnelRecord, UnusablePhoto
from faced.enrolment.file_refusal import PhotoLimits
from faced.enrolment.sync.folder import FolderPersonnel
from faced.errors import DirectoryError, StateError

HEAD = "login,staff_number,name,mail,category,starts,ends\n"
TANAKA = "tanaka,0012345,田中 花子,tanaka@example.jp,正規,2026/4/1,2027-03-31\n"
SATO = "sato,2,髙橋,,派遣,,\n"


def lay(folder: Path, text: str | bytes, **photos: bytes) -> FolderPersonnel:
    """A folder with this list, and photos by the name of the file (an underscore is a dot)."""
    folder.mkdir(exist_ok=True)
    (folder / "staff.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    for name, data in photos.items():
        (folder / name.replace("_", ".")).write_bytes(data)
    return FolderPersonnel(folder)


def by_login(personnel: FolderPersonnel) -> dict[str, PersonnelRecord]:
    return {record.login: record for record in personnel.records()}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_a_list_as_spreadsheets_in_japan_write_it(tmp_path: Path, encoding: str) -> None:
    seen: list[int] = []
    personnel = lay(tmp_path, (HEAD + TANAKA + SATO).replace("\n", "\r\n").encode(encoding))
    tanaka, sato = personnel.records(progress=seen.append)
    assert (tanaka.login, tanaka.staff_number, tanaka.name) == ("tanaka", "0012345", "田中 花子")
    assert (tanaka.mail, tanaka.category) == ("tanaka@example.jp", "正規")
    assert (tanaka.starts, tanaka.ends) == (date(2026, 4, 1), date(2027, 3, 31))
    assert (sato.name, sato.mail, sato.starts, sato.ends, sato.faults) == ("髙橋", "", None, None, ())
    assert seen == [2]


def test_photos_are_named_by_login_name_or_number_here_or_below(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "2.PNG").write_bytes(b"\x89PNG")
    personnel = lay(tmp_path, HEAD + TANAKA + SATO + "ito,3,I,,,,\n", tanaka_jpg=b"\xff\xd8", note_txt=b"x")
    records = by_login(personnel)
    keys = [records[login].key for login in ("ito", "sato", "tanaka")]
    assert list(personnel.photos(keys)) == [(keys[0], None), (keys[1], b"\x89PNG"), (keys[2], b"\xff\xd8")]
    assert personnel.pictured() == set(keys[1:])


def test_two_photos_of_one_person_are_none(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "sato.jpg").write_bytes(b"\xff\xd8")
    personnel = lay(tmp_path, HEAD + TANAKA + SATO, tanaka_jpg=b"\xff\xd8", **{"0012345_jpg": b"x"}, sato_png=b"y")
    keys = [record.key for record in personnel.records()]
    assert [photo for _key, photo in personnel.photos(keys)] == [UnusablePhoto("several_photos")] * 2


def test_a_photo_named_by_what_two_people_have_is_nobodys(tmp_path: Path) -> None:
    personnel = lay(tmp_path, HEAD + "a1,7,A,,,,\nb2,a1,B,,,,\n", a1_jpg=b"\xff\xd8")
    assert {login: record.faults for login, record in by_login(personnel).items()} == {
        "a1": ("duplicate_login",),
        "b2": ("duplicate_staff_number",),
    }


def test_files_that_cannot_be_read_are_refused_one_by_one(tmp_path: Path) -> None:
    text = HEAD + "".join(
        f"{login},{number},X,,,,\n" for number, login in enumerate(("empty", "large", "pipe", "good"))
    )
    lay(tmp_path, text, empty_jpg=b"", large_jpg=b"x" * 101, good_jpg=b"x" * 100)
    os.mkfifo(tmp_path / "pipe.jpg")
    personnel = FolderPersonnel(tmp_path, PhotoLimits(most_bytes=100))
    got = {key.split("/")[0]: photo for key, photo in personnel.photos([each.key for each in personnel.records()])}
    assert got == {
        "empty": UnusablePhoto("photo_empty"),
        "large": UnusablePhoto("photo_too_large"),
        "pipe": UnusablePhoto("photo_unreadable"),
        "good": b"x" * 100,
    }


def test_what_cannot_be_used_is_a_fault_of_that_person(tmp_path: Path) -> None:
    text = HEAD + "Tanaka,1,T,,,,\n,2,S,,,,\nito,３,I,,,,\nmori,4,,m,,令和8年,\nsato,5,S,,,,\nkato,5,K,,,,\n"
    assert [record.faults for record in lay(tmp_path, text).records()] == [
        ("login",),
        ("no_login",),
        ("staff_number",),
        ("no_name", "mail", "date"),
        ("duplicate_staff_number",),
        ("duplicate_staff_number",),
    ]


def test_a_changed_line_or_photo_is_another_revision(tmp_path: Path) -> None:
    personnel = lay(tmp_path, HEAD + TANAKA + SATO, tanaka_jpg=b"one", sato_jpg=b"one")
    first = by_login(personnel)
    assert by_login(personnel) == first
    status = (tmp_path / "tanaka.jpg").stat()
    (tmp_path / "other.tmp").write_bytes(b"two")
    (tmp_path / "other.tmp").replace(tmp_path / "tanaka.jpg")
    os.utime(tmp_path / "tanaka.jpg", ns=(status.st_atime_ns, status.st_mtime_ns))
    second = by_login(personnel)
    assert second["tanaka"].revision != first["tanaka"].revision, "of the same size and time, and another file"
    assert second["sato"] == first["sato"]
    lay(tmp_path, HEAD + TANAKA + SATO.replace("派遣", "正規"))
    assert by_login(personnel)["sato"].revision != first["sato"].revision


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (HEAD + TANAKA.replace("\n", ",x\n"), "line 2: there are more values"),
        ("login,name\n", "first line"),
        (HEAD.strip() + ",birthday\n", "first line"),
        (HEAD + 'tanaka,"1\n', "no CSV"),
    ],
)
def test_a_table_that_cannot_be_trusted_gives_no_list(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises((StateError, DirectoryError), match=words):
        lay(tmp_path, text).records()


def test_one_list_and_no_other(tmp_path: Path) -> None:
    personnel = FolderPersonnel(tmp_path)
    with pytest.raises(StateError, match="has 0"):
        personnel.records()
    lay(tmp_path, HEAD + TANAKA)
    (tmp_path / "~$staff.csv").write_bytes(b"a spreadsheet has it open")
    assert len(personnel.records()) == 1
    (tmp_path / "old.CSV").write_bytes(b"")
    with pytest.raises(StateError, match="has 2"):
        personnel.records()
    with pytest.raises(StateError, match="cannot be read"):
        FolderPersonnel(tmp_path / "nothing").records()
