"""`facectl photo check` as a clerk of the personnel section runs it: no station, no directory, no configuration."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from cli.main import group
from faced.dummy import Identity, Pose, encode_jpeg, id_photo
from faced.i18n import set_language


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    (folder / "good.jpg").write_bytes(encode_jpeg(id_photo(Identity(3))))
    turned = id_photo(Identity(3), pose=Pose(yaw_deg=22, distance_cm=160))
    (folder / "turned.JPEG").write_bytes(encode_jpeg(turned))
    (folder / "wall.jpg").write_bytes(encode_jpeg(np.full((600, 480, 3), 190, np.uint8)))
    (folder / "notes.txt").write_text("no picture")
    (folder / "more").mkdir()
    (folder / "more" / "inner.jpg").write_bytes((folder / "good.jpg").read_bytes())
    return folder


def check(*arguments: object, folder: Path) -> Result:
    set_language("en")
    return CliRunner().invoke(
        group(),
        ["photo", "check", *map(str, arguments)],
        prog_name="facectl",
        env={"FACED_CONFIG": "", "FACED_STATION": str(folder / "nowhere")},
    )


def test_a_good_photo_is_said_to_be_good(folder: Path) -> None:
    result = check(folder / "good.jpg", folder=folder)
    assert result.exit_code == 0, result.output
    assert "1 of 1 photos can be used; 0 are refused." in result.output


def test_a_folder_becomes_a_table_with_why_and_what_to_do(folder: Path) -> None:
    result = check(folder, folder=folder)
    assert result.exit_code == 1
    lines = result.output.splitlines()
    assert lines[0].split() == ["File", "Verdict", "Why,", "and", "what", "to", "do"]
    assert [line.split()[1] for line in lines[1:4]] == ["good", "refused", "refused"]
    assert "degrees to its" in lines[2]
    assert "No face was found" in lines[3]
    assert "notes.txt" not in result.output
    assert "1 of 3 photos can be used; 2 are refused." in lines[-1]


def test_programs_get_the_same_in_json(folder: Path) -> None:
    answer = json.loads(check(folder, "--json", folder=folder).stdout)
    assert [(Path(entry["file"]).name, entry["reason"]) for entry in answer["photos"]] == [
        ("good.jpg", None),
        ("turned.JPEG", "turned_left"),
        ("wall.jpg", "no_face"),
    ]
    assert (answer["good"], answer["refused"]) == (1, 2)


def test_only_refused_photos_on_request(folder: Path) -> None:
    answer = json.loads(check(folder, "--json", "--refused", folder=folder).stdout)
    assert [entry["reason"] for entry in answer["photos"]] == ["turned_left", "no_face"]
    assert answer["good"] == 1


def test_folders_of_a_folder_are_read_on_request_only(folder: Path) -> None:
    assert "inner.jpg" in check(folder, "--recursive", folder=folder).output
    assert "inner.jpg" not in check(folder, folder=folder).output


def test_a_folder_without_photos_is_an_error(tmp_path: Path) -> None:
    result = check(tmp_path, folder=tmp_path)
    assert result.exit_code == 10
    assert "There is no photo" in result.output


def test_a_name_cannot_steer_the_terminal(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "a\x1b[2J\u202egpj.jpg"
    path.write_bytes(b"not a picture")
    os.mkfifo(tmp_path / "b.jpg")
    (tmp_path / os.fsdecode(b"\xff.jpg")).write_bytes(b"")
    result = check(tmp_path, folder=folder)
    assert result.exit_code == 1
    assert "\x1b" not in result.output
    assert "\u202e" not in result.output
    assert "0 of 3 photos can be used; 3 are refused." in result.output
