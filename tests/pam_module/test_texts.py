"""The lines that the person sees come from the daemon, one at a time, and never matter."""

from __future__ import annotations

from tests.pam_module.daemon import FakeDaemon, account, honest
from tests.rig.pam import ACCOUNT, PAM_SILENT, Code, PamRig, Step


def shown(rig: PamRig, *lines: str | None, text: str | None = None, flags: int = 0) -> tuple[str, ...]:
    with FakeDaemon(honest("match", text=text, lines=lines)) as daemon:
        rig.write_service("logon", f"auth required pam_faced.so socket={daemon.path}")
        logon = rig.converse("tanaka", "logon", steps=[Step("authenticate", flags)])
    assert logon.code == Code.SUCCESS
    assert logon.errors == ()
    return logon.info


def test_guidance_and_the_last_line_are_shown_in_order(rigs: PamRig) -> None:
    assert shown(rigs, "カメラを見てください", "もう少し近づいてください", text="ようこそ") == (
        "カメラを見てください",
        "もう少し近づいてください",
        "ようこそ",
    )


def test_the_same_line_is_not_shown_twice_in_a_row(rig: PamRig) -> None:
    assert shown(rig, "a", "a", None, "a", "b", "a", text="a") == ("a", "b", "a")


def test_nothing_is_shown_when_the_application_wants_silence(rig: PamRig) -> None:
    assert shown(rig, "a", "b", text="c", flags=PAM_SILENT) == ()


def test_empty_lines_are_not_shown(rig: PamRig) -> None:
    assert shown(rig, "", None, "\n\t", text="") == ()


def test_a_line_cannot_move_the_cursor_or_fill_the_screen(rigs: PamRig) -> None:
    assert shown(rigs, "\x1b[2J\x07近づいて\r\n", "顔" * 500) == ("[2J近づいて", "顔" * 66)


def test_a_line_that_cannot_be_shown_changes_nothing(rigs: PamRig) -> None:
    with FakeDaemon(honest("match", lines=("a", "b"))) as daemon:
        rigs.write_service("logon", f"auth required pam_faced.so socket={daemon.path}")
        logon = rigs.converse("tanaka", "logon", show=lambda _text: False)
    assert (logon.code, logon.info) == (Code.SUCCESS, ("a", "b"))


def test_a_format_of_printf_is_only_text(rig: PamRig) -> None:
    assert shown(rig, "%s%n%100000x") == ("%s%n%100000x",)


def test_without_a_daemon_it_is_not_the_password_that_is_blamed(rig: PamRig) -> None:
    rig.write_service("logon", "auth required pam_faced.so socket=/nonexistent")
    spoken = rig.converse("tanaka", "logon")
    silent = rig.converse("tanaka", "logon", steps=[Step("authenticate", PAM_SILENT)])
    assert spoken.info == ("顔認証を利用できません (face check unavailable)",)
    assert silent.info == ()


def test_the_account_phase_says_why(rig: PamRig) -> None:
    with FakeDaemon(account("revoked", text="情報政策課へ")) as daemon:
        rig.write_service("logon", f"account required pam_faced.so socket={daemon.path}")
        assert rig.converse("tanaka", "logon", steps=[ACCOUNT]).info == ("情報政策課へ",)
