"""The real daemon as a process: real journal, real NSS, real landmarks of a dummy's clip, and no network."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from faced.config import Config, load, parse
from faced.dummy.clip import clip, nobody
from faced.dummy.identity import Identity
from faced.dummy.photo import id_photo
from faced.enrolment.likeness import template_of_photo
from faced.errors import ConfigError, StateError, TrustError
from faced.landmarks.observe import observe_photo
from faced.landmarks.predictor import Predictor
from faced.service.logon_daemon import host_keys, state_folder
from faced.service.varlink import Client
from faced.trust.keys import HostKeys, encode_key_file, write_key_file
from faced.trust.report import read_report
from tests.logon.realm import TestRealm
from tests.rig.namespace import PrivateSystem, add_user
from tests.rig.sitter import fidgeter
from tests.service.directory_double import DirectoryDouble
from tests.service.office import begun, decided

ROOT = Path(__file__).parents[2]
TANAKA = 2001


class Pc:
    """A private system on which faced can be started."""

    def __init__(
        self, system: PrivateSystem, folder: Path, directory: DirectoryDouble, authority: TestRealm, template: bytes
    ) -> None:
        self.template = template
        self.system = system
        self.folder = folder
        self.directory = directory
        self.authority = authority
        self.process: subprocess.Popen[bytes] | None = None

    def configure(self, camera: Path, idle_exit_s: float = 300.0) -> None:
        (self.folder / "faced.toml").write_text(
            f"""
language = "en"
[realm]
anchor = "{self.folder}/anchor"
[host]
keys = "{self.folder}/host.keys"
[camera]
name = "clip:{camera}"
fps = 15
[logon]
idle_exit_s = {idle_exit_s}
[liveness]
silent = ["lightdm"]
[sockets]
logon = "{self.folder}/logon"
status = "{self.folder}/status"
directory = "{self.folder}/directory"
[state]
logon = "{self.folder}/state"
"""
        )

    @contextmanager
    def faced(self, camera: Path, idle_exit_s: float = 300.0, **environ: str) -> Iterator[subprocess.Popen[bytes]]:
        """The daemon, ready, for the time of the block."""
        self.configure(camera, idle_exit_s)
        process = self.start(**environ)
        try:
            until_s = time.monotonic() + 30
            while not (self.folder / "status").exists():
                assert process.poll() is None and time.monotonic() < until_s, self.log()
                time.sleep(0.02)
            yield process
        finally:
            if process.poll() is None:
                process.terminate()
            process.wait(10)
            for name in ("logon", "status"):
                (self.folder / name).unlink(missing_ok=True)

    def start(self, **environ: str) -> subprocess.Popen[bytes]:
        env = {"FACED_CONFIG": str(self.folder / "faced.toml"), "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-m", "faced.service.logon_daemon"]
        return self.system.start(command, env={**env, **environ}, log=self.folder / "log")

    @contextmanager
    def sockets(self) -> Iterator[dict[str, socket.socket]]:
        """The daemon's sockets as PID 1 holds them."""
        with contextlib.ExitStack() as stack:
            listeners = {}
            for name in ("logon", "status"):
                listeners[name] = stack.enter_context(socket.socket(socket.AF_UNIX))
                listeners[name].bind(str(self.folder / name))
                listeners[name].listen(8)
                stack.callback((self.folder / name).unlink)
            yield listeners

    def start_by_pid_1(self, listeners: dict[str, socket.socket]) -> subprocess.Popen[bytes]:
        """The daemon, with these sockets handed over; whoever calls need not wait for it to be ready."""
        numbers = [listener.fileno() for listener in listeners.values()]
        moves = " ".join(f"{at}<&{number}" for at, number in enumerate(numbers, 3))
        handed = f"LISTEN_FDS={len(numbers)} LISTEN_FDNAMES={':'.join(listeners)} LISTEN_PID=$$"
        program = f"exec {moves}; export {handed}; exec {sys.executable} -m faced.service.logon_daemon"
        env = {"FACED_CONFIG": str(self.folder / "faced.toml"), "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                self.system.command(["bash", "-c", program]),
                env={**os.environ, **env},
                pass_fds=numbers,
                stdout=log,
                stderr=log,
            )

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def client(self, name: str = "logon") -> Client:
        return Client(self.folder / name, 20)


