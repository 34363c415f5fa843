"""The real faced under the real PID 1: started by its first caller, watched, restarted, and seen in the journal."""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from nacl.public import PrivateKey

from faced.records.audit import EventKind
from faced.trust.keys import HostKeys, decode_key_file, encode_key_file
from tests.container.conftest import CLERK, PASSWORD, PROGRAMS, SEEDS
from tests.rig.container import Container
from tests.rig.workstation import HOST, Workstation

pytestmark = pytest.mark.container

SEALED = Path("/etc/faced/host.keys.cred")
DROP_IN = "/run/systemd/system/faced.service.d/watchdog.conf"


def status_of(machine: Container) -> dict[str, Any]:
    """What anybody is told at the status socket."""
    call = json.dumps({"method": "io.faced.Status.Get"})
    answers = machine.run("python3", str(PROGRAMS / "ask.py"), "/run/faced/status", user=CLERK, input=call).stdout
    parameters: dict[str, Any] = json.loads(answers.splitlines()[1])["parameters"]
    return parameters


def main_pid(machine: Container) -> int:
    """Of the daemon that is ready, started if it is not running."""
    machine.systemctl("start", "faced.service")
    return int(machine.show("faced.service", "MainPID")["MainPID"])


@contextmanager
def short_watchdog(machine: Container) -> Iterator[None]:
    machine.write(DROP_IN, "[Service]\nWatchdogSec=3\n")
    machine.systemctl("daemon-reload")
    machine.systemctl("restart", "faced.service")
    try:
        yield
    finally:
        machine.run("rm", DROP_IN)
        machine.systemctl("daemon-reload")
        machine.systemctl("restart", "faced.service")


def test_the_first_caller_starts_it_and_is_answered(workstation: Workstation) -> None:
    machine = workstation.machine
    machine.systemctl("stop", "faced.service")
    told = status_of(machine)
    assert (told["host"], told["realm"], told["dummy"]) == (HOST, "Dummy City", True)
    assert machine.show("faced.service", "StatusText")["StatusText"] == "Ready."


def test_the_running_daemon_has_lost_every_privilege(workstation: Workstation) -> None:
    machine = workstation.machine
    text = machine.run("cat", f"/proc/{main_pid(machine)}/status").stdout
    process = dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)
    assert set(process["Uid"].split()) == {machine.run("id", "-u", "faced").stdout.strip()}
    assert {int(process[name], 16) for name in ("CapEff", "CapPrm", "CapBnd", "CapAmb")} == {0}
    assert (process["NoNewPrivs"], process["Seccomp"]) == ("1", "2")


def test_not_even_its_own_user_can_look_into_its_memory(workstation: Workstation) -> None:
    machine = workstation.machine
    looked = machine.run("head", "-c1", f"/proc/{main_pid(machine)}/mem", user="faced", check=False)
    assert "Permission denied" in looked.stderr


def test_a_daemon_that_feeds_its_watchdog_lives_and_one_that_hangs_is_killed(workstation: Workstation) -> None:
    machine = workstation.machine

    def fed_us() -> int:
        return int(machine.show("faced.service", "WatchdogTimestampMonotonic")["WatchdogTimestampMonotonic"])

    with short_watchdog(machine):
        alive = main_pid(machine)
        since_us = fed_us()
        machine.wait_until(lambda: fed_us() > since_us + 4_000_000, "the watchdog to be fed beyond its period")
        assert main_pid(machine) == alive
        machine.systemctl("kill", "--kill-whom=main", "--signal=STOP", "faced.service")
        # Asked while it hangs: the kernel keeps the caller in the listener's queue until the new daemon takes it.
        assert status_of(machine)["host"] == HOST
        assert main_pid(machine) != alive
        assert any("Watchdog timeout" in entry["MESSAGE"] for entry in machine.journal("UNIT=faced.service"))


def test_a_daemon_that_crashes_comes_back_and_keeps_its_state(workstation: Workstation) -> None:
    machine = workstation.machine
    killed = main_pid(machine)
    secret = machine.run("sha256sum", "/var/lib/faced/pseudonyms.secret").stdout
    machine.systemctl("kill", "--kill-whom=main", "--signal=KILL", "faced.service")
    machine.wait_until(lambda: int(machine.show("faced.service", "NRestarts")["NRestarts"]) > 0, "the restart")
    assert main_pid(machine) != killed
    assert machine.run("sha256sum", "/var/lib/faced/pseudonyms.secret").stdout == secret


