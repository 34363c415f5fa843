"""An erasure in the sandboxes: faced-directory, which has the network, wakes faced, which alone can sign."""

from __future__ import annotations

import json

import pytest

from faced.directory.hosts import Hosts
from faced.directory.people import People
from tests.container.conftest import PASSWORD, PROGRAMS
from tests.rig.workstation import HOST, Workstation

pytestmark = pytest.mark.container

LEAVER, SEED = "leaver", 13
CACHE = "/var/lib/faced-directory/cache"


def ask_directory(workstation: Workstation, method: str) -> None:
    """As faced does when somebody logs on."""
    call = json.dumps({"method": f"io.faced.Directory.{method}", "parameters": {"login": LEAVER}})
    answers = workstation.machine.run("python3", str(PROGRAMS / "ask.py"), "/run/faced/directory", input=call).stdout
    assert "error" not in json.loads(answers.splitlines()[1]), answers


def reported(workstation: Workstation) -> bytes | None:
    with workstation.machine.network(), workstation.slapd.admin() as admin:
        reports = Hosts(admin, workstation.slapd.tree).reports()
    return next((one.report for one in reports if one.name == HOST), None)


def test_the_pc_drops_who_was_erased_and_reports_it_though_faced_was_not_running(workstation: Workstation) -> None:
    machine = workstation.machine
    workstation.add_user(LEAVER, PASSWORD)
    workstation.enrol(LEAVER, SEED)
    ask_directory(workstation, "Fetch")
    ask_directory(workstation, "Used")
    with machine.network(), workstation.slapd.admin() as admin:
        template = People(admin, workstation.slapd.tree).face(LEAVER).template
    assert template is not None

    def cached() -> bool:
        dump = f"cat {CACHE}/* | od -An -v -tx1 | tr -d ' \\n'"
        return template.hex() in machine.run("sh", "-c", dump).stdout

    assert cached()
    before = reported(workstation)
    machine.systemctl("stop", "faced.service")
    workstation.facectl("erase", LEAVER, "--reason", "left", "--yes")
    # Its refresh; otherwise that is at most a quarter of an hour away.
    machine.systemctl("restart", "faced-directory.service")
    machine.wait_until(lambda: reported(workstation) != before, "a report of the refresh")
    assert machine.show("faced.service", "ActiveState")["ActiveState"] == "active", "it was woken"
    assert not cached()
