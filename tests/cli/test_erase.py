"""`facectl erase`: gone from every server, read back, and completed by running it again, whatever happened."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from faced.directory.connection import Connection
from faced.directory.people import People, Person, SealedFace
from faced.directory.tree import Tree
from faced.enrolment.acts import Act, ActLog, ActRecord
from faced.enrolment.replicas import BEHIND, Replica, Replicas
from faced.errors import NotAllowed, NotInDirectory
from faced.trust.keys import digest
from faced.trust.realm import Role
from faced.trust.sealed import check_template
from faced.trust.statement import Kind
from faced.trust.tombstone import Tombstone, read_tombstone
from tests.cli.conftest import NOW, Office
from tests.cli.erasing import STAFF, answered, enrol
from tests.cli.test_handler import appointed, own
from tests.cli.year import Pc, as_role
from tests.rig.slapd import PrivateSlapd

WHY = ("--reason", "left the office")
BIN = Path(sys.executable).parent
PATIENCE_S = 60


@pytest.fixture
def staffed(founded: Office) -> Office:
    enrol(founded, *STAFF)
    return founded


@pytest.fixture
def provider() -> Iterator[PrivateSlapd]:
    with PrivateSlapd(provides=True) as slapd:
        yield slapd


@pytest.fixture
def consumer(provider: PrivateSlapd) -> Iterator[PrivateSlapd]:
    with PrivateSlapd(replica_of=provider) as slapd:
        yield slapd


@pytest.fixture
def replicated(tmp_path: Path, provider: PrivateSlapd, consumer: PrivateSlapd) -> Office:
    """Two servers, one of which follows the other; three people, who have arrived on both."""
    office = Office(tmp_path, provider)
    office.found()
    enrol(office, *STAFF)
    office.write_config(servers=[provider.ldaps_url, consumer.ldaps_url])
    arrived(consumer, {login: person(office, login).face for login in STAFF})
    return office


def arrived(consumer: PrivateSlapd, faces: dict[str, SealedFace]) -> None:
    """Wait until the replica has what the other one has."""
    until = time.monotonic() + PATIENCE_S
    with consumer.admin() as admin:
        while any(face_on(admin, consumer.tree, login) != face for login, face in faces.items()):
            assert time.monotonic() < until, "it never arrived"
            time.sleep(0.05)


def face_on(connection: Connection, tree: Tree, login: str) -> SealedFace | None:
    try:
        return People(connection, tree).face(login)
    except NotInDirectory:
        return None


def person(office: Office, login: str) -> Person:
    with office.slapd.admin() as admin:
        return People(admin, office.slapd.tree).find(login)


def gone(office: Office, login: str) -> bool:
    with office.slapd.admin() as admin:
        people = People(admin, office.slapd.tree)
        return people.is_erased(people.find(login))


def last_act(office: Office) -> ActRecord:
    return tuple(ActLog(office.station_path).read())[-1]


def tombstone_of(office: Office, login: str) -> Tombstone:
    data = person(office, login).face.tombstone
    assert data is not None
    return read_tombstone(office.station.verifier(office.now).check(data, Kind.TOMBSTONE))


def test_nothing_of_the_face_and_the_person_is_left_but_the_record(staffed: Office) -> None:
    staffed.facectl("exemption", "grant", "sato", "--without", "look_up", "--until", "2026-12-31", *WHY)
    staffed.facectl("unlock", "sato", *WHY)
    staffed.facectl("emergency", "grant", "sato", "--any-host", *WHY)
    before = person(staffed, "sato")
    assert None not in (before.face.exemption, before.face.unlock, before.face.emergency)
    answer = answered(staffed, 0, "erase", "sato", *WHY, "--decision", "R8-40", "--yes")
    server = {"server": staffed.slapd.ldaps_url, "state": "erased", "left": 0}
    assert answer == {"people": 1, "complete": True, "servers": [server]}

    after = person(staffed, "sato")
    assert after.face == SealedFace(tombstone=after.face.tombstone)
    assert (after.staff_number, after.name, after.mail, after.groups) == ("", "sato", "", ("default",))
    with staffed.slapd.admin() as admin:
        entry = admin.read(after.dn, ["*"])
    assert {name.lower() for name in entry.attributes} == {
        *("objectclass", "uid", "cn", "sn", "facedkeygroup", "facedtombstone")
    }
    shown = [(one["login"], one["state"]) for one in staffed.json("list")]
    assert shown == [("ito", "enrolled"), ("sato", "erased"), ("tanaka", "enrolled")]


def test_the_tombstone_says_all_that_a_certificate_needs_and_no_name(staffed: Office) -> None:
    template = person(staffed, "sato").face.template
    assert template is not None
    serial = check_template(staffed.station.verifier(NOW), "sato", template).header.serial
    staffed.now += 3600
    answered(staffed, 0, "erase", "sato", *WHY, "--decision", "R8-40", "--yes")
    says = tombstone_of(staffed, "sato")
    assert says.reason == "left the office"
    assert says.erased is not None
    assert (says.erased.staff, says.erased.template, says.erased.serial, says.erased.made, says.erased.decision) == (
        *("N-sato", digest(template), serial, NOW, "R8-40"),
    )
    data = person(staffed, "sato").face.tombstone
    assert data is not None and "氏名".encode() not in data
    record = last_act(staffed)
    assert (record.act, record.subject, record.reason, record.decision, record.outcome) == (
        *(Act.ERASE, "sato", "left the office", "R8-40", "done"),
    )


def test_a_template_whose_period_is_over_is_named_all_the_same(staffed: Office) -> None:
    template = person(staffed, "sato").face.template
    staffed.now = NOW + 200 * 86400
    staffed.facectl("realm", "manifest")
    answered(staffed, 0, "erase", "sato", *WHY, "--yes")
    erased = tombstone_of(staffed, "sato").erased
    assert template is not None and erased is not None
    assert (erased.template, erased.staff) == (digest(template), "N-sato")


def test_in_somebody_elses_tree_number_name_and_mail_stay(tmp_path: Path) -> None:
    with PrivateSlapd(people_base="ou=staff,dc=example,dc=jp") as slapd:
        office = Office(tmp_path, slapd)
        office.write_config(people_base=slapd.tree.people)
        office.found()
        enrol(office, "sato")
        answered(office, 0, "erase", "sato", *WHY, "--yes")
        after = person(office, "sato")
    assert after.face == SealedFace(tombstone=after.face.tombstone)
    assert (after.staff_number, after.name, after.mail) == ("N-sato", "氏名 sato", "sato@example.jp")


def test_who_returns_starts_anew(staffed: Office) -> None:
    pc = Pc(staffed, "pc-1")
    old = pc.bundle("sato")
    staffed.facectl("erase", "sato", *WHY, "--yes")
    assert pc.refusal("sato") == "tombstoned"
    enrol(staffed, "sato")
    back = person(staffed, "sato")
    assert (back.staff_number, back.name) == ("N-sato", "氏名 sato")
    assert back.face.template not in (None, old.template)
    # Random points are no face: what is refused now is what the seal holds, and no more that it was erased.
    assert pc.refusal("sato") not in ("tombstoned", "older_serial")
    staffed.now += 60
    answered(staffed, 0, "erase", "sato", "--reason", "left again", "--yes")
    assert tombstone_of(staffed, "sato").reason == "left again"
    assert gone(staffed, "sato")


@pytest.mark.parametrize("answer", ["n\n", "\n", ""])
def test_it_asks_first(staffed: Office, answer: str) -> None:
    result = staffed.facectl("erase", "sato", *WHY, input=answer)
    assert result.exit_code == 1
    assert "氏名 sato" in result.output
    assert person(staffed, "sato").face.tombstone is None


def test_a_dry_run_erases_nothing(staffed: Office) -> None:
    assert answered(staffed, 0, "erase", "sato", *WHY, "--dry-run")["left"] == 1
    assert staffed.facectl("erase", "--all", *WHY, "--dry-run").exit_code == 0
    assert all(person(staffed, login).face.tombstone is None for login in STAFF)


@pytest.mark.parametrize(
    "words",
    [
        ("sato", "--reason", ""),
        ("sato", "--reason", "  "),
        ("sato", "--reason", "x" * 201),
        ("sato", *WHY, "--decision", "x" * 65),
        ("sato", "--all", *WHY),
        WHY,
    ],
)
def test_what_is_asked_must_be_clear(staffed: Office, words: tuple[str, ...]) -> None:
    assert staffed.facectl("erase", *words, "--yes").exit_code == 2
    assert person(staffed, "sato").face.tombstone is None


def test_the_longest_reason_and_decision_fit(staffed: Office) -> None:
    answered(staffed, 0, "erase", "sato", "--reason", "退" * 200, "--decision", "号" * 64, "--yes")
    assert gone(staffed, "sato")


def test_an_act_that_the_record_cannot_hold_is_not_done(staffed: Office) -> None:
    (staffed.station_path / "acts").unlink(missing_ok=True)
    (staffed.station_path / "acts").mkdir()
    assert staffed.facectl("erase", "sato", *WHY, "--yes").exit_code == 10
    assert person(staffed, "sato").face.tombstone is None


def test_done_again_it_makes_no_other_tombstone(staffed: Office) -> None:
    answered(staffed, 0, "erase", "sato", *WHY, "--yes")
    first = person(staffed, "sato").face.tombstone
    staffed.now += 60
    answered(staffed, 0, "erase", "sato", "--reason", "again", "--yes")
    assert person(staffed, "sato").face.tombstone == first


def test_a_template_that_is_put_back_is_taken_away_again_under_the_same_tombstone(staffed: Office) -> None:
    old = person(staffed, "sato").face
    assert old.template is not None
    answered(staffed, 0, "erase", "sato", *WHY, "--yes")
    first = person(staffed, "sato").face.tombstone
    with staffed.slapd.admin() as admin:
        People(admin, staffed.slapd.tree).enrol("sato", old.template, old.template_keys, ["default"])
    answered(staffed, 0, "erase", "sato", *WHY, "--yes")
    assert gone(staffed, "sato")
    assert person(staffed, "sato").face.tombstone == first


@pytest.mark.parametrize("rubbish", [b"rubbish", None])
def test_what_nobody_can_read_is_erased_too(staffed: Office, rubbish: bytes | None) -> None:
    """None: another person's template."""
    template = rubbish or person(staffed, "ito").face.template
    assert template is not None
    with staffed.slapd.admin() as admin:
        People(admin, staffed.slapd.tree).enrol("sato", template, [b"key"], ["default"])
    answered(staffed, 0, "erase", "sato", *WHY, "--yes")
    assert gone(staffed, "sato")
    erased = tombstone_of(staffed, "sato").erased
    assert erased is not None
    assert (erased.template, erased.serial, erased.staff) == (digest(template), 0, "N-sato")


