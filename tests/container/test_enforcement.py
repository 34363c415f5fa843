"""The container enforces what units forbid: without this proof every other denial seen in it would mean nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.rig.container import Container

pytestmark = pytest.mark.container


@pytest.fixture(scope="module")
def machine() -> Iterator[Container]:
    with Container() as container:
        yield container


def test_a_device_rule_denies_and_allows(machine: Container) -> None:
    read_zero = ("head", "-c1", "/dev/zero")
    rules = ["DevicePolicy=strict", "DeviceAllow=/dev/null rw"]
    denied = machine.transient(*read_zero, properties=rules, check=False)
    assert denied.returncode != 0
    assert "Operation not permitted" in denied.stderr
    machine.transient(*read_zero, properties=[*rules, "DeviceAllow=/dev/zero r"])


def test_an_address_rule_denies_and_allows(machine: Container) -> None:
    send = "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9))"
    denied = machine.transient("python3", "-c", send, properties=["IPAddressDeny=any"], check=False)
    assert denied.returncode != 0
    assert "PermissionError" in denied.stderr
    machine.transient("python3", "-c", send, properties=["IPAddressDeny=any", "IPAddressAllow=localhost"])


def test_an_address_family_rule_denies_and_allows(machine: Container) -> None:
    open_socket = "import socket; socket.socket(socket.AF_INET)"
    denied = machine.transient(
        "python3", "-c", open_socket, properties=["RestrictAddressFamilies=AF_UNIX"], check=False
    )
    assert denied.returncode != 0
    assert "Address family not supported" in denied.stderr
    machine.transient("python3", "-c", open_socket, properties=["RestrictAddressFamilies=AF_UNIX AF_INET"])


def test_two_machines_side_by_side_do_not_share_services(machine: Container) -> None:
    with Container() as other:
        machine.run("systemd-run", "--quiet", "--unit=same", "sleep", "infinity")
        other.run("systemd-run", "--quiet", "--unit=same", "sleep", "infinity")
        other.systemctl("kill", "--signal=KILL", "same.service")
        other.wait_until(lambda: other.show("same.service", "SubState") != {"SubState": "running"}, "the other's end")
        assert machine.show("same.service", "SubState") == {"SubState": "running"}


def test_a_stopped_machine_leaves_no_process_and_no_cgroup() -> None:
    with Container() as container:
        leader = container.leader
        cgroups = container.cgroups
        assert cgroups and all(folder.is_dir() for folder in cgroups)
    assert not container.alive
    assert not any(folder.exists() for folder in cgroups)
    with pytest.raises(ProcessLookupError):
        os.kill(leader, 0)
