"""What an attacker can write or read: the directory as its administrator, the cache as root, the disk afterwards."""

from __future__ import annotations

import time
from datetime import date, timedelta

import pytest

from faced.directory.hosts import Hosts
from faced.directory.people import People
from faced.dummy import StaffMember
from faced.enrolment.host_secret import HostKeyStore, HostSecret
from faced.enrolment.station import Station
from faced.liveness.challenge import Challenge
from faced.logon import guidance
from faced.trust.host import open_epoch_keys
from faced.trust.sealed import check_template, open_template
from tests.bypass.conftest import Film
from tests.rig.pam import Code
from tests.rig.sitter import sitter
from tests.rig.town import HOST, STATION, Town
from tests.rig.traces import PICTURES, FaceTraces

TEMPLATE, KEY, EXEMPTION = "facedtemplate", "facedtemplatekey", "facedexemption"
#: All that may be left out where one action is asked for.
ALL_BUT_A_TURN = [action for action in Challenge if action is not Challenge.TURN_LEFT]


def attempt(town: Town, member: StaffMember) -> tuple[int, str]:
    """Code and journal reason of a logon with the right password, asked afresh from the directory."""
    town.forget_cache()
    code = town.logon(member.login, town.passwords[member.login]).code
    return code, town.reasons()[-1]["reason"]


@pytest.fixture
def restored(town: Town, members: list[StaffMember]) -> object:
    """Puts the entries back."""
    before = {member.login: town.read_person(member.login) for member in members[:2]}
    yield None
    for login, attributes in before.items():
        town.write_person(login, {name: attributes[name] for name in (TEMPLATE, KEY)} | {EXEMPTION: []})
    town.forget_cache()


def exempted(town: Town, member: StaffMember) -> tuple[int, str]:
    """Code and the journal's word about the exemption of a logon as :func:`attempt`.

    Whoever is refused tries once more, as people do: on a loaded machine a nod can go unseen.
    """
    code, _reason = attempt(town, member)
    if code == Code.AUTH_ERR:
        code, _reason = attempt(town, member)
    return code, town.reasons()[-1]["exemption"]


def granted(town: Town, member: StaffMember) -> list[bytes]:
    """A genuine exemption from everything but a turn to the left, as it is in the directory."""
    without = [word for action in ALL_BUT_A_TURN for word in ("--without", action.value)]
    until = (date.today() + timedelta(days=30)).isoformat()
    town.facectl("exemption", "grant", member.login, *without, "--until", until, "--reason", "decided in file 12")
    return town.read_person(member.login)[EXEMPTION]


@pytest.mark.usefixtures("restored")
def test_the_intruders_template_under_the_clerks_name(
    town: Town, clerk: StaffMember, intruder: StaffMember, intruders_face: Film
) -> None:
    """LDAP write access and the clerk's password are not enough."""
    town.seat(intruders_face)
    stolen = town.read_person(intruder.login)
    town.write_person(clerk.login, {name: stolen[name] for name in (TEMPLATE, KEY)})
    assert attempt(town, clerk) == (Code.AUTHINFO_UNAVAIL, "wrong_person")


@pytest.mark.usefixtures("restored")
def test_the_intruders_key_with_the_clerks_template(town: Town, clerk: StaffMember, intruder: StaffMember) -> None:
    town.write_person(clerk.login, {KEY: town.read_person(intruder.login)[KEY]})
    assert attempt(town, clerk) == (Code.AUTHINFO_UNAVAIL, "wrong_key")


@pytest.mark.usefixtures("restored")
@pytest.mark.parametrize("at", [40, 200, -40])
def test_a_template_with_one_bit_changed(town: Town, clerk: StaffMember, at: int) -> None:
    [template] = town.read_person(clerk.login)[TEMPLATE]
    changed = bytearray(template)
    changed[at] ^= 1
    town.write_person(clerk.login, {TEMPLATE: [bytes(changed)]})
    code, reason = attempt(town, clerk)
    assert code == Code.AUTHINFO_UNAVAIL
    assert reason in ("malformed", "bad_signature", "wrong_realm", "unknown_issuer", "wrong_kind")


@pytest.mark.usefixtures("restored")
def test_no_template_at_all(town: Town, clerk: StaffMember) -> None:
    town.write_person(clerk.login, {TEMPLATE: [], KEY: []})
    code, _reason = attempt(town, clerk)
    assert code == Code.AUTHINFO_UNAVAIL


def test_an_erased_person_whose_template_is_put_back(town: Town, members: list[StaffMember]) -> None:
    leaver = members[-1]
    before = town.read_person(leaver.login)
    town.facectl("erase", leaver.login, "--reason", "left", "--yes")
    assert TEMPLATE not in town.read_person(leaver.login)
    town.write_person(leaver.login, {name: before[name] for name in (TEMPLATE, KEY)})
    code, reason = attempt(town, leaver)
    assert (code, reason) == (Code.AUTHINFO_UNAVAIL, "tombstoned")
    town.write_person(leaver.login, {"facedTombstone": []})
    code, reason = attempt(town, leaver)
    assert (code, reason) == (Code.AUTHINFO_UNAVAIL, "tombstoned"), "a tombstone seen once holds"