# --- Replicas.


def test_both_servers_are_read_back(replicated: Office, consumer: PrivateSlapd) -> None:
    answer = answered(replicated, 0, "erase", "sato", *WHY, "--yes")
    assert [(one["server"], one["state"]) for one in answer["servers"]] == [
        (replicated.slapd.ldaps_url, "erased"),
        (consumer.ldaps_url, "erased"),
    ]
    with consumer.admin() as admin:
        people = People(admin, consumer.tree)
        assert people.is_erased(people.find("sato"))
        assert not people.is_erased(people.find("ito"))
    [listed] = answered(replicated, 0, "erasures")
    assert listed["servers"] == 2


def test_a_server_that_is_off_makes_it_incomplete_until_it_is_back(replicated: Office, consumer: PrivateSlapd) -> None:
    consumer.stop()
    answer = answered(replicated, 1, "erase", "sato", *WHY, "--yes")
    assert answer["complete"] is False
    assert [one["state"] for one in answer["servers"]] == ["erased", "directory_unavailable"]
    assert last_act(replicated).outcome == "incomplete"
    [listed] = answered(replicated, 1, "erasures", "sato")
    assert (listed["servers"], listed["removed"], listed["complete"]) == (None, None, False)
    told = replicated.facectl("erase", "sato", *WHY, "--yes")
    assert (told.exit_code, consumer.ldaps_url in told.output, "incomplete" in told.output) == (1, True, True)
    first = person(replicated, "sato").face.tombstone

    consumer.start()
    assert answered(replicated, 0, "erase", "sato", *WHY, "--yes")["complete"] is True
    assert person(replicated, "sato").face.tombstone == first
    [listed] = answered(replicated, 0, "erasures", "sato")
    assert (listed["servers"], listed["complete"]) == (2, True)
    assert last_act(replicated).outcome == "done"


