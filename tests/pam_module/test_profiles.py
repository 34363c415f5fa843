"""The stacks that we hand out: what pam-auth-update makes of our two profiles, and the examples of etc/pam.d."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.pam_module.daemon import FakeDaemon, account, honest
from tests.rig.pam import ACCOUNT, ROOT, Code, PamRig

PROFILES = ROOT / "packaging" / "pam-configs"
EXAMPLES = ROOT / "etc" / "pam.d"
COMMON = ("account", "auth", "password", "session", "session-noninteractive")
#: As Debian's libpam-sss has it; installing sssd for its six lines would be much.
SSS = """Name: SSS authentication
Default: yes
Priority: 128
Auth-Type: Primary
Auth:
\t[success=end default=ignore]\tpam_sss.so use_first_pass
Auth-Initial:
\t[success=end default=ignore]\tpam_sss.so forward_pass
Account-Type: Additional
Account:
\tsufficient\t\t\tpam_localuser.so
\t[default=bad success=ok user_unknown=ignore]\tpam_sss.so
"""
DEBCONF = """Config: config
Templates: templates

Name: config
Driver: File
Filename: {root}/config.dat

Name: templates
Driver: File
Filename: {root}/templates.dat
"""


@pytest.fixture
def update(tmp_path: Path) -> Callable[..., dict[str, list[str]]]:
    """Runs the real pam-auth-update on a root of its own; gives the lines of auth and account."""
    etc, saved, profiles = (tmp_path / folder for folder in ("etc/pam.d", "var/lib/pam", "usr/share/pam-configs"))
    for folder in (etc, saved, profiles):
        folder.mkdir(parents=True)
    for kind in COMMON:
        shutil.copy(f"/usr/share/pam/common-{kind}", etc)
    for profile in (Path("/usr/share/pam-configs/unix"), *PROFILES.iterdir()):
        shutil.copy(profile, profiles)
    (profiles / "sss").write_text(SSS)
    debconf = tmp_path / "debconf.conf"
    debconf.write_text(DEBCONF.format(root=tmp_path))

    def run(*enabled: str) -> dict[str, list[str]]:
        subprocess.run(
            ["/usr/sbin/pam-auth-update", "--root", str(tmp_path), "--force", "--package", "--enable", *enabled],
            check=True,
            capture_output=True,
            env={**os.environ, "DEBCONF_SYSTEMRC": str(debconf), "DEBIAN_FRONTEND": "noninteractive"},
        )
        return {kind: stack((etc / f"common-{kind}").read_text()) for kind in ("auth", "account")}

    return run


def stack(text: str) -> list[str]:
    """The lines that count, single-spaced."""
    return [re.sub(r"\s+", " ", line).strip() for line in text.splitlines() if line.strip() and line[0] != "#"]


def in_the_rig(lines: list[str], socket: Path) -> list[str]:
    """The same stack with modules that work without an account on this machine: everybody is a pam_matrix user."""
    replaced = []
    for line in lines:
        line = line.replace("pam_faced.so", f"pam_faced.so socket={socket}")
        line = re.sub(r"^(auth .*?)pam_unix\.so.*", r"\1pam_password.so", line)
        line = re.sub(r"^(account .*?)pam_unix\.so.*", r"\1pam_permit.so", line)
        replaced.append(re.sub(r"pam_(sss|localuser)\.so.*", "pam_deny.so", line))
    return replaced


def test_pam_auth_update_puts_one_line_before_the_password_and_one_after(
    update: Callable[..., dict[str, list[str]]],
) -> None:
    stacks = update("unix", "sss", "faced-begin", "faced")
    assert stacks["auth"] == [
        "auth [default=ignore] pam_faced.so begin",
        "auth [success=2 default=ignore] pam_unix.so nullok try_first_pass",
        "auth [success=1 default=ignore] pam_sss.so use_first_pass",
        "auth requisite pam_deny.so",
        "auth required pam_permit.so",
        "auth required pam_faced.so",
    ]


def test_the_account_line_comes_before_one_that_ends_the_stack(update: Callable[..., dict[str, list[str]]]) -> None:
    lines = update("unix", "sss", "faced-begin", "faced")["account"]
    assert lines.index("account required pam_faced.so") < lines.index("account sufficient pam_localuser.so")


def test_without_the_first_profile_the_face_is_still_required(update: Callable[..., dict[str, list[str]]]) -> None:
    lines = update("unix", "faced")["auth"]
    assert lines[-1] == "auth required pam_faced.so"
    assert "begin" not in " ".join(lines)


def generated(update: Callable[..., dict[str, list[str]]]) -> list[str]:
    stacks = update("unix", "sss", "faced-begin", "faced")
    return stacks["auth"] + stacks["account"]


def test_no_profile_is_enabled_by_being_installed() -> None:
    assert all("Default: no\n" in profile.read_text() for profile in PROFILES.iterdir())


@pytest.fixture(params=["pam-auth-update", *sorted(path.name for path in EXAMPLES.iterdir())])
def lines(request: pytest.FixtureRequest, update: Callable[..., dict[str, list[str]]]) -> list[str]:
    return generated(update) if request.param == "pam-auth-update" else stack((EXAMPLES / request.param).read_text())


@pytest.mark.parametrize(
    ("typed", "outcome", "code", "conversation"),
    [
        ("secret", "match", Code.SUCCESS, ["Begin", "Decide"]),
        ("secret", "no_match", Code.AUTH_ERR, ["Begin", "Decide"]),
        ("secret", "no_face", Code.AUTHINFO_UNAVAIL, ["Begin", "Decide"]),
        ("secret", "exempt", Code.SUCCESS, ["Begin", "Decide"]),
        ("wrong", "match", Code.AUTH_ERR, ["Begin"]),
        ("wrong", "exempt", Code.AUTH_ERR, ["Begin"]),
    ],
)
def test_it_takes_password_and_face(
    rig: PamRig, lines: list[str], typed: str, outcome: str, code: Code, conversation: list[str]
) -> None:
    with FakeDaemon(honest(outcome)) as daemon:
        rig.write_service("logon", *in_the_rig(lines, daemon.path))
        rig.set_password("tanaka", "secret", "logon")
        assert rig.converse("tanaka", "logon", typed).code == code
        assert daemon.conversations == [conversation]


def test_it_takes_a_daemon(rig: PamRig, lines: list[str]) -> None:
    rig.write_service("logon", *in_the_rig(lines, Path("/nonexistent")))
    rig.set_password("tanaka", "secret", "logon")
    assert rig.converse("tanaka", "logon", "secret").code == Code.AUTHINFO_UNAVAIL


def test_it_refuses_an_account_that_is_revoked(rig: PamRig, lines: list[str]) -> None:
    with FakeDaemon(account("revoked")) as daemon:
        rig.write_service("logon", *in_the_rig(lines, daemon.path))
        assert rig.converse("tanaka", "logon", steps=[ACCOUNT]).code == Code.PERM_DENIED
