"""Who may ask about whom, with real users, real logind sessions on seat0 and the kernel's word for who calls."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from faced.dummy.clip import nobody
from tests.container.conftest import CLERK, COLLEAGUE, PROGRAMS, SEEDS
from tests.rig.workstation import Workstation

pytestmark = pytest.mark.container

NONCE = "0123456789abcdef" * 2
#: A session of the screen: what a display manager's PAM stack tells logind.
SESSION_STACK = """auth sufficient pam_rootok.so
account required pam_permit.so
session required pam_env.so readenv=0 conffile=/etc/seat.env
session required pam_systemd.so type=x11 class=user
"""


@pytest.fixture(scope="module", autouse=True)
def seat(workstation: Workstation) -> None:
    workstation.machine.write("/etc/pam.d/runuser", SESSION_STACK)
    workstation.machine.write("/etc/seat.env", "XDG_SEAT DEFAULT=seat0\n")
    workstation.machine.run("useradd", "pest")


@pytest.fixture(autouse=True)
def clerk_is_before_the_webcam(workstation: Workstation) -> None:
    workstation.show(SEEDS[CLERK])


@contextmanager
def sitting_at_the_pc(workstation: Workstation, login: str) -> Iterator[None]:
    """This user's session is the seat's active one; a session that begins later takes its place."""
    machine = workstation.machine
    uid = machine.run("id", "-u", login).stdout.strip()
    command = machine.argv("runuser", "-u", login, "--", "cat")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as session:
        machine.wait_until(lambda: active_uid(workstation) == uid, f"the session of {login}")
        try:
            yield
        finally:
            assert session.stdin is not None
            session.stdin.close()
            session.wait()
    machine.wait_until(lambda: active_uid(workstation) != uid, f"the end of the session of {login}")


def active_uid(workstation: Workstation) -> str:
    machine = workstation.machine
    shown = machine.run("loginctl", "show-seat", "seat0", "--property=ActiveSession", "--value", check=False)
    session = shown.stdout.strip()
    if not session:
        return ""
    return machine.run("loginctl", "show-session", session, "--property=User", "--value", check=False).stdout.strip()


def call(method: str, about: str, more: bool = False) -> str:
    """What a greeter says; a user's program that says it too must not be believed."""
    parameters = {"user": about, "service": "lightdm", "tty": None, "rhost": None, "real_uid": 0}
    if method != "Begin":
        parameters["nonce"] = NONCE
    if method == "Account":
        del parameters["tty"]
    return json.dumps({"method": f"io.faced.Logon.{method}", "parameters": parameters, "more": more})


def ask(workstation: Workstation, caller: str | None, *calls: str) -> list[dict[str, Any]]:
    """The answers that a program of this user gets; guidance left out."""
    command = ("python3", str(PROGRAMS / "ask.py"), "/run/faced/logon")
    done = workstation.machine.run(*command, user=caller, input="\n".join(calls) + "\n")
    answers = [json.loads(line) for line in done.stdout.splitlines()[1:]]
    return [answer for answer in answers if not answer.get("continues")]


def decide(workstation: Workstation, caller: str | None, about: str) -> dict[str, Any]:
    (answer,) = ask(workstation, caller, call("Decide", about))
    return answer


def refused(answer: dict[str, Any]) -> bool:
    return answer.get("error") == "io.faced.Logon.NotAllowed"


def last_intruder(workstation: Workstation) -> tuple[str, str]:
    event = workstation.machine.journal("FACED_EVENT=not_allowed")[-1]
    assert "FACED_SUBJECT" not in event
    return event["FACED_REASON"], event["FACED_PEER_UID"]


def uid_of(workstation: Workstation, login: str) -> str:
    return workstation.machine.run("id", "-u", login).stdout.strip()


def test_root_may_ask_about_anyone_and_gets_its_nonce_back(workstation: Workstation) -> None:
    answer = decide(workstation, None, CLERK)["parameters"]
    assert (answer["outcome"], answer["nonce"]) == ("match", NONCE)


