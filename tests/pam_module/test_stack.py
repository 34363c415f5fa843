"""Two lines of one stack: the attempt begins before the password, joins after it, and ends with it."""

from __future__ import annotations

import pytest

from tests.pam_module.daemon import FakeDaemon, Peer, honest, last_answer
from tests.rig.pam import AUTHENTICATE, SETCRED, WRAPPER_MODULES, Code, PamRig, Reply, Step


def test_the_attempt_has_begun_while_the_password_is_typed(rigs: PamRig) -> None:
    with FakeDaemon(honest()) as daemon:
        rigs.write_logon_service("logon", f"socket={daemon.path}")
        rigs.set_password("tanaka", "secret", "logon")
        heard: list[list[str]] = []

        def type_password(_prompt: str) -> str:
            daemon.wait_until_heard("Begin")
            heard.extend(peer.methods for peer in daemon.peers)
            return "secret"

        assert rigs.converse("tanaka", "logon", type_password).code == Code.SUCCESS
        assert heard == [["Begin"]]
        assert daemon.conversations == [["Begin", "Decide"]]


def test_a_wrong_password_ends_before_anything_is_decided(rigs: PamRig) -> None:
    with FakeDaemon(honest()) as daemon:
        rigs.write_logon_service("logon", f"socket={daemon.path}")
        rigs.set_password("tanaka", "secret", "logon")
        logon = rigs.converse("tanaka", "logon", "wrong")
        assert logon.code == Code.AUTH_ERR
        assert logon.info == ()
        assert daemon.conversations == [["Begin"]]


def test_a_conversation_that_is_given_up_ends_the_attempt(rig: PamRig) -> None:
    with FakeDaemon(honest()) as daemon:
        rig.write_logon_service("logon", f"socket={daemon.path}")
        rig.set_password("tanaka", "secret", "logon")
        assert rig.converse("tanaka", "logon", lambda _prompt: Reply(fail=True)).code != Code.SUCCESS
        assert daemon.conversations == [["Begin"]]


@pytest.mark.parametrize(
    "control", ["required", "requisite", "sufficient", "optional", "[default=ignore]", "[default=ok]"]
)
def test_begin_alone_lets_nobody_in_whatever_stands_before_it(rig: PamRig, control: str) -> None:
    def eager(peer: Peer) -> None:
        peer.say_bytes(last_answer("0" * 32))
        honest()(peer)

    with FakeDaemon(eager) as daemon:
        rig.write_service("logon", f"auth {control} pam_faced.so begin socket={daemon.path}")
        assert rig.converse("tanaka", "logon").code != Code.SUCCESS


def test_begin_says_nothing_even_when_it_cannot_begin(rig: PamRig) -> None:
    rig.write_service("logon", "auth required pam_faced.so begin socket=/nonexistent")
    logon = rig.converse("tanaka", "logon")
    assert (logon.code, logon.info, logon.errors, logon.log) == (Code.AUTHINFO_UNAVAIL, (), (), ())


def test_a_second_begin_replaces_the_first(rigs: PamRig) -> None:
    with FakeDaemon(honest()) as daemon:
        rigs.write_service(
            "logon",
            f"auth [default=ignore] pam_faced.so begin socket={daemon.path}",
            "auth required pam_permit.so",
        )
        ended: list[list[bool]] = []

        def look(_call: str) -> None:
            daemon.wait_until_heard("Begin", connections=len(ended) + 1)
            if ended:
                assert daemon.peers[0].ended.wait(5)
            ended.append([peer.ended.is_set() for peer in daemon.peers])

        logon = rigs.converse("tanaka", "logon", steps=[AUTHENTICATE, AUTHENTICATE], between=look)
        assert logon.codes == (Code.SUCCESS, Code.SUCCESS)
        assert ended == [[False], [True, False]]
        assert daemon.conversations == [["Begin"], ["Begin"]]
        assert logon.descriptors_left == 0