@pytest.mark.usefixtures("restored")
def test_an_exemption_holds_for_its_person_until_it_is_withdrawn_and_not_when_it_is_put_back(
    town: Town, clerk: StaffMember
) -> None:
    genuine = granted(town, clerk)
    town.forget_cache()
    logon = town.logon(clerk.login, town.passwords[clerk.login])
    assert (logon.code, town.reasons()[-1]["exemption"]) == (Code.SUCCESS, "left_out")
    assert guidance.request(Challenge.TURN_LEFT, again=False) in logon.conversation.info
    town.facectl("exemption", "withdraw", clerk.login, "--reason", "no longer needed")
    assert exempted(town, clerk) == (Code.SUCCESS, "")
    town.write_person(clerk.login, {EXEMPTION: genuine})
    assert exempted(town, clerk) == (Code.SUCCESS, "older_serial")


@pytest.mark.usefixtures("restored")
def test_the_intruders_exemption_under_the_clerks_name(town: Town, clerk: StaffMember, intruder: StaffMember) -> None:
    """Nobody is asked for less because somebody else may be, and nobody is locked out by what does not hold."""
    town.write_person(clerk.login, {EXEMPTION: granted(town, intruder)})
    assert exempted(town, clerk) == (Code.SUCCESS, "wrong_person")
    town.write_person(clerk.login, {EXEMPTION: [b"rubbish"]})
    assert exempted(town, clerk) == (Code.SUCCESS, "malformed")


def test_another_persons_cache_file_under_the_clerks_name(
    town: Town, clerk: StaffMember, intruder: StaffMember
) -> None:
    """Root on the PC exchanges two cache files while the directory is away."""
    for member in (clerk, intruder):
        town.seat(*sitter(member.identity()))
        assert town.logon(member.login, town.passwords[member.login]).code == Code.SUCCESS
    faces = sorted(town.system.path("/var/lib/faced-directory").rglob("*.face"))
    assert len(faces) >= 2
    contents = [path.read_bytes() for path in faces]
    town.slapd.stop()
    town.stop_daemon("faced-directory")
    for path, content in zip(faces, contents[1:] + contents[:1], strict=True):
        path.write_bytes(content)
    town.restart("faced-directory")
    try:
        assert town.logon(clerk.login, town.passwords[clerk.login]).code == Code.AUTHINFO_UNAVAIL
    finally:
        town.slapd.start()
        town.forget_cache()


def coordinates(town: Town, member: StaffMember) -> bytes:
    """Of an enrolled person, as this PC opens them."""
    station = Station.open(town.system.path(str(STATION)))
    verifier = station.verifier(int(time.time()))
    with town.slapd.admin() as admin:
        statement = Hosts(admin, town.slapd.tree).read(HOST).statement
        face = People(admin, town.slapd.tree).face(member.login)
    assert statement is not None and face.template is not None
    keys = HostKeyStore(HostSecret(town.system.path("/etc/faced/host.keys"))).read()
    checked = check_template(verifier, member.login, face.template)
    epochs = open_epoch_keys(verifier, statement, keys)
    return open_template(checked, face.template_keys, epochs, checked.header.predictor).coordinates


def test_nothing_of_a_face_or_a_password_is_on_the_disk_or_in_a_log(
    town: Town, clerk: StaffMember, intruder: StaffMember, intruders_face: Film
) -> None:
    """R7, R8: no picture, no coordinates in the clear, no name in the daemons' journal."""
    password = town.passwords[clerk.login]
    assert town.logon(clerk.login, password).code == Code.SUCCESS
    town.seat(intruders_face)
    assert town.logon(clerk.login, password).code == Code.AUTH_ERR
    faces = FaceTraces([coordinates(town, member) for member in (clerk, intruder)])
    names = [name.encode() for name in (clerk.japanese_name, clerk.family.japanese, clerk.mail)]
    seen = 0
    for folder in ("/var/lib/faced", "/var/lib/faced-directory", "/run/faced", str(STATION)):
        for path in town.system.path(folder).rglob("*"):
            if not path.is_file():
                continue
            content = path.read_bytes()
            seen += 1
            assert not [magic for magic in PICTURES if magic in content], path
            assert not faces.are_in(content), path
            assert password.encode() not in content, path
            assert not [name for name in names if name in content], path
            if folder in ("/var/lib/faced", "/run/faced"):
                assert clerk.number.encode() not in content, path
    assert seen > 10
    logs = (town.folder / "faced.log").read_text() + (town.folder / "faced-directory.log").read_text()
    journal = "".join(str(entry) for entry in town.system.journal("SYSLOG_IDENTIFIER=faced"))
    for text in (logs, journal):
        assert not [word for word in (clerk.login, clerk.number, password, *map(bytes.decode, names)) if word in text]
        assert not faces.are_in(text.encode())
