"""Dummies' ID photos become sealed templates in a real directory, by the command a clerk types."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import Result

from faced.directory.people import People, Person
from faced.directory.realm import RealmDocuments
from faced.dummy import Expression, Identity, Pose, Worn, clip, encode_jpeg, id_photo, render_frame
from faced.dummy.roster import roster
from faced.enrolment.acts import Act, ActLog
from faced.enrolment.calibrating import calibration_in_force
from faced.enrolment.station import Station
from faced.landmarks.predictor import Predictor
from faced.recognition.site import FEWEST_PEOPLE
from faced.recognition.template import FaceTemplate, Source
from faced.trust.realm import Role
from faced.trust.sealed import OpenedTemplate, check_template, open_template
from tests.cli.conftest import NOW, ROLE_PASSPHRASE, Office

DAY = 86400
TANAKA = ("--staff-number", "0012345", "--name", "田中 花子", "--mail", "tanaka@example.lg.jp")


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """ID photos, good and bad, named for what is on them."""
    folder = tmp_path_factory.mktemp("photos")
    face, other = id_photo(Identity(3)), id_photo(Identity(4))
    pictures = {
        "good": face,
        "other": other,
        "nobody": np.full((600, 480, 3), 190, np.uint8),
        "two": np.hstack([face, other]),
        "mask": id_photo(Identity(3), worn=Worn(mask=True)),
        "turned": id_photo(Identity(3), pose=Pose(yaw_deg=30, distance_cm=160)),
        "asleep": render_frame(Identity(3), Pose(distance_cm=40), Expression(left_lid=1, right_lid=1)),
    }
    for name, picture in pictures.items():
        (folder / f"{name}.jpg").write_bytes(encode_jpeg(picture))
    good = (folder / "good.jpg").read_bytes()
    (folder / "truncated.jpg").write_bytes(good[: len(good) * 2 // 3])
    (folder / "text.jpg").write_text("not a picture")
    (folder / "empty.jpg").write_bytes(b"")
    at = good.index(b"\xff\xc0")
    (folder / "huge.jpg").write_bytes(good[: at + 5] + b"\x27\x10\x27\x10" + good[at + 9 :])
    return folder


def enrol(office: Office, photo: Path, *more: object, user: str = "tanaka") -> Result:
    return office.facectl("enroll", user, "--photo", photo, "--reason", "new member of staff", *more)


def person(office: Office, login: str = "tanaka") -> Person:
    with office.slapd.admin() as admin:
        return People(admin, office.slapd.tree).find(login)


def opened(office: Office, login: str = "tanaka") -> OpenedTemplate:
    """The template as a workstation of the group opens it."""
    face = person(office, login).face
    assert face.template is not None
    station = Station.open(office.station_path)
    return open_template(
        check_template(station.verifier(office.now), login, face.template, tombstone=face.tombstone),
        face.template_keys,
        station.role(Role.OPERATE, lambda _name: ROLE_PASSPHRASE.encode()).epochs,
        Predictor.load().id,
    )


def test_an_id_photo_becomes_a_template_that_a_workstation_opens(founded: Office, photos: Path) -> None:
    result = enrol(founded, photos / "good.jpg", *TANAKA)
    assert result.exit_code == 0, result.output
    assert "2029-10-16" in result.output
    held = person(founded)
    assert (held.staff_number, held.name, held.mail, held.groups) == (
        *("0012345", "田中 花子", "tanaka@example.lg.jp"),
        ("default",),
    )
    face = FaceTemplate.decode(opened(founded).coordinates)
    assert [(sample.source, sample.day) for sample in face.samples] == [(Source.PHOTO, NOW // DAY)]


def test_enrolling_again_replaces_the_template_with_a_higher_serial(founded: Office, photos: Path) -> None:
    enrol(founded, photos / "good.jpg", *TANAKA)
    first = opened(founded).header
    result = enrol(founded, photos / "good.jpg")
    assert result.exit_code == 0, result.output
    assert opened(founded).header.serial == first.serial + 1
    assert person(founded).name == "田中 花子"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("nobody", "No face"),
        ("two", "more than one face"),
        ("mask", "covers the face"),
        ("turned", "degrees to its left"),
        ("asleep", "eyes are closed"),
        ("truncated", "incomplete or damaged"),
        ("text", "no JPEG, PNG or HEIC"),
        ("empty", "empty"),
        ("huge", "megapixels"),
        ("absent", "cannot be read"),
    ],
)
def test_a_photo_that_cannot_be_used_says_why_and_enrols_nobody(
    founded: Office, photos: Path, name: str, text: str
) -> None:
    result = enrol(founded, photos / f"{name}.jpg", *TANAKA)
    assert result.exit_code == 7
    assert text in result.output
    assert len(result.output.strip().splitlines()) <= 2
    assert founded.json("list") == []


def test_an_unknown_user_without_details_is_refused(founded: Office, photos: Path) -> None:
    result = enrol(founded, photos / "good.jpg", user="nobody")
    assert result.exit_code == 5
    assert "--staff-number" in result.output


def test_a_staff_number_of_somebody_else_is_refused(founded: Office, photos: Path) -> None:
    enrol(founded, photos / "good.jpg", *TANAKA)
    result = enrol(founded, photos / "other.jpg", *TANAKA, user="sato")
    assert result.exit_code == 5
    assert "belongs to tanaka" in result.output
    result = enrol(founded, photos / "good.jpg", "--staff-number", "999")
    assert result.exit_code == 5
    assert [entry["login"] for entry in founded.json("list")] == ["tanaka"]


def test_two_entries_with_one_login_name_are_not_chosen_between(founded: Office, photos: Path) -> None:
    with founded.slapd.admin() as admin:
        for number in ("1", "2"):
            admin.add(
                f"cn=T{number},{founded.slapd.tree.people}",
                ["inetOrgPerson"],
                {"uid": [b"tanaka"], "cn": [f"T{number}".encode()], "sn": [b"T"]},
            )
    result = enrol(founded, photos / "good.jpg")
    assert result.exit_code == 5
    assert "Only one may" in result.output


def test_a_key_group_the_realm_does_not_have_is_refused_before_an_entry_is_made(founded: Office, photos: Path) -> None:
    result = enrol(founded, photos / "good.jpg", *TANAKA, "--group", "waterworks")
    assert result.exit_code == 6
    assert founded.facectl("show", "tanaka").exit_code == 5


def test_with_a_wrong_passphrase_nothing_is_read_or_written(founded: Office, photos: Path) -> None:
    founded.passphrases.write_text("not the passphrase\n")
    result = enrol(founded, photos / "good.jpg", *TANAKA)
    assert result.exit_code == 6
    assert founded.json("list") == []


def test_with_the_directory_down_the_command_says_so(founded: Office, photos: Path) -> None:
    founded.slapd.stop()
    result = enrol(founded, photos / "good.jpg", *TANAKA)
    assert result.exit_code == 4
    assert "cannot be reached" in result.output


def test_a_dry_run_judges_the_photo_and_writes_nothing(founded: Office, photos: Path) -> None:
    assert enrol(founded, photos / "good.jpg", *TANAKA, "--dry-run").exit_code == 0
    assert enrol(founded, photos / "mask.jpg", *TANAKA, "--dry-run").exit_code == 7
    assert founded.json("list") == []
    assert list(ActLog(founded.station_path).read()) == []


def test_a_last_day_can_be_given_but_not_beyond_three_years(founded: Office, photos: Path) -> None:
    assert enrol(founded, photos / "good.jpg", *TANAKA, "--until", "2026-12-28").exit_code == 0
    assert founded.json("show", "tanaka")["until"] == "2026-12-28"
    for day in ("2030-01-01", "2026-10-14"):
        assert enrol(founded, photos / "good.jpg", "--until", day).exit_code == 6


def test_an_act_is_written_down_with_handler_and_reason(founded: Office, photos: Path) -> None:
    enrol(founded, photos / "good.jpg", *TANAKA)
    before, after = ActLog(founded.station_path).read()
    assert (before.act, before.subject, before.reason, before.handler, before.at) == (
        *(Act.ENROL, "tanaka", "new member of staff", "suzuki"),
        NOW,
    )
    assert (before.outcome, after.outcome) == ("begun", "done")


def test_an_act_that_was_refused_is_written_down_as_refused(founded: Office, photos: Path) -> None:
    enrol(founded, photos / "good.jpg", *TANAKA, "--group", "waterworks")
    assert [record.outcome for record in ActLog(founded.station_path).read()] == ["begun", "wrong_group"]


def test_an_act_that_cannot_be_written_down_is_not_done(founded: Office, photos: Path) -> None:
    (founded.station_path / "acts").mkdir()
    assert enrol(founded, photos / "good.jpg", *TANAKA).exit_code == 10
    assert founded.json("list") == []


def test_a_reason_is_required(founded: Office, photos: Path) -> None:
    assert founded.facectl("enroll", "tanaka", "--photo", photos / "good.jpg", *TANAKA).exit_code == 2


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Dummy 3 at a desk."""
    path = tmp_path_factory.mktemp("film") / "3.avi"
    clip(Identity(3), seconds=1.5, fps=10).save(path)
    return path


