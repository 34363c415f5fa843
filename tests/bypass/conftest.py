"""One town for the whole table: real directory, daemons, libpam, camera, journal; tests put back what they change."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from faced.dummy import StaffMember, clip, staff
from tests.rig.sitter import sitter
from tests.rig.town import Town

#: Seven are enough for a site calibration.
STAFF = 8
Film = list[NDArray[np.uint8]]


def film_of(member: StaffMember) -> Film:
    """A second before the webcam, to be shown round and round."""
    pictures = list(clip(member.identity(), seed=7, seconds=0.6, fps=30, blinks_s=()))
    return pictures + pictures[-2:0:-1]


@pytest.fixture(scope="session")
def members() -> list[StaffMember]:
    return staff(STAFF)


@pytest.fixture(scope="session")
def clerk(members: list[StaffMember]) -> StaffMember:
    """Whose logon is attacked; enrolled."""
    return members[0]


@pytest.fixture(scope="session")
def intruder(members: list[StaffMember]) -> StaffMember:
    """A colleague with a password, a template and a face of their own."""
    return members[1]


@pytest.fixture(scope="session")
def victim(members: list[StaffMember]) -> StaffMember:
    """Whose ID photo is held before the camera: a print of the clerk's pale face is burnt out and never judged."""
    return members[2]


@pytest.fixture(scope="session")
def clerks_face(clerk: StaffMember) -> tuple[Film, dict[str, Film]]:
    """Sitting there, and doing what is asked."""
    return sitter(clerk.identity())


@pytest.fixture(scope="session")
def intruders_face(intruder: StaffMember) -> Film:
    return film_of(intruder)


@pytest.fixture(scope="session")
def running_town(members: list[StaffMember]) -> Iterator[Town]:
    with tempfile.TemporaryDirectory(prefix="faced-bypass-") as folder, Town(Path(folder), members) as town:
        summary = town.enrol(members)
        assert not summary["refused"], summary
        town.start()
        yield town


@pytest.fixture
def town(running_town: Town, clerks_face: tuple[Film, dict[str, Film]]) -> Iterator[Town]:
    """The town with the clerk before the camera and no try on record."""
    running_town.forgive_all()
    running_town.seat(*clerks_face)
    yield running_town
