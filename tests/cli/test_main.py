"""facectl from the outside: start-up, help, errors as lines, statuses that do not change."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import click
import pytest
from click.testing import CliRunner

from cli.exit_codes import ExitCode, code_of
from cli.lazy import LazyGroup
from cli.main import group
from faced import errors

ROOT = Path(__file__).parents[2]
HEAVY = ("cv2", "dlib", "numpy", "ldap3", "nacl", "pam", "faced.landmarks", "faced.directory", "faced.trust")


def facectl(*arguments: str, **more: object) -> subprocess.CompletedProcess[str]:
    """A process of its own."""
    environment = {**os.environ, "FACED_CONFIG": "/nonexistent/faced.toml", **dict(more)}
    return subprocess.run(
        [sys.executable, "-m", "cli.main", *arguments],
        cwd=ROOT,
        env={key: str(value) for key, value in environment.items()},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import atexit, sys; from cli.main import main; sys.argv = ['facectl', '--help']; "
        f"atexit.register(lambda: print(sorted(set(sys.modules) & set({HEAVY!r})))); main()"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.rstrip().endswith("[]")


def test_help_names_every_noun_and_every_status() -> None:
    text = facectl("--help").stdout
    for noun in group().list_commands(click.Context(group())):
        assert re.search(rf"^  {noun}\s", text, re.MULTILINE), noun
    for code in ExitCode:
        assert re.search(rf"^\s+{code.value}  \S", text, re.MULTILINE), code


@pytest.mark.parametrize("noun", group().list_commands(click.Context(group())))
def test_every_noun_explains_itself(noun: str) -> None:
    result = CliRunner().invoke(group(), [noun, "--help"], prog_name="facectl")
    assert result.exit_code == 0, result.output
    assert f"Usage: facectl {noun}" in result.output


def test_the_manual_lists_the_same_statuses() -> None:
    manual = (ROOT / "packaging" / "man" / "facectl.1").read_text(encoding="utf-8")
    listed = {int(number) for number in re.findall(r"^\.B (\d+)$", manual, re.MULTILINE)}
    assert listed == {code.value for code in ExitCode}


def commands(command: click.Command, *words: str) -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, with all its words."""
    if not isinstance(command, click.Group):
        yield " ".join(words), command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        assert found is not None
        yield from commands(found, *words, name)


COMMANDS = dict(commands(group()))


def manual() -> str:
    """As it is read: without the marks of troff."""
    source = (ROOT / "packaging" / "man" / "facectl.1").read_text(encoding="utf-8")
    return re.sub(r'[" ]+', " ", re.sub(r"\\f[A-Z]", "", source).replace("\\-", "-"))


@pytest.mark.parametrize("words", COMMANDS)
def test_the_manual_has_every_command(words: str) -> None:
    assert re.search(rf"^\.TP\n\.B[IR]?( .*,)? {words}\b", manual(), re.MULTILINE)


@pytest.mark.parametrize("words", [words for words in COMMANDS if words.startswith(("sync", "worklist"))])
def test_the_manual_has_every_option_of_the_synchronisation(words: str) -> None:
    entry = re.split(rf"^\.TP\n\.B[IR]? {words}\b", manual(), flags=re.MULTILINE)[1].split(".TP")[0]
    left_out = {"station_path", "handler", "passphrase_file", "as_json", "dry_run", "unattended"}
    for parameter in COMMANDS[words].params:
        if isinstance(parameter, click.Option) and parameter.name not in left_out:
            assert any(name in entry for name in (*parameter.opts, *parameter.secondary_opts)), parameter.name


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.ConfigError, 3),
        (errors.PredictorError, 3),
        (errors.DirectoryUnavailable, 4),
        (errors.NotInDirectory, 5),
        (errors.AmbiguousEntry, 5),
        (errors.TrustError, 6),
        (errors.PhotoRefused, 7),
        (errors.CameraUnavailable, 8),
        (errors.NotAllowed, 9),
        (errors.StateError, 10),
        (errors.ProtocolError, 11),
        (errors.FacedError, 1),
    ],
)
def test_statuses_are_fixed(error: type[errors.FacedError], code: int) -> None:
    assert code_of(error("text")) == code


