"""The sockets of an installed machine: who owns them, when they are there, and whom a caller sees behind them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from faced.records.audit import EventKind
from tests.rig.container import Container
from tests.rig.installation import machine_with_faced

pytestmark = pytest.mark.container

ASK = "/usr/local/lib/ask.py"
SOCKETS = ("faced.socket", "faced-status.socket", "faced-directory.socket")
#: A stand-in that says it is ready and serves nothing: these tests are about PID 1's part.
STAND_IN = """
import os, socket, time
socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"READY=1", os.environ["NOTIFY_SOCKET"])
time.sleep(3600)
"""


@pytest.fixture(scope="module")
def machine() -> Iterator[Container]:
    with machine_with_faced() as container:
        container.run("useradd", "--create-home", "clerk")
        container.write(ASK, Path(__file__).with_name("ask.py").read_bytes())
        container.write("/usr/local/lib/stand_in.py", STAND_IN)
        drop_in = "[Service]\nExecStart=\nExecStart=/usr/bin/python3 /usr/local/lib/stand_in.py\nWatchdogSec=0\n"
        for unit in ("faced", "faced-directory"):
            container.write(f"/run/systemd/system/{unit}.service.d/stand-in.conf", drop_in)
        container.systemctl("daemon-reload")
        yield container


@pytest.fixture
def joined(machine: Container) -> Iterator[Container]:
    secret = (b"x", 0o600)
    files = {
        "faced.toml": (b"", 0o644),
        "realm.anchor": (b"x", 0o644),
        "host.keys": secret,
        "directory.password": secret,
    }
    machine.unpack({f"/etc/faced/{name}": file for name, file in files.items()})
    machine.systemctl("start", *SOCKETS)
    yield machine
    # A caller whom the stand-in did not serve starts it again, which cancels the stop.
    units = (*SOCKETS, "faced.service", "faced-directory.service")
    machine.wait_until(lambda: machine.systemctl("stop", *units, check=False).returncode == 0, "the units' end")
    machine.run("rm", *(f"/etc/faced/{name}" for name in files))


def main_pid(machine: Container) -> int:
    """The daemon's, once it says that it is ready."""
    machine.wait_until(lambda: machine.show("faced.service", "ActiveState") == {"ActiveState": "active"}, "the daemon")
    return int(machine.show("faced.service", "MainPID")["MainPID"])


def test_systemd_finds_nothing_wrong_with_the_installed_units(machine: Container) -> None:
    timers = [
        f"{name}.{part}" for name in ("faced-manifest", "faced-renew", "faced-sync") for part in ("service", "timer")
    ]
    units = [*SOCKETS, "faced.service", "faced-directory.service", *timers]
    verified = machine.run("systemd-analyze", "verify", "--man=no", *units)
    assert verified.stderr == ""


def test_installing_starts_and_enables_nothing(machine: Container) -> None:
    assert machine.run("ls", "-A", "/run/faced").stdout == ""
    states = machine.systemctl("is-enabled", *SOCKETS, "faced.service", "faced-directory.service", check=False)
    assert set(states.stdout.split()) == {"disabled"}


def test_enabling_the_two_services_enables_their_sockets(machine: Container) -> None:
    machine.systemctl("enable", "faced.service", "faced-directory.service")
    try:
        assert machine.systemctl("is-enabled", *SOCKETS).stdout.split() == ["enabled"] * 3
    finally:
        machine.systemctl("disable", "faced.service", "faced-directory.service", *SOCKETS)


def test_a_machine_that_has_not_joined_refuses_at_once(machine: Container) -> None:
    machine.write("/etc/faced/faced.toml", "")
    machine.systemctl("start", *SOCKETS)
    try:
        assert machine.systemctl("is-active", *SOCKETS, check=False).stdout.split() == ["inactive"] * 3
        asked = machine.run("python3", ASK, "/run/faced/logon", check=False)
        assert "FileNotFoundError" in asked.stderr
    finally:
        machine.run("rm", "/etc/faced/faced.toml")


def test_anybody_may_ask_for_a_logon_and_only_faced_may_ask_for_templates(joined: Container) -> None:
    listing = joined.run("stat", "--format=%n %A %U", "/run/faced/logon", "/run/faced/status", "/run/faced/directory")
    assert listing.stdout.splitlines() == [
        "/run/faced/logon srw-rw-rw- root",
        "/run/faced/status srw-rw-rw- root",
        "/run/faced/directory srw------- faced",
    ]
    refused = joined.run("python3", ASK, "/run/faced/directory", user="clerk", check=False)
    assert "PermissionError" in refused.stderr
    joined.run("python3", ASK, "/run/faced/directory", user="faced")


def test_nobody_but_root_can_put_a_false_socket_in_place(joined: Container) -> None:
    assert joined.run("stat", "--format=%A %U", "/run/faced").stdout.strip() == "drwxr-xr-x root"
    for user in ("clerk", "faced", "faced-directory"):
        moved = joined.run("mv", "/run/faced/logon", "/run/faced/away", user=user, check=False)
        assert "Permission denied" in moved.stderr


def test_a_caller_sees_root_behind_the_socket_of_an_unprivileged_daemon(joined: Container) -> None:
    for user in ("clerk", "root"):
        seen = json.loads(joined.run("python3", ASK, "/run/faced/logon", user=user).stdout)
        assert seen == {"server_pid": 1, "server_uid": 0}
    assert joined.run("stat", "--format=%U", f"/proc/{main_pid(joined)}").stdout.strip() == "faced"


def test_the_first_caller_starts_the_daemon_and_each_listener_has_its_name(joined: Container) -> None:
    assert joined.show("faced.service", "ActiveState") == {"ActiveState": "inactive"}
    joined.run("python3", ASK, "/run/faced/status", user="clerk")
    environment = joined.run("cat", f"/proc/{main_pid(joined)}/environ").stdout.split("\0")
    names = next(value for value in environment if value.startswith("LISTEN_FDNAMES="))
    assert sorted(names.removeprefix("LISTEN_FDNAMES=").split(":")) == ["logon", "status"]


def test_the_journal_can_explain_every_audit_event(machine: Container) -> None:
    listed = machine.run("journalctl", "--list-catalog", *(kind.message_id for kind in EventKind)).stdout
    for kind in EventKind:
        assert f"{kind.message_id} faced: " in listed
