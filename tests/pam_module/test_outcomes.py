"""What the daemon says, and the code that libpam gives the application for it."""

from __future__ import annotations

import pytest

from tests.pam_module.daemon import FakeDaemon, account, honest
from tests.rig.pam import ACCOUNT, AUTHENTICATE, SETCRED, Code, PamRig

OUTCOMES = {
    "match": Code.SUCCESS,
    "no_match": Code.AUTH_ERR,
    "not_live": Code.AUTH_ERR,
    "locked_out": Code.MAXTRIES,
    "no_face": Code.AUTHINFO_UNAVAIL,
    "covered": Code.AUTHINFO_UNAVAIL,
    "too_dark": Code.AUTHINFO_UNAVAIL,
    "several_faces": Code.AUTHINFO_UNAVAIL,
    "camera_unavailable": Code.AUTHINFO_UNAVAIL,
    "busy": Code.AUTHINFO_UNAVAIL,
    "no_template": Code.AUTHINFO_UNAVAIL,
    "purpose_over": Code.AUTHINFO_UNAVAIL,
    "revoked": Code.AUTHINFO_UNAVAIL,
    "cancelled": Code.AUTHINFO_UNAVAIL,
    "timed_out": Code.AUTHINFO_UNAVAIL,
    "emergency": Code.SUCCESS,
}
STANDINGS = {
    "clear": Code.SUCCESS,
    "revoked": Code.PERM_DENIED,
    "remote": Code.PERM_DENIED,
    "purpose_over": Code.ACCT_EXPIRED,
    "unavailable": Code.AUTHINFO_UNAVAIL,
}


@pytest.mark.parametrize(("outcome", "code"), OUTCOMES.items())
def test_each_outcome_has_its_code(rig: PamRig, outcome: str, code: Code) -> None:
    with FakeDaemon(honest(outcome)) as daemon:
        rig.write_logon_service("logon", f"socket={daemon.path}")
        rig.set_password("tanaka", "secret", "logon")
        logon = rig.converse("tanaka", "logon", "secret")
        assert logon.code == code
        assert logon.log == (() if code == Code.SUCCESS else (f"refused: {outcome}",))
        assert daemon.conversations == [["Begin", "Decide"]]


@pytest.mark.parametrize(("standing", "code"), STANDINGS.items())
def test_each_standing_has_its_code(rig: PamRig, standing: str, code: Code) -> None:
    with FakeDaemon(account(standing)) as daemon:
        rig.write_service("logon", f"account required pam_faced.so socket={daemon.path}")
        assert rig.converse("tanaka", "logon", steps=[ACCOUNT]).code == code
        assert daemon.conversations == [["Account"]]


def test_an_exemption_leaves_the_decision_to_the_password(rig: PamRig) -> None:
    with FakeDaemon(honest("exempt")) as daemon:
        rig.write_logon_service("logon", f"socket={daemon.path}")
        rig.set_password("tanaka", "secret", "logon")
        assert rig.converse("tanaka", "logon", "secret").code == Code.SUCCESS
        assert rig.converse("tanaka", "logon", "wrong").code == Code.AUTH_ERR


def test_an_exemption_alone_lets_nobody_in(rig: PamRig) -> None:
    with FakeDaemon(honest("exempt")) as daemon:
        rig.write_service("logon", f"auth required pam_faced.so socket={daemon.path}")
        assert rig.converse("tanaka", "logon").code != Code.SUCCESS


def test_an_exempt_account_leaves_the_decision_to_the_others(rig: PamRig) -> None:
    with FakeDaemon(account("exempt")) as daemon:
        line = f"account required pam_faced.so socket={daemon.path}"
        rig.write_service("logon", line, "account required pam_permit.so")
        rig.write_service("denied", line, "account required pam_deny.so")
        assert rig.converse("tanaka", "logon", steps=[ACCOUNT]).code == Code.SUCCESS
        assert rig.converse("tanaka", "denied", steps=[ACCOUNT]).code != Code.SUCCESS


def test_a_whole_logon(rigs: PamRig) -> None:
    with FakeDaemon(honest("match", lines=("Look at the camera",))) as daemon:
        rigs.write_logon_service("logon", f"socket={daemon.path}")
        rigs.set_password("tanaka", "secret", "logon")
        logon = rigs.converse("tanaka", "logon", "secret", steps=[AUTHENTICATE, SETCRED, ACCOUNT])
        assert logon.codes == (Code.SUCCESS, Code.SUCCESS, Code.SUCCESS)
        assert logon.prompts == ("Password: ",)
        assert logon.info == ("Look at the camera",)
        assert logon.descriptors_left == 0
        assert daemon.conversations == [["Begin", "Decide"], ["Account"]]


def test_without_a_daemon_nobody_gets_in(rigs: PamRig) -> None:
    rigs.write_logon_service("logon", "socket=/nonexistent/logon")
    rigs.set_password("tanaka", "secret", "logon")
    logon = rigs.converse("tanaka", "logon", "secret", steps=[AUTHENTICATE, ACCOUNT])
    assert logon.codes == (Code.AUTHINFO_UNAVAIL, Code.AUTHINFO_UNAVAIL)
    assert logon.log == ("refused: no_daemon", "refused: no_daemon")
