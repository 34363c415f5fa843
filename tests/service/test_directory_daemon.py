"""The real ``faced-directory`` process between a real slapd and a client on its socket."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from faced.directory.bundle import Bundle, RealmPapers
from faced.directory.cache import Cache
from faced.directory.fetcher import Fetcher
from faced.directory.hosts import Hosts
from faced.directory.people import People, SealedFace
from faced.directory.realm import RealmDocuments
from faced.directory.source import Answer
from faced.directory.tree import RoleAccount
from faced.errors import DirectoryUnavailable
from faced.service.directory_daemon import MOST_VISITS, DirectoryService
from faced.service.loop import Loop
from faced.service.notify import bind_listener
from faced.service.server import Call, Server
from faced.service.varlink import Client, ProtocolError, VarlinkError
from tests.directory.conftest import KEYS, TEMPLATE, enrol
from tests.rig.slapd import PrivateSlapd
from tests.rig.varlink_daemon import Daemon as VarlinkDaemon

ROOT = Path(__file__).parents[2]
PATIENCE_S = 30.0


@pytest.fixture(scope="module")
def slapd() -> Iterator[PrivateSlapd]:
    with PrivateSlapd() as running:
        for login in ("tanaka", "suzuki", "sato"):
            enrol(running, login)
        with running.admin() as admin:
            RealmDocuments(admin, running.tree).publish_authority(b"anchor", [b"delegation"])
            RealmDocuments(admin, running.tree).publish_manifest(b"manifest")
        running.host_password = running.add_host("pc-001", ["default"])  # type: ignore[attr-defined]
        yield running


class Daemon:
    """One ``faced-directory``, its configuration, and what it told the service manager."""

    def __init__(
        self, slapd: PrivateSlapd, folder: Path, *, timeout_s: float = 5.0, refresh_s: int = 900, poll_s: float = 30.0
    ) -> None:
        self.folder = folder
        self.socket = folder / "directory"
        self.password = folder / "directory.password"
        self.password.write_text(slapd.host_password)  # type: ignore[attr-defined]
        self.password.chmod(0o600)
        self.config = folder / "faced.toml"
        self.config.write_text(
            f"""
