"""A stolen PC on the whole system: what it refuses, how soon, and what it does when the cable is pulled."""

from __future__ import annotations

import dataclasses
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from faced.directory.realm import RealmDocuments
from faced.directory.tree import RoleAccount
from faced.dummy import StaffMember
from faced.enrolment.revising import revise_manifest
from faced.enrolment.station import Station
from faced.trust.realm import Manifest, Role
from tests.rig.pam import ACCOUNT, AUTHENTICATE, Code, Step
from tests.rig.town import HOST, STATION, Town

Film = list[NDArray[np.uint8]]
#: Within this a revocation must have reached a PC that is online.
PROMISED_S = 60


@pytest.fixture(scope="module")
def own_town(clerk: StaffMember) -> Iterator[Town]:
    """Its PC does not come back, so it is nobody else's."""
    with tempfile.TemporaryDirectory(prefix="faced-stolen-") as folder, Town(Path(folder), [clerk]) as town:
        assert not town.enrol([clerk])["refused"]
        configuration = town.system.path("/etc/faced/faced.toml")
        configuration.write_text(configuration.read_text().replace("[directory]\n", "[directory]\npoll_s = 5\n"))
        town.start()
        yield town


def logon(town: Town, clerk: StaffMember, *steps: Step) -> tuple[int, ...]:
    return town.logon(clerk.login, town.passwords[clerk.login], steps=steps).conversation.codes


def until_refused(town: Town, clerk: StaffMember) -> str:
    """The reason on record for the first refusal."""
    began = time.monotonic()
    while True:
        before = len(town.reasons())
        if logon(town, clerk, AUTHENTICATE) != (Code.SUCCESS,):
            assert time.monotonic() - began < PROMISED_S
            (record,) = town.reasons(before)
            assert record["outcome"] == "revoked"
            return record["reason"]


def name_in_manifest(town: Town, revoked: bool) -> None:
    """Say it in the manifest alone, as when the revocation was interrupted; or take it back, as no command does."""
    station = Station.open(town.system.path(str(STATION)))
    key = station.role(Role.MANIFEST, lambda _name: b"")
    names = frozenset({HOST} if revoked else ())

    def change(manifest: Manifest) -> Manifest:
        return dataclasses.replace(manifest, revoked_hosts=names)

    dn = town.slapd.tree.role(RoleAccount.MANIFEST)
    with town.slapd.connector(dn, key.password).connect() as connection:
        revise_manifest(station, key, RealmDocuments(connection, town.slapd.tree), int(time.time()), change)


def test_a_revoked_pc_refuses_within_a_minute_and_pulling_the_cable_does_not_help(
    own_town: Town, clerk: StaffMember, clerks_face: tuple[Film, dict[str, Film]]
) -> None:
    town = own_town
    town.seat(*clerks_face)
    assert logon(town, clerk, AUTHENTICATE, ACCOUNT) == (Code.SUCCESS, Code.SUCCESS)

    # The signed word alone, which comes with the poll and not with the refresh.
    name_in_manifest(town, revoked=True)
    assert until_refused(town, clerk) == "host_revoked"
    assert logon(town, clerk, ACCOUNT) == (Code.PERM_DENIED,)
    town.slapd.stop()
    town.restart("faced-directory")
    assert logon(town, clerk, AUTHENTICATE) != (Code.SUCCESS,)
    assert logon(town, clerk, ACCOUNT) == (Code.PERM_DENIED,)
    town.slapd.start()
    name_in_manifest(town, revoked=False)
    began = time.monotonic()
    while logon(town, clerk, AUTHENTICATE) != (Code.SUCCESS,):
        assert time.monotonic() - began < PROMISED_S, "without this the rest would prove nothing"

    # The command: the account ends too, and whichever is met first refuses.
    town.facectl("host", "revoke", HOST, "--reason", "stolen", "--yes")
    assert until_refused(town, clerk) in ("host_revoked", "account_refused")
    town.slapd.stop()
    for daemon in ("faced-directory", "faced"):
        town.restart(daemon)
    before = len(town.reasons())
    assert logon(town, clerk, AUTHENTICATE) != (Code.SUCCESS,)
    assert logon(town, clerk, ACCOUNT) == (Code.PERM_DENIED,)
    assert {record["outcome"] for record in town.reasons(before)} == {"revoked"}