def test_a_server_that_is_behind_is_named_with_how_many_it_still_has(
    replicated: Office, provider: PrivateSlapd, consumer: PrivateSlapd
) -> None:
    consumer.stop()
    answered(replicated, 1, "erase", "sato", *WHY, "--yes")
    tombstone = person(replicated, "sato").face.tombstone
    assert tombstone is not None
    provider.stop()
    consumer.start()
    servers = {slapd.ldaps_url: slapd.connector(slapd.admin_dn, slapd.admin_password) for slapd in (provider, consumer)}
    asked = Replicas(servers, consumer.tree, patience_s=0.5)
    assert asked.read_back({"sato": tombstone}) == (
        Replica(provider.ldaps_url, "directory_unavailable", 1),
        Replica(consumer.ldaps_url, BEHIND, 1),
    )
    provider.start()
    assert answered(replicated, 0, "erase", "sato", *WHY, "--yes")["complete"] is True
    assert [one.fault for one in asked.read_back({"sato": tombstone})] == ["", ""]


def test_a_server_that_never_heard_of_the_person_has_not_erased_them(staffed: Office) -> None:
    """Its caches would never learn of it."""
    answered(staffed, 0, "erase", "sato", *WHY, "--yes")
    tombstone = person(staffed, "sato").face.tombstone
    assert tombstone is not None
    with PrivateSlapd() as stranger:
        servers = {stranger.ldaps_url: stranger.connector(stranger.admin_dn, stranger.admin_password)}
        asked = Replicas(servers, stranger.tree, patience_s=0.0)
        assert asked.read_back({"sato": tombstone}) == (Replica(stranger.ldaps_url, BEHIND, 1),)