def test_a_program_started_by_the_application_inherits_no_connection(rig: PamRig) -> None:
    with FakeDaemon(honest("match", lines=("Look at the camera",))) as daemon:
        rig.write_logon_service("logon", f"socket={daemon.path}")
        rig.set_password("tanaka", "secret", "logon")
        logon = rig.converse("tanaka", "logon", "secret")
        assert (logon.code, len(logon.prompts + logon.info), logon.inheritable_sockets) == (Code.SUCCESS, 2, 0)


def test_the_connection_ends_with_the_decision_and_not_with_the_handle(rig: PamRig) -> None:
    with FakeDaemon(honest()) as daemon:
        rig.write_logon_service("logon", f"socket={daemon.path}")
        rig.set_password("tanaka", "secret", "logon")
        ended: list[bool] = []
        rig.converse("tanaka", "logon", "secret", between=lambda _call: ended.append(daemon.peers[0].ended.wait(5)))
        assert ended == [True]


def test_a_second_try_on_the_same_handle_is_a_second_attempt(rig: PamRig) -> None:
    with FakeDaemon(honest()) as daemon:
        rig.write_logon_service("logon", f"socket={daemon.path}")
        rig.set_password("tanaka", "secret", "logon")
        logon = rig.converse("tanaka", "logon", "secret", steps=[AUTHENTICATE, AUTHENTICATE])
        assert logon.codes == (Code.SUCCESS, Code.SUCCESS)
        assert daemon.conversations == [["Begin", "Decide"], ["Begin", "Decide"]]


def test_without_begin_it_starts_cold(rig: PamRig) -> None:
    with FakeDaemon(honest()) as daemon:
        rig.write_service("logon", f"auth required pam_faced.so socket={daemon.path}")
        assert rig.converse("tanaka", "logon").code == Code.SUCCESS
        assert daemon.conversations == [["Decide"]]


def test_a_daemon_restarted_while_the_password_is_typed_is_asked_again(rigs: PamRig) -> None:
    with FakeDaemon(honest()) as daemon:
        rigs.write_logon_service("logon", f"socket={daemon.path}")
        rigs.set_password("tanaka", "secret", "logon")

        def restart(_prompt: str) -> str:
            daemon.wait_until_heard("Begin")
            daemon.stop()
            daemon.start()
            return "secret"

        assert rigs.converse("tanaka", "logon", restart).code == Code.SUCCESS
        assert daemon.conversations == [["Begin"], ["Decide"]]


def test_a_daemon_that_died_while_the_password_was_typed_lets_nobody_in(rigs: PamRig) -> None:
    with FakeDaemon(honest()) as daemon:
        rigs.write_logon_service("logon", f"socket={daemon.path}")
        rigs.set_password("tanaka", "secret", "logon")

        def kill(_prompt: str) -> str:
            daemon.wait_until_heard("Begin")
            daemon.stop()
            return "secret"

        logon = rigs.converse("tanaka", "logon", kill)
        assert (logon.code, logon.log) == (Code.AUTHINFO_UNAVAIL, ("refused: no_daemon",))


def test_an_attempt_that_was_refused_at_begin_is_given_up_before_a_cold_start(rig: PamRig) -> None:
    def busy_at_first(peer: Peer) -> None:
        if peer.hear()["method"].endswith("Begin"):
            peer.say_bytes(b'{"error":"io.faced.Logon.TooManyRequests","parameters":{}}\0')
            peer.wait_for_the_end()
        elif daemon.peers[0].ended.wait(5):
            peer.say_bytes(last_answer(peer.heard[-1]["parameters"]["nonce"]))

    with FakeDaemon(busy_at_first) as daemon:
        rig.write_logon_service("logon", f"socket={daemon.path}")
        rig.set_password("tanaka", "secret", "logon")
        assert rig.converse("tanaka", "logon", "secret").code == Code.SUCCESS
        assert daemon.conversations == [["Begin"], ["Decide"]]


