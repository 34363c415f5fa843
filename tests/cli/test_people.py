from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from cli.people import state_word
from faced.directory.people import People
from faced.enrolment.ending import endings
from faced.enrolment.person import PersonDetails
from faced.enrolment.register import Register
from faced.recognition.template import FaceTemplate, Sample, Source
from faced.trust.realm import Role
from tests.cli.conftest import NOW, ROLE_PASSPHRASE, Office
from tests.cli.year import as_role, enrol, unix

DAY = 86400


@pytest.fixture
def staffed(founded: Office) -> Office:
    """Three people with templates of random points; Tanaka was enrolled at the camera."""
    key = founded.station.role(Role.ENROL, lambda _name: ROLE_PASSPHRASE.encode())
    with founded.slapd.admin() as admin:
        register = Register(admin, founded.slapd.tree, founded.station.verifier(NOW), key)
        for index, (login, group) in enumerate((("ito", "default"), ("sato", "finance"), ("tanaka", "default"))):
            points = np.random.default_rng(index).normal(size=(68, 2))
            source = Source.CAMERA if login == "tanaka" else Source.PHOTO
            face = FaceTemplate((Sample.from_points(points, 0.004, source, NOW // DAY),))
            details = PersonDetails(login, f"00{index}", f"佐藤 {index}", "", (group,))
            register.enrol(details, face, predictor=bytes(32))
    return founded


def states(office: Office) -> dict[str, str]:
    return {entry["login"]: entry["state"] for entry in office.json("list")}


def test_the_list_names_everybody_with_group_and_period(staffed: Office) -> None:
    assert states(staffed) == {"ito": "enrolled", "sato": "enrolled", "tanaka": "enrolled"}
    text = staffed.facectl("list").output
    assert "佐藤 1" in text
    assert "2029-10-16" in text
    assert "3 people" in text


def test_the_list_can_be_narrowed(staffed: Office) -> None:
    assert [entry["login"] for entry in staffed.json("list", "--group", "finance")] == ["sato"]
    assert staffed.json("list", "--state", "erased") == []


def test_who_is_known_from_a_photo_alone_can_be_listed_for_the_desk_sessions(staffed: Office) -> None:
    assert [entry["login"] for entry in staffed.json("list", "--provisional")] == ["ito", "sato"]
    assert "3 people, 2 of them known from a photo alone" in staffed.facectl("list").output
    assert staffed.json("show", "tanaka")["confirmed"] is True


def test_show_tells_what_is_recorded_and_nothing_of_the_face(staffed: Office) -> None:
    shown = staffed.json("show", "sato")
    assert set(shown) == {
        *("login", "name", "staff_number", "mail", "groups"),
        *("state", "method", "confirmed", "basis", "until", "serial"),
    }
    assert (shown["staff_number"], shown["groups"], shown["until"]) == ("001", ["finance"], "2029-10-16")


def test_an_unknown_person_is_not_found(staffed: Office) -> None:
    assert staffed.facectl("show", "nobody").exit_code == 5
    assert staffed.facectl("erase", "nobody", "--reason", "x", "--yes").exit_code == 5


@pytest.mark.parametrize("name", ["*", "sato)(uid=*", "SATO", "ｓａｔｏ"])
def test_no_other_spelling_reaches_a_person(staffed: Office, name: str) -> None:
    assert staffed.facectl("show", name).exit_code == 5
    assert staffed.facectl("erase", name, "--reason", "x", "--yes").exit_code == 5
    assert states(staffed)["sato"] == "enrolled"


def test_a_template_put_back_after_its_erasure_is_shown_as_withdrawn(staffed: Office) -> None:
    with staffed.slapd.admin() as admin:
        people = People(admin, staffed.slapd.tree)
        old = people.find("sato").face
        assert old.template is not None
        staffed.facectl("erase", "sato", "--reason", "left the office", "--yes")
        people.enrol("sato", old.template, old.template_keys, ["finance"])
    assert states(staffed)["sato"] == "tombstoned"


def test_a_template_moved_to_another_entry_is_shown_as_somebody_elses(staffed: Office) -> None:
    with staffed.slapd.admin() as admin:
        people = People(admin, staffed.slapd.tree)
        face = people.find("sato").face
        assert face.template is not None
        people.enrol("ito", face.template, face.template_keys, ["default"])
    assert states(staffed)["ito"] == "wrong_person"


def test_after_the_fiscal_year_everybodys_period_is_over(staffed: Office) -> None:
    staffed.now = NOW + 170 * DAY
    staffed.facectl("realm", "manifest")
    assert set(states(staffed).values()) == {"purpose_over"}


def test_every_state_has_a_word() -> None:
    words: Callable[[str], str] = state_word
    assert words("tombstoned") == "withdrawn"
    assert words("bad_signature") == "not valid (bad_signature)"


def test_who_was_enrolled_at_the_camera_is_called_60_days_before_the_face_data_end(founded: Office) -> None:
    def ends(day: str) -> list[tuple[str, bool]]:
        with as_role(founded, Role.AUDIT) as connection:
            people = tuple(People(connection, founded.slapd.tree).all())
        verifier = founded.station.realm.verifier(founded.station.delegations, None, unix(day))
        return [(ending.login, ending.confirmed) for ending in endings(people, verifier)]

    enrol(founded, "tanaka", source=Source.CAMERA)
    enrol(founded, "sato")
    enrol(founded, "suzuki", source=Source.CAMERA, not_after=unix("2026-12-01"))
    assert "come to the camera again" in founded.facectl("list").stderr, "suzuki, in 47 days"
    assert ends("2026-12-10") == [("suzuki", True)]
    assert ends("2029-08-17") == [("suzuki", True)]
    assert ends("2029-08-18") == [("suzuki", True), ("sato", False), ("tanaka", True)]
    assert founded.facectl("erase", "suzuki", "--reason", "left", "--yes").exit_code == 0
    assert "come to the camera again" not in founded.facectl("list").output
