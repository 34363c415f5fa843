"""A fresh epoch or a renewed purpose in the middle of a working day, with the real daemons: nobody is locked out."""

from __future__ import annotations

import dataclasses
import json
import time

from faced.directory.realm import RealmDocuments
from faced.directory.tree import RoleAccount
from faced.dummy import StaffMember
from faced.enrolment.revising import revise_manifest
from faced.enrolment.station import Station
from faced.trust.realm import Role
from tests.rig.pam import ACCOUNT, AUTHENTICATE, Code
from tests.rig.town import STATION, Town


def test_a_key_that_is_replaced_during_the_day_locks_nobody_out(town: Town, clerk: StaffMember) -> None:
    password = town.passwords[clerk.login]
    assert town.logon(clerk.login, password).code == Code.SUCCESS
    rotated = town.facectl(
        *("realm", "rotate", "--leaked", "default", "--reason", "a PC was stolen", "--yes", "--json")
    )
    done = json.loads(rotated.stdout)
    assert done["people"]["unopened"] == done["computers"]["behind"] == []
    assert done["computers"]["reissued"] == 1
    # From the cache, under the papers of before the rotation.
    town.forgive_all()
    assert town.logon(clerk.login, password).code == Code.SUCCESS
    # With fresh papers, after a refresh.
    town.restart("faced-directory")
    assert town.logon(clerk.login, password).code == Code.SUCCESS
    # With nothing but what the directory has now.
    town.stop_daemon("faced-directory")
    for path in town.system.path("/var/lib/faced-directory/cache").iterdir():
        path.unlink()
    town.start_daemon("faced-directory")
    assert town.logon(clerk.login, password).code == Code.SUCCESS


def test_without_a_purpose_nobody_logs_on_and_with_the_renewed_one_everybody_does(
    town: Town, clerk: StaffMember
) -> None:
    password = town.passwords[clerk.login]
    assert town.logon(clerk.login, password).code == Code.SUCCESS
    try:
        without_purposes(town)
        town.restart("faced-directory")
        before = len(town.reasons())
        town.forgive_all()
        assert town.logon(clerk.login, password).code == Code.AUTHINFO_UNAVAIL
        found = sorted((record["event"], record["outcome"]) for record in town.reasons(before))
        assert found == [("purpose", "over"), ("refused", "purpose_over")]
    finally:
        renewed = town.facectl("purpose", "renew", "--decision", "R9-1", "--reason", "the council decided", "--json")
        town.facectl("realm", "manifest")
        town.restart("faced-directory")
        town.forgive_all()
    assert json.loads(renewed.stdout)["state"] == "waits"
    logon = town.logon(clerk.login, password, steps=(AUTHENTICATE, ACCOUNT))
    assert logon.conversation.codes == (Code.SUCCESS, Code.SUCCESS)


def without_purposes(town: Town) -> None:
    """Whoever has the manifest's key takes the purpose out."""
    station = Station.open(town.system.path(str(STATION)))
    key = station.role(Role.MANIFEST, lambda _name: b"")
    account = town.slapd.tree.role(RoleAccount.MANIFEST)
    with town.slapd.connector(account, key.password).connect() as connection:
        documents = RealmDocuments(connection, town.slapd.tree)
        now = int(time.time())
        revise_manifest(station, key, documents, now, lambda manifest: dataclasses.replace(manifest, purposes=()))