@pytest.fixture(scope="module")
def pc() -> Iterator[Pc]:
    predictor = Predictor.load()
    authority = TestRealm(predictor=predictor.id)
    observation = observe_photo(predictor, id_photo(Identity(1))).observation
    assert observation is not None
    template = template_of_photo(observation, authority.now)
    with (
        TemporaryDirectory(prefix="faced-test-") as name,
        PrivateSystem() as system,
        DirectoryDouble(Path(name) / "directory") as directory,
    ):
        folder = Path(name)
        add_user(system, "tanaka", TANAKA, "password")
        directory.bundles["tanaka"] = authority.bundle("tanaka", template.encode())
        (folder / "anchor").write_bytes(authority.realm.anchor)
        write_key_file(folder / "host.keys", authority.host.content())
        (folder / "state").mkdir(mode=0o700)
        fidgeter(Identity(1), seconds=9.5).save(folder / "tanaka.avi")
        clip(Identity(2), 1, seconds=2.0).save(folder / "stranger.avi")
        nobody(1, 1.0).save(folder / "nobody.avi")
        yield Pc(system, folder, directory, authority, template.encode())


def events(pc: Pc) -> list[tuple[str, str]]:
    return [
        (entry["FACED_EVENT"], entry.get("FACED_OUTCOME", "")) for entry in pc.system.journal("SYSLOG_IDENTIFIER=faced")
    ]


def sockets_of(pid: int) -> list[str]:
    """What every socket of a process is, as the kernel lists them by family."""
    inodes = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        target = os.readlink(entry)
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    families = {}
    for table in ("unix", "tcp", "tcp6", "udp", "udp6", "raw", "raw6", "icmp", "netlink", "packet"):
        path = Path(f"/proc/{pid}/net/{table}")
        for line in path.read_text().splitlines()[1:] if path.exists() else []:
            families.update({word: table for word in line.split() if word in inodes})
    return [families.get(inode, "unknown") for inode in inodes]


def test_the_person_is_let_in_and_it_is_in_the_journal(pc: Pc) -> None:
    with pc.faced(pc.folder / "tanaka.avi") as process, pc.client() as client:
        assert begun(client) == {}
        answer = decided(client)
        assert (answer["outcome"], answer["text"]) == ("match", "Welcome.")
        families = sockets_of(process.pid)
        assert set(families) == {"unix"}, "a socket that is not AF_UNIX"
        until_s = time.monotonic() + 10
        while not pc.directory.used and time.monotonic() < until_s:
            time.sleep(0.01)
        assert pc.directory.used == ["tanaka"]
    assert process.returncode == 0
    assert events(pc)[-3:] == [("started", ""), ("admitted", "match"), ("stopped", "")]
    assert "tanaka" not in str(pc.system.journal("SYSLOG_IDENTIFIER=faced"))
    assert "tanaka" not in pc.log().replace("tanaka.avi", "")


def test_a_stranger_and_an_empty_chair_are_not(pc: Pc) -> None:
    with pc.faced(pc.folder / "stranger.avi"), pc.client() as client:
        assert decided(client)["outcome"] == "no_match"
    with pc.faced(pc.folder / "nobody.avi"), pc.client() as client:
        assert decided(client)["outcome"] == "no_face"


def test_the_status_names_no_person_and_says_what_is_there(pc: Pc) -> None:
    with pc.faced(pc.folder / "tanaka.avi"), pc.client("status") as client:
        status = client.call("io.faced.Status.Get")
    assert (status["realm"], status["dummy"], status["host"]) == ("Example Ward", True, "pc-1")
    assert (status["camera_state"], status["directory"]) == ("idle", "online")
    assert status["purpose_until"] is None, "nobody has logged on yet, so no manifest is known"
    assert status["warnings"] == ["This is a realm of dummy staff: clips are accepted in place of a camera."]


def test_the_status_socket_cannot_authenticate(pc: Pc) -> None:
    with pc.faced(pc.folder / "tanaka.avi"), pc.client("status") as client:
        assert "io.faced.Logon" not in client.call("org.varlink.service.GetInfo")["interfaces"]


def test_reminded_it_signs_what_faced_directory_says_of_the_cache(pc: Pc) -> None:
    with pc.faced(pc.folder / "tanaka.avi"), pc.client("status") as client:
        before = len(pc.directory.reports)
        pc.directory.refreshed, pc.directory.report_due = int(time.time()), True
        assert client.call("io.faced.Status.Remind") == {}
        until = time.monotonic() + 20
        while len(pc.directory.reports) == before:
            assert time.monotonic() < until
            time.sleep(0.02)
    authority = pc.authority
    verifier = authority.realm.verifier(authority.delegations, authority.signed_manifest(), int(time.time()))
    report = read_report(verifier, authority.host.name, authority.host_statement, pc.directory.reports[-1])
    assert report.refreshed == pc.directory.refreshed