def test_another_user_than_begun_starts_cold(rig: PamRig) -> None:
    """pam_set_items sets PAM_USER from the environment, as a module may that corrects the name."""
    renaming = PamRig(rig.module, environment={"PAM_USER": "suzuki"})
    with renaming, FakeDaemon(honest()) as daemon:
        renaming.write_service(
            "logon",
            f"auth [default=ignore] pam_faced.so begin socket={daemon.path}",
            f"auth requisite {WRAPPER_MODULES}/pam_set_items.so",
            f"auth required pam_faced.so socket={daemon.path}",
        )
        assert renaming.converse("tanaka", "logon").code == Code.SUCCESS
        assert daemon.conversations == [["Begin"], ["Decide"]]
        assert [parameters["user"] for parameters in daemon.asked] == ["tanaka", "suzuki"]


def test_another_service_than_begun_starts_cold(rig: PamRig) -> None:
    renaming = PamRig(rig.module, environment={"PAM_SERVICE": "sudo"})
    with renaming, FakeDaemon(honest()) as daemon:
        renaming.write_service(
            "logon",
            f"auth [default=ignore] pam_faced.so begin socket={daemon.path}",
            f"auth requisite {WRAPPER_MODULES}/pam_set_items.so",
            f"auth required pam_faced.so socket={daemon.path}",
        )
        assert renaming.converse("tanaka", "logon").code == Code.SUCCESS
        assert daemon.conversations == [["Begin"], ["Decide"]]
        assert [parameters["service"] for parameters in daemon.asked] == ["logon", "sudo"]


def test_a_forked_child_does_not_use_its_parents_connection(rigs: PamRig) -> None:
    with FakeDaemon(honest()) as daemon:
        rigs.write_logon_service("logon", f"socket={daemon.path}")
        rigs.set_password("tanaka", "secret", "logon")
        logon = rigs.converse("tanaka", "logon", lambda _prompt: Reply("secret", fork=True))
        assert logon.code == Code.SUCCESS
        assert daemon.conversations == [["Begin"], ["Decide"]]


def test_a_descriptor_that_the_application_uses_again_is_left_alone(rigs: PamRig) -> None:
    with FakeDaemon(honest()) as daemon:
        rigs.write_logon_service("logon", f"socket={daemon.path}")
        rigs.set_password("tanaka", "secret", "logon")
        logon = rigs.converse("tanaka", "logon", lambda _prompt: Reply("secret", reuse_sockets=True))
        assert logon.code == Code.SUCCESS
        assert logon.reused_intact == (True,)
        assert daemon.conversations == [["Begin"], ["Decide"]]


def test_what_an_application_writes_to_a_closed_stderr_does_not_reach_the_daemon(rig: PamRig) -> None:
    with FakeDaemon(honest()) as daemon:
        rig.write_logon_service("logon", f"socket={daemon.path}")
        rig.set_password("tanaka", "secret", "logon")
        assert rig.converse("tanaka", "logon", "secret", without_stderr=True).code == Code.SUCCESS
        assert daemon.conversations == [["Begin", "Decide"]]


def test_the_password_stays_for_the_keyring(rig: PamRig) -> None:
    """pam_matrix wipes it, so pam_set_items stands for the password step and pam_get_items for the keyring's."""
    keyring = PamRig(rig.module, environment={"PAM_AUTHTOK": "secret"})
    with keyring, FakeDaemon(honest()) as daemon:
        keyring.write_service(
            "logon",
            f"auth [default=ignore] pam_faced.so begin socket={daemon.path}",
            f"auth requisite {WRAPPER_MODULES}/pam_set_items.so",
            f"auth required pam_faced.so socket={daemon.path}",
            f"auth required {WRAPPER_MODULES}/pam_get_items.so",
        )
        logon = keyring.converse("tanaka", "logon")
        assert daemon.conversations == [["Begin", "Decide"]]
    assert (logon.code, logon.prompts) == (Code.SUCCESS, ())
    assert logon.environment["PAM_AUTHTOK"] == "secret"


