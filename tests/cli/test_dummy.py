"""facectl dummy make: a folder that others can use as it is."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import pytest
from click.testing import CliRunner, Result

from cli.exit_codes import ExitCode
from cli.main import group
from faced.dummy import staff
from faced.dummy.ldif import DEFAULT_BASE
from faced.dummy.motion import Challenge
from faced.dummy.species import REPLAYS, Species
from faced.i18n import set_language

ROOT = Path(__file__).parents[2]
PEOPLE = 1


def facectl(*arguments: object) -> Result:
    set_language("en")
    return CliRunner().invoke(group(), list(map(str, arguments)), prog_name="facectl")


def make(out: Path, *more: object) -> Result:
    return facectl("dummy", "make", "--out", out, "--staff", PEOPLE, *more)


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One person with everything, at the slowest pace: 375 frames."""
    out = tmp_path_factory.mktemp("dummy") / "town"
    result = make(out, "--clips", "--attacks", "--fps", 5)
    assert result.exit_code == ExitCode.DONE, result.output
    return out


def test_everybody_has_a_photo_an_entry_and_a_line_in_the_list(made: Path) -> None:
    members = staff(PEOPLE)
    ldif = (made / "hr.ldif").read_text(encoding="ascii")
    listed = json.loads((made / "staff.json").read_text(encoding="utf-8"))
    assert sorted(path.stem for path in (made / "photos").iterdir()) == sorted(m.login for m in members)
    for member, line in zip(members, listed, strict=True):
        assert f"\ndn: uid={member.login},ou=staff,dc=example,dc=jp\n" in ldif
        assert (line["login"], line["japanese_name"], line["seed"]) == (
            member.login,
            member.japanese_name,
            member.seed,
        )
        picture = cv2.imread(str(made / "photos" / f"{member.login}.jpg"))
        assert picture is not None and picture.shape == (600, 480, 3)


def test_kinds_of_attack_can_be_chosen_and_are_the_same_as_among_all(made: Path, tmp_path: Path) -> None:
    chosen = ("tablet_still", "upright_bent_print")
    result = make(tmp_path / "town", "--fps", 5, *(part for kind in chosen for part in ("--species", kind)))
    assert result.exit_code == ExitCode.DONE, result.output
    login = staff(PEOPLE)[0].login
    some, every = digests(tmp_path / "town" / "attacks"), digests(made / "attacks")
    assert set(some) == {f"{login}-{kind}.{ending}" for kind in chosen for ending in ("avi", "json")}
    assert some.items() <= every.items()
    readme = (tmp_path / "town" / "README.md").read_text(encoding="utf-8")
    assert "--species upright_bent_print --species tablet_still" in readme and "--attacks" not in readme


def test_every_film_can_be_played_and_its_truth_is_beside_it(made: Path) -> None:
    films = sorted(made.rglob("*.avi"))
    assert {film.parent.name for film in films} == {"clips", "attacks"}
    for film in films:
        truth = json.loads(film.with_suffix(".json").read_text(encoding="utf-8"))
        capture = cv2.VideoCapture(str(film))
        assert capture.get(cv2.CAP_PROP_FPS) == truth["fps"] == 5
        frames = 0
        while capture.read()[0]:
            frames += 1
        assert frames == truth["frames"] > 0
        assert truth["live"] == (film.parent.name == "clips" and truth["people"] > 0)
    names = {film.stem for film in films}
    assert {"scene-nobody", "scene-two-people", "scene-mask", "scene-hand", "scene-glare", "scene-dim"} <= names
    for member in staff(PEOPLE):
        assert member.login in names
        assert {f"{member.login}-{kind}" for kind in Species} <= names


def test_every_operator_is_asked_for_one_thing_and_not_all_for_the_same(made: Path) -> None:
    truths = [json.loads(path.read_text(encoding="utf-8")) for path in (made / "attacks").glob("*.json")]
    asked = [act["challenge"] for truth in truths for act in truth["asked"]]
    assert len(asked) == len(truths) == len(Species)
    assert set(asked) == set(Challenge) - {Challenge.SMILE}


