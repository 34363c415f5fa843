"""The restrictions of the two units are in force: a probe in the daemon's place tries what must be refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.rig.container import Container
from tests.rig.installation import machine_with_faced

pytestmark = pytest.mark.container

PROBE = Path(__file__).with_name("sandbox_probe.py")


@pytest.fixture(scope="module")
def machine() -> Iterator[Container]:
    with machine_with_faced() as container:
        container.unpack(
            {
                "/etc/faced/faced.toml": (b"", 0o644),
                "/etc/faced/realm.anchor": (b"", 0o644),
                "/etc/faced/host.keys": (b"the host's keys", 0o600),
                "/etc/faced/directory.password": (b"the directory password", 0o600),
                "/home/clerk/photo.jpg": (b"a face", 0o644),
                "/root/photo.jpg": (b"a face", 0o644),
                "/tmp/of-others": (b"", 0o644),
                "/usr/local/lib/probe.py": (PROBE.read_bytes(), 0o644),
            }
        )
        # No such hardware exists here: opening the nodes says ENXIO where the device rules allow it, EPERM where not.
        nodes = "mkdir -p /dev/input && mknod -m 0666 /dev/input/event9 c 13 73 && mknod -m 0666 /dev/video42 c 81 42"
        container.run("sh", "-c", nodes)
        assert "ENXIO" in container.run("python3", "-c", OPEN_BOTH).stdout
        yield container


OPEN_BOTH = """
import errno
for path in "/dev/input/event9", "/dev/video42":
    try:
        open(path, "rb")
    except OSError as error:
        print(errno.errorcode[error.errno])
        assert error.errno == errno.ENXIO
