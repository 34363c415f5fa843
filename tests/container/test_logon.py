"""People log on to a whole machine: Debian's own login, su and sudo, its pam-auth-update stacks, the hardened daemons,
a directory over TLS, and OpenCV's V4L2 backend on a webcam that shows staff who do not exist.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from faced.dummy.clip import nobody
from tests.container.conftest import CLERK, COLLEAGUE, PASSWORD, PROGRAMS, SEEDS
from tests.rig.workstation import Workstation

pytestmark = pytest.mark.container

WHOAMI = ["$ ", "echo I am $(id -un) ; exit"]
IN = f"I am {CLERK}"


@pytest.fixture(autouse=True)
def clerk_is_before_the_webcam(workstation: Workstation) -> Iterator[None]:
    workstation.show(SEEDS[CLERK])
    yield
    workstation.show(SEEDS[CLERK])
    # A match forgives what a test charged.
    assert succeeds(workstation), workstation.machine.journal("FACED_EVENT=refused")[-1]


def succeeds(workstation: Workstation, password: str = PASSWORD) -> bool:
    """Authentication and account of the service that includes Debian's common stacks."""
    tried = workstation.machine.run(
        "pamtester", "faced-test", CLERK, "authenticate", "acct_mgmt", input=f"{password}\n", check=False
    )
    return tried.returncode == 0


@pytest.fixture(autouse=True, scope="module")
def service(workstation: Workstation) -> None:
    workstation.machine.write("/etc/pam.d/faced-test", "@include common-auth\n@include common-account\n")
    workstation.machine.write("/etc/sudoers.d/clerk", f"{CLERK} ALL=(ALL) ALL\n", 0o440)


def at_terminal(
    workstation: Workstation, *command: str, answers: list[list[str | None]], user: str | None = None
) -> tuple[int, str]:
    done = workstation.machine.run(
        *("python3", str(PROGRAMS / "terminal.py"), *command), user=user, input=json.dumps(answers), check=False
    )
    return done.returncode, done.stdout


def test_login_lets_in_with_password_and_face(workstation: Workstation) -> None:
    status, screen = at_terminal(workstation, "login", CLERK, answers=[["Password: ", PASSWORD], WHOAMI])
    assert IN in screen, screen
    assert status == 0
    assert screen.index("Password: ") < screen.index("Please look at the camera.") < screen.index(IN)


def test_login_refuses_another_face_after_the_right_password(workstation: Workstation) -> None:
    workstation.show(SEEDS[COLLEAGUE])
    _status, screen = at_terminal(
        workstation, "login", CLERK, answers=[["Password: ", PASSWORD], ["Login incorrect", None]]
    )
    assert "Login incorrect" in screen, screen
    assert "I am" not in screen


def test_su_to_a_colleague_asks_for_the_colleagues_face(workstation: Workstation) -> None:
    answers = [["Password: ", PASSWORD], WHOAMI]
    _status, screen = at_terminal(workstation, "su", "-", CLERK, answers=answers, user=COLLEAGUE)
    assert IN in screen, screen
    workstation.show(SEEDS[COLLEAGUE])
    status, screen = at_terminal(workstation, "su", "-", CLERK, answers=answers, user=COLLEAGUE)
    assert status != 0
    assert "I am" not in screen


def test_sudo_asks_for_the_face_too(workstation: Workstation) -> None:
    command = ("sudo", "--prompt", "Password: ", "id", "-un")
    status, screen = at_terminal(workstation, *command, answers=[["Password: ", PASSWORD]], user=CLERK)
    assert (status, "root" in screen) == (0, True), screen
    workstation.machine.run("rm", "-rf", "/run/sudo/ts", "/var/lib/sudo/ts")
    workstation.show(SEEDS[COLLEAGUE])
    status, screen = at_terminal(
        workstation, *command, answers=[["Password: ", PASSWORD], ["try again", None]], user=CLERK
    )
    assert status != 0
    assert "root" not in screen


def test_roots_own_su_is_exempt_and_recorded(workstation: Workstation) -> None:
    before = len(workstation.machine.journal("FACED_EVENT=exempted"))
    assert workstation.machine.run("su", CLERK, "-c", "id -un").stdout.strip() == CLERK
    # Root needs no password at su, so only the account step asks.
    events = workstation.machine.journal("FACED_EVENT=exempted")[before:]
    assert [event["FACED_SERVICE"] for event in events] == ["su"]


def test_a_wrong_password_ends_before_the_face_is_judged(workstation: Workstation) -> None:
    judged = len(workstation.machine.journal("FACED_EVENT=admitted")) + refusals(workstation)
    assert not succeeds(workstation, "wrong")
    assert len(workstation.machine.journal("FACED_EVENT=admitted")) + refusals(workstation) == judged


def refusals(workstation: Workstation) -> int:
    return len(workstation.machine.journal("FACED_EVENT=refused"))


def test_the_face_alone_lets_nobody_in(workstation: Workstation) -> None:
    assert not succeeds(workstation, "")


def test_an_empty_chair_lets_nobody_in(workstation: Workstation) -> None:
    workstation.webcam.show(nobody())
    assert not succeeds(workstation)
    assert workstation.machine.journal("FACED_EVENT=refused")[-1]["FACED_OUTCOME"] == "no_face"


def test_an_unplugged_camera_lets_nobody_in(workstation: Workstation) -> None:
    workstation.webcam.set(fail_after=2)
    try:
        assert not succeeds(workstation)
        assert workstation.machine.journal("FACED_EVENT=refused")[-1]["FACED_OUTCOME"] == "camera_unavailable"
    finally:
        workstation.webcam.set(fail_after=None)


def test_without_the_daemon_nobody_gets_in(workstation: Workstation) -> None:
    units = ("faced.socket", "faced-status.socket", "faced.service")
    workstation.machine.systemctl("stop", *units)
    try:
        assert not succeeds(workstation)
    finally:
        workstation.machine.systemctl("start", *units)


def test_who_logged_on_before_can_log_on_while_the_directory_is_down(workstation: Workstation) -> None:
    assert succeeds(workstation)
    workstation.slapd.stop()
    try:
        # What it had in memory is gone with it: only the files of its cache are left.
        workstation.machine.systemctl("restart", "faced-directory.service")
        assert succeeds(workstation)
    finally:
        workstation.start_directory()
