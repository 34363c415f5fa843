"""`facectl lockouts realm` and the manifest's share in it, at a real directory into which several PCs report."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from faced.directory.hosts import Hosts
from faced.directory.people import People
from faced.directory.realm import RealmDocuments
from faced.directory.tree import RoleAccount
from faced.enrolment.acts import Act, ActLog
from faced.enrolment.manifest import last_manifest
from faced.records import audit
from faced.trust.host import issue_host
from faced.trust.keys import HostKeys
from faced.trust.realm import Manifest, Role
from faced.trust.report import COUNTED_S, Failures, issue_report, subject_of
from tests.cli.conftest import NOW, ROLE_PASSPHRASE, Office

DAY = 86400


class Pc:
    """A PC that is in the realm, with its own account."""

    def __init__(self, office: Office, name: str) -> None:
        self.office = office
        self.keys = HostKeys.generate(name, 2026)
        key = office.station.role(Role.OPERATE, lambda _name: ROLE_PASSPHRASE.encode())
        statement = issue_host(
            office.station.realm,
            key.sign,
            name=name,
            box=bytes(self.keys.boxes[2026].public_key),
            sign=bytes(self.keys.sign.verify_key),
            epoch=2026,
            groups={},
            now=NOW,
            expires=NOW + 300 * DAY,
        )
        slapd = office.slapd
        with slapd.connector(slapd.tree.role(RoleAccount.OPERATE), key.password).connect() as connection:
            Hosts(connection, slapd.tree).add(name, f"password of {name}", ["default"], statement)

    def report(self, *, serial: int | None = None, signed_by: HostKeys | None = None, **counts: int) -> bytes:
        """Write into its own entry that so many tries of each login have failed just now."""
        realm, now = self.office.station.realm, self.office.now
        failed = [Failures(subject_of(realm, login), count, now) for login, count in counts.items()]
        data = issue_report(realm, signed_by or self.keys, serial or now, now, failed)
        self.put(data)
        return data

    def put(self, data: bytes) -> None:
        slapd, dn = self.office.slapd, self.office.slapd.tree.host(self.keys.name)
        with slapd.connector(dn, f"password of {self.keys.name}").connect() as connection:
            Hosts(connection, slapd.tree).report(dn, data)


@pytest.fixture
def town(founded: Office) -> Office:
    """Sato and Ueda are enrolled."""
    password = founded.station.role(Role.ENROL, lambda _name: ROLE_PASSPHRASE.encode()).password
    tree = founded.slapd.tree
    with founded.slapd.connector(tree.role(RoleAccount.ENROL), password).connect() as connection:
        people = People(connection, tree)
        for number, login in enumerate(("sato", "ueda")):
            people.add(login, staff_number=f"{number}", name=login, mail="", groups=["default"])
            people.enrol(login, b"template", [b"key"], ["default"])
    return founded


@pytest.fixture
def pcs(town: Office) -> list[Pc]:
    return [Pc(town, f"pc-{number}") for number in range(1, 5)]


class Journal:
    """A journal's socket, and what was sent to it."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.socket.setblocking(False)

    def events(self) -> list[bytes]:
        found = []
        try:
            while True:
                found.append(self.socket.recv(65536))
        except BlockingIOError:
            return found


@pytest.fixture(autouse=True)
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Journal]:
    """The machine's own is nobody's to write alarms into."""
    made = Journal(tmp_path / "journal")
    monkeypatch.setattr(audit.JournalSink.__init__, "__defaults__", (tmp_path / "journal",))
    yield made
    made.socket.close()


def shown(office: Office, status: int) -> dict[str, Any]:
    result = office.facectl("lockouts", "realm", "--json")
    assert result.exit_code == status, result.output
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def manifest(office: Office, *more: str, status: int = 0) -> Manifest:
    """Issue it and take it from the directory, as PCs do."""
    result = office.facectl("realm", "manifest", *more)
    assert result.exit_code == status, result.output
    return published(office)


def published(office: Office) -> Manifest:
    with office.slapd.admin() as admin:
        data = RealmDocuments(admin, office.slapd.tree).manifest()
    found = office.station.realm.verifier(office.station.delegations, data, office.now).manifest
    assert found is not None
    return found


def subject(office: Office, login: str) -> bytes:
    return subject_of(office.station.realm, login)


def test_without_reports_there_is_nothing_to_say(town: Office) -> None:
    assert shown(town, 0) == {"people": [], "doubted": []}
    assert manifest(town).stricter == {}


def test_several_pcs_raise_an_alarm_everywhere(town: Office, pcs: list[Pc], journal: Journal) -> None:
    for pc in pcs:
        pc.report(sato=3)
    (person,) = shown(town, 1)["people"]
    assert (person["login"], person["failures"], person["state"], person["stricter_until"]) == (
        "sato",
        12,
        "alarm",
        None,
    )
    assert [one["host"] for one in person["hosts"]] == ["pc-1", "pc-2", "pc-3", "pc-4"]
    text = town.facectl("lockouts", "realm").output
    assert "ALARM: sato failed 12 times on 4 PCs." in text

    assert manifest(town).stricter == {subject(town, "sato"): NOW + COUNTED_S}
    (event,) = journal.events()
    assert b"FACED_EVENT\n" in event and b"failed_on_several_hosts" in event
    assert subject(town, "sato").hex().encode() in event and b"sato" not in event
    assert shown(town, 1)["people"][0]["stricter_until"] == "2026-10-16T12:00:00+09:00"
    (alarm,) = town.json("realm", "show")["alarms"]
    assert (alarm["what"], alarm["level"], alarm["people"]) == ("failures", "urgent", 1)
    assert "facectl lockouts realm" in town.facectl("realm", "show").stderr


