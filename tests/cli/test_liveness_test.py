"""`facectl liveness-test` as a site runs it, with films in the place of the camera: what is counted, kept and said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cli.main import group
from faced.dummy import Identity, clip, encode_jpeg, id_photo
from faced.dummy.clip import nobody
from faced.i18n import set_language
from faced.records.liveness_report import Kind
from faced.records.liveness_words import RULES
from tests.rig.sitter import fidgeter

FPS = 15
VICTIM = Identity(3)


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Somebody who looks about and blinks, as a film that a tablet could show; somebody who just sits there; and an
    empty chair.

    The films are longer than a try: one that begins anew repeats itself, which no camera does.
    """
    folder = tmp_path_factory.mktemp("films")
    fidgeter(VICTIM, seconds=9.5, fps=FPS).save(folder / "looking-about.avi")
    clip(VICTIM, 1, 9.5, FPS, motion=0.3, blinks_s=()).save(folder / "sitting.avi")
    nobody(1, 1.0, FPS).save(folder / "empty.avi")
    (folder / "victim.jpg").write_bytes(encode_jpeg(id_photo(VICTIM)))
    (folder / "another.jpg").write_bytes(encode_jpeg(id_photo(Identity(1011))))
    return folder


class Site:
    """One PC, its camera, and the file with the totals."""

    def __init__(self, folder: Path, films: Path) -> None:
        self.folder, self.films = folder, films
        self.totals, self.report = folder / "totals.json", folder / "report.html"
        self.config = folder / "faced.toml"
        self.show("looking-about.avi")

    def show(self, film: str, more: str = "") -> None:
        camera = f'[camera]\nname = "clip:{self.films / film}"\nfps = {FPS}\n'
        self.config.write_text(f"{camera}[logon]\nno_face_timeout_s = 1\nwarm_up_s = 0.1\n{more}")

    def test(self, *arguments: object, answers: str | None = None) -> Result:
        set_language("en")
        command = ["--config", str(self.config), "liveness-test", *map(str, arguments)]
        return CliRunner().invoke(group(), command, prog_name="facectl", input=answers)

    def run(self, *arguments: object) -> Result:
        return self.test(*arguments, "--append", self.totals, "--every", 0, "--yes")

    @property
    def document(self) -> Any:
        return json.loads(self.totals.read_text())


@pytest.fixture
def site(tmp_path: Path, films: Path) -> Site:
    return Site(tmp_path, films)


def test_a_film_that_passes_three_times_fails_the_artefact_and_is_counted_no_further(site: Site) -> None:
    result = site.run("tablet_replay", "--silent", "--out", site.report)
    assert result.exit_code == 1, result.output
    (tally,) = site.document["tallies"]
    assert (tally["presented"], tally["counted"], tally["passed"], tally["verdict"]) == (3, 3, 3, "fail")
    assert site.document["apcer"]["tablet_replay"] == {"count": 3, "of": 3, "rate": 1.0, "upper95": 1.0}
    assert "不合格" in site.report.read_text(encoding="utf-8")
    assert "So far 3 count, 3 of them passed." in result.stderr
    assert "no figure here holds" in result.stdout
    again = site.run("tablet_replay", "--silent")
    assert again.exit_code == 10
    assert "another --artefact" in again.output


def test_a_request_is_shown_and_a_film_that_does_not_obey_is_refused(site: Site) -> None:
    # Who looks about may, by chance, do what is asked.
    site.show("sitting.avi")
    result = site.run("tablet_replay", "--artefact", 2, "--tries", 1)
    assert result.exit_code == 0, result.output
    (tally,) = site.document["tallies"]
    assert (tally["number"], tally["counted"], tally["passed"], tally["verdict"]) == (2, 1, 0, "unfinished")
    assert sum(tally["denied_by"].values()) == 1
    (rule,) = tally["denied_by"]
    assert f"Refused ({RULES[rule][1]})" in result.stderr
    assert "film on a tablet" in result.stdout


def test_the_persons_own_tries_become_a_bpcer_and_totals_grow_from_run_to_run(site: Site) -> None:
    for counted in (1, 2):
        result = site.run("live", "--silent", "--tries", 1, "--json")
        assert result.exit_code == 0, result.output
        assert json.loads(result.stdout)["bpcer"]["of"] == counted
    assert site.document["bpcer"]["count"] == 0
    assert site.document["apcer"] == {}


def test_with_a_photo_only_what_matches_it_counts_and_nothing_but_counts_is_kept(site: Site) -> None:
    own, anothers = site.films / "victim.jpg", site.films / "another.jpg"
    assert site.run("live", "--silent", "--tries", 1, "--photo", own).exit_code == 0
    assert site.document["tallies"][0]["counted"] == 1
    assert site.run("live", "--silent", "--tries", 1, "--photo", anothers, "--out", site.report).exit_code == 0
    (tally,) = site.document["tallies"]
    assert (tally["presented"], tally["counted"], tally["left_out"]) == (2, 1, {"no_match": 1})
    assert sorted(path.name for path in site.folder.iterdir()) == ["faced.toml", "report.html", "totals.json"]
    for text in (site.totals.read_text(), site.report.read_text(encoding="utf-8")):
        for word in (own.name, anothers.name, "looking-about", str(site.folder), str(site.films)):
            assert word not in text


def test_an_empty_chair_does_not_count_and_other_settings_need_another_file(site: Site) -> None:
    site.show("empty.avi")
    site.run("flat_print", "--tries", 1)
    (tally,) = site.document["tallies"]
    assert (tally["presented"], tally["detected"], tally["left_out"]) == (1, 0, {"no_face": 1})
    site.show("empty.avi", "[liveness]\nchallenges = 2\n")
    result = site.run("flat_print", "--tries", 1)
    assert result.exit_code == 10
    assert "Begin another file" in result.output
    assert site.document["tallies"] == [tally]


def test_q_ends_and_what_was_counted_stays(site: Site) -> None:
    site.show("empty.avi")
    result = site.test("flat_print", "--append", site.totals, answers="y\n\nq\n")
    assert result.exit_code == 0, result.output
    assert site.document["tallies"][0]["presented"] == 1
    report = site.test("--append", site.totals, "--out", site.report)
    assert report.exit_code == 0
    assert "平らな印刷写真" in site.report.read_text(encoding="utf-8")


def test_nobody_is_tried_without_consent_and_a_dry_run_only_says_what_would_be_done(site: Site) -> None:
    assert site.test("flat_print", "--append", site.totals, answers="n\n").exit_code == 1
    result = site.test("flat_print", "--append", site.totals, "--dry-run")
    assert result.exit_code == 0
    assert "up to 40 times" in result.output
    assert not site.totals.exists()


def test_a_camera_that_is_not_there_and_totals_that_are_none_are_said(site: Site) -> None:
    site.show("gone.avi")
    assert site.run("live", "--tries", 1).exit_code == 8
    site.totals.write_text("{}")
    result = site.run("live", "--tries", 1)
    assert result.exit_code == 10
    assert "not the totals" in result.output


def test_the_help_names_every_kind(site: Site) -> None:
    text = " ".join(site.test("--help").output.split())
    assert f"KIND: {', '.join(kind.value for kind in Kind)}" in text