def test_the_process_cannot_be_dumped_and_everybody_can_reach_the_sockets(pc: Pc) -> None:
    with pc.faced(pc.folder / "tanaka.avi") as process:
        limits = Path(f"/proc/{process.pid}/limits").read_text()
        core = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
        assert core.split()[4:6] == ["0", "0"]
        assert {(pc.folder / name).stat().st_mode & 0o777 for name in ("logon", "status")} == {0o666}
        # A process that cannot be dumped belongs to root in /proc: what a debugger of its own user runs into.
        reader = subprocess.run(
            ["setpriv", "--reuid=12345", "--regid=12345", "--clear-groups", "cat", f"/proc/{process.pid}/environ"],
            capture_output=True,
        )
        assert reader.returncode != 0


def test_the_watchdog_is_fed_while_a_logon_runs(pc: Pc) -> None:
    path = pc.folder / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(path))
        manager.settimeout(20)
        with pc.faced(pc.folder / "nobody.avi", NOTIFY_SOCKET=str(path), WATCHDOG_USEC="300000"), pc.client() as client:
            assert manager.recv(1024).startswith(b"WATCHDOG=1")
            assert b"READY=1" in manager.recv(1024)
            begun(client)
            assert [manager.recv(1024) for _ in range(5)] == [b"WATCHDOG=1"] * 5


def test_an_idle_daemon_ends_and_the_next_caller_is_served_by_another(pc: Pc) -> None:
    with pc.sockets() as listeners:
        pc.configure(pc.folder / "tanaka.avi", idle_exit_s=1.0)
        process = pc.start_by_pid_1(listeners)
        with pc.client() as client:
            assert decided(client)["outcome"] == "match"
        assert process.wait(30) == 0
        last = pc.system.journal("FACED_EVENT=stopped")[-1]
        assert last["FACED_REASON"] == "idle"
        # Nobody is there to take this call: it waits in the socket that PID 1 holds.
        with pc.client() as client:
            waiting = threading.Thread(target=begun, args=(client,), daemon=True)
            waiting.start()
            process = pc.start_by_pid_1(listeners)
            waiting.join(30)
            assert not waiting.is_alive()
            assert decided(client)["outcome"] == "match"
        assert process.wait(30) == 0


def test_a_daemon_that_made_its_own_sockets_does_not_end(pc: Pc) -> None:
    with pc.faced(pc.folder / "nobody.avi", idle_exit_s=0.1) as process:
        with pc.client() as client:
            begun(client)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(2)


def test_the_locker_uses_up_no_tries_of_the_greeter(pc: Pc) -> None:
    """Counted apart by the real daemon; a screen lock that ran out of tries leaves the logon screen alone."""
    with pc.faced(pc.folder / "stranger.avi"):
        for outcome in ("no_match", "no_match", "no_match", "locked_out"):
            with pc.client() as client:
                assert decided(client, service="lightdm", real_uid=TANAKA)["outcome"] == outcome
        with pc.client() as client:
            assert decided(client)["outcome"] == "no_match"
    assert {path.name for path in (pc.folder / "state").glob("tries-*")} == {
        f"tries-greeter-{TANAKA}.json",
        f"tries-locker-{TANAKA}.json",
    }
    for path in (pc.folder / "state").glob("tries-*"):
        path.unlink()


def test_a_real_realm_accepts_no_clip(pc: Pc) -> None:
    real = TestRealm(dummy=False, predictor=pc.authority.predictor)
    dummy_bundle = pc.directory.bundles["tanaka"]
    (pc.folder / "anchor").write_bytes(real.realm.anchor)
    try:
        with pc.faced(pc.folder / "tanaka.avi"), pc.client() as client:
            pc.directory.bundles["tanaka"] = real.bundle("tanaka", pc.template)
            assert decided(client)["outcome"] == "camera_unavailable"
        assert pc.system.journal("FACED_EVENT=refused")[-1]["FACED_REASON"] == "camera_virtual"
    finally:
        (pc.folder / "anchor").write_bytes(pc.authority.realm.anchor)
        pc.directory.bundles["tanaka"] = dummy_bundle


