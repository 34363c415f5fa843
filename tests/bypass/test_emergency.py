"""The emergency way in on the whole system: what it opens, and that it opens nothing else."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator

import pytest

from faced.dummy import StaffMember
from tests.bypass.conftest import Film
from tests.rig.pam import ACCOUNT, AUTHENTICATE, Code
from tests.rig.town import CODE_PROMPT, COUNTERS, HOST, MODULE, Logon, Town

GRANT = "facedemergency"
WHY = ("--reason", "the camera is broken; file 7")
#: A service that may ask for a code.
SERVICE = "login"
WHOLE = (AUTHENTICATE, ACCOUNT)


@pytest.fixture
def desk(town: Town, clerk: StaffMember, intruder: StaffMember) -> Iterator[Town]:
    """The town, without grants before and after, and with a service that may ask for a code."""
    town.write_stack(
        SERVICE,
        f"auth [default=ignore] {MODULE} begin",
        "auth requisite pam_unix.so nodelay",
        f"auth required {MODULE}",
        f"account required {MODULE}",
    )
    yield town
    for member in (clerk, intruder):
        town.write_person(member.login, {GRANT: []})


def grant(town: Town, member: StaffMember, *options: str) -> list[bytes]:
    town.facectl("emergency", "grant", member.login, *(options or ("--host", HOST)), *WHY)
    return town.read_person(member.login)[GRANT]


def code(town: Town, member: StaffMember) -> str:
    answer = json.loads(town.facectl("emergency", "code", member.login, HOST, "--json", *WHY).stdout)
    return str(answer["code"])


def other_than(digits: str) -> str:
    return f"{(int(digits) + 1) % 10**8:08}"


def logon(town: Town, member: StaffMember, *, service: str = SERVICE, typed: str = "") -> Logon:
    return town.logon(member.login, town.passwords[member.login], service=service, steps=WHOLE, code=typed)


def recognised(town: Town, member: StaffMember, *, typed: str = "") -> Logon:
    """A logon with the face. Whoever is refused tries again, as people do: on a loaded machine a nod can go unseen."""
    for _again in range(3):
        done = logon(town, member, typed=typed)
        if done.code != Code.AUTH_ERR:
            break
        town.forgive_all()
    return done


def refusal(town: Town) -> str:
    """Why the auth phase ended as it did; an account phase may have followed."""
    return [event["reason"] for event in town.reasons() if event["event"] == "refused"][-1]


def logons(town: Town) -> int:
    status: subprocess.CompletedProcess[str] = town.facectl("status", "--json", check=False)
    return int(json.loads(status.stdout)["logon"]["emergencies"])


def test_a_grant_lets_in_once_and_not_when_it_is_put_back(desk: Town, clerk: StaffMember) -> None:
    before = logons(desk)
    with desk.without_camera():
        assert logon(desk, clerk).code == Code.AUTHINFO_UNAVAIL
        genuine = grant(desk, clerk)
        done = logon(desk, clerk)
        assert done.conversation.codes == (Code.SUCCESS, Code.SUCCESS)
        assert CODE_PROMPT not in done.conversation.prompts
        (event,) = [event for event in desk.reasons() if event["event"] == "emergency"][-1:]
        assert (event["outcome"], event["reason"]) == ("emergency", "grant")
        assert logon(desk, clerk).code == Code.AUTHINFO_UNAVAIL
        desk.restart("faced")
        desk.write_person(clerk.login, {GRANT: genuine})
        assert logon(desk, clerk).code == Code.AUTHINFO_UNAVAIL
    assert logons(desk) == before + 1


def test_a_grant_needs_the_password(desk: Town, clerk: StaffMember) -> None:
    grant(desk, clerk)
    with desk.without_camera():
        assert desk.logon(clerk.login, "wrong", service=SERVICE).code == Code.AUTH_ERR
        assert logon(desk, clerk).code == Code.SUCCESS, "it was not used up"


def test_a_grant_is_nothing_to_a_colleagues_face(desk: Town, clerk: StaffMember, intruders_face: Film) -> None:
    grant(desk, clerk)
    desk.seat(intruders_face)
    assert logon(desk, clerk).code == Code.AUTH_ERR


def test_a_grant_is_not_used_up_by_a_face_that_is_recognised(desk: Town, clerk: StaffMember) -> None:
    before = logons(desk)
    held = grant(desk, clerk)
    assert recognised(desk, clerk).code == Code.SUCCESS
    assert (logons(desk), desk.read_person(clerk.login)[GRANT]) == (before, held)
    with desk.without_camera():
        assert logon(desk, clerk).code == Code.SUCCESS
    assert logons(desk) == before + 1


def test_a_grant_moved_to_a_colleague_or_withdrawn_or_rubbish_lets_nobody_in(
    desk: Town, clerk: StaffMember, intruder: StaffMember
) -> None:
    genuine = grant(desk, clerk)
    with desk.without_camera():
        for emergency in (genuine, [b"rubbish"], [genuine[0][:-1] + bytes([genuine[0][-1] ^ 1])]):
            desk.write_person(intruder.login, {GRANT: emergency})
            assert logon(desk, intruder).code == Code.AUTHINFO_UNAVAIL
        desk.facectl("emergency", "withdraw", clerk.login, *WHY)
        assert logon(desk, clerk).code == Code.AUTHINFO_UNAVAIL
        desk.write_person(clerk.login, {GRANT: genuine})
        assert logon(desk, clerk).code == Code.AUTHINFO_UNAVAIL


def test_a_grant_is_worth_nothing_once_the_directory_is_away(desk: Town, clerk: StaffMember) -> None:
    """It was in the entry that this PC has just fetched, and may have been withdrawn since."""
    assert recognised(desk, clerk).code == Code.SUCCESS
    grant(desk, clerk)
    desk.restart("faced-directory")
    assert recognised(desk, clerk).code == Code.SUCCESS
    with desk.cut_off(), desk.without_camera():
        assert logon(desk, clerk, service="desktop").code == Code.AUTHINFO_UNAVAIL


def test_somebody_who_is_not_enrolled_gets_in_by_a_grant(desk: Town, members: list[StaffMember]) -> None:
    joiner = members[3]
    before = desk.read_person(joiner.login)
    desk.write_person(joiner.login, {name: [] for name in before if name != "facedkeygroup"})
    desk.forget_cache()
    try:
        assert logon(desk, joiner).code == Code.AUTHINFO_UNAVAIL
        grant(desk, joiner, "--any-host")
        assert logon(desk, joiner).conversation.codes == (Code.SUCCESS, Code.SUCCESS)
        assert logon(desk, joiner).code == Code.AUTHINFO_UNAVAIL
    finally:
        desk.write_person(joiner.login, {GRANT: [], **{n: v for n, v in before.items() if n != "facedkeygroup"}})
        desk.forget_cache()


def test_a_code_lets_in_who_is_cut_off_once_also_after_a_restart(desk: Town, clerk: StaffMember) -> None:
    digits = code(desk, clerk)
    with desk.cut_off(), desk.without_camera():
        done = logon(desk, clerk, typed=f"{digits[:4]} {digits[4:]}")
        assert done.conversation.codes == (Code.SUCCESS, Code.SUCCESS)
        assert done.conversation.prompts == ("Password: ", CODE_PROMPT)
        assert [event["reason"] for event in desk.reasons() if event["event"] == "emergency"][-1] == "code"
        desk.restart("faced")
        again = logon(desk, clerk, typed=digits)
        assert (again.code, refusal(desk)) == (Code.AUTHINFO_UNAVAIL, "older_serial")


def test_wrong_codes_are_counted_on_the_disk_until_nobody_is_asked(
    desk: Town, clerk: StaffMember, intruder: StaffMember
) -> None:
    digits, colleagues = code(desk, clerk), code(desk, intruder)
    with desk.cut_off(), desk.without_camera():
        for typed in (other_than(digits), colleagues, "00000000"):
            assert logon(desk, clerk, typed=typed).code == Code.AUTHINFO_UNAVAIL
            assert refusal(desk) == "wrong_code"
        desk.restart("faced")
        last = logon(desk, clerk, typed=digits)
        assert last.code == Code.AUTHINFO_UNAVAIL
        assert CODE_PROMPT not in last.conversation.prompts
        assert list(desk.system.path(COUNTERS).glob("tries-code-*.json"))


def test_the_password_in_place_of_the_code_goes_nowhere(desk: Town, clerk: StaffMember) -> None:
    """i3lock and its like give the same answer to every prompt."""
    with desk.cut_off(), desk.without_camera():
        before = desk.counters()
        done = logon(desk, clerk, typed=desk.passwords[clerk.login])
        assert done.code == Code.AUTHINFO_UNAVAIL
        assert CODE_PROMPT in done.conversation.prompts
        assert desk.counters() == before, "the daemon was told nothing"


def test_nobody_is_asked_for_a_code_by_another_service_nor_while_the_face_is_seen(
    desk: Town, clerk: StaffMember, clerks_face: tuple[Film, dict[str, Film]], intruders_face: Film
) -> None:
    digits = code(desk, clerk)
    assert recognised(desk, clerk).code == Code.SUCCESS
    with desk.cut_off():
        seen = recognised(desk, clerk, typed=digits)
        assert (seen.code, CODE_PROMPT in seen.conversation.prompts) == (Code.SUCCESS, False)
        desk.seat(intruders_face)
        colleague = logon(desk, clerk, typed=digits)
        assert (colleague.code, CODE_PROMPT in colleague.conversation.prompts) == (Code.AUTH_ERR, False)
        with desk.without_camera():
            elsewhere = logon(desk, clerk, service="desktop", typed=digits)
            assert (elsewhere.code, CODE_PROMPT in elsewhere.conversation.prompts) == (Code.AUTHINFO_UNAVAIL, False)
    with desk.without_camera():
        online = logon(desk, clerk, typed=digits)
        assert (online.code, CODE_PROMPT in online.conversation.prompts) == (Code.AUTHINFO_UNAVAIL, False)


def test_neither_a_name_nor_a_code_is_in_the_journal(desk: Town, clerk: StaffMember) -> None:
    digits = code(desk, clerk)
    with desk.cut_off(), desk.without_camera():
        logon(desk, clerk, typed=digits)
    logs = (desk.folder / "faced.log").read_text() + (desk.folder / "faced-directory.log").read_text()
    for text in (logs, str(desk.system.journal("SYSLOG_IDENTIFIER=faced"))):
        assert digits not in text
        assert clerk.login not in text