[host]
name = "pc-001"
[directory]
servers = ["{slapd.ldaps_url}"]
base = "{slapd.tree.base}"
ca_file = "{slapd.ca_file}"
bind_dn = "{slapd.tree.host("pc-001")}"
password = "{self.password}"
timeout_s = {timeout_s}
refresh_s = {refresh_s}
poll_s = {poll_s}
[sockets]
directory = "{self.socket}"
status = "{folder / "status"}"
[state]
directory = "{folder / "state"}"
"""
        )
        self._notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._notify.bind(str(folder / "notify"))
        self._notify.settimeout(PATIENCE_S)
        self.process: subprocess.Popen[str] | None = None

    def leave_out(self, key: str) -> None:
        lines = self.config.read_text().splitlines(keepends=True)
        self.config.write_text("".join(line for line in lines if not line.startswith(key)))

    def start(self, **environment: str) -> None:
        environment = {**os.environ, "NOTIFY_SOCKET": str(self.folder / "notify"), **environment}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "faced.service.directory_daemon", "--config", str(self.config)],
            cwd=ROOT,
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )

    def told(self, word: str) -> str:
        """Wait until the service manager was told this."""
        while True:
            message = self._notify.recv(4096).decode()
            if word in message:
                return message

    def ready(self, **environment: str) -> None:
        self.start(**environment)
        self.told("READY=1")

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(how)
        code = self.process.wait(timeout=PATIENCE_S)
        assert self.process.stderr is not None
        self.errors = self.process.stderr.read()
        self.process.stderr.close()
        self.process = None
        return code

    def ask(self, method: str, **parameters: object) -> dict[str, object]:
        with Client(self.socket, PATIENCE_S) as client:
            return client.call(f"io.faced.Directory.{method}", **parameters)

    def fetch(self, login: str) -> Bundle:
        return Bundle.from_wire(self.ask("Fetch", login=login)["bundle"])

    def close(self) -> None:
        if self.process is not None:
            self.stop(signal.SIGKILL)
        self._notify.close()


@pytest.fixture
def daemon(slapd: PrivateSlapd, tmp_path: Path) -> Iterator[Daemon]:
    slapd.start()
    made = Daemon(slapd, tmp_path)
    yield made
    made.close()
    slapd.start()


def test_a_bundle_comes_from_the_directory_then_from_the_cache(daemon: Daemon) -> None:
    daemon.ready()
    first = daemon.fetch("tanaka")
    assert (first.template, set(first.template_keys), first.origin) == (TEMPLATE, set(KEYS), "directory")
    assert (first.manifest, first.delegations) == (b"manifest", (b"delegation",))
    assert daemon.ask("Used", login="tanaka") == {}
    again = daemon.fetch("tanaka")
    assert (again.template, again.origin) == (TEMPLATE, "cache")
    standing = Bundle.from_wire(daemon.ask("Standing", login="tanaka")["bundle"])
    assert standing == again
    assert daemon.ask("Status")["online"] is True
    assert daemon.ask("Status")["cached"] == 1


def test_without_the_directory_who_logged_on_here_is_known_and_nobody_else(daemon: Daemon, slapd: PrivateSlapd) -> None:
    daemon.ready()
    daemon.fetch("tanaka")
    daemon.ask("Used", login="tanaka")
    daemon.fetch("suzuki")
    daemon.stop()
    slapd.kill()
    daemon.ready()
    daemon.told("STATUS=offline")
    assert daemon.fetch("tanaka").origin == "cache"
    with pytest.raises(VarlinkError) as refused:
        daemon.fetch("suzuki")
    assert refused.value.name == "io.faced.Directory.Unavailable"
    assert refused.value.parameters == {"reason": "directory_unavailable"}
    assert daemon.ask("Standing", login="suzuki")["bundle"] is None
    status = daemon.ask("Status")
    assert (status["online"], status["cached"]) == (False, 1)
    assert isinstance(status["offline_until"], int)
    slapd.start()
    assert daemon.fetch("suzuki").origin == "directory"
    assert daemon.ask("Status")["online"] is True


def test_a_directory_that_hangs_delays_nobody_who_is_cached(slapd: PrivateSlapd, daemon: Daemon) -> None:
    daemon.ready()
    daemon.told("STATUS=online")
    daemon.fetch("tanaka")
    daemon.ask("Used", login="tanaka")
    slapd.freeze()
    try:
        with contextlib.ExitStack() as stack:
            for number in range(12):
                waiting = stack.enter_context(Client(daemon.socket, PATIENCE_S))
                waiting._send({"method": "io.faced.Directory.Fetch", "parameters": {"login": f"nobody{number}"}})
            for _again in range(5):
                assert daemon.fetch("tanaka").origin == "cache"
                assert daemon.ask("Standing", login="tanaka")["bundle"] is not None
        with pytest.raises(VarlinkError) as refused:
            daemon.fetch("suzuki")
        assert refused.value.name == "io.faced.Directory.Unavailable"
    finally:
        slapd.thaw()


def test_there_is_no_such_person(daemon: Daemon) -> None:
    daemon.ready()
    for login in ("phantom", "TANAKA", "*"):
        with pytest.raises(VarlinkError) as refused:
            daemon.fetch(login)
        assert (refused.value.name, refused.value.parameters) == (
            "io.faced.Directory.NotFound",
            {"reason": "not_in_directory"},
        )


@pytest.mark.parametrize("login", ["", "x" * 300, "a\nb", "a\0b", None, 7])
def test_what_is_no_login_name_is_refused(daemon: Daemon, login: object) -> None:
    daemon.ready()
    for method in ("Fetch", "Standing", "Used"):
        with pytest.raises(VarlinkError) as refused:
            daemon.ask(method, login=login)
        assert refused.value.name == "org.varlink.service.InvalidParameter"


def test_the_refresh_brings_a_tombstone_without_anybody_asking_and_wakes_who_can_report_it(
    slapd: PrivateSlapd, tmp_path: Path
) -> None:
    slapd.start()
    daemon = Daemon(slapd, tmp_path, refresh_s=1)
    woken = threading.Event()

    def remind(call: Call) -> None:
        woken.set()
        call.reply()

    methods = {"Get": lambda _call: None, "Remind": remind}
    try:
        daemon.ready()
        daemon.fetch("sato")
        daemon.ask("Used", login="sato")
        with VarlinkDaemon(tmp_path / "status", "io.faced.Status", methods):
            with slapd.role(RoleAccount.REVOKE) as revoke:
                assert not woken.is_set()
                People(revoke, slapd.tree).bury("sato", b"tombstone")
                People(revoke, slapd.tree).erase("sato")
            assert woken.wait(PATIENCE_S)
        assert Bundle.from_wire(daemon.ask("Standing", login="sato")["bundle"]).tombstone == b"tombstone"
        (file,) = (tmp_path / "state" / "cache").glob("*.face")
        assert TEMPLATE not in file.read_bytes()
        status = daemon.ask("Status")
        assert status["report_due"] is True
        assert daemon.ask("Report", report=base64.b64encode(b"r").decode(), refreshed=status["refreshed"]) == {}
    finally:
        daemon.close()


def test_the_poll_brings_a_manifest_and_notices_that_the_account_has_ended(slapd: PrivateSlapd, tmp_path: Path) -> None:
    slapd.start()
    daemon = Daemon(slapd, tmp_path, poll_s=0.5)
    until = time.monotonic() + PATIENCE_S
    try:
        daemon.ready()
        daemon.fetch("tanaka")
        daemon.ask("Used", login="tanaka")
        with slapd.admin() as admin:
            RealmDocuments(admin, slapd.tree).publish_manifest(b"it names pc-001")
        while daemon.fetch("tanaka").manifest != b"it names pc-001":
            assert time.monotonic() < until
        with slapd.role(RoleAccount.MANIFEST) as manifest:
            Hosts(manifest, slapd.tree).shut_out("pc-001")
        while not daemon.ask("Status")["shut_out"]:
            assert time.monotonic() < until
        for method in ("Fetch", "Standing"):
            with pytest.raises(VarlinkError) as refused:
                daemon.ask(method, login="tanaka")
            assert refused.value.parameters == {"reason": "account_refused"}
        assert "shut out" in daemon.told("STATUS=shut out")
    finally:
        daemon.close()
        with slapd.role(RoleAccount.OPERATE) as operate:
            operate.modify(
                slapd.tree.host("pc-001"),
                give={"objectClass": [b"simpleSecurityObject"], "userPassword": [slapd.host_password.encode()]},  # type: ignore[attr-defined]
            )
        with slapd.admin() as admin:
            RealmDocuments(admin, slapd.tree).publish_manifest(b"manifest")


def test_other_users_are_kept_out_by_the_mode_and_refused_by_their_uid(daemon: Daemon) -> None:
    daemon.ready()
    assert daemon.socket.stat().st_mode & 0o777 == 0o600
    allow_through(daemon.folder)
    kept_out = ask_as_nobody(daemon.socket)
    assert "PermissionError" in kept_out.stderr
    daemon.socket.chmod(0o666)
    refused = ask_as_nobody(daemon.socket)
    assert "org.varlink.service.PermissionDenied" in refused.stdout
    assert "template" not in refused.stdout
    report = ask_as_nobody(daemon.socket, "Report", report=base64.b64encode(b"forged").decode())
    assert "org.varlink.service.PermissionDenied" in report.stdout


def allow_through(folder: Path) -> None:
    """Let other users reach a folder below pytest's private ones, however deep those are."""
    top = Path(tempfile.gettempdir())
    for each in (folder, *(parent for parent in folder.parents if parent.is_relative_to(top) and parent != top)):
        each.chmod(each.stat().st_mode | 0o055)


