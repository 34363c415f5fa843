"""`facectl evaluate` as the ward's staff run it: dummies through the real predictor, and a realm of enrolled people."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result

from faced.dummy import Identity, Worn, encode_jpeg, id_photo, roster
from faced.enrolment.acts import Act, ActLog
from faced.enrolment.person import PersonDetails
from faced.enrolment.register import Register
from faced.recognition.metric import Metric
from faced.recognition.template import FaceTemplate, Sample, Source
from faced.trust.realm import Role
from tests.cli.conftest import NOW, ROLE_PASSPHRASE, Office

DAY = NOW // 86400
#: Folder and file names that must not be found anywhere.
PEOPLE = ("田中花子", "satoichiro", "suzukijiro", "itosaburo", "abeshiro", "katogoro")
FIRST, LATER = "hatsukai", "nochinohi"


@pytest.fixture(scope="session")
def photos_of_six(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six people with two photos each; one first photo is damaged, one later photo shows a mask."""
    folder = tmp_path_factory.mktemp("evaluated")
    for number, (name, seed) in enumerate(zip(PEOPLE, roster(len(PEOPLE)), strict=True)):
        (folder / name).mkdir()
        first = encode_jpeg(id_photo(Identity(seed)))
        later = encode_jpeg(id_photo(Identity(seed), 1, worn=Worn(mask=number == 1)))
        (folder / name / f"{FIRST}.jpg").write_bytes(first[: len(first) // 2] if number == 0 else first)
        (folder / name / f"{LATER}.jpg").write_bytes(later)
    return folder


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "table.csv"
    lines = [f"{name},{'counter' if number < 5 else 'driver'}" for number, name in enumerate(PEOPLE)]
    path.write_text("person,group\n" + "\n".join([*lines, "nobody,driver"]) + "\n", encoding="utf-8")
    return path


def names_in(*texts: str) -> list[str]:
    secrets = (*PEOPLE, *(FIRST, LATER), *(f"user{number}" for number in range(12)), "driver")
    return [name for name in secrets for text in texts if name in text]


def test_a_folder_of_photos_becomes_figures_and_nothing_else(
    office: Office, photos_of_six: Path, table: Path, tmp_path: Path
) -> None:
    out = tmp_path / "report.html"
    result = office.facectl(
        *("evaluate", photos_of_six, "--out", out, "--json", "--groups", table, "--min-group", 5, "--dummy")
    )
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    page = out.read_text(encoding="utf-8")
    assert "1 lines of the group table are of nobody here" in result.stderr
    assert names_in(result.output, page) == []
    assert (document["people"], document["pictures"], document["dummy"]) == (6, 12, True)
    # A broken photo is a failure to enrol, a mask a failure to acquire; no reason is shared by five people.
    assert rate(document["fte"]) == (1, 6, 6)
    assert rate(document["fta"]) == (1, 6, 6)
    assert (document["refusals"], document["refused_otherwise"]) == ([], 2)
    (condition,) = document["conditions"]
    assert [at["aim"] for at in condition["rates"]] == [0.01, 0.001]
    assert condition["rates"][0]["fmr"]["people"] == 5
    # Four people have a usable photo of both kinds: one fewer than a figure needs.
    assert condition["rates"][0]["fnmr"] is None
    assert document["breakdown"]["groups"] == []
    assert len(document["instrument"]["predictor"]) == 64
    assert document["instrument"]["metric"] == Metric.shipped().id.hex()
    assert '<section lang="ja">' in page and '<section lang="en">' in page and 'class="dummy"' in page


def rate(proportion: dict[str, Any]) -> tuple[int, int, int]:
    return proportion["errors"], proportion["trials"], proportion["people"]


def test_what_cannot_be_measured_is_said_before_any_photo_is_looked_at(
    office: Office, photos_of_six: Path, tmp_path: Path
) -> None:
    out = tmp_path / "report.html"
    few = office.facectl("evaluate", photos_of_six, "--out", out)
    assert few.exit_code == 9
    assert "at least 10 people" in few.output and "there are 6" in few.output
    unmeasured = office.facectl("evaluate", photos_of_six, "--out", out, "--min-group", 5, "--fmr", 0.0123)
    assert unmeasured.exit_code not in (0, 70)
    assert "0.0123" in unmeasured.output
    assert office.facectl("evaluate", tmp_path, "--out", out).exit_code == 10
    assert office.facectl("evaluate", photos_of_six, "--out", tmp_path / "absent" / "report.html").exit_code == 10
    assert office.facectl("evaluate", photos_of_six, "--out", out, "--min-group", 4).exit_code == 2
    assert not out.exists()


@pytest.mark.parametrize(
    "arguments", [(), ("--json",), ("--enrolled", "--json"), ("--enrolled", "--reason", "yearly"), (".",)]
)
def test_a_command_line_that_asks_for_too_little_is_refused(office: Office, arguments: tuple[str, ...]) -> None:
    assert office.facectl("evaluate", *arguments).exit_code == 2


@pytest.fixture
def enrolled(founded: Office) -> Office:
    """Twelve people with a photo, eight of them also with a sitting at the camera a day later."""
    key = founded.station.role(Role.ENROL, lambda _name: ROLE_PASSPHRASE.encode())
    reference, rng = Metric.shipped().reference, np.random.default_rng(3)
    with founded.slapd.admin() as admin:
        register = Register(admin, founded.slapd.tree, founded.station.verifier(NOW), key)
        for number in range(12):
            points = reference + rng.normal(0, 0.012, (68, 2))
            samples = [Sample.from_points(points, 0.002, Source.PHOTO, DAY - 1)]
            if number < 8:
                samples += [Sample.from_points(points, 0.002, Source.CAMERA, DAY)] * 2
            details = PersonDetails(f"user{number}", f"00{number}", PEOPLE[number % 6], "", ("default",))
            register.enrol(details, FaceTemplate(tuple(samples)), predictor=bytes(32))
    return founded


def evaluate_enrolled(office: Office, *more: object) -> Result:
    return office.facectl("evaluate", "--enrolled", "--json", "--reason", "yearly check", "--min-group", 6, *more)


def test_enrolled_people_are_opened_by_the_operating_role_and_that_is_recorded(enrolled: Office) -> None:
    result = evaluate_enrolled(enrolled)
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert names_in(result.output) == []
    assert (document["basis"], document["people"], document["pictures"]) == ("enrolled", 12, 12 + 16)
    assert (document["fte"], document["fta"], document["left_out"], document["dummy"]) == (None, None, 0, True)
    for condition in document["conditions"]:
        fmr, fnmr = (condition["rates"][0][name] for name in ("fmr", "fnmr"))
        # Only a sitting of another day is a probe: eight people have one.
        assert rate(fnmr) == (0, 8, 8)
        assert fmr["people"] == 12
    acts = [record for record in ActLog(enrolled.station_path).read() if record.act is Act.EVALUATE]
    assert [(record.outcome, record.reason, record.subject) for record in acts] == [
        ("begun", "yearly check", "12 people"),
        ("done", "yearly check", "12 people"),
    ]
    assert {record.handler for record in acts} == {"suzuki"}


def test_templates_that_do_not_open_are_counted_and_left_out(enrolled: Office) -> None:
    key = enrolled.station.role(Role.ENROL, lambda _name: ROLE_PASSPHRASE.encode())
    with enrolled.slapd.admin() as admin:
        register = Register(admin, enrolled.slapd.tree, enrolled.station.verifier(NOW), key)
        points = Metric.shipped().reference
        face = FaceTemplate((Sample.from_points(points, 0.002, Source.PHOTO, DAY),))
        register.enrol(PersonDetails("other", "99", "別の人", "", ("default",)), face, predictor=b"\x01" * 32)
        # Somebody who writes the directory moved a template to another person.
        register.people.enrol("user11", register.people.find("user1").face.template or b"", (), ("default",))
    document = json.loads(evaluate_enrolled(enrolled).stdout)
    assert (document["people"], document["left_out"]) == (11, 2)


def test_without_the_passphrase_or_the_record_nothing_is_opened(enrolled: Office) -> None:
    wrong = evaluate_enrolled(enrolled, "--passphrase-file", enrolled.secret("wrong", "not the passphrase"))
    assert wrong.exit_code == 6
    assert not [record for record in ActLog(enrolled.station_path).read() if record.act is Act.EVALUATE]
    (enrolled.station_path / "acts").mkdir()
    unrecorded = evaluate_enrolled(enrolled)
    assert unrecorded.exit_code == 10
    assert "nothing was done" in unrecorded.output
    assert unrecorded.stdout == ""
