from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from faced.service.server import Call
from faced.service.varlink import VarlinkError
from tests.cli.conftest import Office
from tests.rig.varlink_daemon import Daemon


def serve(office: Office, decide: Callable[[Call], None]) -> Daemon:
    def refuse(call: Call) -> None:
        raise VarlinkError("org.varlink.service.MethodNotImplemented", {"method": call.method})

    return Daemon(
        office.folder / "logon",
        "io.faced.Logon",
        {"Begin": refuse, "Decide": decide, "Code": refuse, "Account": refuse},
    )


def outcome(word: str, text: str, *hints: str) -> Callable[[Call], None]:
    """A Decide that guides with these hints and ends so."""

    def decide(call: Call) -> None:
        for hint in hints:
            call.tell(text=hint, reason="no_face")
        call.reply(outcome=word, text=text, nonce=call.parameters["nonce"])

    return decide


def test_a_match_is_status_0_and_its_guidance_was_shown(office: Office) -> None:
    with serve(office, outcome("match", "Welcome.", "Please come closer.")):
        result = office.facectl("verify", "tanaka")
    assert result.exit_code == 0, result.output
    assert "Please come closer." in result.stderr
    assert "Welcome." in result.stdout


@pytest.mark.parametrize("word", ["no_match", "not_live", "no_face", "locked_out", "exempt", "emergency", "timed_out"])
def test_everything_else_is_status_1(office: Office, word: str) -> None:
    with serve(office, outcome(word, "Sorry.")):
        result = office.facectl("verify", "tanaka", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout) == {"outcome": word, "text": "Sorry."}


def test_a_match_for_another_question_is_not_believed(office: Office) -> None:
    def decide(call: Call) -> None:
        call.reply(outcome="match", text="Welcome.", nonce="0" * 32)

    with serve(office, decide):
        result = office.facectl("verify", "tanaka")
    assert result.exit_code == 11
    assert "Welcome" not in result.output


def test_a_daemon_that_hangs_up_is_status_11(office: Office) -> None:
    with serve(office, lambda call: call.connection.close()):
        result = office.facectl("verify", "tanaka")
    assert result.exit_code == 11


def test_who_may_not_ask_is_told_so(office: Office) -> None:
    def decide(_call: Call) -> None:
        raise VarlinkError("io.faced.Logon.NotAllowed")

    with serve(office, decide):
        result = office.facectl("verify", "tanaka")
    assert result.exit_code == 9
    assert "only ask about yourself" in result.output


def test_without_a_daemon_it_says_so(office: Office) -> None:
    result = office.facectl("verify", "tanaka")
    assert result.exit_code == 11
    assert "systemctl start faced.socket" in result.output
