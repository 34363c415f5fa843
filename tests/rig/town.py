"""A whole town hall PC that does not exist: directory, station, daemons, camera, PAM - all real but the people.

Everything runs in one :class:`tests.rig.namespace.PrivateSystem` on the product's default paths, set up with facectl as
an administrator would. Used by ``make demo``, by tests/bypass and by the acceptance tests.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faced.directory.connection import equals
from faced.dummy.photo import encode_jpeg, id_photo
from faced.dummy.staff import StaffMember
from faced.liveness.challenge import Challenge
from faced.logon import guidance
from faced.service.varlink import Client
from tests.rig.namespace import PrivateSystem, add_user
from tests.rig.pam import AUTHENTICATE, PYTHON, ROOT, Conversation, Step, converse
from tests.rig.slapd import PrivateSlapd
from tests.rig.v4l2 import FakeWebcam

BIN = Path(sys.executable).parent
DRIVER = ROOT / "tests" / "rig" / "pam_conversation.py"
MODULE = ROOT / "pam_module" / "pam_faced.so"
SERVICE = "desktop"
HOST = "pc-001"
FIRST_UID = 20001
STATION = Path("/var/lib/faced-station")
#: Argon2id costs a second a key; the enrolment key keeps its passphrase.
_OPEN_ROLES = [word for role in ("operate", "manifest", "approve", "revoke") for word in ("--open-role", role)]
#: Who is asked does it again and again; so often fills the time there is.
OFTEN = 4
COUNTERS = Path("/var/lib/faced")
#: In the language of the PC's configuration.
CODE_PROMPT = "Emergency code: "
START_S = 60.0

_CONFIG = """
language = "en"
[host]
name = "{host}"
[camera]
name = "{camera}"
[logon]
# Half of the default: those who show that nobody is there should not have to wait for it.
no_face_timeout_s = 4
[directory]
servers = ["{server}"]
base = "{base}"
ca_file = "/etc/faced/directory-ca.pem"
bind_dn = "{bind_dn}"
[station]
path = "{station}"
"""

_STACK = f"""
auth     [default=ignore] {MODULE} begin
auth     requisite        pam_unix.so nodelay
auth     required         {MODULE}
account  required         {MODULE}
"""


#: Says one thing to the daemon and prints the first answer.
_ASK = """
import socket, sys
with socket.socket(socket.AF_UNIX) as client:
    client.settimeout(20)
    client.connect("/run/faced/logon")
    client.sendall(sys.argv[1].encode() + bytes(1))
    answer = b""
    while bytes(1) not in answer:
        received = client.recv(65536)
        if not received:
            break
        answer += received
print(answer.split(bytes(1))[0].decode() or "{}")
"""

#: Answers every call with a match and the caller's own nonce.
_IMPOSTOR = """
import json, socket, sys
with socket.socket(socket.AF_UNIX) as listener:
    listener.bind(sys.argv[1])
    listener.listen()
    while True:
        client, _address = listener.accept()
        try:
            while received := client.recv(65536):
                nonce = json.loads(received.split(bytes(1))[0])["parameters"].get("nonce")
                client.sendall(json.dumps({"parameters": {"outcome": "match", "nonce": nonce}}).encode() + bytes(1))
        except (OSError, ValueError):
            pass
