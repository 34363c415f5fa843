"""A stolen PC is taken out of the realm, by commands at the station against a real directory."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from faced.directory.connection import Connection
from faced.directory.connector import Account, Connector
from faced.directory.hosts import Hosts
from faced.directory.realm import RealmDocuments
from faced.directory.tree import RoleAccount
from faced.dummy.identity import Identity
from faced.dummy.photo import encode_jpeg, id_photo
from faced.enrolment.acts import Act, ActLog
from faced.enrolment.manifest import last_manifest
from faced.enrolment.revising import revise_manifest
from faced.enrolment.station import RoleKey, Station
from faced.errors import AccountRefused, DirectoryError, TrustError
from faced.trust.host import open_epoch_keys
from faced.trust.realm import Manifest, Role
from tests.cli.conftest import NOW, ROLE_PASSPHRASE, Office
from tests.cli.test_host import approve, ask, joined

DAY = 86400


def revoke(office: Office, *more: object, name: str = "pc0123") -> dict[str, object]:
    answer = office.json("host", "revoke", name, "--reason", "stolen from the counter", "--yes", *more)
    assert isinstance(answer, dict)
    return answer


def account(office: Office, name: str = "pc0123") -> Connector:
    bind = Account(office.slapd.tree.host(name), office.host_password)
    return Connector([office.slapd.ldaps_url], office.slapd.ca_file, bind, timeout_s=10)


def published(office: Office) -> bytes:
    with office.slapd.admin() as admin:
        manifest = RealmDocuments(admin, office.slapd.tree).manifest()
    assert manifest is not None
    return manifest


def test_a_revoked_pc_opens_nothing_and_has_no_account(founded: Office) -> None:
    joined(founded)
    with account(founded).connect() as connection:
        statement = Hosts(connection, founded.slapd.tree).read("pc0123").statement
    assert statement is not None
    keys = founded.host_keys
    station = founded.station
    before = station.realm.verifier(station.delegations, published(founded), NOW)
    assert open_epoch_keys(before, statement, keys)

    answer = revoke(founded)
    assert (answer["already_revoked"], answer["account_ended"], answer["groups"]) == (False, True, ["default"])
    assert answer["offline_until"] == NOW + 14 * DAY
    after = station.realm.verifier(station.delegations, published(founded), NOW)
    with pytest.raises(TrustError) as refused:
        open_epoch_keys(after, statement, keys)
    assert refused.value.reason == "host_revoked"
    with pytest.raises(AccountRefused):
        account(founded).connect()
    assert founded.json("host", "show", "pc0123")["state"] == "host_revoked"
    records = [(r.act, r.subject, r.reason, r.outcome) for r in ActLog(founded.station_path).read()][-2:]
    assert records == [
        (Act.REVOKE_HOST, "pc0123", "stolen from the counter", "begun"),
        (Act.REVOKE_HOST, "pc0123", "stolen from the counter", "done"),
    ]


def test_a_revocation_outlives_renewed_manifests_and_the_name_does_not_come_back(founded: Office) -> None:
    joined(founded)
    revoke(founded)
    founded.now += 10 * DAY
    assert founded.facectl("realm", "manifest").exit_code == 0
    assert founded.json("host", "show", "pc0123")["state"] == "host_revoked"
    result = approve(founded, ask(founded))
    assert (result.exit_code, "taken out" in result.output) == (6, True)
    with pytest.raises(AccountRefused):
        account(founded).connect()


def test_revoking_again_completes_what_was_interrupted(founded: Office) -> None:
    joined(founded)
    tree = founded.slapd.tree
    with manifest_account(founded) as connection:
        key = role_key(founded)
        revise_manifest(founded.station, key, RealmDocuments(connection, tree), NOW, naming("pc0123"))
    account(founded).connect().close()
    assert revoke(founded)["already_revoked"]
    with pytest.raises(AccountRefused):
        account(founded).connect()


def test_a_dry_run_and_a_no_change_nothing(founded: Office) -> None:
    joined(founded)
    manifest = published(founded)
    command = ("host", "revoke", "pc0123", "--reason", "lost")
    assert founded.facectl(*command, "--dry-run").exit_code == 0
    assert founded.facectl(*command, input="n\n").exit_code == 1
    assert published(founded) == manifest
    account(founded).connect().close()
    assert all(record.act is not Act.REVOKE_HOST for record in ActLog(founded.station_path).read())


def test_a_mistyped_name_revokes_nothing_unless_there_is_really_no_entry(founded: Office) -> None:
    result = founded.facectl("host", "revoke", "pc0124", "--reason", "lost", "--yes")
    assert (result.exit_code, "host list" in result.output) == (5, True)
    answer = revoke(founded, "--no-entry", name="pc0124")
    assert answer["account_ended"] is False
    assert "pc0124" in last_manifest(founded.station).revoked_hosts


@pytest.mark.parametrize("reason", ["", " " * 5, "x" * 201])
def test_a_revocation_needs_a_reason(founded: Office, reason: str) -> None:
    joined(founded)
    assert founded.facectl("host", "revoke", "pc0123", "--reason", reason, "--yes").exit_code == 2
    account(founded).connect().close()


# --- Two at once.


def manifest_account(office: Office) -> Connection:
    dn = office.slapd.tree.role(RoleAccount.MANIFEST)
    return office.slapd.connector(dn, role_key(office).password).connect()


def role_key(office: Office) -> RoleKey:
    return office.station.role(Role.MANIFEST, lambda _name: ROLE_PASSPHRASE.encode())


def naming(name: str) -> Callable[[Manifest], Manifest]:
    def change(manifest: Manifest) -> Manifest:
        return Manifest(**{**vars(manifest), "revoked_hosts": manifest.revoked_hosts | {name}})

    return change


def second_station(office: Office, folder: Path) -> Station:
    """A copy, as a second station or a restored backup is one."""
    shutil.copytree(office.station_path, folder)
    return Station.open(folder)


def test_of_two_revocations_at_once_neither_is_lost(founded: Office, tmp_path: Path) -> None:
    stations = [founded.station, second_station(founded, tmp_path / "second")]
    key = role_key(founded)
    meeting = threading.Barrier(2)
    tries: list[str] = []

    def revoke_at(station: Station, name: str) -> None:
        waited = False

        def change(manifest: Manifest) -> Manifest:
            nonlocal waited
            tries.append(name)
            if not waited:
                # Both have read the same manifest when either publishes.
                waited = True
                meeting.wait(20)
            return naming(name)(manifest)

        with manifest_account(founded) as connection:
            revise_manifest(station, key, RealmDocuments(connection, founded.slapd.tree), NOW, change)

    threads = [threading.Thread(target=revoke_at, args=(station, f"pc-{at}")) for at, station in enumerate(stations)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(tries) in (["pc-0", "pc-0", "pc-1"], ["pc-0", "pc-1", "pc-1"]), "one of them had to do it again"
    station = founded.station
    manifest = station.realm.verifier(station.delegations, published(founded), NOW).manifest
    assert manifest is not None and manifest.revoked_hosts == {"pc-0", "pc-1"}


def test_who_never_gets_a_turn_says_so(founded: Office) -> None:
    key, tree = role_key(founded), founded.slapd.tree
    with manifest_account(founded) as mine, founded.slapd.admin() as admin:
        theirs = RealmDocuments(admin, tree)

        def disturbed(manifest: Manifest) -> Manifest:
            theirs.publish_manifest(founded.station.realm.issue_manifest(key.sign, manifest))
            return naming("pc-1")(manifest)

        with pytest.raises(DirectoryError) as refused:
            revise_manifest(founded.station, key, RealmDocuments(mine, tree), NOW, disturbed)
    assert refused.value.reason == "busy"


# --- The report.


def test_the_report_names_whom_the_pc_could_open_and_what_was_done(founded: Office) -> None:
    joined(founded)
    for login, seed, group in (("tanaka", 3, "default"), ("suzuki", 4, "finance")):
        photo = founded.folder / f"{login}.jpg"
        photo.write_bytes(encode_jpeg(id_photo(Identity(seed))))
        result = founded.facectl(
            *("enroll", login, "--photo", photo, "--reason", "ID photo", "--group", group),
            *("--staff-number", f"N-{login}", "--name", login, "--mail", f"{login}@example.jp"),
        )
        assert result.exit_code == 0, result.output
    before = founded.json("incident", "host", "pc0123")
    assert before["revoked"] is False
    assert "host revoke" in founded.facectl("incident", "host", "pc0123").output
    revoke(founded)
    report = founded.json("incident", "host", "pc0123")
    assert (report["revoked"], report["groups"], report["cached_people_known"]) == (True, ["default"], False)
    assert [person["login"] for person in report["people"]] == ["tanaka"]
    assert [(act["act"], act["outcome"], act["handler"]) for act in report["acts"]] == [
        ("approve_host", "begun", "suzuki"),
        ("approve_host", "done", "suzuki"),
        ("revoke_host", "begun", "suzuki"),
        ("revoke_host", "done", "suzuki"),
    ]
    text = founded.facectl("incident", "host", "pc0123").output
    assert "stolen from the counter" in text
    assert "logged on there" in text
    assert "suzuki@" not in text


def test_nothing_is_known_of_a_pc_that_never_was(founded: Office) -> None:
    assert founded.facectl("incident", "host", "pc0999").exit_code == 5
