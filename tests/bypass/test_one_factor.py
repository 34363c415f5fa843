"""Ways to be let in with one factor or none, each tried on the whole system; docs/bypass.md is the table."""

from __future__ import annotations

import pytest

from faced.dummy import StaffMember, clip, nobody
from faced.dummy.motion import Act
from faced.dummy.species import Species, present
from tests.bypass.conftest import Film
from tests.rig.pam import ACCOUNT, AUTHENTICATE, Code, Step
from tests.rig.sitter import DOING
from tests.rig.town import MODULE, Town

NONCE = "0" * 32


def test_both_factors_let_in(town: Town, clerk: StaffMember) -> None:
    """Without this row all others prove nothing."""
    logon = town.logon(clerk.login, town.passwords[clerk.login], steps=(AUTHENTICATE, ACCOUNT))
    assert logon.conversation.codes == (Code.SUCCESS, Code.SUCCESS)


@pytest.mark.parametrize("password", ["wrong", "", "0"])
def test_the_face_alone(town: Town, clerk: StaffMember, password: str) -> None:
    before = town.counters()
    logon = town.logon(clerk.login, password)
    assert logon.code == Code.AUTH_ERR
    assert logon.conversation.info == ()
    assert town.counters() == before


def test_the_password_alone_before_an_empty_chair(town: Town, clerk: StaffMember) -> None:
    town.seat(list(nobody(seconds=0.3, fps=30)))
    assert town.logon(clerk.login, town.passwords[clerk.login]).code == Code.AUTHINFO_UNAVAIL


def test_the_password_with_a_colleagues_face(town: Town, clerk: StaffMember, intruders_face: Film) -> None:
    town.seat(intruders_face)
    assert town.logon(clerk.login, town.passwords[clerk.login]).code == Code.AUTH_ERR


def test_the_right_face_after_too_many_wrong_ones(
    town: Town, clerk: StaffMember, clerks_face: tuple[Film, dict[str, Film]], intruders_face: Film
) -> None:
    town.seat(intruders_face)
    for _try in range(3):
        assert town.logon(clerk.login, town.passwords[clerk.login]).code == Code.AUTH_ERR
    town.seat(*clerks_face)
    assert town.logon(clerk.login, town.passwords[clerk.login]).code == Code.MAXTRIES


def test_ones_own_password_with_the_face_of_somebody_begun_for(
    town: Town, clerk: StaffMember, intruder: StaffMember
) -> None:
    """The attempt is begun for the clerk, whose face is there; at the prompt the name becomes the intruder's."""
    switch = Step("authenticate", items={"user": intruder.login})
    logon = town.logon(clerk.login, town.passwords[intruder.login], steps=(switch,))
    assert logon.code != Code.SUCCESS


@pytest.mark.parametrize(
    "line",
    [
        f"auth required {MODULE} begin",
        f"auth sufficient {MODULE} begin",
        f"auth [success=done default=ignore] {MODULE} begin",
        f"auth requisite {MODULE} begin",
    ],
)
def test_a_stack_that_lost_its_deciding_line(town: Town, clerk: StaffMember, line: str) -> None:
    town.write_stack("broken", line)
    assert town.logon(clerk.login, "", service="broken").code != Code.SUCCESS


def test_an_argument_that_nobody_knows(town: Town, clerk: StaffMember) -> None:
    town.write_stack("broken", f"auth required {MODULE} optional")
    assert town.logon(clerk.login, "", service="broken").code == Code.SERVICE_ERR


def test_from_another_computer(town: Town, clerk: StaffMember) -> None:
    remote = Step("authenticate", items={"rhost": "192.0.2.1"})
    assert town.logon(clerk.login, town.passwords[clerk.login], steps=(remote,)).code == Code.AUTHINFO_UNAVAIL
    remote = Step("account", items={"rhost": "192.0.2.1"})
    assert town.logon(clerk.login, town.passwords[clerk.login], steps=(remote,)).code == Code.PERM_DENIED


def test_a_name_that_nss_does_not_know(town: Town) -> None:
    town.write_stack("face-only", f"auth required {MODULE}")
    assert town.logon("nobody-of-that-name", "", service="face-only").code != Code.SUCCESS
    entries = town.system.journal()
    assert not any("nobody-of-that-name" in str(entry) for entry in entries)


def test_an_account_without_a_template(town: Town, clerk: StaffMember) -> None:
    town.write_stack("face-only", f"auth required {MODULE}")
    assert town.logon("daemon", "", service="face-only").code == Code.AUTHINFO_UNAVAIL
    assert town.reasons()[-1]["reason"] in ("not_in_directory", "no_template")