def test_a_logon_is_in_the_journal_under_a_pseudonym_and_never_under_the_name(workstation: Workstation) -> None:
    machine = workstation.machine
    workstation.show(SEEDS[CLERK])
    machine.run("pamtester", "login", CLERK, "authenticate", input=f"{PASSWORD}\n")
    event = machine.journal(f"MESSAGE_ID={EventKind.ADMITTED.message_id}")[-1]
    assert event["_SYSTEMD_UNIT"] == "faced.service"
    assert event["_UID"] == machine.run("id", "-u", "faced").stdout.strip()
    assert (event["FACED_EVENT"], event["FACED_OUTCOME"], event["FACED_SERVICE"]) == ("admitted", "match", "login")
    assert len(bytes.fromhex(event["FACED_SUBJECT"])) == 16
    for entry in machine.journal("_SYSTEMD_UNIT=faced.service") + machine.journal(
        "_SYSTEMD_UNIT=faced-directory.service"
    ):
        said = " ".join(str(value) for name, value in entry.items() if not name.startswith("__"))
        assert CLERK not in said, entry


def test_the_journal_explains_what_an_event_means(workstation: Workstation) -> None:
    machine = workstation.machine
    status_of(machine)
    shown = machine.run(
        "journalctl", "--no-pager", "--catalog", "-n1", f"MESSAGE_ID={EventKind.STARTED.message_id}"
    ).stdout
    assert "Subject: The face check has started" in shown


def test_the_cache_is_readable_by_its_daemon_only(workstation: Workstation) -> None:
    machine = workstation.machine
    for user in (CLERK, "faced"):
        listed = machine.run("ls", "/var/lib/faced-directory", user=user, check=False)
        assert "Permission denied" in listed.stderr


def seal_keys(machine: Container, content: bytes) -> None:
    """Put other keys in the place of those that the PC sealed when it joined."""
    machine.write("/run/host.keys", content, mode=0o600)
    machine.run("systemd-creds", "encrypt", "--with-key=host", f"--name={SEALED.name}", "/run/host.keys", str(SEALED))
    machine.run("rm", "/run/host.keys")


def test_the_timer_asks_for_a_new_key_and_restarts_the_daemon_that_then_has_it(workstation: Workstation) -> None:
    machine = workstation.machine
    before = main_pid(machine)
    machine.systemctl("start", "faced-renew.service")
    assert main_pid(machine) == before, "nothing is due"
    opened = machine.run("sh", "-c", f"systemd-creds decrypt --name={SEALED.name} {SEALED} - | base64")
    data = base64.b64decode(opened.stdout)
    keys = HostKeys.from_content(decode_key_file(data))
    following = max(keys.boxes) + 1
    more = dataclasses.replace(keys, boxes={**keys.boxes, following: PrivateKey.generate()})
    seal_keys(machine, encode_key_file(more.content()))
    # As if it had been cut off after the key was made.
    machine.systemctl("start", "faced-renew.service")
    assert main_pid(machine) != before
    assert json.loads(workstation.facectl("host", "show", HOST, "--json"))["request"] is not None
    seal_keys(machine, data)
    machine.systemctl("restart", "faced.service")


def test_stopping_is_clean_and_recorded(workstation: Workstation) -> None:
    machine = workstation.machine
    main_pid(machine)
    before = len(machine.journal(f"MESSAGE_ID={EventKind.STOPPED.message_id}"))
    machine.systemctl("stop", "faced.service")
    assert machine.show("faced.service", "Result") == {"Result": "success"}
    assert len(machine.journal(f"MESSAGE_ID={EventKind.STOPPED.message_id}")) == before + 1


def test_its_memory_is_locked_or_the_status_says_that_it_is_not(workstation: Workstation) -> None:
    """What PID 1 may give depends on the machine that the container runs on; it never gives half of it."""
    machine = workstation.machine
    pid = main_pid(machine)
    text = machine.run("cat", f"/proc/{pid}/status").stdout
    sizes = {line.split(":")[0]: int(line.split()[1]) for line in text.splitlines() if line.endswith(" kB")}
    limits = machine.run("cat", f"/proc/{pid}/limits").stdout
    given = next(line for line in limits.splitlines() if line.startswith("Max locked memory")).split()[3]
    locked = sizes["VmLck"] > sizes["VmRSS"] / 2
    assert machine.show("faced.service", "LimitMEMLOCK")["LimitMEMLOCK"] == "infinity"
    assert locked == (given == "unlimited")
    assert any("LimitMEMLOCK" in warning for warning in status_of(machine)["warnings"]) != locked


def test_an_idle_daemon_ends_and_the_next_caller_starts_it(workstation: Workstation) -> None:
    machine = workstation.machine
    before = machine.run("cat", "/etc/faced/faced.toml").stdout
    machine.write("/etc/faced/faced.toml", before.replace("[logon]\n", "[logon]\nidle_exit_s = 1\n"))
    machine.systemctl("restart", "faced.service")
    try:
        machine.wait_until(
            lambda: machine.show("faced.service", "ActiveState")["ActiveState"] == "inactive", "the daemon to end"
        )
        assert machine.show("faced.service", "Result")["Result"] == "success"
        assert status_of(machine)["host"] == HOST
    finally:
        machine.write("/etc/faced/faced.toml", before)
        machine.systemctl("restart", "faced.service")