def test_a_user_who_does_not_sit_at_the_pc_may_ask_nothing(workstation: Workstation) -> None:
    assert refused(decide(workstation, CLERK, CLERK))
    assert last_intruder(workstation) == ("not_at_seat", uid_of(workstation, CLERK))


def test_who_sits_at_the_pc_may_ask_about_themselves(workstation: Workstation) -> None:
    with sitting_at_the_pc(workstation, CLERK):
        assert decide(workstation, CLERK, CLERK)["parameters"]["outcome"] == "match"


def test_who_sits_at_the_pc_may_not_ask_about_a_colleague(workstation: Workstation) -> None:
    workstation.show(SEEDS[COLLEAGUE])
    with sitting_at_the_pc(workstation, CLERK):
        assert refused(decide(workstation, CLERK, COLLEAGUE))
        assert last_intruder(workstation) == ("other_user", uid_of(workstation, CLERK))
        (answer,) = ask(workstation, CLERK, call("Account", COLLEAGUE))
        assert refused(answer)


def test_asking_about_a_name_that_nobody_has_gives_the_same_answer(workstation: Workstation) -> None:
    with sitting_at_the_pc(workstation, CLERK):
        assert decide(workstation, CLERK, "no-such-person") == decide(workstation, CLERK, COLLEAGUE)


def test_a_background_process_of_another_user_may_not_ask(workstation: Workstation) -> None:
    with sitting_at_the_pc(workstation, CLERK):
        assert refused(decide(workstation, COLLEAGUE, COLLEAGUE))
        assert refused(decide(workstation, COLLEAGUE, CLERK))


def test_the_right_moves_with_the_seat_and_ends_with_the_session(workstation: Workstation) -> None:
    with sitting_at_the_pc(workstation, CLERK):
        with sitting_at_the_pc(workstation, COLLEAGUE):
            assert refused(decide(workstation, CLERK, CLERK))
        # Where a seat has consoles, logind does this by itself.
        activate = f"loginctl activate $(loginctl show-user {CLERK} --property=Sessions --value)"
        workstation.machine.run("sh", "-c", activate)
        assert decide(workstation, CLERK, CLERK)["parameters"]["outcome"] == "match"
    assert refused(decide(workstation, CLERK, CLERK))


def test_root_takes_the_camera_from_a_user_and_no_user_takes_it_from_root(workstation: Workstation) -> None:
    workstation.webcam.show(nobody())
    machine = workstation.machine
    command = ("python3", str(PROGRAMS / "ask.py"), "/run/faced/logon")
    with sitting_at_the_pc(workstation, CLERK):
        users = subprocess.Popen(
            machine.argv(*command, user=CLERK), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        with users:
            assert users.stdin is not None and users.stdout is not None
            users.stdin.write(call("Decide", CLERK, more=True) + "\n")
            users.stdin.flush()
            users.stdout.readline()
            assert json.loads(users.stdout.readline())["continues"], "guidance: the camera is theirs"
            roots = subprocess.Popen(machine.argv(*command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            with roots:
                assert roots.stdin is not None and roots.stdout is not None
                roots.stdin.write(call("Decide", COLLEAGUE, more=True) + "\n")
                roots.stdin.flush()
                roots.stdout.readline()
                first = json.loads(roots.stdout.readline())
                assert first.get("continues"), first
                users.stdin.close()
                assert json.loads(users.stdout.read().splitlines()[-1])["parameters"]["outcome"] == "busy"
                assert decide(workstation, CLERK, CLERK)["parameters"]["outcome"] == "busy"
                roots.stdin.close()
                assert json.loads(roots.stdout.read().splitlines()[-1])["parameters"]["outcome"] == "no_face"


def test_a_program_that_asks_without_end_is_slowed_down_and_hurts_nobody(workstation: Workstation) -> None:
    answers = ask(workstation, "pest", *[call("Decide", CLERK)] * 20)
    assert refused(answers[0])
    assert answers[-1]["error"] == "io.faced.Logon.TooManyRequests"
    with sitting_at_the_pc(workstation, CLERK):
        assert decide(workstation, CLERK, CLERK)["parameters"]["outcome"] == "match"
    assert decide(workstation, None, CLERK)["parameters"]["outcome"] == "match"