@pytest.mark.parametrize("broken", ["anchor", "host.keys", "state"])
def test_a_daemon_that_cannot_judge_does_not_start(pc: Pc, broken: str) -> None:
    path = pc.folder / broken
    mode = path.stat().st_mode
    content = path.read_bytes() if path.is_file() else b""
    if path.is_file():
        path.write_bytes(b"rubbish")
    else:
        path.chmod(0o755)
    try:
        pc.configure(pc.folder / "tanaka.avi")
        assert pc.start().wait(30) == 1
        assert not (pc.folder / "logon").exists()
    finally:
        if content:
            path.write_bytes(content)
        path.chmod(mode)


def test_without_a_journal_it_does_not_start(pc: Pc) -> None:
    journal = pc.system.path("/run/systemd/journal/socket")
    journal.rename(journal.with_name("away"))
    try:
        pc.configure(pc.folder / "tanaka.avi")
        assert pc.start().wait(30) == 1
    finally:
        journal.with_name("away").rename(journal)
    assert "journal" in pc.log()


def test_it_ends_at_once_in_the_middle_of_an_attempt(pc: Pc) -> None:
    with pc.faced(pc.folder / "nobody.avi") as process, pc.client() as client:
        begun(client)
        started_s = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert time.monotonic() - started_s < 5


def test_its_imports_bring_no_network_library() -> None:
    program = "import sys, faced.service.logon_daemon; print(*sorted(m.partition('.')[0] for m in sys.modules))"
    imported = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout.split()
    assert not {"ldap3", "http", "urllib3", "requests", "asyncio", "ftplib", "smtplib"} & set(imported)


def test_keys_come_from_the_credential_before_the_file(tmp_path: Path) -> None:
    file, credentials = tmp_path / "host.keys", tmp_path / "credentials"
    credentials.mkdir()
    write_key_file(file, HostKeys.generate("from-file", 2026).content())
    config = parse({"host": {"keys": str(file)}})
    assert host_keys(config, {}).name == "from-file"
    (credentials / "host.keys").write_bytes(encode_key_file(HostKeys.generate("from-credential", 2026).content()))
    # PID 1 marks a credential's access list with group rights.
    (credentials / "host.keys").chmod(0o440)
    assert host_keys(config, {"CREDENTIALS_DIRECTORY": str(credentials)}).name == "from-credential"
    (credentials / "host.keys").rename(credentials / "host.keys.cred")
    (credentials / "host.keys").write_text("absent")
    assert host_keys(config, {"CREDENTIALS_DIRECTORY": str(credentials)}).name == "from-credential"


def test_keys_that_others_can_read_or_of_another_computer_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "host.keys"
    write_key_file(file, HostKeys.generate("pc-1", 2026).content())
    with pytest.raises(ConfigError):
        host_keys(parse({"host": {"keys": str(file), "name": "pc-2"}}), {})
    file.chmod(0o640)
    with pytest.raises(TrustError):
        host_keys(parse({"host": {"keys": str(file)}}), {})


def test_the_state_folder_is_the_units_and_private(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    assert state_folder(Config(), {"STATE_DIRECTORY": str(tmp_path)}) == tmp_path
    tmp_path.chmod(0o750)
    with pytest.raises(StateError):
        state_folder(Config(), {"STATE_DIRECTORY": str(tmp_path)})
    with pytest.raises(StateError):
        state_folder(parse({"state": {"logon": str(tmp_path / "missing")}}), {})


def test_the_example_configuration_shows_every_key_with_its_default(tmp_path: Path) -> None:
    example = (ROOT / "etc" / "faced.toml").read_text(encoding="utf-8")
    assert load(ROOT / "etc" / "faced.toml") == Config()
    lines = []
    for line in example.splitlines():
        bare = line.removeprefix("#")
        is_key = line.startswith("#") and bare.partition(" ")[0].isidentifier() and " = " in bare
        lines.append(bare if is_key and not bare.startswith("predictor") else line)
    shown = tmp_path / "faced.toml"
    shown.write_text("\n".join(lines))
    assert load(shown) == Config()
    keys = {line.partition(" = ")[0] for line in lines if " = " in line and not line.startswith("#")}
    assert keys | {"predictor"} == keys_of(Config())


def keys_of(section: Any) -> set[str]:
    """The names of all keys of a section and of the sections in it."""
    found = {field.name: getattr(section, field.name) for field in dataclasses.fields(section)}
    inner = {name for name, value in found.items() if dataclasses.is_dataclass(value)}
    return (found.keys() - inner).union(*(keys_of(found[name]) for name in inner))
