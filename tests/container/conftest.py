"""Tests in a booted machine. They need root, mmdebstrap and systemd-nspawn, which tools/setup.sh installs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rig.workstation import Workstation, dummy_workstation

#: Who is enrolled on the workstation: login name to the dummy's seed.
CLERK, COLLEAGUE = "clerk", "colleague"
SEEDS = {CLERK: 11, COLLEAGUE: 12}
PASSWORD = "correct horse battery"
PROGRAMS = Path("/usr/local/lib/faced-tests")


@pytest.fixture(scope="session")
def workstation() -> Iterator[Workstation]:
    """Joined, two people enrolled, faced in Debian's common PAM stacks, the clerk before the webcam."""
    here = Path(__file__).parent
    with dummy_workstation() as workstation:
        for name in ("ask.py", "terminal.py"):
            workstation.machine.write(str(PROGRAMS / name), (here / name).read_bytes())
        for login, seed in SEEDS.items():
            workstation.add_user(login, PASSWORD)
            workstation.enrol(login, seed)
        workstation.machine.run("pam-auth-update", "--enable", "faced-begin", "faced")
        yield workstation