"""


@dataclass(frozen=True)
class Logon:
    """How one logon went; ``after_password_s`` from the last key of the password to the answer."""

    conversation: Conversation
    total_s: float
    after_password_s: float

    @property
    def code(self) -> int:
        """The PAM code of the auth phase."""
        return self.conversation.code


class Town:
    """The PC, its directory and its station; a context manager.

    :param folder: for what must outlive a restart of a part; the caller removes it.
    :param members: the staff who get an account, a password and an entry in the directory; :meth:`enrol` does the rest.
    """

    def __init__(self, folder: Path, members: Sequence[StaffMember]) -> None:
        self.folder = folder
        self.members = tuple(members)
        self.passwords = {member.login: secrets.token_urlsafe(9) for member in members}
        self.uids = {member.login: FIRST_UID + at for at, member in enumerate(members)}
        self._stack = contextlib.ExitStack()
        self._daemons: dict[str, subprocess.Popen[bytes]] = {}
        self.passphrase = secrets.token_urlsafe(16)

    def __enter__(self) -> Town:
        try:
            self.system = self._stack.enter_context(PrivateSystem())
            self.slapd = self._stack.enter_context(PrivateSlapd())
            self.camera = FakeWebcam(self.folder, driver="uvcvideo")
            self._write_configuration(HOST)
            for login, uid in self.uids.items():
                add_user(self.system, login, uid, self.passwords[login])
            self._found_realm()
            self._plant_people()
            self._join_host(HOST)
            self._stack.callback(self.stop)
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_exception: object) -> None:
        self._stack.close()

    def facectl(
        self, *arguments: str, check: bool = True, input_text: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run facectl inside, with the station's passphrase at hand."""
        return self.system.run(
            [BIN / "facectl", *arguments],
            env={"FACED_PASSPHRASE_FILE": "/etc/faced/passphrase"},
            check=check,
            input_text=input_text,
        )

    def enrol(self, members: Iterable[StaffMember], reason: str = "ID photos", basis: str = "staff") -> dict[str, Any]:
        """Enrol people from their ID photos, all in one go, and return facectl's summary."""
        photos = self.system.path("/etc/faced/photos")
        photos.mkdir()
        for member in members:
            (photos / f"{member.login}.jpg").write_bytes(encode_jpeg(id_photo(member.identity())))
        options = ("--basis", basis, "--reason", reason, "--json")
        done = self.facectl("enroll", "--photos", "/etc/faced/photos", *options, check=False)
        shutil.rmtree(photos)
        if not done.stdout.strip():
            raise RuntimeError(f"facectl enroll: {done.stderr}")
        summary: dict[str, Any] = json.loads(done.stdout)
        return summary

    def start(self) -> None:
        """Start both daemons and wait until they say that they are ready."""
        self.start_daemon("faced-directory")
        self.start_daemon("faced", environment=self.camera.environment)

    def start_daemon(self, name: str, *, environment: Mapping[str, str] | None = None) -> None:
        """Start one daemon and wait until its socket answers."""
        name_of_socket = {"faced": "logon", "faced-directory": "directory"}[name]
        log = self.folder / f"{name}.log"
        self._daemons[name] = self.system.start(
            [BIN / name], env={"OMP_NUM_THREADS": "1", **(environment or {})}, log=log
        )
        deadline = time.monotonic() + START_S
        while not _answers(self.system.path(f"/run/faced/{name_of_socket}")):
            if self._daemons[name].poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{name} did not start:\n{log.read_text()}")
            time.sleep(0.02)

    def pid(self, name: str) -> int:
        """The process of a daemon."""
        return self._daemons[name].pid

    def restart(self, name: str) -> None:
        """Start a daemon again, after whatever was done to it."""
        if name in self._daemons:
            self.stop_daemon(name)
        self.start_daemon(name, environment=self.camera.environment if name == "faced" else None)

    def stop_daemon(self, name: str, *, kill: bool = False) -> None:
        """End one daemon, by SIGKILL if it is to be found dead."""
        process = self._daemons.pop(name)
        process.kill() if kill else process.terminate()
        process.wait(20)

    def stop(self) -> None:
        """End what runs."""
        for name in list(self._daemons):
            self.stop_daemon(name)

    def seat(self, frames: Iterable[NDArray[np.uint8]], acts: Mapping[str, Iterable[NDArray[np.uint8]]] = {}) -> None:
        """Who, or what, is before the camera now; waits until the last attempt has closed it.

        :param acts: what they do when asked, by the name of the challenge.
        """
        while "faced" in self._daemons and self._camera_state() == "open":
            time.sleep(0.005)
        self.camera.show(frames, acts)

    def _camera_state(self) -> str:
        with Client(self.system.path("/run/faced/status"), 10.0) as client:
            return str(client.call("io.faced.Status.Get")["camera_state"])

    def logon(
        self,
        user: str,
        password: str,
        *,
        service: str = SERVICE,
        typing_s: float = 0.0,
        steps: Sequence[Step] = (AUTHENTICATE,),
        code: str = "",
    ) -> Logon:
        """One logon through the real libpam and the PC's own /etc/pam.d.

        :param code: what is typed where an emergency code is asked for.
        """
        typed_at = time.monotonic()

        def type_password(prompt: str) -> str:
            nonlocal typed_at
            if prompt == CODE_PROMPT:
                return code
            time.sleep(typing_s)
            typed_at = time.monotonic()
            return password

        began = time.monotonic()
        driver = self.system.command([PYTHON, "-I", DRIVER])
        conversation = converse(
            driver, user, service, type_password, steps=steps, show=self._obey, environment=dict(os.environ)
        )
        ended = time.monotonic()
        return Logon(conversation, ended - began, ended - typed_at)

    def _obey(self, text: str) -> bool:
        """Whoever sits there reads the screen and does what it says, until something else is said."""
        for challenge in Challenge:
            if text.endswith(guidance.request(challenge, again=False)):
                self.camera.act(challenge, OFTEN)
        return True

    def ask_as(self, uid: int, method: str, **parameters: object) -> dict[str, Any]:
        """One varlink call to the logon socket by a process of another uid; the first answer."""
        call = json.dumps({"method": f"io.faced.Logon.{method}", "parameters": parameters})
        done = self.system.run(
            ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", PYTHON, "-c", _ASK, call]
        )
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    @contextlib.contextmanager
    def impostor_daemon(self, uid: int) -> Iterator[str]:
        """A daemon of an ordinary user that says match to whatever it is asked; gives its socket's path."""
        folder = self.system.path("/run/impostor")
        folder.mkdir(exist_ok=True)
        os.chown(folder, uid, uid)
        path = "/run/impostor/logon"
        log = self.folder / "impostor.log"
        process = self.system.start(
            ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", PYTHON, "-c", _IMPOSTOR, path], log=log
        )
        try:
            while not _answers(self.system.path(path)):
                if process.poll() is not None:
                    raise RuntimeError(f"the impostor did not start: {log.read_text()}")
                time.sleep(0.01)
            yield path
        finally:
            process.kill()
            process.wait()
            shutil.rmtree(folder)

    @contextlib.contextmanager
    def without_camera(self) -> Iterator[None]:
        """The camera is unplugged."""
        self.camera.set(absent=True)
        try:
            yield
        finally:
            self.camera.set(absent=None)

    @contextlib.contextmanager
    def cut_off(self) -> Iterator[None]:
        """The directory cannot be reached."""
        self.slapd.stop()
        try:
            yield
        finally:
            self.slapd.start()
            # It would leave a directory alone for a minute that was not there.
            self.restart("faced-directory")

    @contextlib.contextmanager
    def without_journal(self) -> Iterator[None]:
        """Nobody listens at the journal's socket."""
        path = self.system.path("/run/systemd/journal/socket")
        path.rename(path.with_name("aside"))
        try:
            yield
        finally:
            path.with_name("aside").rename(path)

    @contextlib.contextmanager
    def configured(self, logon: str) -> Iterator[None]:
        """The daemon with more lines in its section [logon]."""
        path = self.system.path("/etc/faced/faced.toml")
        before = path.read_text()
        path.write_text(before.replace("[logon]\n", f"[logon]\n{logon}\n"))
        self.restart("faced")
        try:
            yield
        finally:
            path.write_text(before)
            self.restart("faced")

    def write_stack(self, service: str, *lines: str) -> None:
        """Another service in /etc/pam.d."""
        self.system.path(f"/etc/pam.d/{service}").write_text("".join(f"{line}\n" for line in lines))

    def forgive_all(self) -> None:
        """Remove all try counters."""
        for path in self.system.path(COUNTERS).glob("tries-*"):
            path.unlink()

    def counters(self) -> dict[str, bytes]:
        """The try counters on the disk, byte for byte."""
        folder = self.system.path(COUNTERS)
        return {path.name: path.read_bytes() for path in sorted(folder.glob("tries-*"))}

    def read_person(self, login: str) -> dict[str, list[bytes]]:
        """All attributes of a person's entry, as the directory's administrator sees them."""
        with self.slapd.admin() as admin:
            entry = admin.find(self.slapd.tree.people, equals(uid=login), ("*",))
        return {name: list(values) for name, values in entry.attributes.items() if name.startswith("faced")}

    def write_person(self, login: str, attributes: Mapping[str, Sequence[bytes]]) -> None:
        """Write attributes with the rights of the directory's administrator."""
        with self.slapd.admin() as admin:
            entry = admin.find(self.slapd.tree.people, equals(uid=login), ("uid",))
            admin.modify(entry.dn, replace=attributes)

    def rename_person(self, login: str, to: str) -> None:
        """Give an entry another uid, with the rights of the directory's administrator."""
        subprocess.run(
            [
                "ldapmodrdn", "-x", "-r", "-H", self.slapd.ldaps_url,
                "-D", self.slapd.admin_dn, "-w", self.slapd.admin_password,
                self.slapd.tree.person(login), f"uid={to}",
            ],
            env={**os.environ, "LDAPTLS_CACERT": str(self.slapd.ca_file)},
            check=True,
            capture_output=True,
        )  # fmt: skip

    def forget_cache(self) -> None:
        """Let the PC ask the directory again: its cache is emptied, as an impatient administrator would."""
        self.stop_daemon("faced-directory")
        for path in self.system.path("/var/lib/faced-directory").rglob("*"):
            if path.is_file():
                path.unlink()
        self.start_daemon("faced-directory")

    def reasons(self, since: int = 0) -> list[dict[str, str]]:
        """The audit events in the journal from the ``since``-th on: event, outcome, reason, exemption."""
        entries = [entry for entry in self.system.journal() if "FACED_EVENT" in entry]
        return [
            {
                "event": entry["FACED_EVENT"],
                "outcome": entry.get("FACED_OUTCOME", ""),
                "reason": entry.get("FACED_REASON", ""),
                "exemption": entry.get("FACED_EXEMPTION", ""),
            }
            for entry in entries[since:]
        ]

    def become(self, name: str) -> None:
        """The PC is another one from now on: it has joined by itself, remembers nothing, and its daemons run."""
        self.stop()
        for folder in ("faced", "faced-directory"):
            shutil.rmtree(self.system.path(f"/var/lib/{folder}"))
        for secret in ("host.keys", "directory.password"):
            self.system.path(f"/etc/faced/{secret}").unlink()
        shutil.rmtree(self.system.path("/run/faced"))
        self._write_configuration(name)
        self._join_host(name)
        self.start()

    def _write_configuration(self, host: str) -> None:
        etc = self.system.path("/etc/faced")
        etc.mkdir(exist_ok=True)
        (etc / "faced.toml").write_text(
            _CONFIG.format(
                host=host,
                camera=self.camera.name,
                server=self.slapd.ldaps_url,
                base=self.slapd.tree.base,
                bind_dn=self.slapd.tree.host(host),
                station=STATION,
            )
        )
        shutil.copy(self.slapd.ca_file, etc / "directory-ca.pem")
        self._secret("passphrase", self.passphrase)
        self._secret("admin.password", self.slapd.admin_password)
        self.system.path(f"/etc/pam.d/{SERVICE}").write_text(_STACK)
        # systemd-tmpfiles and the units' StateDirectory= on a real PC.
        self.system.path("/run/faced").mkdir()
        for folder in ("faced", "faced-directory"):
            self.system.path(f"/var/lib/{folder}").mkdir(mode=0o700)

    def _secret(self, name: str, text: str) -> None:
        path = self.system.path(f"/etc/faced/{name}")
        path.touch(mode=0o600)
        path.write_text(text + "\n")

    def _found_realm(self) -> None:
        self.facectl(
            "realm", "init", "Dummy Town", "--dummy", "--station", str(STATION), "--handler", "demo",
            "--root-passphrase-file", "/etc/faced/passphrase", *_OPEN_ROLES,
            "--bind-dn", self.slapd.admin_dn, "--bind-password-file", "/etc/faced/admin.password",
        )  # fmt: skip

    def _plant_people(self) -> None:
        """The town's own directory of people, there before faced came: plain inetOrgPerson."""
        with self.slapd.admin() as admin:
            for member in self.members:
                admin.add(
                    self.slapd.tree.person(member.login),
                    ["inetOrgPerson"],
                    {
                        "cn": [member.japanese_name.encode()],
                        "sn": [member.family.japanese.encode()],
                        "employeeNumber": [member.number.encode()],
                        "mail": [member.mail.encode()],
                    },
                )

    def _join_host(self, name: str) -> None:
        # No systemd here that would open a credential.
        plain = ("--with-key", "none")
        asked = self.facectl("host", "join", "--name", name, "--request", "/etc/faced/host.request", *plain)
        approved = self.facectl(
            "host", "approve", name, "--request", "/etc/faced/host.request", "--welcome", "/etc/faced/host.welcome",
            "--fingerprint", _fingerprint(asked.stdout),
        )  # fmt: skip
        self.facectl(
            "host",
            "join",
            "--welcome",
            "/etc/faced/host.welcome",
            "--fingerprint",
            _fingerprint(approved.stdout),
            *plain,
        )


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(path)) == 0


def _fingerprint(printed: str) -> str:
    """What two people would read to each other."""
    found = re.findall(r"(?:[0-9a-f]{4} ){4}[0-9a-f]{4}", printed)
    assert len(found) == 1, printed
    return str(found[0])
