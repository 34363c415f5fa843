"""Consent, approval and suspension on the whole system: both phases, online and from the cache, against a directory
whose administrator takes statements out and puts old ones back."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from faced.dummy import StaffMember
from faced.enrolment.station import Station
from faced.trust.consent import Approval, Consent, issue_approval, issue_consent
from faced.trust.realm import Role
from tests.bypass.conftest import Film
from tests.rig.pam import ACCOUNT, AUTHENTICATE, Code, Step
from tests.rig.sitter import sitter
from tests.rig.town import STATION, Town

CONSENT, APPROVAL, SUSPENSION, TEMPLATE, KEYS = (
    *("facedconsent", "facedapproval", "facedsuspension"),
    *("facedtemplate", "facedtemplatekey"),
)
GIVEN = ("--given", "2026-01-05")
WHY = ("--reason", "application 2026-77")
DAY = 86_400
#: Within this a suspension must have reached a PC that is online.
PROMISED_S = 60

#: What the auth phase, the account phase and the journal say.
NOT_REGISTERED = (Code.AUTHINFO_UNAVAIL, Code.AUTHINFO_UNAVAIL)
OVER = (Code.AUTHINFO_UNAVAIL, Code.ACCT_EXPIRED)
STOPPED = (Code.AUTHINFO_UNAVAIL, Code.PERM_DENIED)


@pytest.fixture(scope="module")
def part_timer(members: list[StaffMember]) -> StaffMember:
    return members[2]


@pytest.fixture(scope="module")
def faces(clerk: StaffMember, part_timer: StaffMember) -> dict[str, tuple[Film, dict[str, Film]]]:
    return {member.login: sitter(member.identity()) for member in (clerk, part_timer)}


@pytest.fixture(scope="module")
def office(clerk: StaffMember, part_timer: StaffMember) -> Iterator[Town]:
    """Its PC remembers what it was told, so it is nobody else's."""
    with (
        tempfile.TemporaryDirectory(prefix="faced-consent-") as folder,
        Town(Path(folder), [clerk, part_timer]) as town,
    ):
        assert not town.enrol([clerk])["refused"]
        refused = town.enrol([part_timer], basis="consent")["refused"]
        assert [one["reason"] for one in refused] == ["no_consent"]
        town.facectl("consent", "record", part_timer.login, *GIVEN, *WHY)
        town.facectl("approval", "record", part_timer.login, "--decision", "R8-77", *WHY)
        assert not town.enrol([part_timer], basis="consent")["refused"]
        configuration = town.system.path("/etc/faced/faced.toml")
        configuration.write_text(configuration.read_text().replace("[directory]\n", "[directory]\npoll_s = 5\n"))
        town.start()
        yield town


def logon(town: Town, member: StaffMember, *steps: Step) -> tuple[int, ...]:
    return town.logon(member.login, town.passwords[member.login], steps=steps).conversation.codes


def recognised(town: Town, member: StaffMember, faces: Mapping[str, tuple[Film, dict[str, Film]]]) -> tuple[int, ...]:
    """A logon with the face. Whoever is not recognised tries again, as people do on a loaded machine."""
    town.forgive_all()
    town.seat(*faces[member.login])
    for _again in range(5):
        codes = logon(town, member, AUTHENTICATE, ACCOUNT)
        if codes[0] != Code.AUTH_ERR:
            break
        town.forgive_all()
    return codes


def looked_at(town: Town, member: StaffMember, faces: Mapping[str, tuple[Film, dict[str, Film]]]) -> bool:
    """Whether the face is looked at; on a loaded machine what is asked for may go unseen, which is another matter."""
    town.forgive_all()
    town.seat(*faces[member.login])
    _auth, account = logon(town, member, AUTHENTICATE, ACCOUNT)
    outcome = [event["outcome"] for event in town.reasons() if event["event"] in ("admitted", "refused")][-1]
    return account == Code.SUCCESS and outcome in ("match", "not_live")


