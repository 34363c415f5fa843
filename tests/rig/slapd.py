"""A real slapd of one's own: private folder, own certificates, loopback ports, our schema and our access rules.

    with PrivateSlapd() as slapd:
        password = slapd.add_host("pc-001", ["default"])
        with slapd.connector(slapd.tree.host("pc-001"), password).connect() as connection:
            ...

Runs unprivileged, in its own process group, and leaves nothing behind. For tests and the demonstration.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from faced.directory.connection import Connection, Limits
from faced.directory.connector import Account, Connector
from faced.directory.hosts import Hosts
from faced.directory.realm import plant
from faced.directory.tree import RoleAccount, Tree
from tests.rig.pki import Authority, Certificate

_SBIN = "/usr/sbin"
SLAPD = f"{_SBIN}/slapd"
SCHEMA = Path(__file__).parents[2] / "etc" / "ldap"
_SYSTEM_SCHEMA = Path("/etc/ldap/schema")
_START_S = 20.0
_UNPRIVILEGED = "nobody"


class SlapdDied(RuntimeError):
    """slapd ended, or did not begin to answer; the text has its last words."""


class PrivateSlapd:
    """One slapd.

    :param folder: a new folder for its files, which stays; None for a temporary one.
    :param base: the suffix of the tree.
    :param authority: share it to let one CA file verify several servers.
    :param certificate: the server's; None makes a good one for localhost and 127.0.0.1.
    :param size_limit: entries that slapd gives in one search to whom ``limits`` does not name.
    :param allow_anonymous: let anybody bind as nobody, which then must not help.
    :param durable: every change is on the disk before it is answered, as outside tests.
    :param provides: let others replicate it.
    :param replica_of: another one, whose tree this one follows (syncrepl) and refers writers to.
    :param cn_config: keep the settings in cn=config, made with the .ldif files, instead of slapd.conf.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        base: str = "dc=example,dc=jp",
        people_base: str = "",
        authority: Authority | None = None,
        certificate: Certificate | None = None,
        size_limit: int = 500,
        allow_anonymous: bool = False,
        cn_config: bool = False,
        durable: bool = False,
        provides: bool = False,
        replica_of: PrivateSlapd | None = None,
    ) -> None:
        self.tree = Tree(base, people_base)
        self._given = folder
        self._authority = replica_of.authority if replica_of else authority
        self._provides = provides
        self._provider = replica_of
        self._certificate = certificate
        self._size_limit = size_limit
        self._allow_anonymous = allow_anonymous
        self._cn_config = cn_config
        self._durable = durable
        self._process: subprocess.Popen[bytes] | None = None
        self.admin_dn = f"cn=admin,{base}"
        self.admin_password = replica_of.admin_password if replica_of else secrets.token_hex(16)
        self._role_passwords = (
            replica_of._role_passwords if replica_of else {role: secrets.token_hex(16) for role in RoleAccount}
        )

    def __enter__(self) -> PrivateSlapd:
        self.folder = self._given or Path(tempfile.mkdtemp(prefix="faced-slapd-"))
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.folder.chmod(0o755)
            self.tls_port, self.starttls_port = _free_ports(2)
            self._write_files()
            self.start()
            if self._cn_config:
                self._load_settings()
            if self._provider is None:
                self._plant()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()
        if self._given is None:
            shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def ldaps_url(self) -> str:
        """LDAP inside TLS."""
        return f"ldaps://127.0.0.1:{self.tls_port}"

    @property
    def starttls_url(self) -> str:
        """LDAP that wants StartTLS."""
        return f"ldap://127.0.0.1:{self.starttls_port}"

    @property
    def ca_file(self) -> Path:
        """The certificate authority that signed the server."""
        return self.authority.certificate

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    def role_password(self, role: RoleAccount) -> str:
        """The password of a role's account."""
        return self._role_passwords[role]

    def connector(self, dn: str, password: str, *, timeout_s: float = 20.0, limits: Limits | None = None) -> Connector:
        """A way to connect as somebody; patient, because test machines are slow."""
        return Connector([self.ldaps_url], self.ca_file, Account(dn, password), timeout_s=timeout_s, limits=limits)

    def admin(self) -> Connection:
        """A connection as the directory's administrator, whom no access rule binds."""
        return self.connector(self.admin_dn, self.admin_password).connect()

    def role(self, role: RoleAccount) -> Connection:
        """A connection as a role's account."""
        return self.connector(self.tree.role(role), self._role_passwords[role]).connect()

    def add_host(self, name: str, groups: Sequence[str]) -> str:
        """Make a workstation's entry, as ``operate`` would, and return its password."""
        password = secrets.token_hex(16)
        with self.role(RoleAccount.OPERATE) as operate:
            Hosts(operate, self.tree).add(name, password, groups)
        return password

    def load(self, ldif: str) -> None:
        """Add the entries of an LDIF text straight to the database; slapd is stopped meanwhile."""
        self.stop()
        self._tool([f"{_SBIN}/slapadd", "-q", *self._settings], ldif)
        self.start()

    def rebuild(self) -> None:
        """Export the database and make it anew, so that its file holds nothing but what is in it."""
        self.stop()
        everything = self._run([f"{_SBIN}/slapcat", *self._settings]).stdout
        for path in self.database.iterdir():
            path.unlink()
        self._tool([f"{_SBIN}/slapadd", "-q", *self._settings], everything)
        self.start()

    @property
    def database(self) -> Path:
        """The folder of the database's files."""
        return self.folder / "db"

    def install(self, certificate: Certificate) -> None:
        """Give the server this certificate, from its next start on."""
        for name, source in (("server.crt", certificate.certificate), ("server.key", certificate.key)):
            target = self.folder / "tls" / name
            shutil.copyfile(source, target)
            target.chmod(0o600)
            self._hand_over(target)

    def start(self) -> None:
        """Start it, or start it again on the same ports and data, and wait until it answers.

        :raises SlapdDied: with what slapd said.
        """
        if self.running:
            return
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                # It must not outlive a test run that was killed.
                ["setpriv", "--pdeathsig", "KILL", *self._as_unprivileged(), SLAPD, *self._settings, "-d", "0"]
                + ["-h", f"{self.starttls_url}/ {self.ldaps_url}/"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        until = time.monotonic() + _START_S
        while not all(_listening(port) for port in (self.starttls_port, self.tls_port)):
            if not self.running or time.monotonic() > until:
                code = self._process.poll()
                self.kill()
                raise SlapdDied(f"slapd does not answer (exit status {code}): {self.last_words() or self._diagnosis()}")
            time.sleep(0.01)

    def stop(self) -> None:
        """End it as an administrator would."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGKILL)

    def freeze(self) -> None:
        """Make it hang: connections are accepted by the kernel and nothing answers."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGSTOP)
        threads = Path(f"/proc/{self._process.pid}/task")
        while any(") T" not in (thread / "stat").read_text() for thread in threads.iterdir()):
            time.sleep(0.001)

    def thaw(self) -> None:
        """Let a frozen one go on."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGCONT)

    def last_words(self) -> str:
        """The end of slapd's own output."""
        return self._log.read_text(encoding="utf-8", errors="replace")[-2000:].strip()

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, how)
                os.kill(self._process.pid, signal.SIGCONT)
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _write_files(self) -> None:
        self.authority = self._authority or Authority(self.folder / "ca")
        certificate = self._certificate or self.authority.issue(f"slapd-{self.tls_port}")
        self._log = self.folder / "slapd.log"
        self._log.touch()
        tls = self.folder / "tls"
        tls.mkdir(exist_ok=True)
        shutil.copyfile(self.ca_file, tls / "ca.crt")
        self.install(certificate)
        (self.folder / "db").mkdir(mode=0o700, exist_ok=True)
        (self.folder / "faced.schema").write_text((SCHEMA / "faced.schema").read_text())
        (self.folder / "acl.conf").write_text(self._rules("acl.conf"))
        self._config = self.folder / "slapd.conf"
        self._config.write_text(
            f"""modulepath /usr/lib/ldap
moduleload back_mdb
{"moduleload syncprov" if self._provides else ""}
include {_SYSTEM_SCHEMA}/core.schema
include {_SYSTEM_SCHEMA}/cosine.schema
include {_SYSTEM_SCHEMA}/inetorgperson.schema
{"" if self._cn_config else f"include {self.folder}/faced.schema"}
pidfile {self.folder}/slapd.pid
TLSCACertificateFile {tls}/ca.crt
TLSCertificateFile {tls}/server.crt
TLSCertificateKeyFile {tls}/server.key
security simple_bind=64
{"" if self._allow_anonymous else "disallow bind_anon"}
sizelimit {self._size_limit}
database config
rootpw {self.admin_password}
database mdb
maxsize {256 * 1024 * 1024}
{"" if self._durable else "dbnosync"}
suffix {self.tree.base}
rootdn {self.admin_dn}
rootpw {self.admin_password}
directory {self.folder}/db
index objectClass,uid,employeeNumber,entryUUID,entryCSN eq
{self._replication()}
{"" if self._cn_config else f"include {self.folder}/acl.conf"}
"""
        )
        self._config.chmod(0o600)
        for path in (self.folder, self._log, self._config, self.folder / "db"):
            self._hand_over(path)
        self._settings = ["-f", str(self._config)]
        if self._cn_config:
            self._convert()

    def _replication(self) -> str:
        if self._provides:
            return "overlay syncprov"
        if self._provider is None:
            return ""
        return (
            f"syncrepl rid=001 provider={self._provider.ldaps_url} type=refreshAndPersist searchbase={self.tree.base}"
            f' bindmethod=simple binddn="{self.admin_dn}" credentials={self.admin_password}'
            f' tls_cacert={self.ca_file} retry="1 +"\nupdateref {self._provider.ldaps_url}'
        )

    def _hand_over(self, path: Path) -> None:
        if os.geteuid() == 0:
            user = pwd.getpwnam(_UNPRIVILEGED)
            os.chown(path, user.pw_uid, user.pw_gid)

    def _convert(self) -> None:
        """From slapd.conf to cn=config, with our own part from the .ldif files."""
        folder = self.folder / "slapd.d"
        folder.mkdir()
        self._hand_over(folder)
        # slaptest converts only what it could start, so there must be a database.
        self._tool([f"{_SBIN}/slapadd", "-q", *self._settings])
        self._tool([f"{_SBIN}/slaptest", "-Q", "-f", str(self._config), "-F", str(folder)])
        self._settings = ["-F", str(folder)]

    def _load_settings(self) -> None:
        """Our own part of cn=config, from the .ldif files, as an administrator loads it into a running server."""
        access = ["-x", "-D", "cn=config", "-w", self.admin_password, "-H", self.ldaps_url]
        environment = f"LDAPTLS_CACERT={self.ca_file}"
        self._tool(["env", environment, "ldapadd", *access], (SCHEMA / "faced.ldif").read_text(encoding="utf-8"))
        self._tool(["env", environment, "ldapmodify", *access], self._rules("acl.ldif"))

    def update(self) -> None:
        """Today's schema and rules in place of those that the running server has, as faced-update.ldif says."""
        access = ["-x", "-D", "cn=config", "-w", self.admin_password, "-H", self.ldaps_url]
        environment = f"LDAPTLS_CACERT={self.ca_file}"
        search = ["ldapsearch", "-LLL", *access, "-b", "cn=schema,cn=config", "(cn=*faced)", "dn"]
        found = self._run(["env", environment, *search]).stdout
        name = found.strip().removeprefix("dn: ")
        update = (SCHEMA / "faced-update.ldif").read_text(encoding="utf-8").replace("@FACED@", name)
        for change in (update, self._rules("acl.ldif")):
            self._tool(["env", environment, "ldapmodify", *access], change)

    def _rules(self, name: str) -> str:
        rules = (SCHEMA / name).read_text(encoding="utf-8").replace("@PEOPLE@", self.tree.people)
        return rules.replace("@BASE@", self.tree.base)

    def _tool(self, command: Sequence[str], text: str = "") -> None:
        done = self._run(command, text)
        if done.returncode:
            raise RuntimeError(f"{command[0]}: {done.stderr}")

    def _run(self, command: Sequence[str], text: str = "") -> subprocess.CompletedProcess[str]:
        drop = ["setpriv", *self._as_unprivileged()] if os.geteuid() == 0 else []
        return subprocess.run([*drop, *command], input=text, capture_output=True, text=True, check=False)

    def _plant(self) -> None:
        tree = self.tree
        with self.admin() as admin:
            name = tree.base.split(",")[0].split("=")[1]
            admin.add(tree.base, ["organization", "dcObject"], {"o": [name.encode()], "dc": [name.encode()]})
            if tree.people_base:
                admin.add(tree.people_base, ["organizationalUnit"], {})
            plant(admin, tree, self._role_passwords)

    def _as_unprivileged(self) -> list[str]:
        if os.geteuid() != 0:
            return []
        user = pwd.getpwnam(_UNPRIVILEGED)
        return ["--reuid", str(user.pw_uid), "--regid", str(user.pw_gid), "--clear-groups"]

    def _diagnosis(self) -> str:
        """What slapd says about its configuration; with -d 0 it dies without a word."""
        done = self._run([SLAPD, "-T", "test", "-d", "config,stats", *self._settings])
        return (done.stdout + done.stderr)[-2000:].strip()


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _each in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _listening(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
