"""A code that the daemon wants: asked for once, sent as eight digits, and never the password."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.pam_module.daemon import Behaviour, FakeDaemon, Peer
from tests.rig.pam import Code, Conversation, PamRig, Reply

CODE = "01234567"
PASSWORD = "secret"
PROMPT = "Emergency code: "


def wants_code(
    outcome: str = "emergency", *, answers: Callable[[dict[str, str]], dict[str, str]] | None = None
) -> Behaviour:
    """Asks for a code after Decide and answers what comes."""

    def behave(peer: Peer) -> None:
        nonce = peer.hear_decide()["nonce"]
        peer.say({"text": "Call the IS section for a code.", "reason": "no_face"}, continues=True)
        peer.say({"outcome": "code_wanted", "text": PROMPT, "nonce": nonce})
        asked = peer.hear()["parameters"]
        peer.say(answers(asked) if answers else {"outcome": outcome, "text": "done", "nonce": asked["nonce"]})

    return behave


def logon(rig: PamRig, daemon: FakeDaemon, typed: str | Reply) -> Conversation:
    rig.write_logon_service("logon", f"socket={daemon.path}")
    rig.set_password("tanaka", PASSWORD, "logon")
    return answered(rig, typed, PASSWORD)


def answered(rig: PamRig, typed: str | Reply, password: str) -> Conversation:
    return rig.converse("tanaka", "logon", lambda prompt: typed if prompt == PROMPT else password)


@pytest.mark.parametrize("typed", [CODE, "0123 4567", " 0123-4567 "])
def test_the_code_is_sent_and_lets_in(rigs: PamRig, typed: str) -> None:
    with FakeDaemon(wants_code()) as daemon:
        done = logon(rigs, daemon, typed)
        assert done.code == Code.SUCCESS
        assert done.prompts == ("Password: ", PROMPT)
        assert done.info == ("Call the IS section for a code.", "done")
        assert done.descriptors_left == 0
        assert daemon.conversations == [["Begin", "Decide", "Code"]]
        decided, coded = daemon.asked[1:]
        assert coded == {**decided, "code": CODE, "nonce": coded["nonce"]}
        assert coded["nonce"] != decided["nonce"]


@pytest.mark.parametrize("outcome", ["no_face", "camera_unavailable", "locked_out", "code_wanted"])
def test_a_code_that_is_refused_is_not_asked_for_again(rigs: PamRig, outcome: str) -> None:
    with FakeDaemon(wants_code(outcome)) as daemon:
        done = logon(rigs, daemon, CODE)
        assert done.code not in (Code.SUCCESS, Code.IGNORE)
        assert done.prompts.count(PROMPT) == 1
        assert daemon.conversations == [["Begin", "Decide", "Code"]]


@pytest.mark.parametrize(
    "typed",
    ["", "secret", "0123456", "012345678", "0123456x", "０１２３４５６７", Reply(None), Reply(fail=True)],
)
def test_nothing_but_eight_digits_is_sent(rigs: PamRig, typed: str | Reply) -> None:
    with FakeDaemon(wants_code()) as daemon:
        done = logon(rigs, daemon, typed)
        assert done.code == Code.AUTHINFO_UNAVAIL
        assert done.log == ("refused: code_wanted",)
        assert daemon.conversations == [["Begin", "Decide"]]


@pytest.mark.parametrize("password", [CODE, "0123-4567"])
def test_a_password_is_never_sent_though_it_looks_like_a_code(rigs: PamRig, password: str) -> None:
    """A greeter that gives the password to every prompt, or a person who types it again."""
    with FakeDaemon(wants_code()) as daemon:
        # pam_matrix keeps the password to itself; this one puts it where pam_unix does.
        rigs.write_service(
            "logon",
            "auth requisite pam_exec.so expose_authtok quiet /bin/true",
            f"auth required pam_faced.so socket={daemon.path}",
        )
        for typed, code in (
            (password, Code.AUTHINFO_UNAVAIL),
            (CODE, Code.AUTHINFO_UNAVAIL),
            ("7654321 0", Code.SUCCESS),
        ):
            assert answered(rigs, typed, password).code == code
        assert daemon.conversations == [["Decide"], ["Decide"], ["Decide", "Code"]]


@pytest.mark.parametrize(
    "answers",
    [
        lambda asked: {"outcome": "emergency", "nonce": "0" * 32},
        lambda asked: {"outcome": "emergency"},
        lambda asked: {"standing": "clear", "nonce": asked["nonce"]},
        lambda asked: {},
    ],
)
def test_an_answer_that_is_not_to_this_code_lets_nobody_in(
    rigs: PamRig, answers: Callable[[dict[str, str]], dict[str, str]]
) -> None:
    with FakeDaemon(wants_code(answers=answers)) as daemon:
        assert logon(rigs, daemon, CODE).code == Code.AUTHINFO_UNAVAIL


def test_a_daemon_that_hangs_up_at_the_code_lets_nobody_in(rigs: PamRig) -> None:
    def behave(peer: Peer) -> None:
        peer.say({"outcome": "code_wanted", "text": PROMPT, "nonce": peer.hear_decide()["nonce"]})
        peer.hear()
        peer.hang_up()

    with FakeDaemon(behave) as daemon:
        assert logon(rigs, daemon, CODE).code == Code.AUTHINFO_UNAVAIL


def test_an_admission_before_the_code_was_typed_is_a_fault(rigs: PamRig) -> None:
    def behave(peer: Peer) -> None:
        nonce = peer.hear_decide()["nonce"]
        peer.say({"outcome": "code_wanted", "text": PROMPT, "nonce": nonce})
        peer.say({"outcome": "emergency", "nonce": nonce})

    with FakeDaemon(behave) as daemon:
        assert logon(rigs, daemon, CODE).code == Code.AUTHINFO_UNAVAIL
