"""Arguments of the line and items of the handle: what is not understood is refused, and names are not logged."""

from __future__ import annotations

import pytest

from tests.pam_module.daemon import FakeDaemon, honest
from tests.rig.pam import ACCOUNT, Code, PamRig, Step

BAD = [
    "debug",
    "Begin",
    "begin=1",
    "timeout",
    "timeout=",
    "timeout=0",
    "timeout=61",
    "timeout=007",
    "timeout=1.5",
    "timeout=-1",
    "timeout=+1",
    "timeout=9999999999999",
    "socket",
    "socket=",
    "socket=faced/logon",
    "sockets=/run/faced/logon",
    "nouserok",
]
UNUSABLE = {
    "too long": "x" * 257,
    "a line break": "tanaka\nroot",
    "an escape": "tanaka\x1b[2J",
    "a C1 control": "tanaka\x85",
    "not UTF-8": "tanaka\udcff",
    "overlong": "tanaka\udcc0\udc80",
    "a surrogate": "tanaka\udced\udca0\udc80",
}


@pytest.mark.parametrize("argument", BAD)
def test_an_argument_that_is_not_understood_fails_every_line(rig: PamRig, argument: str) -> None:
    with FakeDaemon(honest()) as daemon:
        good = f"socket={daemon.path}"
        rig.write_service("decide", f"auth required pam_faced.so {good} {argument}")
        rig.write_service("begin", f"auth required pam_faced.so begin {good} {argument}")
        rig.write_service("account", f"account required pam_faced.so {good} {argument}")
        logons = [rig.converse("tanaka", "decide"), rig.converse("tanaka", "begin")]
        logons.append(rig.converse("tanaka", "account", steps=[ACCOUNT]))
        assert [logon.code for logon in logons] == [Code.SERVICE_ERR] * 3
        assert [logon.log for logon in logons] == [(f"bad argument: {argument}",)] * 3
        assert daemon.conversations == []


def test_begin_belongs_to_auth(rig: PamRig) -> None:
    rig.write_service("logon", "account required pam_faced.so begin")
    assert rig.converse("tanaka", "logon", steps=[ACCOUNT]).code == Code.SERVICE_ERR


def test_the_module_serves_neither_sessions_nor_passwords(rig: PamRig) -> None:
    rig.write_service("logon", "auth required pam_permit.so", "session required pam_faced.so")
    done = rig.pamtester("tanaka", "logon", "open_session", typed="")
    assert done.returncode != 0


@pytest.mark.parametrize("argument", ["timeout=1", "timeout=09", "timeout=60"])
def test_a_time_limit_of_1_to_60_seconds_is_taken(rig: PamRig, argument: str) -> None:
    with FakeDaemon(honest()) as daemon:
        rig.write_service("logon", f"auth required pam_faced.so socket={daemon.path} {argument}")
        assert rig.converse("tanaka", "logon").code == Code.SUCCESS


def test_a_socket_path_that_is_too_long_for_the_kernel_is_nobody(rig: PamRig) -> None:
    for length in (107, 108, 200, 5000):
        rig.write_service("logon", f"auth required pam_faced.so socket={'/' + 'x' * (length - 1)}")
        assert rig.converse("tanaka", "logon").code == Code.AUTHINFO_UNAVAIL


@pytest.mark.parametrize("user", UNUSABLE.values(), ids=UNUSABLE)
def test_a_name_that_cannot_be_one_is_neither_asked_about_nor_logged(rigs: PamRig, user: str) -> None:
    with FakeDaemon(honest()) as daemon:
        rigs.write_logon_service("logon", f"socket={daemon.path}")
        rigs.write_service("decide", f"auth required pam_faced.so socket={daemon.path}")
        logons = [rigs.converse(user, "decide"), rigs.converse(user, "logon", steps=[ACCOUNT])]
        assert [logon.code for logon in logons] == [Code.USER_UNKNOWN] * 2
        assert [logon.log for logon in logons] == [("refused: unusable_item",)] * 2
        assert daemon.conversations == []


@pytest.mark.parametrize("user", ["t", "x" * 256, "田中", 'a"b\\c', "name with space", "顔" * 85])
def test_any_other_name_is_sent_as_it_is(rig: PamRig, user: str) -> None:
    with FakeDaemon(honest()) as daemon:
        rig.write_service("logon", f"auth required pam_faced.so socket={daemon.path}")
        assert rig.converse(user, "logon").code == Code.SUCCESS
        assert daemon.asked[0]["user"] == user


def test_the_terminal_is_sent_and_an_empty_one_is_not(rig: PamRig) -> None:
    with FakeDaemon(honest()) as daemon:
        rig.write_service("logon", f"auth required pam_faced.so socket={daemon.path}")
        rig.converse("tanaka", "logon", steps=[Step("authenticate", items={"tty": ":0", "rhost": ""})])
        rig.converse("tanaka", "logon", steps=[Step("authenticate", items={"tty": ""})])
        first, second = daemon.asked
    assert {**first, "nonce": None} == {
        "user": "tanaka",
        "service": "logon",
        "tty": ":0",
        "real_uid": 0,
        "nonce": None,
    }
    assert "tty" not in second


def test_a_terminal_that_cannot_be_one_is_refused(rig: PamRig) -> None:
    with FakeDaemon(honest()) as daemon:
        rig.write_service("logon", f"auth required pam_faced.so socket={daemon.path}")
        logon = rig.converse("tanaka", "logon", steps=[Step("authenticate", items={"tty": "x\n"})])
        assert (logon.code, logon.log) == (Code.AUTHINFO_UNAVAIL, ("refused: unusable_item",))
        assert daemon.conversations == []


@pytest.mark.parametrize("outcome", ["match", "no_match", "surely"])
def test_no_name_is_ever_logged(rig: PamRig, outcome: str) -> None:
    with FakeDaemon(honest(outcome)) as daemon:
        rig.write_logon_service("logon", f"socket={daemon.path}")
        rig.set_password("tanaka", "secret", "logon")
        assert "tanaka" not in str(rig.converse("tanaka", "logon", "secret").log)