@pytest.fixture
def seated(founded: Office, film: Path) -> None:
    """Dummy 3 sits before the camera, which is a clip."""
    text = founded.config.read_text()
    founded.config.write_text(text.split("[camera]")[0] + f'[camera]\nname = "clip:{film}"\nfps = 10\n')


def test_a_sitting_at_the_camera_gives_several_samples_and_guidance(
    founded: Office, seated: None, photos: Path
) -> None:
    result = founded.facectl("enroll", "tanaka", "--camera", "--reason", "desk session", *TANAKA)
    assert result.exit_code == 0, result.output
    assert "Please stay like this" in result.output
    face = FaceTemplate.decode(opened(founded).coordinates)
    assert [sample.source for sample in face.samples] == [Source.CAMERA] * 8
    assert opened(founded).header.method == "camera"

    refused = enrol(founded, photos / "good.jpg")
    assert refused.exit_code == 5
    assert "--replace" in refused.output
    assert enrol(founded, photos / "good.jpg", "--replace").exit_code == 0


def test_photo_and_sitting_together_make_one_template_and_need_no_replace(
    founded: Office, seated: None, photos: Path
) -> None:
    assert enrol(founded, photos / "good.jpg", *TANAKA).exit_code == 0
    result = enrol(founded, photos / "good.jpg", "--camera")
    assert result.exit_code == 0, result.output
    face = FaceTemplate.decode(opened(founded).coordinates)
    assert [sample.source for sample in face.samples] == [Source.PHOTO] + [Source.CAMERA] * 8
    assert set(opened(founded).header.method.split("+")) == {"photo", "camera"}


