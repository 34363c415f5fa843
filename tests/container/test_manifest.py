"""The daily manifest under the real PID 1, in its sandbox, into the real directory."""

from __future__ import annotations

import pytest

from tests.rig.workstation import STATION, Workstation

pytestmark = pytest.mark.container


def manifest(workstation: Workstation) -> str:
    return workstation.machine.run("sha256sum", f"{STATION}/manifest").stdout


def test_the_timer_is_there_and_not_enabled(workstation: Workstation) -> None:
    assert workstation.machine.systemctl("is-enabled", "faced-manifest.timer", check=False).stdout.strip() == "disabled"


def test_the_unit_issues_no_second_manifest_on_the_same_day(workstation: Workstation) -> None:
    workstation.facectl("realm", "manifest")
    before = manifest(workstation)
    workstation.machine.systemctl("start", "faced-manifest.service")
    assert manifest(workstation) == before


def test_the_unit_issues_the_manifest_and_its_record_holds(workstation: Workstation) -> None:
    before = manifest(workstation)
    # Whatever the day: the rest of the unit, its sandbox above all, is the real one.
    machine, always = workstation.machine, "/run/systemd/system/faced-manifest.service.d/always.conf"
    machine.write(always, "[Service]\nExecStart=\nExecStart=/usr/lib/faced/bin/facectl realm manifest\n")
    machine.systemctl("daemon-reload")
    try:
        machine.systemctl("start", "faced-manifest.service")
    finally:
        machine.run("rm", always)
        machine.systemctl("daemon-reload")
    assert manifest(workstation) != before
    verified = workstation.facectl("acts", "verify", "--directory")
    assert "intact" in verified


def test_a_manifest_that_cannot_be_issued_fails_the_unit(workstation: Workstation) -> None:
    machine = workstation.machine
    machine.run("mv", f"{STATION}/keys/suzuki.manifest.key", "/root/aside")
    try:
        assert machine.systemctl("start", "faced-manifest.service", check=False).returncode != 0
        machine.systemctl("stop", "faced-manifest.service")
    finally:
        machine.run("mv", "/root/aside", f"{STATION}/keys/suzuki.manifest.key")
        machine.systemctl("reset-failed", "faced-manifest.service", check=False)
