"""Another factor in place of the face, on the whole system: what lets in, and that one factor never does.

The other factor is pam_exec with a program that looks whether the person's key is plugged in. It is no module that
faced knows, so root names it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from faced.dummy import StaffMember
from faced.enrolment.station import Station
from faced.trust.exemption import issue_exemption
from faced.trust.realm import Role
from faced.trust.statement import parse
from faced.units import DAY_S
from tests.bypass.conftest import Film
from tests.rig.pam import ACCOUNT, AUTHENTICATE, Code
from tests.rig.town import MODULE, STATION, Logon, Town

EXEMPTION = "facedexemption"
WHY = ("--reason", "decided by the health section, file 12")
SERVICE = "keyed"
CHECK = "/etc/faced/key-is-there"
KEY = f"pam_exec.so quiet {CHECK}"
NAMED = 'other_factors = ["token"]\nfactor_modules = [{ factor = "token", module = "pam_exec" }]'


def stack(*between: str) -> tuple[str, ...]:
    """Password, what is between, and the face."""
    return (
        f"auth [default=ignore] {MODULE} begin",
        "auth requisite pam_unix.so nodelay",
        *between,
        f"auth required {MODULE}",
        "account required pam_permit.so",
        f"account required {MODULE}",
    )


def plug(town: Town, *members: StaffMember) -> None:
    """Whose key is plugged in."""
    town.system.path("/run/keys").write_text("".join(f"{member.login}\n" for member in members))


def logon(town: Town, member: StaffMember, *, service: str = SERVICE, password: str | None = None) -> Logon:
    typed = town.passwords[member.login] if password is None else password
    return town.logon(member.login, typed, service=service, steps=(AUTHENTICATE, ACCOUNT))


def refusal(town: Town, member: StaffMember, *, service: str = SERVICE) -> str:
    """Why a logon with the right password was refused in the auth phase; empty if it was not."""
    before = len(town.reasons())
    if town.logon(member.login, town.passwords[member.login], service=service).code == Code.SUCCESS:
        return ""
    (event,) = town.reasons(before)
    return f"{event['event']} {event['outcome']} {event['exemption']}".strip()


def grant(town: Town, member: StaffMember) -> list[bytes]:
    until = (date.today() + timedelta(days=30)).isoformat()
    town.facectl("exemption", "grant", member.login, "--instead", "token", "--until", until, *WHY)
    return town.read_person(member.login)[EXEMPTION]


@pytest.fixture
def keyed(town: Town, clerk: StaffMember, intruder: StaffMember, intruders_face: Film) -> Iterator[Town]:
    """A PC that requires the key of everybody; a colleague is before the camera, and the clerk's key is plugged in."""
    check = town.system.path(CHECK)
    check.write_text('#!/bin/sh\nexec grep -qx "$PAM_USER" /run/keys\n')
    check.chmod(0o755)
    town.write_stack(SERVICE, *stack(f"auth [success=ok default=die] {KEY}"))
    plug(town, clerk)
    town.seat(intruders_face)
    yield town
    for member in (clerk, intruder):
        town.write_person(member.login, {EXEMPTION: []})
    town.forget_cache()


@pytest.fixture
def desk(keyed: Town) -> Iterator[Town]:
    """Whose configuration says so too."""
    with keyed.configured(NAMED):
        yield keyed


def test_the_password_and_the_key_let_in_who_is_exempted_and_nobody_else(desk: Town, clerk: StaffMember) -> None:
    assert refusal(desk, clerk) == "refused no_match", "without an exemption the face is asked for"
    grant(desk, clerk)
    desk.forget_cache()
    done = logon(desk, clerk)
    assert done.conversation.codes == (Code.SUCCESS, Code.SUCCESS)
    assert done.conversation.info[-1] == "No face needed: your other factor counts."
    assert [(event["event"], event["reason"]) for event in desk.reasons()[-2:]] == [
        ("exempted", "other_factor:token")
    ] * 2
    assert not any(clerk.login in str(entry) for entry in desk.system.journal("SYSLOG_IDENTIFIER=faced"))