def test_a_photo_of_somebody_else_is_noticed_at_the_camera(founded: Office, seated: None, photos: Path) -> None:
    result = enrol(founded, photos / "other.jpg", *TANAKA, "--camera")
    assert result.exit_code == 7
    assert "does not resemble the photo" in result.output
    assert founded.json("list") == []


@pytest.fixture
def folder(founded: Office, photos: Path, tmp_path: Path) -> Path:
    """Photos named by login name and by staff number; the people are in the directory without face data."""
    with founded.slapd.admin() as admin:
        people = People(admin, founded.slapd.tree)
        for login, number in (("tanaka", "0012345"), ("sato", "0067890"), ("ito", "0000001")):
            people.add(login, staff_number=number, name=login.title(), mail="", groups=["finance"])
    folder = tmp_path / "folder"
    folder.mkdir()
    for name, source in {"tanaka.jpg": "good", "0067890.JPG": "other", "ito.jpg": "mask", "ghost.jpg": "good"}.items():
        (folder / name).write_bytes((photos / f"{source}.jpg").read_bytes())
    (folder / "notes.txt").write_text("not a photo")
    return folder


def test_a_folder_enrols_everybody_it_can_and_lists_the_others(founded: Office, folder: Path) -> None:
    result = founded.facectl("enroll", "--photos", folder, "--reason", "import", "--json")
    assert result.exit_code == 1, result.output
    answer = json.loads(result.stdout)
    assert {entry["login"]: entry["groups"] for entry in answer["enrolled"]} == {
        "tanaka": ["finance"],
        "sato": ["finance"],
    }
    assert {entry["file"]: entry["reason"] for entry in answer["refused"]} == {
        "ito.jpg": "covered",
        "ghost.jpg": "not_in_directory",
    }
    assert opened(founded, "sato").header.staff_number == "0067890"