def ask_as_nobody(path: Path, method: str = "Fetch", **parameters: str) -> subprocess.CompletedProcess[str]:
    """Ask as another user, with a client of three lines."""
    call = {"method": f"io.faced.Directory.{method}", "parameters": parameters or {"login": "tanaka"}}
    client = (
        "import socket,sys; s=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]);"
        "s.sendall(sys.argv[2].encode() + bytes(1));"
        "print(s.recv(65536).decode())"
    )
    return subprocess.run(
        ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
        + ["/usr/bin/python3", "-c", client, str(path), json.dumps(call)],
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_socket_of_systemd_is_taken_and_its_owner_may_ask(daemon: Daemon) -> None:
    handed = daemon.folder / "from-systemd"
    process = subprocess.Popen(
        ["systemd-socket-activate", f"--listen={handed}", "--fdname=directory", f"--setenv=HOME={daemon.folder}"]
        + [sys.executable, "-m", "faced.service.directory_daemon", "--config", str(daemon.config)],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        assert "Listening on" in process.stderr.readline()
        os.chown(handed, 65534, 65534)
        daemon.socket = handed
        assert daemon.fetch("tanaka").template == TEMPLATE
        allow_through(daemon.folder)
        assert '"bundle"' in ask_as_nobody(handed).stdout
        assert not (daemon.folder / "directory").exists(), "it makes no socket of its own beside it"
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0


def test_it_ends_at_sigterm_even_while_the_directory_hangs(daemon: Daemon, slapd: PrivateSlapd) -> None:
    daemon.ready()
    daemon.told("STATUS=online")
    slapd.freeze()
    try:
        with Client(daemon.socket, PATIENCE_S) as client:
            client._send({"method": "io.faced.Directory.Fetch", "parameters": {"login": "suzuki"}})
            assert daemon.ask("Status")["online"] is True
            assert daemon.stop() == 0
        assert "Traceback" not in daemon.errors
        daemon.told("STOPPING=1")
    finally:
        slapd.thaw()


def test_the_watchdog_is_fed(daemon: Daemon) -> None:
    daemon.ready(WATCHDOG_USEC="300000")
    for _again in range(3):
        daemon.told("WATCHDOG=1")


def test_the_state_folder_of_the_unit_is_preferred(daemon: Daemon, tmp_path: Path) -> None:
    daemon.ready(STATE_DIRECTORY=str(tmp_path / "unit"))
    daemon.fetch("tanaka")
    daemon.ask("Used", login="tanaka")
    assert len(list((tmp_path / "unit" / "cache").glob("*.face"))) == 1
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda daemon: daemon.password.chmod(0o644), "chmod 600"),
        (lambda daemon: daemon.password.unlink(), "Join this host first"),
        (lambda daemon: daemon.leave_out("servers"), "No directory server"),
        (lambda daemon: daemon.leave_out("bind_dn"), "account or the password"),
        (lambda daemon: daemon.config.write_text("[nonsense]\n"), "nonsense"),
        (lambda daemon: daemon.config.unlink(), "no configuration file"),
    ],
)
def test_a_mistake_in_the_configuration_is_one_line_and_an_exit_status(
    daemon: Daemon, change: Callable[[Daemon], object], words: str
) -> None:
    change(daemon)
    daemon.start()
    assert daemon.process is not None
    assert daemon.process.wait(timeout=PATIENCE_S) == 78
    daemon.stop()
    assert words in daemon.errors
    assert len(daemon.errors.strip().splitlines()) == 1


