"""What is foretold of a PAM stack, against what the real libpam does with the same lines."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from faced.logon.pam_stack import Fault, faults, makes_sure_of, read

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


KEY = "auth [success=ok default=die] pam_u2f.so"
PASSWORD = "auth requisite pam_unix.so"
#: Stacks of which a wrong answer of the factor's module is the end, or not.
SURE = {
    "before the password": (BEGIN, KEY, PASSWORD, OURS),
    "between the two": (BEGIN, UNIX, DENY, PERMIT, KEY, OURS),
    "after the face": (PASSWORD, OURS, KEY),
    "bad instead of die": (PASSWORD, "auth [success=ok default=bad] pam_u2f.so", OURS),
    "by a jump": (PASSWORD, "auth [success=1 default=ignore] pam_u2f.so", DENY, OURS),
    "one of two": (
        *(PASSWORD, "auth [success=2 default=ignore] pam_u2f.so", "auth [success=1 default=ignore] pam_oath.so"),
        *(DENY, OURS),
    ),
    "with arguments": (PASSWORD, f"{KEY} cue [cue_prompt=Touch the key]", OURS),
}
UNSURE = {
    "none": (PASSWORD, OURS),
    "optional": (PASSWORD, "auth optional pam_u2f.so", OURS),
    "sufficient": (PASSWORD, "auth sufficient pam_u2f.so", OURS),
    "required, which PAM_IGNORE passes": (PASSWORD, "auth required pam_u2f.so", OURS),
    "requisite, which PAM_IGNORE passes": (PASSWORD, "auth requisite pam_u2f.so", OURS),
    "an error that is ignored": (PASSWORD, "auth [success=ok authinfo_unavail=ignore default=die] pam_u2f.so", OURS),
    "every error but the usual": (
        *(PASSWORD, "auth [success=ok auth_err=die ignore=die default=ignore] pam_u2f.so", OURS),
    ),
    "a jump over it": (PASSWORD, "auth [success=ignore default=1] pam_group.so", KEY, OURS),
    "a substack that ends before it": (PASSWORD, "auth substack keys", OURS),
    "forgotten again": (PASSWORD, KEY.replace("die", "bad"), "auth [default=reset] pam_group.so", PERMIT, OURS),
}
VOID = {
    "nobody needs one": (PASSWORD, f"{KEY} nouserok", OURS),
    "nobody needs one, in brackets": (PASSWORD, f"{KEY} [nouserok]", OURS),
    "always content": (PASSWORD, f"{KEY} alwaysok", OURS),
    "another phase": (PASSWORD, OURS, KEY.replace("auth", "account", 1)),
}
SUBSTACK = ("auth sufficient pam_group.so", KEY)


def write(folder: Path, service: str, *lines: str) -> None:
    (folder / service).write_text("".join(f"{line}\n" for line in lines))


@pytest.mark.parametrize("name", STACKS)
def test_what_is_said_about_a_stack(tmp_path: Path, name: str) -> None:
    lines, expected = STACKS[name]
    write(tmp_path, "desktop", "# a comment", *lines, "account required pam_permit.so")
    assert set(faults(read("desktop", tmp_path))) == expected


def ask_libpam(
    folder: Path, service: str, password: str, face: str, *, key: str = "success", other: str = "success"
) -> tuple[bool, bool]:
    """Whether the real libpam asks our line and lets in; stand-ins answer in the place of the modules."""
    for path in folder.iterdir():
        text = path.read_text()
        text = re.sub(r"pam_faced\.so begin", "pam_debug.so auth=ignore", text)
        text = re.sub(r"pam_(unix|sss)\.so.*", f"pam_debug.so auth={password}", text)
        text = re.sub(r"pam_(u2f|oath)\.so.*", f"pam_debug.so auth={key}", text)
        text = re.sub(r"pam_group\.so", f"pam_debug.so auth={other}", text)
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


@pytest.mark.parametrize("name", [*SURE, *UNSURE, *VOID])
def test_what_is_said_about_another_factor(tmp_path: Path, name: str) -> None:
    write(tmp_path, "keys", *SUBSTACK)
    write(tmp_path, "desktop", *{**SURE, **UNSURE, **VOID}[name])
    assert makes_sure_of(read("desktop", tmp_path), {"pam_u2f", "pam_oath"}) == (name in SURE)


@pytest.mark.parametrize("name", [*SURE, *UNSURE])
def test_libpam_lets_in_without_the_factor_where_it_was_foretold(tmp_path: Path, name: str) -> None:
    """Our line says PAM_IGNORE, as to somebody who is exempted; one answer of the others that lets in is enough."""
    lets_in = {}
    for key in ("auth_err", "ignore", "authinfo_unavail", "user_unknown", "success"):
        for other in ("success", "auth_err"):
            write(tmp_path, "keys", *SUBSTACK)
            # By its whole path: pam_wrapper moves the services and not what they include.
            lines = (line.replace(" keys", f" {tmp_path}/keys") for line in {**SURE, **UNSURE}[name])
            write(tmp_path, "desktop", *lines)
            _asked, lets_in[key, other] = ask_libpam(tmp_path, "desktop", "success", "ignore", key=key, other=other)
    without = [lets for (key, _other), lets in lets_in.items() if key != "success"]
    assert any(without) == (name in UNSURE)
    if name in SURE:
        assert lets_in["success", "success"]