def test_neither_the_password_alone_nor_the_key_alone(desk: Town, clerk: StaffMember, intruder: StaffMember) -> None:
    grant(desk, clerk)
    desk.forget_cache()
    assert logon(desk, clerk).code == Code.SUCCESS
    assert logon(desk, clerk, password="wrong").code == Code.AUTH_ERR
    plug(desk, intruder)
    assert logon(desk, clerk).code != Code.SUCCESS
    plug(desk)
    assert logon(desk, clerk).code != Code.SUCCESS


def test_stacks_that_do_not_make_sure_of_the_key(desk: Town, clerk: StaffMember) -> None:
    """Even with the key there: what the stack does not make sure of, it may not have asked for.

    (Where it is sufficient, a key that is there ends the stack before our line; doctor says so.)
    """
    grant(desk, clerk)
    desk.forget_cache()
    assert logon(desk, clerk).code == Code.SUCCESS
    strict = f"auth [success=ok default=die] {KEY}"
    for between, plugged in (
        ((), True),
        ((f"auth optional {KEY}",), True),
        ((f"auth sufficient {KEY}",), False),
        ((f"auth [success=ok default=ignore] {KEY}",), True),
        ((f"auth required {KEY}",), True),
        (("auth [success=ignore default=1] pam_succeed_if.so quiet uid >= 1", strict), True),
    ):
        desk.write_stack("loose", *stack(*between))
        plug(desk, *([clerk] if plugged else []))
        assert refusal(desk, clerk, service="loose") == "refused no_match no_such_factor", between
        desk.forgive_all()


@pytest.mark.parametrize("lines", ["", 'other_factors = ["smartcard"]', 'other_factors = ["token"]'])
def test_a_pc_whose_configuration_does_not_name_the_key(keyed: Town, clerk: StaffMember, lines: str) -> None:
    """The last one names a factor, but not pam_exec as a module that asks for it."""
    grant(keyed, clerk)
    keyed.forget_cache()
    with keyed.configured(lines):
        assert refusal(keyed, clerk) == "refused no_match no_such_factor"


def test_after_its_end_and_withdrawn_and_put_back_and_under_another_name(
    desk: Town, clerk: StaffMember, victim: StaffMember
) -> None:
    def with_exemption(member: StaffMember, exemption: list[bytes]) -> str:
        desk.write_person(member.login, {EXEMPTION: exemption})
        desk.forget_cache()
        desk.forgive_all()
        return refusal(desk, member)

    genuine = grant(desk, clerk)
    plug(desk, clerk, victim)
    assert with_exemption(victim, genuine) == "refused no_match wrong_person"
    desk.write_person(victim.login, {EXEMPTION: []})
    station = Station.open(desk.system.path(STATION))
    key = station.role(Role.APPROVE, lambda _name: desk.passphrase.encode()).sign
    issued = parse(desk.read_person(clerk.login)["facedtemplate"][0]).unverified.issued
    over = issue_exemption(
        *(station.realm, key, clerk.login),
        serial=issued + DAY_S,
        without=(),
        now=issued,
        expires=issued + 1,
        instead="token",
    )
    assert with_exemption(clerk, [over]) == "refused no_match expired"
    assert with_exemption(clerk, genuine) == ""
    desk.facectl("exemption", "withdraw", clerk.login, *WHY)
    assert with_exemption(clerk, desk.read_person(clerk.login)[EXEMPTION]) == "refused no_match"
    desk.restart("faced")
    assert with_exemption(clerk, genuine) == "refused no_match older_serial"


def test_somebody_who_was_never_enrolled_also_while_the_directory_is_away(
    desk: Town, members: list[StaffMember]
) -> None:
    joiner = members[4]
    before = desk.read_person(joiner.login)
    desk.write_person(joiner.login, {name: [] for name in before})
    desk.forget_cache()
    plug(desk, joiner)
    try:
        assert logon(desk, joiner).code == Code.AUTHINFO_UNAVAIL
        grant(desk, joiner)
        assert logon(desk, joiner).conversation.codes == (Code.SUCCESS, Code.SUCCESS)
        desk.restart("faced-directory")
        with desk.cut_off():
            assert logon(desk, joiner).conversation.codes == (Code.SUCCESS, Code.SUCCESS)
            plug(desk)
            assert logon(desk, joiner).code != Code.SUCCESS
    finally:
        desk.write_person(joiner.login, {EXEMPTION: [], **before})
        desk.forget_cache()