def test_the_help_names_every_kind_and_the_base_and_loads_nothing_to_draw_with() -> None:
    words = facectl("dummy", "make", "--help").output.split("NAME: ")[1].replace(",", " ").split()
    assert words == list(Species)
    code = (
        "import atexit, sys; from cli.main import main; sys.argv = ['facectl', 'dummy', 'make', '--help']; "
        "atexit.register(lambda: print(sorted({'cv2', 'numpy', 'faced.dummy'} & set(sys.modules)))); main()"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert f"[default: {DEFAULT_BASE}]" in " ".join(done.stdout.split())
    assert done.stdout.rstrip().endswith("[]")


def test_the_shell_completes_the_kinds() -> None:
    words = {"COMP_WORDS": "facectl dummy make --species replay_", "COMP_CWORD": "4"}
    done = subprocess.run(
        [sys.executable, "-c", "from cli.main import group; group().main(prog_name='facectl')"],
        cwd=ROOT,
        env={**os.environ, **words, "_FACECTL_COMPLETE": "bash_complete"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == [f"plain,{kind}" for kind in Species if kind in REPLAYS]


def test_the_manual_names_every_kind() -> None:
    manual = (ROOT / "packaging" / "man" / "facectl.1").read_text(encoding="utf-8")
    section = manual.partition("dummy make")[2].partition("completion")[0]
    assert [kind for kind in Species if kind not in section] == []


def test_a_kind_that_does_not_exist_is_a_usage_error(tmp_path: Path) -> None:
    result = make(tmp_path / "town", "--species", "hologram")
    assert result.exit_code == ExitCode.USAGE
    assert "foreign_head" in result.output
    assert not (tmp_path / "town").exists()


def test_the_readme_tells_the_command_that_makes_the_folder_again(made: Path) -> None:
    readme = (made / "README.md").read_text(encoding="utf-8")
    assert "--staff 1 --seed 0 --fps 5 --base dc=example,dc=jp --clips --attacks" in readme
    assert "Nobody here exists" in readme


def test_the_same_command_makes_the_same_files(made: Path, tmp_path: Path) -> None:
    assert make(tmp_path / "again").exit_code == ExitCode.DONE
    again = digests(tmp_path / "again")
    assert "hr.ldif" in again
    first = digests(made)
    assert {name: first[name] for name in again if name != "README.md"} == {
        name: digest for name, digest in again.items() if name != "README.md"
    }


def test_a_folder_with_something_in_it_is_left_alone_unless_forced(tmp_path: Path) -> None:
    kept = tmp_path / "letter.txt"
    kept.write_text("mine", encoding="utf-8")
    refused = make(tmp_path)
    assert refused.exit_code == ExitCode.NOT_ALLOWED
    assert "is not empty" in refused.output
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]
    assert make(tmp_path, "--force").exit_code == ExitCode.DONE
    assert kept.read_text(encoding="utf-8") == "mine"
    assert (tmp_path / "hr.ldif").exists()


def test_a_dry_run_says_everything_and_writes_nothing(tmp_path: Path) -> None:
    out = tmp_path / "town"
    result = make(out, "--clips", "--attacks", "--dry-run", "--json")
    assert result.exit_code == ExitCode.DONE
    answer = json.loads(result.stdout)
    assert not out.exists()
    assert answer["written"] is False
    assert [line["login"] for line in answer["staff"]] == [member.login for member in staff(PEOPLE)]
    assert "clips/scene-nobody.avi" in answer["films"]


def test_a_dry_run_on_a_folder_in_use_tells_the_refusal(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").touch()
    assert make(tmp_path, "--dry-run").exit_code == ExitCode.NOT_ALLOWED


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [("--base", "cn=config", "dc="), ("--staff", 100_000, "not that many"), ("--staff", 0, "range")],
)
def test_what_cannot_be_made_is_a_usage_error(option: str, value: object, words: str, tmp_path: Path) -> None:
    result = make(tmp_path / "town", option, value)
    assert result.exit_code == ExitCode.USAGE
    assert words in result.output
    assert not (tmp_path / "town").exists()
