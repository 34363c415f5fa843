"""A realm in a station folder, made with a cheap passphrase cost; time is a number."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from faced.enrolment.founding import Founding, found
from faced.enrolment.station import RoleKey, Station
from faced.trust.keys import Argon2id
from faced.trust.realm import Role

#: 15 October 2026, noon in Japan.
NOW = 1_792_033_200
CHEAP = Argon2id(1, 8 * 1024)
ROOT_PASSPHRASE = b"the root of all evil"
ROLE_PASSPHRASE = b"correct horse battery"


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return found(
        tmp_path / "station",
        Founding("Example City", dummy=True, handler="suzuki", decision="R8-1", groups=("default", "finance")),
        root_passphrase=ROOT_PASSPHRASE,
        role_passphrase=ROLE_PASSPHRASE,
        now=NOW,
        cost=CHEAP,
    )


@pytest.fixture
def role_key(station: Station) -> Callable[[Role], RoleKey]:
    return lambda role: station.role(role, lambda name: ROLE_PASSPHRASE)