def refusal(town: Town, member: StaffMember) -> tuple[tuple[int, ...], str]:
    """The codes of both phases, and the one reason that both have on record."""
    since = len(town.reasons())
    codes = logon(town, member, AUTHENTICATE) + logon(town, member, ACCOUNT)
    (reason,) = {event["reason"] for event in town.reasons(since)}
    return codes, reason


def put(town: Town, member: StaffMember, attributes: Mapping[str, Sequence[bytes]]) -> None:
    """By the directory's administrator, and the PC has nothing but the directory."""
    town.write_person(member.login, attributes)
    town.forget_cache()


def signed(town: Town, login: str, *, lasts_s: int = 10 * DAY, by: Role = Role.APPROVE) -> dict[str, list[bytes]]:
    """A consent and an approval from now on, by the station's key in some role."""
    station = Station.open(town.system.path(str(STATION)))
    key, now = station.role(by, lambda _name: b""), int(time.time())
    consent = Consent(login, now, now, now, now + lasts_s)
    approval = Approval(login, now, "R8-77", now, now + lasts_s)
    return {
        CONSENT: [issue_consent(station.realm, key.sign, consent)],
        APPROVAL: [issue_approval(station.realm, key.sign, approval)],
    }


def test_without_consent_and_approval_of_this_person_and_this_day_the_face_is_not_looked_at(
    office: Town, clerk: StaffMember, part_timer: StaffMember, faces: Mapping[str, tuple[Film, dict[str, Film]]]
) -> None:
    town, login = office, part_timer.login
    genuine = town.read_person(login)
    assert recognised(town, part_timer, faces) == (Code.SUCCESS, Code.SUCCESS)
    others, revokers, over = (
        signed(town, clerk.login),
        signed(town, login, by=Role.REVOKE),
        signed(town, login, lasts_s=1),
    )
    for attributes, codes, reason in (
        ({CONSENT: []}, NOT_REGISTERED, "no_consent"),
        ({APPROVAL: []}, NOT_REGISTERED, "no_approval"),
        ({CONSENT: others[CONSENT]}, NOT_REGISTERED, "wrong_person"),
        ({APPROVAL: others[APPROVAL]}, NOT_REGISTERED, "wrong_person"),
        ({CONSENT: revokers[CONSENT]}, NOT_REGISTERED, "issuer_lacks_role"),
        ({APPROVAL: revokers[APPROVAL]}, NOT_REGISTERED, "issuer_lacks_role"),
        ({CONSENT: genuine[APPROVAL]}, NOT_REGISTERED, "wrong_kind"),
        ({CONSENT: [b"rubbish"]}, NOT_REGISTERED, "malformed"),
        ({CONSENT: over[CONSENT]}, OVER, "consent_over"),
        ({APPROVAL: over[APPROVAL]}, OVER, "approval_over"),
    ):
        put(town, part_timer, {name: genuine[name] for name in (CONSENT, APPROVAL)} | attributes)
        # Nothing was ever cached here about them but by this logon.
        first = logon(town, part_timer, AUTHENTICATE)
        assert (first, town.reasons()[-1]["reason"]) == (codes[:1], reason)
        assert refusal(town, part_timer) == (codes, reason)
    put(town, part_timer, {name: genuine[name] for name in (CONSENT, APPROVAL)})
    assert looked_at(town, part_timer, faces)


