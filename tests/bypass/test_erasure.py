"""An erasure on the whole system: the PC that knew the face drops it, and says so without anybody logging on."""

from __future__ import annotations

import dataclasses
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from faced.directory.hosts import Hosts
from faced.dummy import StaffMember
from faced.enrolment.erasures import ErasureRecords, Listed, list_erasures
from faced.enrolment.station import Station
from faced.trust.realm import CLOCK_SKEW_S, Role
from tests.rig.pam import Code
from tests.rig.town import HOST, STATION, Town

Film = list[NDArray[np.uint8]]
CACHE = Path("/var/lib/faced-directory/cache")
TEMPLATE = "facedtemplate"
PATIENCE_S = 60


@pytest.fixture(scope="module")
def own_town(clerk: StaffMember) -> Iterator[Town]:
    """The errands of an hour take seconds here; whoever is erased is nobody else's clerk."""
    with tempfile.TemporaryDirectory(prefix="faced-erased-") as folder:
        with Town(Path(folder), [clerk]) as town:
            assert not town.enrol([clerk])["refused"]
            configuration = town.system.path("/etc/faced/faced.toml")
            quick = "[directory]\nrefresh_s = 60\npoll_s = 5\n"
            configuration.write_text(configuration.read_text().replace("[directory]\n", quick))
            town.start()
            yield town


def cached(town: Town, what: bytes) -> bool:
    """Whether these bytes are anywhere in the cache on the PC's disk."""
    return any(what in path.read_bytes() for path in town.system.path(str(CACHE)).iterdir())


def listed(town: Town) -> Listed:
    station = Station.open(town.system.path(str(STATION)))
    verifier = station.verifier(int(time.time()))
    with town.slapd.admin() as admin:
        [found] = list_erasures(admin, town.slapd.tree, station, verifier, cache_days=14)
    return found


def report(town: Town) -> bytes | None:
    with town.slapd.admin() as admin:
        return next((one.report for one in Hosts(admin, town.slapd.tree).reports() if one.name == HOST), None)


def read_back_earlier(town: Town) -> None:
    """The record of the erasure as if the servers had been read back before the skew of clocks that a PC is granted."""
    station = Station.open(town.system.path(str(STATION)))
    found = listed(town)
    assert found.standing is not None
    earlier = dataclasses.replace(found.standing, removed=found.standing.removed - CLOCK_SKEW_S)
    key = station.role(Role.REVOKE, lambda _name: b"")
    ErasureRecords(station, station.verifier(int(time.time()))).keep(key, found.tombstone, earlier)


def test_a_pc_that_was_off_during_the_erasure_drops_the_face_when_it_is_back_and_confirms(
    own_town: Town, clerk: StaffMember, clerks_face: tuple[Film, dict[str, Film]]
) -> None:
    own_town.seat(*clerks_face)
    assert own_town.logon(clerk.login, own_town.passwords[clerk.login]).code == Code.SUCCESS
    [template] = own_town.read_person(clerk.login)[TEMPLATE]
    assert cached(own_town, template)
    own_town.stop()
    own_town.facectl("erase", clerk.login, "--reason", "left", "--yes")
    assert TEMPLATE not in own_town.read_person(clerk.login)
    before = report(own_town)
    time.sleep(1)
    assert cached(own_town, template), "nobody told it yet"

    own_town.start()
    until = time.monotonic() + PATIENCE_S
    while report(own_town) == before:
        assert time.monotonic() < until, "it never reported"
        time.sleep(0.1)
    assert not cached(own_town, template)
    found = listed(own_town)
    assert found.hosts is not None
    assert [word.host for word in found.hosts.waiting] == [HOST], "its clock may be ahead of the station's"
    read_back_earlier(own_town)
    found = listed(own_town)
    assert found.hosts is not None
    assert (found.hosts.confirmed, found.hosts.waiting) == ((HOST,), ())
    own_town.facectl("erasures", "--complete")
    assert listed(own_town).completed is not None
    own_town.seat(*clerks_face)
    assert own_town.logon(clerk.login, own_town.passwords[clerk.login]).code == Code.AUTHINFO_UNAVAIL
