"""`facectl logon-test` against the machine's real libpam and a PAM service of our own."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result

from cli.logon_test import check_service, explain
from faced.errors import ConfigError
from tests.cli.conftest import Office

SERVICE = "faced-logon-test-of-the-tests"


@pytest.fixture
def stack() -> Iterator[Path]:
    """A PAM service that is there only now; needs root, as the command does."""
    path = Path("/etc/pam.d") / SERVICE
    yield path
    path.unlink(missing_ok=True)


def run(office: Office, *arguments: object) -> Result:
    password = office.secret("password", "secret")
    return office.facectl("logon-test", "root", "--service", SERVICE, "--password-file", password, *arguments)


def test_a_stack_that_lets_in_without_a_face_is_not_a_success(office: Office, stack: Path) -> None:
    stack.write_text("auth required pam_permit.so\naccount required pam_permit.so\n")
    result = run(office)
    assert result.exit_code == 1
    assert "does not ask for a face" in result.output


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("auth requisite pam_deny.so", "password or the face is not right"),
        ("auth required pam_faced_is_not_installed.so", "not installed"),
        ("auth required pam_echo.so file=/nonexistent\nauth requisite pam_deny.so", "Refused"),
    ],
)
def test_a_refusal_is_explained(office: Office, stack: Path, line: str, words: str) -> None:
    stack.write_text(f"{line}\naccount required pam_permit.so\n")
    result = run(office)
    assert result.exit_code == 1
    assert words in result.output


def test_what_the_stack_says_is_shown_and_given_to_programs(office: Office, stack: Path, tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_text("Please look at the camera.\n")
    stack.write_text(
        f"auth optional pam_echo.so file={text}\nauth required pam_permit.so\naccount required pam_permit.so\n"
    )
    result = run(office, "--json")
    assert "  Please look at the camera." in result.stderr
    answer = json.loads(result.stdout)
    assert (answer["admitted"], answer["asks_for_face"]) == (True, False)
    assert answer["texts"][0].strip() == "Please look at the camera."


def test_a_service_that_does_not_exist_is_refused_instead_of_other_being_used(office: Office) -> None:
    result = run(office)
    assert result.exit_code == 3
    assert "no PAM service" in result.output


def test_our_module_is_found_through_includes(tmp_path: Path) -> None:
    (tmp_path / "direct").write_text("auth required pam_faced.so\n")
    (tmp_path / "common").write_text(
        "# auth required pam_faced.so\nauth [success=1 default=ignore] \\\n  pam_faced.so\n"
    )
    (tmp_path / "at").write_text("@include common\n")
    (tmp_path / "sub").write_text("-auth substack at\n")
    (tmp_path / "account").write_text("account required pam_faced.so\n#auth required pam_faced.so\n")
    (tmp_path / "begins").write_text("auth [default=ignore] pam_faced.so begin\n")
    (tmp_path / "loop").write_text("@include loop\n")
    found = {name: check_service(name, (tmp_path,)) for name in sorted(os.listdir(tmp_path))}
    assert found == {
        "account": False,
        "at": True,
        "begins": False,
        "common": True,
        "direct": True,
        "loop": False,
        "sub": True,
    }


@pytest.mark.parametrize("name", ["../passwd", "", "a/b", "missing"])
def test_a_service_name_reaches_no_other_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError):
        check_service(name, (tmp_path,))


def test_every_code_of_our_module_has_its_own_words() -> None:
    codes = (0, 3, 7, 9, 11, 26)
    assert len({explain(code) for code in codes}) == len(codes)
    assert "99" in explain(99)
