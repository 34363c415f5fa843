from __future__ import annotations

from pathlib import Path

import pytest

from faced.directory.password import read_password
from faced.errors import ConfigError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "directory.password"
    path.write_text("from the file\n")
    path.chmod(0o600)
    return path


def test_the_file_is_read_and_its_line_end_is_not_part_of_it(file: Path) -> None:
    assert read_password(file, {}) == "from the file"


def test_a_credential_of_that_name_is_preferred(file: Path, tmp_path: Path) -> None:
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / file.name).write_text("from systemd")
    assert read_password(file, {"CREDENTIALS_DIRECTORY": str(credentials)}) == "from systemd"
    sealed = credentials / f"{file.name}.cred"
    sealed.write_text("sealed before")
    assert read_password(file, {"CREDENTIALS_DIRECTORY": str(credentials)}) == "sealed before"
    sealed.write_text("absent")
    assert read_password(file, {"CREDENTIALS_DIRECTORY": str(credentials)}) == "from systemd"
    (credentials / file.name).write_text("absent")
    assert read_password(file, {"CREDENTIALS_DIRECTORY": str(credentials)}) == "from the file"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_file_that_others_can_reach_is_refused(file: Path, mode: int) -> None:
    file.chmod(mode)
    with pytest.raises(ConfigError, match="chmod 600"):
        read_password(file, {})


def test_nothing_and_something_else_are_refused(file: Path, tmp_path: Path) -> None:
    for content in (b"", b"\n", b"\xff\xfe"):
        file.write_bytes(content)
        with pytest.raises(ConfigError, match="empty or no text"):
            read_password(file, {})
    with pytest.raises(ConfigError, match="Join this host"):
        read_password(tmp_path / "none", {})
    with pytest.raises(ConfigError):
        read_password(tmp_path, {})
