"""faced-sync.service under the real PID 1: its sandbox, its credentials, and which ends of a run somebody sees."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from faced.dummy.identity import Identity
from faced.dummy.photo import encode_jpeg, id_photo
from tests.container.conftest import PASSWORD
from tests.rig.container import Container
from tests.rig.workstation import STATION, Workstation

pytestmark = pytest.mark.container

UNIT = "faced-sync.service"
DROP_IN = f"/run/systemd/system/{UNIT}.d/test.conf"
NEWCOMER = "newcomer"


@pytest.fixture
def machine(workstation: Workstation) -> Iterator[Container]:
    yield workstation.machine
    workstation.machine.run("rm", "-f", DROP_IN)
    workstation.machine.systemctl("daemon-reload")
    workstation.machine.systemctl("stop", UNIT, check=False)
    workstation.machine.systemctl("reset-failed", UNIT, check=False)


def run(machine: Container, command: str) -> bool:
    """Start the unit with this command in place of its own; whether PID 1 calls that a success."""
    machine.write(DROP_IN, f"[Service]\nExecStart=\nExecStart={command}\n")
    machine.systemctl("daemon-reload")
    return machine.systemctl("start", UNIT, check=False).returncode == 0


def test_the_timer_is_there_and_not_enabled(workstation: Workstation) -> None:
    assert workstation.machine.systemctl("is-enabled", "faced-sync.timer", check=False).stdout.strip() == "disabled"


def test_a_photo_is_read_and_its_template_published_from_inside_the_sandbox(
    workstation: Workstation, machine: Container
) -> None:
    """Photo workers, the landmark model, the station and the directory: all that a run of the synchronisation does."""
    workstation.add_user(NEWCOMER, PASSWORD)
    machine.write("/srv/newcomer.jpg", encode_jpeg(id_photo(Identity(13))))
    enrol = f"facectl enroll {NEWCOMER} --photo /srv/newcomer.jpg --staff-number 000017 --name Dummy --reason test"
    assert run(machine, f"/usr/lib/faced/bin/{enrol}"), machine.run("journalctl", "-u", UNIT, "--no-pager").stdout
    assert NEWCOMER in workstation.facectl("list")


@pytest.mark.parametrize(
    ("status", "state"),
    [
        pytest.param(0, "inactive", id="done"),
        pytest.param(1, "inactive", id="somebody waits on the work list"),
        pytest.param(9, "failed", id="braked"),
        pytest.param(5, "failed", id="a list that was cut off"),
        pytest.param(4, "activating", id="a directory that does not answer is asked again"),
    ],
)
def test_a_run_that_wants_a_person_is_seen_as_failed(machine: Container, status: int, state: str) -> None:
    run(machine, f"/bin/sh -c 'exit {status}'")
    assert machine.show(UNIT, "ActiveState") == {"ActiveState": state}
    failed = machine.systemctl("--failed", "--no-legend", "--plain").stdout
    assert (UNIT in failed) == (state == "failed")


def test_without_a_timers_key_it_does_not_run(machine: Container) -> None:
    machine.run("mv", f"{STATION}/keys/suzuki.sync.key", "/root/aside")
    try:
        assert run(machine, "/bin/false"), "a condition that does not hold is no failure"
        assert machine.show(UNIT, "ConditionResult") == {"ConditionResult": "no"}
    finally:
        machine.run("mv", "/root/aside", f"{STATION}/keys/suzuki.sync.key")


def test_passphrase_and_password_are_handed_over_as_they_lie(machine: Container) -> None:
    seen = f"{STATION}/seen"
    show = f"/bin/sh -c 'cd $CREDENTIALS_DIRECTORY && grep . * > {seen}'"
    assert run(machine, show)
    assert "passphrase.sync:absent" in machine.run("cat", seen).stdout.splitlines()
    machine.write("/etc/faced/personnel.password", "in the clear", 0o600)
    sealed = "/etc/faced/passphrase.sync.cred"
    machine.run(
        *("systemd-creds", "encrypt", "--with-key=host", "--name=passphrase.sync", "-", sealed), input="four words"
    )
    try:
        assert run(machine, show)
        lines = machine.run("cat", seen).stdout.splitlines()
        assert {"passphrase.sync:four words", "personnel.password:in the clear"} <= set(lines)
        assert "personnel.password.cred:absent" in lines
    finally:
        machine.run("rm", "-f", seen, sealed, "/etc/faced/personnel.password")