"""


def probed(machine: Container, unit: str, other: str) -> dict[str, Any]:
    machine.write(
        f"/run/systemd/system/{unit}.service.d/probe.conf",
        f"[Service]\nType=oneshot\nExecStart=\nExecStart=/usr/bin/python3 /usr/local/lib/probe.py /var/lib/{other}\n"
        "Restart=no\nWatchdogSec=0\n",
    )
    machine.systemctl("daemon-reload")
    machine.run("install", "-d", "-o", other, "-m", "0700", f"/var/lib/{other}")
    machine.systemctl("start", f"{unit}.service")
    result: dict[str, Any] = json.loads(machine.run("cat", f"/var/lib/{unit}/probe.json").stdout)
    return result


@pytest.fixture(scope="module")
def logon(machine: Container) -> dict[str, Any]:
    return probed(machine, "faced", "faced-directory")


@pytest.fixture(scope="module")
def directory(machine: Container) -> dict[str, Any]:
    return probed(machine, "faced-directory", "faced")


@pytest.fixture(params=["logon", "directory"])
def either(request: pytest.FixtureRequest) -> dict[str, Any]:
    result: dict[str, Any] = request.getfixturevalue(request.param)
    return result


def test_each_daemon_is_its_own_unprivileged_user(
    machine: Container, logon: dict[str, Any], directory: dict[str, Any]
) -> None:
    for name, result in ("faced", logon), ("faced-directory", directory):
        assert result["user"] == [int(machine.run("id", option, name).stdout) for option in ("-u", "-g")]
        assert result["user"][0] != 0
    assert logon["user"] != directory["user"]


def test_no_privilege_is_held_or_can_be_gained(either: dict[str, Any]) -> None:
    process = either["process"]
    for capabilities in ("CapEff", "CapPrm", "CapInh", "CapBnd", "CapAmb"):
        assert int(process[capabilities], 16) == 0
    assert process["NoNewPrivs"] == "1"
    assert process["Seccomp"] == "2"
    assert either["setuid_file"] == "EPERM"
    assert either["namespace"] == "EPERM"


def test_the_logon_daemon_has_no_network(machine: Container, logon: dict[str, Any]) -> None:
    families = logon["sockets"]
    assert families.pop("AF_UNIX") == "done"
    assert set(families.values()) == {"EAFNOSUPPORT"}
    assert logon["network"] != machine.run("readlink", "/proc/self/ns/net").stdout.strip()


def test_the_logon_daemon_can_read_the_stacks_that_it_works_out(logon: dict[str, Any]) -> None:
    assert logon["pam_stacks"] == "done"


def test_the_directory_daemon_is_a_client_of_the_internet_families_only(directory: dict[str, Any]) -> None:
    families = directory["sockets"]
    assert {name for name, result in families.items() if result == "done"} == {"AF_UNIX", "AF_INET", "AF_INET6"}
    assert directory["send_local"] == "done"
    assert directory["listen"] == "EPERM"
    assert directory["send_multicast"] == "EPERM"


def test_no_device_but_the_camera_and_that_only_for_the_logon_daemon(
    machine: Container, logon: dict[str, Any], directory: dict[str, Any]
) -> None:
    assert logon["devices"]["/dev/input/event9"] == "EPERM"
    assert machine.show("faced.service", "DeviceAllow")["DeviceAllow"].startswith("char-video4linux rw")
    assert set(directory["devices"].values()) == {"ENOENT"}
    video = int(machine.run("getent", "group", "video").stdout.split(":")[2])
    assert video in logon["groups"]
    assert video not in directory["groups"]


def test_each_daemon_gets_its_own_secret_and_no_other(logon: dict[str, Any], directory: dict[str, Any]) -> None:
    assert logon["credentials"] == {"host.keys": "the host's keys", "host.keys.cred": "absent"}
    assert directory["credentials"] == {
        "directory.password": "the directory password",
        "directory.password.cred": "absent",
    }
    for result in logon, directory:
        assert result["host_keys"] == result["directory_password"] == "EACCES"
        assert result["other_state"] == "EACCES"


def test_it_writes_its_state_folder_and_nothing_else(either: dict[str, Any]) -> None:
    assert either["state_mode"] == 0o700
    assert either["file_mode"] == 0o600
    for place in ("write_etc", "write_usr", "write_run", "write_sysctl"):
        assert either[place] in ("EROFS", "EACCES"), place
    assert either["write_usr"] == "EROFS"


def test_photos_in_home_folders_and_other_peoples_files_in_tmp_are_not_there(either: dict[str, Any]) -> None:
    assert either["home"] in ([], "EACCES")
    assert either["root_home"] in ([], "EACCES")
    assert either["tmp"] == []


def test_other_processes_are_invisible(either: dict[str, Any]) -> None:
    assert either["other_processes"] == []


def test_of_proc_the_logon_daemon_sees_the_boot_id_and_the_other_one_nothing(
    logon: dict[str, Any], directory: dict[str, Any]
) -> None:
    assert logon["boot_id"] == "done"
    assert directory["boot_id"] == "ENOENT"


def test_no_code_is_made_and_no_priority_taken(either: dict[str, Any]) -> None:
    assert either["executable_memory"] == "EPERM"
    assert either["real_time"] == "EPERM"


def test_it_serves_nothing_but_what_systemd_handed_over(either: dict[str, Any]) -> None:
    assert either["serve"] == "EPERM"


def test_nothing_about_the_kernel_can_be_changed(machine: Container, either: dict[str, Any]) -> None:
    assert either["read_only"] == {"/sys": True, "/sys/fs/cgroup": True}
    assert either["host_name"] != machine.run("readlink", "/proc/self/ns/uts").stdout.strip()
    assert either["personality"] == either["priority"] == "EPERM"


def test_no_core_dump(either: dict[str, Any]) -> None:
    assert either["core_bytes"] == [0, 0]


def test_a_site_can_narrow_the_network_to_its_servers(machine: Container, directory: dict[str, Any]) -> None:
    example = machine.run("cat", "/usr/share/doc/faced/faced-directory.service.d/servers-only.conf.example").stdout
    assert "192.0.2.10" in example
    machine.write(
        "/run/systemd/system/faced-directory.service.d/servers-only.conf",
        example.replace("IPAddressAllow=localhost\n", ""),
    )
    try:
        assert probed(machine, "faced-directory", "faced")["send_local"] == "EPERM"
    finally:
        machine.run("rm", "/run/systemd/system/faced-directory.service.d/servers-only.conf")
        machine.systemctl("daemon-reload")


@pytest.mark.usefixtures("logon", "directory")
def test_sealed_secrets_reach_the_daemons_and_what_does_not_open_starts_nothing(machine: Container) -> None:
    secrets = {"faced": "host.keys", "faced-directory": "directory.password"}
    others = {"faced": "faced-directory", "faced-directory": "faced"}
    for unit, name in secrets.items():
        sealing = f"systemd-creds encrypt --with-key=host --name={name}.cred /etc/faced/{name} /etc/faced/{name}.cred"
        clear = machine.run("cat", f"/etc/faced/{name}").stdout
        machine.run("sh", "-c", f"{sealing} && rm /etc/faced/{name}")
        try:
            assert probed(machine, unit, others[unit])["credentials"] == {f"{name}.cred": clear, name: "absent"}
            machine.run("sh", "-c", f"sed -i 's/^..../AAAA/' /etc/faced/{name}.cred")
            with pytest.raises(AssertionError, match=f"start {unit}"):
                probed(machine, unit, others[unit])
        finally:
            machine.run("rm", f"/etc/faced/{name}.cred")
            machine.write(f"/etc/faced/{name}", clear, 0o600)