def report_of(slapd: PrivateSlapd) -> bytes | None:
    with slapd.admin() as admin:
        return admin.read(slapd.tree.host("pc-001"), ["facedHostReport"]).one("facedHostReport")


def test_a_report_is_in_the_hosts_own_entry_after_the_next_poll(slapd: PrivateSlapd, tmp_path: Path) -> None:
    daemon = Daemon(slapd, tmp_path, poll_s=0.3)
    try:
        daemon.ready()
        assert daemon.ask("Report", report=base64.b64encode(b"first").decode()) == {}
        assert daemon.ask("Report", report=base64.b64encode(b"second").decode()) == {}
        until = time.monotonic() + PATIENCE_S
        while report_of(slapd) != b"second":
            assert time.monotonic() < until
            time.sleep(0.05)
    finally:
        daemon.close()


@pytest.mark.parametrize("report", ["", "no base64", base64.b64encode(bytes(12 * 1024 + 1)).decode()])
def test_what_is_no_report_is_refused(daemon: Daemon, report: str) -> None:
    daemon.ready()
    with pytest.raises(VarlinkError) as refused:
        daemon.ask("Report", report=report)
    assert refused.value.name == "org.varlink.service.InvalidParameter"


class Stuck:
    """A directory behind a resolver that hangs: no deadline of ours ends the wait."""

    def __init__(self) -> None:
        self.asked = 0
        self.free = threading.Event()

    def ask(self, logins: Iterable[str], within_s: float | None) -> Answer:
        self.asked += 1
        self.free.wait(PATIENCE_S)
        raise DirectoryUnavailable("too late")

    def manifest(self) -> bytes | None:
        raise DirectoryUnavailable("too late")

    def report(self, report: bytes) -> None:
        raise DirectoryUnavailable("too late")


