"""What is foretold of a PAM stack, against what the real libpam does with the same lines."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from faced.logon.pam_stack import Fault, faults, read

ROOT = Path(__file__).parents[2]
UNIX = "auth [success=1 default=ignore] pam_unix.so"
DENY = "auth requisite pam_deny.so"
PERMIT = "auth required pam_permit.so"
OURS = "auth required pam_faced.so"
BEGIN = "auth [default=ignore] pam_faced.so begin"
DEBIAN = (BEGIN, UNIX, DENY, PERMIT, OURS)

GOOD = {
    "Debian's common-auth": DEBIAN,
    "requisite": (BEGIN, "auth requisite pam_unix.so", OURS),
    "two passwords": (
        "auth [success=2 default=ignore] pam_unix.so",
        "auth [success=1 default=ignore] pam_sss.so use_first_pass",
        *(DENY, PERMIT, OURS),
    ),
    "die": ("auth [success=ok default=die] pam_unix.so", OURS, "auth optional pam_group.so"),
}
BAD = {
    "a wrong password goes on": (("auth required pam_unix.so", OURS), {Fault.WRONG_PASSWORD_REACHES_FACE}),
    "an unknown user goes on": (
        ("auth [success=ok auth_err=die default=ignore] pam_unix.so", OURS),
        {Fault.WRONG_PASSWORD_REACHES_FACE},
    ),
    "a jump too far": (("auth [success=2 default=ignore] pam_unix.so", DENY, OURS, PERMIT),
                       {Fault.FACE_NOT_REACHED, Fault.REFUSED_FACE_LETS_IN}),
    "the password is enough": (
        ("auth sufficient pam_unix.so", OURS),
        {Fault.WRONG_PASSWORD_REACHES_FACE, Fault.FACE_NOT_REACHED, Fault.REFUSED_FACE_LETS_IN},
    ),
    "our line is optional": ((UNIX, DENY, PERMIT, "auth optional pam_faced.so"), {Fault.REFUSED_FACE_LETS_IN}),
    "our refusal is ignored": (
        (UNIX, DENY, PERMIT, "auth [success=ok default=ignore] pam_faced.so"),
        {Fault.REFUSED_FACE_LETS_IN},
    ),
    "the face before the password": ((OURS, "auth requisite pam_unix.so"), {Fault.WRONG_PASSWORD_REACHES_FACE}),
    "no password": ((PERMIT, OURS), {Fault.NO_PASSWORD}),
}  # fmt: skip
STACKS = {**{name: (lines, set()) for name, lines in GOOD.items()}, **BAD}


def write(folder: Path, service: str, *lines: str) -> None:
    (folder / service).write_text("".join(f"{line}\n" for line in lines))


@pytest.mark.parametrize("name", STACKS)
def test_what_is_said_about_a_stack(tmp_path: Path, name: str) -> None:
    lines, expected = STACKS[name]
    write(tmp_path, "desktop", "# a comment", *lines, "account required pam_permit.so")
    assert set(faults(read("desktop", tmp_path))) == expected


def ask_libpam(folder: Path, service: str, password: str, face: str) -> tuple[bool, bool]:
    """Whether the real libpam asks our line and lets in; stand-ins answer in the place of the modules."""
    for path in folder.iterdir():
        text = path.read_text()
        text = re.sub(r"pam_faced\.so begin", "pam_debug.so auth=ignore", text)
        text = re.sub(r"pam_(unix|sss)\.so.*", f"pam_debug.so auth={password}", text)
        text = re.sub(r"pam_group\.so", "pam_permit.so", text)
        text = re.sub(r"^(auth \S+ |auth \[.*\] )pam_faced\.so", rf"\1pam_debug.so auth={face}", text, flags=re.M)
        path.write_text(text)
    environment = {
        **os.environ,
        "LD_PRELOAD": "libpam_wrapper.so",
        "PAM_WRAPPER": "1",
        "PAM_WRAPPER_SERVICE_DIR": str(folder),
    }
    done = subprocess.run(
        ["pamtester", service, "somebody", "authenticate"], env=environment, capture_output=True, text=True, check=False
    )
    return f"auth={face}" in done.stdout + done.stderr, done.returncode == 0


@pytest.mark.parametrize("name", sorted(set(STACKS) - {"no password"}))
def test_libpam_lets_in_where_it_was_foretold(tmp_path: Path, name: str) -> None:
    lines, expected = STACKS[name]
    # One password module answers: with two of them "right" means that the first lets in.
    write(tmp_path, "desktop", *lines)
    _asked, lets_in = ask_libpam(tmp_path, "desktop", "success", "auth_err")
    assert lets_in == (Fault.REFUSED_FACE_LETS_IN in expected)


@pytest.mark.parametrize("name", sorted(set(STACKS) - {"no password"}))
def test_libpam_asks_our_line_after_a_wrong_password_where_it_was_foretold(tmp_path: Path, name: str) -> None:
    lines, expected = STACKS[name]
    asked = set()
    for password in ("auth_err", "user_unknown"):
        write(tmp_path, "desktop", *lines)
        asked.add(ask_libpam(tmp_path, "desktop", password, "maxtries")[0])
    assert (True in asked) == (Fault.WRONG_PASSWORD_REACHES_FACE in expected)


@pytest.mark.parametrize("how", ["include", "substack"])
def test_libpam_takes_an_include_and_a_substack_as_we_do(tmp_path: Path, how: str) -> None:
    write(tmp_path, "password-auth", "auth requisite pam_unix.so")
    # By its whole path: pam_wrapper moves the services and not what they include.
    write(tmp_path, "desktop", f"auth {how} {tmp_path}/password-auth", OURS)
    foretold = Fault.WRONG_PASSWORD_REACHES_FACE in faults(read("desktop", tmp_path))
    assert foretold == (how == "substack")
    assert ask_libpam(tmp_path, "desktop", "auth_err", "maxtries")[0] == foretold


def test_the_shipped_examples_are_sound() -> None:
    for path in (ROOT / "etc" / "pam.d").iterdir():
        stack = read(path.name, path.parent)
        assert stack
        assert faults(stack) == ()


def test_includes_are_followed(tmp_path: Path) -> None:
    write(tmp_path, "common-auth", *DEBIAN)
    write(
        tmp_path,
        "login",
        "auth optional pam_faildelay.so delay=3",
        "@include common-auth",
        "auth optional pam_group.so",
    )
    assert faults(read("login", tmp_path)) == ()


def test_a_stack_without_our_line_is_not_judged(tmp_path: Path) -> None:
    write(tmp_path, "cron", PERMIT, "account required pam_faced.so")
    assert faults(read("cron", tmp_path)) == ()


def test_files_that_include_each_other_end(tmp_path: Path) -> None:
    write(tmp_path, "a", "@include b")
    write(tmp_path, "b", "@include a")
    with pytest.raises(OSError, match="include each other"):
        read("a", tmp_path)