def test_who_is_suspended_is_refused_within_a_minute_and_nothing_that_is_done_to_the_directory_helps(
    office: Town, clerk: StaffMember, faces: Mapping[str, tuple[Film, dict[str, Film]]]
) -> None:
    town, login = office, clerk.login
    assert recognised(town, clerk, faces) == (Code.SUCCESS, Code.SUCCESS)

    town.facectl("suspend", login, *WHY)
    began = time.monotonic()
    while logon(town, clerk, AUTHENTICATE) != (Code.AUTHINFO_UNAVAIL,):
        assert time.monotonic() - began < PROMISED_S
        town.forgive_all()
    assert refusal(town, clerk) == (STOPPED, "suspended")
    suspended = town.read_person(login)[SUSPENSION]

    with town.cut_off():
        for daemon in ("faced-directory", "faced"):
            town.restart(daemon)
        assert refusal(town, clerk) == (STOPPED, "suspended"), "from the cache"
    put(town, clerk, {SUSPENSION: []})
    logon(town, clerk, AUTHENTICATE)
    assert refusal(town, clerk) == (STOPPED, "suspended"), "taken out"
    with town.without_camera():
        town.facectl("emergency", "grant", login, "--any-host", *WHY)
        assert logon(town, clerk, AUTHENTICATE, ACCOUNT) == STOPPED, "a grant does not stand in"

    town.facectl("resume", login, *WHY)
    assert looked_at(town, clerk, faces)
    put(town, clerk, {SUSPENSION: suspended})
    assert looked_at(town, clerk, faces), "what was lifted locks nobody out again"


def test_a_pc_that_is_kept_from_the_statement_refuses_for_the_manifest_says_it(
    office: Town, clerk: StaffMember, faces: Mapping[str, tuple[Film, dict[str, Film]]]
) -> None:
    """The directory's administrator takes the statement out before any PC has seen it."""
    town, login = office, clerk.login
    assert looked_at(town, clerk, faces)
    before = town.read_person(login)
    town.facectl("suspend", login, *WHY)
    town.write_person(login, {SUSPENSION: before.get(SUSPENSION, [])})
    town.forget_cache()
    logon(town, clerk, AUTHENTICATE)
    assert refusal(town, clerk) == (STOPPED, "suspended")
    town.facectl("resume", login, *WHY)
    assert looked_at(town, clerk, faces)


def test_a_withdrawn_approval_stops_until_a_new_one(
    office: Town, part_timer: StaffMember, faces: Mapping[str, tuple[Film, dict[str, Film]]]
) -> None:
    town, login = office, part_timer.login
    assert looked_at(town, part_timer, faces)
    before = town.read_person(login)[APPROVAL]
    town.facectl("approval", "withdraw", login, *WHY)
    town.forget_cache()
    logon(town, part_timer, AUTHENTICATE)
    assert refusal(town, part_timer) == (STOPPED, "approval_withdrawn")
    put(town, part_timer, {APPROVAL: before})
    logon(town, part_timer, AUTHENTICATE)
    assert refusal(town, part_timer) == (STOPPED, "approval_withdrawn"), "put back"
    town.facectl("approval", "record", login, "--decision", "R8-90", *WHY)
    assert looked_at(town, part_timer, faces)


def test_a_withdrawn_consent_stops_and_erases_and_bringing_everything_back_does_not_help(
    office: Town, part_timer: StaffMember, faces: Mapping[str, tuple[Film, dict[str, Film]]]
) -> None:
    town, login = office, part_timer.login
    assert looked_at(town, part_timer, faces)
    before = town.read_person(login)
    town.facectl("consent", "withdraw", login, *WHY, "--yes")
    after = town.read_person(login)
    assert TEMPLATE not in after
    assert KEYS not in after
    town.forget_cache()
    logon(town, part_timer, AUTHENTICATE)
    assert refusal(town, part_timer) == (STOPPED, "consent_withdrawn")
    put(town, part_timer, {name: before[name] for name in (TEMPLATE, KEYS, CONSENT)} | {"facedtombstone": []})
    logon(town, part_timer, AUTHENTICATE)
    assert refusal(town, part_timer) == (STOPPED, "consent_withdrawn"), "put back"
    with town.cut_off():
        town.restart("faced")
        assert refusal(town, part_timer) == (STOPPED, "consent_withdrawn"), "from the cache"