def test_what_no_deadline_can_end_is_left_behind(tmp_path: Path) -> None:
    stuck, loop = Stuck(), Loop()
    cache = Cache(tmp_path / "cache", valid_days=14, clock=time.time)
    cache.keep_papers(RealmPapers(b"manifest", (b"delegation",), b"host"), int(time.time()))
    cache.keep("tanaka", SealedFace(TEMPLATE, KEYS, None), int(time.time()) - 10_000)
    fetcher = Fetcher(stuck, cache, timeout_s=0.1, refresh_s=900, poll_s=30, random=lambda: 0.5)
    server = Server(loop)
    path = tmp_path / "socket"
    DirectoryService(loop, fetcher, {os.getuid()}, 0.1).listen(server, bind_listener(path, 0o600))
    thread = threading.Thread(target=loop.run, daemon=True)
    thread.start()

    def call(method: str, **parameters: str) -> dict[str, Any]:
        with Client(path, PATIENCE_S) as client:
            return client.call(f"io.faced.Directory.{method}", **parameters)

    def ask(login: str) -> dict[str, Any]:
        return call("Fetch", login=login)

    try:
        assert call("Papers")["bundle"] is None, "nothing is known to be wrong"
        assert Bundle.from_wire(ask("tanaka")["bundle"]).template == TEMPLATE, "stale, but valid"
        assert call("Papers")["bundle"] is not None, "this host is as good as cut off"
        assert not call("Status")["online"]
        reasons = []
        for number in range(MOST_VISITS + 1):
            with pytest.raises(VarlinkError) as refused:
                ask(f"nobody{number}")
            reasons.append(refused.value.parameters["reason"])
        assert set(reasons[: MOST_VISITS - 1]) == {"timed_out"}
        assert set(reasons[MOST_VISITS - 1 :]) == {"busy"}, "stuck visits do not pile up"
        assert stuck.asked == MOST_VISITS
    finally:
        stuck.free.set()
        loop.stop()
        thread.join(PATIENCE_S)
        server.close()


def test_it_can_neither_see_a_face_nor_open_a_template() -> None:
    code = (
        "import sys, faced.service.directory_daemon;"
        "print([name for name in ('cv2', 'dlib', 'nacl', 'numpy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_nobody_hangs_on_a_daemon_that_is_gone(daemon: Daemon) -> None:
    daemon.ready()
    assert daemon.stop() == 0
    with pytest.raises(ProtocolError):
        daemon.fetch("tanaka")