def test_a_missing_configuration_is_one_line_and_its_status() -> None:
    done = facectl("status")
    assert done.returncode == 3
    assert "/nonexistent/faced.toml" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_mistyped_key_in_the_configuration_is_named(tmp_path: Path) -> None:
    (tmp_path / "faced.toml").write_text("[logon]\ntrys = 3\n")
    done = facectl("--config", str(tmp_path / "faced.toml"), "status")
    assert done.returncode == 3
    assert "trys" in done.stderr


def test_a_wrong_word_is_a_usage_error() -> None:
    done = facectl("enrol")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def failing(error: BaseException) -> LazyGroup:
    """A group whose one command raises."""

    def run() -> NoReturn:
        secret = "a password in a local variable"  # noqa: F841
        raise error

    top = LazyGroup(name="facectl", lazy={})
    top.get_command = lambda ctx, name: click.Command(name, callback=run)  # type: ignore[method-assign]
    return top


def test_an_unforeseen_error_shows_neither_trace_nor_text_nor_variables() -> None:
    result = CliRunner().invoke(failing(RuntimeError("with a password in its text")), ["x"])
    assert result.exit_code == ExitCode.BUG
    assert "RuntimeError" in result.output
    assert "password" not in result.output
    assert "line" not in result.output


def test_debug_shows_where_but_no_variables() -> None:
    result = CliRunner().invoke(failing(RuntimeError("with a password in its text")), ["x", "--debug"])
    assert result.exit_code == ExitCode.USAGE
    top = failing(RuntimeError("with a password in its text"))
    top.params.append(click.Option(["--debug"], is_flag=True, expose_value=False))
    result = CliRunner().invoke(top, ["--debug", "x"])
    assert result.exit_code == ExitCode.BUG
    assert "test_main.py" in result.output
    assert "password" not in result.output


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (KeyboardInterrupt(), ExitCode.INTERRUPTED),
        (click.Abort(), ExitCode.INTERRUPTED),
        (PermissionError(13, "Permission denied", "/etc/faced/host.keys"), ExitCode.STATE),
        (errors.NotAllowed("not you"), ExitCode.NOT_ALLOWED),
    ],
)
def test_what_ends_a_command_is_at_most_one_line(error: BaseException, status: int) -> None:
    result = CliRunner().invoke(failing(error), ["x"])
    assert result.exit_code == status
    assert len(result.output.strip().splitlines()) <= 1


def test_control_c_is_quiet() -> None:
    code = (
        "import time; from cli.lazy import LazyGroup; import click; top = LazyGroup(name='facectl', lazy={}); "
        "run = lambda: (print('ready', flush=True), time.sleep(60)); "
        "top.get_command = lambda context, name: click.Command(name, callback=run); top.main(['x'])"
    )
    # Whoever runs the tests in the background has told them to ignore Ctrl-C.
    process = subprocess.Popen(
        ["env", "--default-signal=INT", sys.executable, "-c", code],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    _out, err = process.communicate(timeout=30)
    assert process.returncode == ExitCode.INTERRUPTED
    assert err.strip() == ""


def test_a_reader_that_goes_away_hears_no_complaint() -> None:
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m cli.main completion bash | true"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""


def test_words_complete_without_loading_the_nouns() -> None:
    done = facectl(_FACECTL_COMPLETE="bash_complete", COMP_WORDS="facectl er", COMP_CWORD="1")
    assert sorted(done.stdout.split()) == ["plain,erase", "plain,erasures"]


@pytest.mark.parametrize(("shell", "file"), [("bash", "facectl"), ("zsh", "_facectl"), ("fish", "facectl.fish")])
def test_the_packaged_completion_is_what_the_command_prints(shell: str, file: str) -> None:
    packaged = (ROOT / "packaging" / "completion" / file).read_text(encoding="utf-8")
    assert facectl("completion", shell).stdout == packaged
