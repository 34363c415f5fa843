"""`facectl lockouts` beside the counters of a daemon."""

from __future__ import annotations

import json
import os
import pwd
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from click.testing import CliRunner, Result

from cli.main import group
from cli.run import Run
from faced.i18n import set_language
from faced.logon.lockout import Counter, Lockout
from faced.records.audit import Pseudonyms

ROOT = Path(__file__).parents[2]
#: A user that every Debian has.
USER = "daemon"
UID = pwd.getpwnam(USER).pw_uid


class Pc:
    """A state folder as the daemon keeps it."""

    def __init__(self, folder: Path) -> None:
        self.state = folder / "state"
        self.state.mkdir(mode=0o700)
        self.config = folder / "faced.toml"
        self.config.write_text(f'language = "en"\n[state]\nlogon = "{self.state}"\n[logon]\nceiling = 6\n')
        self.lockout = Lockout(self.state, 3, 6)
        self.pseudonyms = Pseudonyms.load(self.state / "pseudonyms.secret")

    def fail(self, times: int, counter: Counter = Counter.GREETER, uid: int = UID) -> None:
        for _ in range(times):
            self.lockout.charge(uid, counter)

    def facectl(self, *arguments: str) -> Result:
        set_language("en")
        return CliRunner().invoke(
            group(), ["--config", str(self.config), "lockouts", *arguments], obj=Run(self.config), prog_name="facectl"
        )


@pytest.fixture
def pc() -> Iterator[Pc]:
    with TemporaryDirectory(prefix="faced-test-") as folder:
        Path(folder).chmod(0o755)
        yield Pc(Path(folder))


def test_the_list_has_pseudonyms_and_says_who_is_locked(pc: Pc) -> None:
    pc.fail(6)
    pc.fail(3, Counter.LOCKER)
    result = pc.facectl("list", "--json")
    locked, waiting = json.loads(result.stdout)
    assert result.exit_code == 1
    assert (locked["subject"], locked["counter"], locked["failed"], locked["locked"]) == (
        pc.pseudonyms.of(USER),
        "greeter",
        6,
        True,
    )
    assert (waiting["counter"], waiting["locked"], 0 < waiting["wait_s"] <= 30) == ("locker", False, True)
    text = pc.facectl("list").output
    assert pc.pseudonyms.of(USER) in text
    assert USER not in text.replace("faced-test", "")
    assert "2 counters with failed tries, 1 of them locked" in text


def test_who_asks_about_a_name_is_told_by_name(pc: Pc) -> None:
    pc.fail(2)
    pc.fail(5, uid=UID + 1)
    result = pc.facectl("show", USER, "--json")
    (one,) = json.loads(result.stdout)
    assert (result.exit_code, one["subject"], one["failed"]) == (0, USER, 2)


def test_looking_changes_no_counter_though_the_clock_was_set_back(pc: Pc) -> None:
    pc.fail(4)
    (path,) = pc.state.glob("tries-*")
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, "boot": "before", "wall": content["wall"] + 1e6}))
    before = path.read_bytes()
    assert pc.facectl("list").exit_code == 0
    assert path.read_bytes() == before


def test_nobody_failed(pc: Pc) -> None:
    assert json.loads(pc.facectl("list", "--json").stdout) == []
    assert pc.facectl("show", "nobody-of-that-name").exit_code == 5


def test_a_damaged_counter_is_named(pc: Pc) -> None:
    pc.fail(1)
    (path,) = pc.state.glob("tries-*")
    path.write_text("{")
    result = pc.facectl("list")
    assert (result.exit_code, path.name in result.output) == (10, True)


def test_only_root_may_look(pc: Pc) -> None:
    pc.config.chmod(0o644)
    done = subprocess.run(
        ["setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups", sys.executable, "-m", "cli.main"]
        + ["--config", str(pc.config), "lockouts", "list"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "HOME": "/"},
        cwd="/",
    )
    assert (done.returncode, "Only root" in done.stderr) == (9, True), done.stderr
