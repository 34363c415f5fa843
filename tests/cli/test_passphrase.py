from __future__ import annotations

import os
import threading
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from cli.lazy import LazyGroup
from cli.passphrase import new_passphrase, read_passphrase, unlock_from
from faced.errors import StateError

GOOD = "correct horse battery"


def typed(what: str, *lines: str) -> Result:
    """What happens when a person types these lines; the passphrase comes back in hex."""

    def ask() -> None:
        passphrase = new_passphrase("the root key", None) if what == "new" else unlock_from(None)("enrol")
        click.echo(passphrase.hex())

    top = LazyGroup(name="facectl", lazy={})
    top.get_command = lambda _context, name: click.Command(name, callback=ask)  # type: ignore[method-assign]
    return CliRunner().invoke(top, ["x"], input="".join(f"{line}\n" for line in lines))


def test_a_new_passphrase_is_typed_twice_and_never_echoed() -> None:
    result = typed("new", GOOD, GOOD)
    assert result.exit_code == 0
    assert result.stdout.strip().endswith(GOOD.encode().hex())
    assert GOOD not in result.output


def test_two_different_passphrases_are_asked_for_again() -> None:
    result = typed("new", GOOD, "correct house battery", GOOD, GOOD)
    assert result.exit_code == 0
    assert result.stdout.strip().endswith(GOOD.encode().hex())


def test_a_short_passphrase_is_refused() -> None:
    result = typed("new", "short", "short")
    assert result.exit_code == 9
    assert "at least 12" in result.output


def test_a_timer_without_passphrase_ends_with_a_line_and_does_not_hang() -> None:
    result = typed("unlock")
    assert result.exit_code == 9
    assert "--passphrase-file" in result.output


def test_a_passphrase_of_japanese_words_is_counted_in_characters(tmp_path: Path) -> None:
    (tmp_path / "p").write_text("これはとてもながいことばです\n", encoding="utf-8")
    assert new_passphrase("the root key", tmp_path / "p").decode() == "これはとてもながいことばです"


def test_only_the_first_line_of_a_file_counts(tmp_path: Path) -> None:
    (tmp_path / "p").write_text(f"{GOOD}\r\nsomething else\n")
    assert read_passphrase(tmp_path / "p") == GOOD.encode()


def test_a_descriptor_can_be_named_as_a_file() -> None:
    read, write = os.pipe()
    writer = threading.Thread(target=lambda: (os.write(write, f"{GOOD}\n".encode()), os.close(write)))
    writer.start()
    try:
        assert unlock_from(Path(f"/dev/fd/{read}"))("enrol") == GOOD.encode()
    finally:
        writer.join()
        os.close(read)


@pytest.mark.parametrize("content", [None, "", "\n"])
def test_a_missing_or_empty_file_is_refused_by_name(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "passphrase"
    if content is not None:
        path.write_text(content)
    with pytest.raises(StateError, match="passphrase"):
        read_passphrase(path)


def test_a_timer_takes_the_credential_of_its_role(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "passphrase.manifest").write_text(GOOD)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert unlock_from(None)("manifest") == GOOD.encode()
