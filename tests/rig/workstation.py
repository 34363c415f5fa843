"""A workstation of a dummy city: faced installed and joined, a directory, a webcam, and staff who do not exist.

Founded, joined and enrolled by ``facectl`` inside, as an administrator would; the same machine is the authority's
station.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from faced.dummy.identity import Identity
from faced.dummy.photo import encode_jpeg, id_photo
from faced.trust.realm import Role
from tests.rig.container import Container
from tests.rig.installation import machine_with_faced
from tests.rig.sitter import fidgeter
from tests.rig.slapd import PrivateSlapd
from tests.rig.v4l2 import FakeWebcam

HOST = "pc-001"
STATION = "/var/lib/faced-station"
SECRETS = "/root/secrets"
FPS = 15
#: Services of the tests: the dummy before the webcam looks left and right by itself.
SILENT = ["lightdm", "faced-test", "login", "sudo", "su", "su-l", "runuser", "systemd-user", "common-auth"]


@dataclass(frozen=True)
class Workstation:
    """What a test of the whole system has in its hands."""

    machine: Container
    slapd: PrivateSlapd
    webcam: FakeWebcam

    def facectl(self, *arguments: str) -> str:
        """Run ``facectl`` as root; what it printed."""
        return self.machine.run("facectl", *arguments).stdout

    def add_user(self, login: str, password: str) -> None:
        """A local account with a password."""
        self.machine.run("useradd", "--create-home", "--shell", "/bin/sh", login)
        self.machine.run("chpasswd", input=f"{login}:{password}\n")

    def enrol(self, login: str, seed: int) -> None:
        """Enrol the dummy of this seed from an ID photo as this account."""
        photo = f"/root/{login}.jpg"
        self.machine.write(photo, encode_jpeg(id_photo(Identity(seed))))
        self.facectl(
            *(
                "enroll",
                login,
                "--photo",
                photo,
                "--staff-number",
                f"{seed:06}",
                "--name",
                f"Dummy {seed}",
                "--reason",
                "test",
            ),
        )

    def start_directory(self) -> None:
        """Start the directory again, on the machine's network."""
        with self.machine.network():
            self.slapd.start()

    def show(self, seed: int) -> None:
        """Put the dummy of this seed before the webcam, alive, on another occasion than that of the photo.

        Waits until the camera is closed: a stream that runs on for the next attempt would go on showing who was there.
        """
        self.machine.wait_until(lambda: self._camera_state() != "open", "the camera to be closed")
        self.webcam.show(fidgeter(Identity(seed), fps=FPS))

    def _camera_state(self) -> str:
        # Its exit status is 1: a realm of dummies is worth a warning.
        # A machine that is busy elsewhere may answer nothing: then nothing is known yet.
        told = self.machine.run("facectl", "status", "--json", check=False).stdout
        return str(json.loads(told)["logon"]["camera_state"]) if told else "open"


@contextmanager
def dummy_workstation() -> Iterator[Workstation]:
    """A joined workstation with both daemons' sockets up; nobody is enrolled."""
    with TemporaryDirectory(prefix="faced-webcam-") as folder:
        Path(folder).chmod(0o755)
        webcam = FakeWebcam(Path(folder), fps=FPS)
        with machine_with_faced({Path(folder): folder}) as machine, ExitStack() as stack:
            # Only while it starts: the thread goes on to run other tests, on its own network.
            with machine.network():
                slapd = stack.enter_context(PrivateSlapd())
            workstation = Workstation(machine, slapd, webcam)
            _configure(workstation)
            _plug_in(machine, webcam, folder)
            _found(workstation)
            _join(workstation)
            machine.systemctl("start", "faced.socket", "faced-status.socket", "faced-directory.socket")
            yield workstation


def _configure(workstation: Workstation) -> None:
    slapd = workstation.slapd
    workstation.machine.unpack(
        {
            "/etc/faced/faced.toml": (
                f"""language = "en"
[host]
name = "{HOST}"
[camera]
name = "{workstation.webcam.name}"
fps = {FPS}
[logon]
no_face_timeout_s = 4
[liveness]
# Nobody reads what these tests' terminals show.
silent = {json.dumps(SILENT)}
[directory]
servers = ["{slapd.ldaps_url}"]
base = "{slapd.tree.base}"
bind_dn = "{slapd.tree.host(HOST)}"
""".encode(),
                0o644,
            ),
            "/etc/faced/directory-ca.pem": (slapd.ca_file.read_bytes(), 0o644),
            f"{SECRETS}/root": (secrets.token_hex(16).encode(), 0o600),
            f"{SECRETS}/role": (secrets.token_hex(16).encode(), 0o600),
            f"{SECRETS}/admin": (slapd.admin_password.encode(), 0o600),
        }
    )


def _plug_in(machine: Container, webcam: FakeWebcam, folder: str) -> None:
    """The preloaded webcam is a library and some files: shown to the daemon inside its sandbox."""
    environment = "".join(f"Environment={key}={value}\n" for key, value in webcam.environment.items())
    machine.write(
        "/run/systemd/system/faced.service.d/webcam.conf", f"[Service]\n{environment}BindReadOnlyPaths={folder}\n"
    )
    machine.systemctl("daemon-reload")


def _found(workstation: Workstation) -> None:
    workstation.facectl(
        *("realm", "init", "Dummy City", "--dummy", "--station", STATION, "--handler", "suzuki"),
        *("--root-passphrase-file", f"{SECRETS}/root", "--passphrase-file", f"{SECRETS}/role"),
        # A passphrase takes a second of a core for each key; those of the roles are not what is tested with this.
        *(option for role in Role for option in ("--open-role", role.value)),
        *("--bind-dn", workstation.slapd.admin_dn, "--bind-password-file", f"{SECRETS}/admin"),
    )


def _join(workstation: Workstation) -> None:
    asked = workstation.facectl("host", "join", "--request", "/root/request")
    approved = workstation.facectl(
        *("host", "approve", HOST, "--request", "/root/request", "--fingerprint", _fingerprint(asked)),
        *("--welcome", "/root/welcome"),
    )
    workstation.facectl("host", "join", "--welcome", "/root/welcome", "--fingerprint", _fingerprint(approved))


def _fingerprint(text: str) -> str:
    found = re.search(r"(?:[0-9a-f]{4,} ?)+$", text.strip().splitlines()[-1])
    assert found, text
    return found.group()