def test_one_pc_alone_raises_none_whatever_it_says(town: Office, pcs: list[Pc], journal: Journal) -> None:
    pcs[0].report(sato=10_000, ueda=10_000)
    for person in shown(town, 0)["people"]:
        assert (person["failures"], person["state"]) == (10, "one_host")
    assert "one computer says so" in town.facectl("lockouts", "realm").output
    assert manifest(town).stricter == {}
    assert (journal.events(), town.json("realm", "show")["alarms"]) == ([], [])


def test_each_report_that_cannot_be_believed_is_named_with_its_reason(town: Office, pcs: list[Pc]) -> None:
    first = pcs[0].report(sato=5)
    assert shown(town, 0)["people"][0]["failures"] == 5
    town.now = NOW + 60
    pcs[0].report()
    assert shown(town, 0)["people"] == []
    with town.slapd.admin() as admin:
        hosts = Hosts(admin, town.slapd.tree)
        hosts.report(town.slapd.tree.host("pc-1"), first)
        hosts.report(town.slapd.tree.host("pc-2"), pcs[2].report(sato=5))
    pcs[2].put(b"rubbish")
    pcs[3].report(signed_by=HostKeys("pc-4", pcs[0].keys.sign, {}), sato=5)
    assert shown(town, 1) == {
        "people": [],
        "doubted": [
            {"host": "pc-1", "reason": "older_serial"},
            {"host": "pc-2", "reason": "wrong_host"},
            {"host": "pc-3", "reason": "malformed"},
            {"host": "pc-4", "reason": "bad_signature"},
        ],
    }
    text = town.facectl("lockouts", "realm").output
    assert "older_serial" in text and "bad_signature" in text
    assert manifest(town).stricter == {}


def test_a_revoked_pc_is_not_counted(town: Office, pcs: list[Pc]) -> None:
    for pc in pcs[:2]:
        pc.report(sato=5)
    town.json("host", "revoke", "pc-1", "--reason", "stolen", "--yes")
    assert shown(town, 0)["doubted"] == [{"host": "pc-1", "reason": "host_revoked"}]
    assert manifest(town).stricter == {}


def test_who_is_in_no_directory_is_shown_and_not_watched(town: Office, pcs: list[Pc]) -> None:
    for pc in pcs:
        pc.report(nobody=5)
    (person,) = shown(town, 1)["people"]
    assert (person["login"], person["state"]) == (None, "alarm")
    assert "nobody in the directory" in town.facectl("lockouts", "realm").output
    assert manifest(town).stricter == {}


def test_calm_ends_it_with_a_reason_on_record(town: Office, pcs: list[Pc]) -> None:
    for pc in pcs:
        pc.report(sato=5, ueda=5)
    assert len(manifest(town).stricter) == 2
    assert town.facectl("lockouts", "realm", "--calm", "sato").exit_code == 2, "a reason is needed"
    before = published(town)
    assert town.json("lockouts", "realm", "--calm", "sato", "--reason", "a new haircut", "--dry-run")["dry_run"] is True
    assert published(town) == before
    town.now = NOW + 60
    assert town.json("lockouts", "realm", "--calm", "sato", "--reason", "a new haircut")["login"] == "sato"
    assert set(published(town).stricter) == {subject(town, "ueda")}
    last = tuple(ActLog(town.station.path).read())[-1]
    assert (last.act, last.subject, last.reason, last.outcome) == (Act.CALM, "sato", "a new haircut", "done")
    town.now = NOW + 120
    assert set(manifest(town).stricter) == {subject(town, "ueda")}, "what failed before does not count again"
    for pc in pcs:
        pc.report(sato=6)
    assert subject(town, "sato") in manifest(town).stricter
    unknown = town.facectl("lockouts", "realm", "--calm", "nobody", "--reason", "x")
    assert (unknown.exit_code, "no entry nobody" in unknown.output) == (5, True)


def test_if_due_issues_once_a_day_and_for_each_alarm(town: Office, pcs: list[Pc]) -> None:
    first = published(town)
    town.now = NOW + 600
    assert manifest(town, "--if-due") == first
    acts = len(tuple(ActLog(town.station.path).read()))
    for pc in pcs:
        pc.report(sato=3)
    alarmed = manifest(town, "--if-due")
    assert set(alarmed.stricter) == {subject(town, "sato")}
    assert len(tuple(ActLog(town.station.path).read())) == acts + 2
    town.now = NOW + 1200
    assert manifest(town, "--if-due") == alarmed
    town.now = NOW + DAY
    assert manifest(town, "--if-due").issued == NOW + DAY


def test_a_manifest_is_issued_although_the_reports_cannot_be_counted_and_the_timer_sees_it(
    town: Office, pcs: list[Pc]
) -> None:
    for pc in pcs:
        pc.report(sato=3)
    watched = manifest(town).stricter
    (town.station_path / "reports").write_bytes(b"rubbish")
    town.now = NOW + 60
    result = town.facectl("realm", "manifest")
    assert result.exit_code == 1
    assert "failed tries were not counted" in result.stderr
    assert (published(town).issued, published(town).stricter) == (NOW + 60, watched)
    assert last_manifest(town.station).issued == NOW + 60