# --- Everybody.


def with_mori(office: Office) -> Office:
    appointed(office, "mori", "operate")
    return office


def second(office: Office) -> tuple[object, ...]:
    return ("--handler", "suzuki", "--second", "mori", "--second-passphrase-file", own(office, "mori"))


def test_everybody_needs_a_second_handler(staffed: Office) -> None:
    with_mori(staffed)
    alone = staffed.facectl("erase", "--all", *WHY, "--yes", "--handler", "suzuki")
    assert (alone.exit_code, "second handler" in alone.output) == (1, True)
    assert all(person(staffed, login).face.tombstone is None for login in STAFF)
    answer = answered(staffed, 0, "erase", "--all", *WHY, "--yes", *second(staffed))
    assert (answer["people"], answer["complete"]) == (3, True)
    assert all(gone(staffed, login) for login in STAFF)
    assert len(last_act(staffed).agreement) == 64
    assert [one["login"] for one in answered(staffed, 0, "erasures")] == list(STAFF)


def test_killed_in_the_middle_everybody_is_erased_by_running_it_again(tmp_path: Path) -> None:
    staff = [f"clerk{number:03}" for number in range(240)]
    with PrivateSlapd() as slapd:
        office = Office(tmp_path, slapd)
        office.now = int(time.time())
        office.found()
        with_mori(office)
        enrol(office, *staff)
        words = ["erase", "--all", *WHY, "--yes", *map(str, second(office))]
        process = subprocess.Popen(
            [BIN / "facectl", "--config", office.config, *words],
            env={**os.environ, "FACED_PASSPHRASE_FILE": str(office.passphrases)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + PATIENCE_S
        with slapd.admin() as admin:
            people = People(admin, slapd.tree)
            while not people.find(staff[0]).face.erased:
                assert time.monotonic() < until and process.poll() is None
            slapd.freeze()
            process.send_signal(signal.SIGKILL)
            process.wait()
            slapd.thaw()
            left = [one.login for one in people.all() if not people.is_erased(one)]
            assert 0 < len(left) < len(staff)
            assert all(one.face.tombstone is not None for one in people.all()), "tombstones come first"
            tombstones = {one.login: one.face.tombstone for one in people.all()}
        assert last_act(office).outcome == "begun"
        office.now = int(time.time())
        answer = answered(office, 0, "erase", "--all", *WHY, "--yes", "--handler", "suzuki")
        assert (answer["people"], answer["complete"]) == (240, True)
        with slapd.admin() as admin:
            people = People(admin, slapd.tree)
            assert all(people.is_erased(one) and one.face.tombstone == tombstones[one.login] for one in people.all())
    assert last_act(office).outcome == "done"


# --- Who may.


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.REVOKE, Role.ENROL, Role.SYNC}))
def test_nobody_else_takes_details_away(staffed: Office, role: Role) -> None:
    with as_role(staffed, role) as connection, pytest.raises((NotAllowed, NotInDirectory)):
        People(connection, staffed.slapd.tree).erase("sato")
    assert person(staffed, "sato").name == "氏名 sato"