def test_an_exempt_service_is_for_root_only(town: Town, clerk: StaffMember) -> None:
    """cron and root's su are exempt; a clerk who calls them is not."""
    town.write_stack("cron", f"auth required {MODULE}", "auth required pam_permit.so", f"account required {MODULE}")
    assert town.logon("root", "", service="cron").code == Code.SUCCESS
    assert town.reasons()[-1]["event"] == "exempted"
    answer = town.ask_as(town.uids[clerk.login], "Decide", user="root", service="cron", real_uid=0, nonce=NONCE)
    assert answer.get("error") == "io.faced.Logon.NotAllowed"


def test_an_unprivileged_process_asks_about_a_colleague(town: Town, clerk: StaffMember, intruder: StaffMember) -> None:
    answer = town.ask_as(
        town.uids[intruder.login], "Decide", user=clerk.login, service="desktop", real_uid=0, nonce="0" * 32
    )
    assert answer.get("error") == "io.faced.Logon.NotAllowed"


def test_a_process_without_the_seat_asks_about_itself(town: Town, clerk: StaffMember) -> None:
    """There is no session on the seat here: whoever is not root is not in it."""
    answer = town.ask_as(
        town.uids[clerk.login], "Decide", user=clerk.login, service="i3lock", real_uid=None, nonce="0" * 32
    )
    assert answer.get("error") == "io.faced.Logon.NotAllowed"


def test_a_socket_of_somebody_else(town: Town, clerk: StaffMember) -> None:
    """A process of the clerk's own listens and says match to everything."""
    with town.impostor_daemon(town.uids[clerk.login]) as path:
        town.write_stack("elsewhere", f"auth required {MODULE} socket={path}")
        assert town.logon(clerk.login, "", service="elsewhere").code == Code.AUTHINFO_UNAVAIL


@pytest.mark.parametrize("daemon", ["faced", "faced-directory"])
def test_a_daemon_that_is_dead(town: Town, clerk: StaffMember, daemon: str) -> None:
    town.stop_daemon(daemon, kill=True)
    try:
        logon = town.logon(clerk.login, town.passwords[clerk.login])
        assert logon.code == Code.AUTHINFO_UNAVAIL
        assert logon.after_password_s < 5
    finally:
        town.restart(daemon)
    assert town.logon(clerk.login, town.passwords[clerk.login]).code == Code.SUCCESS


def test_a_journal_that_takes_no_record(town: Town, clerk: StaffMember) -> None:
    """What cannot be recorded does not happen."""
    with town.without_journal():
        assert town.logon(clerk.login, town.passwords[clerk.login]).code != Code.SUCCESS


def test_a_camera_that_is_unplugged(town: Town, clerk: StaffMember) -> None:
    town.camera.set(absent=True)
    try:
        assert town.logon(clerk.login, town.passwords[clerk.login]).code == Code.AUTHINFO_UNAVAIL
    finally:
        town.camera.set(absent=None)


def refused_for(town: Town, victim: StaffMember) -> tuple[str, str]:
    """A logon with the right password: outcome and reason in the journal."""
    before = len(town.reasons())
    assert town.logon(victim.login, town.passwords[victim.login]).code == Code.AUTH_ERR
    event = town.reasons(before)[-1]
    return event["outcome"], event["reason"]


def test_a_print_of_the_persons_photo(town: Town, victim: StaffMember) -> None:
    """It matches better than the person, and does nothing."""
    pictures = list(present(Species.FLAT_PRINT, victim.identity(), 5, 0.7, 30.0))
    town.seat(pictures + pictures[-2:0:-1])
    outcome, _rule = refused_for(town, victim)
    assert outcome == "not_live"


@pytest.mark.parametrize("species", [Species.STICK_PRINT, Species.TABLET_STILL])
def test_a_picture_that_obeys_the_request_as_far_as_a_picture_can(
    town: Town, victim: StaffMember, species: Species
) -> None:
    """Whoever holds it reads the screen, and turns and tilts it."""

    def film(*acts: Act) -> Film:
        return list(present(species, victim.identity(), 5, 1.8, 30.0, acts))

    idle = film()[:20]
    town.seat(idle + idle[-2:0:-1], {asked.value: film(Act(doing, 0.3, 1.4)) for asked, doing in DOING.items()})
    outcome, _rule = refused_for(town, victim)
    assert outcome == "not_live"


def test_a_frozen_picture_from_a_camera_that_is_none(town: Town, victim: StaffMember) -> None:
    """The same frame again and again, bit by bit, as an injected still is."""
    still = list(clip(victim.identity(), seed=7, seconds=0.1, fps=30))[:1]
    town.camera.set(noise=False)
    try:
        town.seat(still)
        assert refused_for(town, victim) == ("not_live", "frozen")
    finally:
        town.camera.set(noise=True)