def test_who_was_erased_and_returns_is_asked_for_the_details_anew(founded: Office, photos: Path) -> None:
    assert enrol(founded, photos / "good.jpg", *TANAKA).exit_code == 0
    assert founded.facectl("erase", "tanaka", "--reason", "left the office", "--yes").exit_code == 0
    for given in ((), ("--staff-number", "0012345")):
        result = enrol(founded, photos / "good.jpg", *given)
        assert (result.exit_code, "--staff-number" in result.output) == (5, True)
    assert enrol(founded, photos / "good.jpg", *TANAKA).exit_code == 0
    assert (person(founded).name, person(founded).face.template is None) == ("田中 花子", False)


def test_people_who_are_not_in_the_directory_come_from_the_staff_list(
    founded: Office, photos: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "new"
    folder.mkdir()
    (folder / "suzuki.jpg").write_bytes((photos / "good.jpg").read_bytes())
    (folder / "0067890.jpg").write_bytes((photos / "other.jpg").read_bytes())
    staff = tmp_path / "staff.csv"
    staff.write_bytes(
        "login,staff_number,name,groups\r\nsuzuki,11,鈴木 一郎,default finance\r\nsato,0067890,佐藤,\r\n".encode(
            "cp932"
        )
    )
    result = founded.facectl("enroll", "--photos", folder, "--staff-list", staff, "--reason", "import")
    assert result.exit_code == 0, result.output
    assert {entry["login"]: entry["name"] for entry in founded.json("list")} == {
        "suzuki": "鈴木 一郎",
        "sato": "佐藤",
    }
    assert person(founded, "suzuki").groups == ("default", "finance")


def test_a_second_photo_of_one_person_is_refused(founded: Office, folder: Path) -> None:
    (folder / "0012345.jpg").write_bytes((folder / "tanaka.jpg").read_bytes())
    result = founded.facectl("enroll", "--photos", folder, "--reason", "import")
    assert "another photo of tanaka" in result.output
    assert "Enrolled 2 people; 3 photos refused." in result.output


def test_a_folder_run_dry_writes_nothing(founded: Office, folder: Path) -> None:
    result = founded.facectl("enroll", "--photos", folder, "--reason", "import", "--dry-run")
    assert "Would enrol 2 people; 2 photos refused." in result.output
    assert {entry["state"] for entry in founded.json("list")} <= {"none"}


def test_enough_people_in_one_folder_set_the_threshold_of_the_site(founded: Office, tmp_path: Path) -> None:
    folder = tmp_path / "site"
    folder.mkdir()
    staff = ["login,staff_number,name"]
    for seed in roster(FEWEST_PEOPLE):
        (folder / f"d{seed}.jpg").write_bytes(encode_jpeg(id_photo(Identity(seed)), 95))
        staff.append(f"d{seed},{seed},Dummy {seed}")
    (tmp_path / "staff.csv").write_text("\n".join(staff))
    import_all = ("enroll", "--photos", folder, "--staff-list", tmp_path / "staff.csv", "--reason", "import", "--json")
    first = json.loads(founded.facectl(*import_all).stdout)
    assert (len(first["enrolled"]), first["calibrated_over"]) == (FEWEST_PEOPLE, FEWEST_PEOPLE)
    in_force = calibration_in_force(founded.station.verifier(founded.now))
    assert in_force is not None
    assert in_force.people == FEWEST_PEOPLE
    with founded.slapd.admin() as admin:
        assert RealmDocuments(admin, founded.slapd.tree).read().manifest == founded.station.manifest
    next(folder.iterdir()).unlink()
    fewer = json.loads(founded.facectl(*import_all).stdout)
    assert (len(fewer["enrolled"]), fewer["calibrated_over"]) == (FEWEST_PEOPLE - 1, 0)
    still = calibration_in_force(founded.station.verifier(founded.now))
    assert still is not None
    assert still.encode() == in_force.encode()


def test_photo_folder_and_user_do_not_mix(founded: Office, photos: Path) -> None:
    for arguments in (
        ("tanaka", "--photos", photos),
        ("tanaka",),
        ("--camera",),
        ("tanaka", "--camera", "--photos", photos),
    ):
        assert founded.facectl("enroll", *arguments, "--reason", "x").exit_code == 2


def test_no_picture_and_no_coordinate_is_left_on_the_station(founded: Office, photos: Path) -> None:
    enrol(founded, photos / "good.jpg", *TANAKA)
    coordinates = opened(founded).coordinates
    for path in founded.folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert coordinates[8:40] not in data
            assert cv2.imdecode(np.frombuffer(data or b"\0", np.uint8), cv2.IMREAD_COLOR) is None, path
