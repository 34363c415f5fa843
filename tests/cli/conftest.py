"""facectl as an administrator runs it: a real slapd, a station, a configuration file, and a way to run commands."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cli.main import group
from cli.run import Run
from faced.directory.tree import RoleAccount
from faced.enrolment.founding import Founding, found
from faced.enrolment.host_secret import HostKeyStore, HostSecret
from faced.enrolment.planting import publish_realm
from faced.enrolment.station import Station
from faced.i18n import set_language
from faced.trust.keys import Argon2id, HostKeys
from faced.trust.realm import Role
from tests.cli.syncing import enrolled, film, hr, hr_once, pictures  # noqa: F401 - fixtures
from tests.rig.slapd import PrivateSlapd

#: 15 October 2026, noon in Japan.
NOW = 1_792_033_200
ROOT_PASSPHRASE = "the root of all evil"
ROLE_PASSPHRASE = "correct horse battery"
CHEAP = Argon2id(1, 8 * 1024)


class Office:
    """One municipality: a directory, a station, one PC; commands run in this process at a time of our choice."""

    def __init__(self, folder: Path, slapd: PrivateSlapd) -> None:
        self.folder = folder
        self.slapd = slapd
        self.now = NOW
        self.cost: Argon2id | None = CHEAP
        self.station_path = folder / "station"
        self.config = folder / "faced.toml"
        self.passphrases = self.secret("passphrases", ROLE_PASSPHRASE)
        self.admin_password = self.secret("admin", slapd.admin_password)
        self.write_config()

    def secret(self, name: str, text: str) -> Path:
        """A private file with one line."""
        path = self.folder / name
        path.write_text(text + "\n", encoding="utf-8")
        path.chmod(0o600)
        return path

    def write_config(self, **directory: object) -> None:
        """The configuration of station and PC in one."""
        values = {
            "servers": [self.slapd.ldaps_url],
            "base": self.slapd.tree.base,
            "ca_file": str(self.slapd.ca_file),
            "bind_dn": self.slapd.tree.host("pc0123"),
            "password": str(self.folder / "directory.password"),
            "timeout_s": 10,
            **directory,
        }
        self.config.write_text(
            f'language = "en"\n[realm]\nanchor = "{self.folder}/realm.anchor"\n'
            f'[host]\nname = "pc0123"\nkeys = "{self.folder}/host.keys"\n'
            f'[station]\npath = "{self.station_path}"\n'
            f'[sockets]\nlogon = "{self.folder}/logon"\nstatus = "{self.folder}/status"\n'
            f'directory = "{self.folder}/directory"\n'
            "[directory]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items()),
            encoding="utf-8",
        )

    def facectl(self, *arguments: object, input: str | None = None) -> Result:
        """Run one command; errors become statuses as for a user."""
        set_language("en")
        result = CliRunner().invoke(
            group(),
            ["--config", str(self.config), *map(str, arguments)],
            input=input,
            obj=Run(self.config, clock=lambda: self.now, cost=self.cost),
            prog_name="facectl",
            env={"FACED_PASSPHRASE_FILE": str(self.passphrases), **self.sealing},
        )
        assert "Traceback" not in result.output
        return result

    def json(self, *arguments: object) -> Any:
        """The answer of a command that succeeds."""
        result = self.facectl(*arguments, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    @property
    def sealing(self) -> dict[str, str]:
        """The PC has a key of its own for credentials, and no TPM."""
        return {
            "SYSTEMD_CREDENTIAL_SECRET": str(self.folder / "credential.secret"),
            "SYSTEMD_TPM2_DEVICE": "device:/dev/none",
        }

    def secret_of_pc(self, name: str) -> HostSecret:
        """ "host.keys" or "directory.password" of the PC, in whichever form it rests."""
        return HostSecret(self.folder / name, {**os.environ, **self.sealing})

    @property
    def host_keys(self) -> HostKeys:
        """The PC's keys."""
        return HostKeyStore(self.secret_of_pc("host.keys")).read()

    @property
    def host_password(self) -> str:
        """The password that the PC binds with."""
        return self.secret_of_pc("directory.password").read().decode().strip()

    @property
    def station(self) -> Station:
        return Station.open(self.station_path)

    def found(self, *, dummy: bool = True, groups: tuple[str, ...] = ("default", "finance")) -> None:
        """A published realm, made with a cheap passphrase cost."""
        station = found(
            self.station_path,
            Founding("Example City", dummy=dummy, handler="suzuki", decision="R8-1", groups=groups),
            root_passphrase=ROOT_PASSPHRASE.encode(),
            role_passphrase=ROLE_PASSPHRASE.encode(),
            now=self.now,
            cost=CHEAP,
        )
        passwords = {
            role: station.role(Role(role.value), lambda _name: ROLE_PASSPHRASE.encode()).password
            for role in RoleAccount
        }
        with self.slapd.admin() as admin:
            publish_realm(admin, self.slapd.tree, station, passwords)


@pytest.fixture(scope="session")
def slapd_once() -> Iterator[PrivateSlapd]:
    with PrivateSlapd() as slapd:
        yield slapd


@pytest.fixture
def office(tmp_path: Path, slapd_once: PrivateSlapd) -> Iterator[Office]:
    slapd_once.start()
    yield Office(tmp_path, slapd_once)
    slapd_once.start()
    _empty(slapd_once)


@pytest.fixture
def founded(office: Office) -> Office:
    office.found()
    return office


def _empty(slapd: PrivateSlapd) -> None:
    """Back to a directory without realm, hosts and people."""
    with slapd.admin() as admin:
        for unit in (slapd.tree.hosts, slapd.tree.people):
            for entry in tuple(admin.find_all(unit, "(|(objectClass=device)(objectClass=person))", [])):
                admin.remove(entry.dn)
        admin.modify(slapd.tree.realm, replace={"facedRealmStatement": [], "facedDelegation": [], "facedManifest": []})