def test_no_password_crosses_the_socket(rig: PamRig) -> None:
    with FakeDaemon(honest()) as daemon:
        rig.write_logon_service("logon", f"socket={daemon.path}")
        rig.set_password("tanaka", "correct horse", "logon")
        rig.converse("tanaka", "logon", "correct horse")
        assert "correct horse" not in str(daemon.asked)


def test_every_attempt_has_a_nonce_of_its_own(rig: PamRig) -> None:
    with FakeDaemon(honest()) as daemon:
        rig.write_service("logon", f"auth required pam_faced.so socket={daemon.path}")
        rig.converse("tanaka", "logon", steps=[AUTHENTICATE] * 20)
        nonces = {parameters["nonce"] for parameters in daemon.asked}
    assert len(nonces) == 20
    assert all(len(nonce) == 32 and int(nonce, 16) >= 0 for nonce in nonces)


def test_setcred_succeeds_after_a_logon(rig: PamRig) -> None:
    with FakeDaemon(honest()) as daemon:
        rig.write_logon_service("logon", f"socket={daemon.path}")
        rig.set_password("tanaka", "secret", "logon")
        assert rig.converse("tanaka", "logon", "secret", steps=[AUTHENTICATE, SETCRED]).codes[1] == Code.SUCCESS


def test_an_unprivileged_locker_is_served(rig: PamRig) -> None:
    with FakeDaemon(honest()) as daemon:
        rig.write_service("locker", f"auth required pam_faced.so socket={daemon.path}")
        assert rig.converse("tanaka", "locker", uid=65534).code == Code.SUCCESS
        assert daemon.asked[0]["real_uid"] == 65534


def test_the_name_is_asked_for_once_and_then_begun_with(rig: PamRig) -> None:
    with FakeDaemon(honest()) as daemon:
        rig.write_logon_service("logon", f"socket={daemon.path}")
        rig.set_password("tanaka", "secret", "logon")
        logon = rig.converse(None, "logon", lambda prompt: "secret" if "assword" in prompt else "tanaka")
        assert logon.code == Code.SUCCESS
        assert len(logon.prompts) == 2
        assert daemon.conversations == [["Begin", "Decide"]]


def test_the_deciding_line_asks_for_no_name(rig: PamRig) -> None:
    with FakeDaemon(honest()) as daemon:
        rig.write_service("logon", f"auth required pam_faced.so socket={daemon.path}")
        logon = rig.converse(None, "logon", "tanaka")
        assert (logon.code, logon.prompts) == (Code.USER_UNKNOWN, ())
        assert daemon.conversations == []


def test_a_remote_logon_is_refused_without_asking(rig: PamRig) -> None:
    remote = Step("authenticate", items={"rhost": "192.0.2.1"})
    with FakeDaemon(honest()) as daemon:
        rig.write_logon_service("logon", f"socket={daemon.path}")
        rig.set_password("tanaka", "secret", "logon")
        logon = rig.converse("tanaka", "logon", "secret", steps=[remote])
        assert (logon.code, logon.log) == (Code.AUTHINFO_UNAVAIL, ("refused: remote",))
        assert daemon.conversations == [["Begin"]]
        assert daemon.asked[0]["rhost"] == "192.0.2.1"


def test_an_account_is_asked_with_the_remote_host(rig: PamRig) -> None:
    with FakeDaemon(honest()) as daemon:
        rig.write_service("logon", f"account required pam_faced.so socket={daemon.path}")
        rig.converse("tanaka", "logon", steps=[Step("account", items={"rhost": "192.0.2.1", "tty": ":0"})])
        assert daemon.asked[0]["rhost"] == "192.0.2.1"
