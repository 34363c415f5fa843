"""A machine with a real systemd as PID 1, booted in half a second from a cached root file system.

Everything written in it is gone when it stops. Needs root, and nothing of systemd outside: it runs where PID 1 is
something else and cgroup v1 and v2 are mixed. Device and address rules of units are enforced inside
(``tests/container/test_enforcement.py`` proves it before anything relies on it).
"""

from __future__ import annotations

import ctypes
import json
import os
import secrets
import shlex
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.rig.rootfs import root_file_system

_ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8",
    "HOME": "/root",
}
#: For what a loaded machine may take; nothing is measured against it.
PATIENCE_S = 60.0
_CLONE_NEWNET = 0x40000000


class Container:
    """One booted machine; a context manager.

    :param binds: read-only mounts, path outside to path inside.
    """

    def __init__(self, binds: Mapping[Path, str] | None = None) -> None:
        self._binds = dict(binds or {})
        self._name = f"faced-{secrets.token_hex(4)}"
        self.cgroups: list[Path] = []
        self._nspawn: subprocess.Popen[bytes] | None = None
        self._console = Path(tempfile.mkdtemp(prefix="faced-console-")) / "console"
        self.leader = 0

    def __enter__(self) -> Container:
        try:
            self._boot()
        except BaseException:
            self._destroy()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._destroy()

    def _boot(self) -> None:
        if os.getuid() != 0:
            raise PermissionError(
                "The container tests need root: run them as root, or leave them out: -m 'not container'."
            )
        root = root_file_system()
        self.cgroups = [_make_cgroup(path, self._name) for path in _cgroup_folders()]
        join = "".join(f"echo 0 > {shlex.quote(str(cgroup))}/cgroup.procs; " for cgroup in self.cgroups)
        # nspawn puts a container into a cgroup "payload" below its own. Started side by side from one cgroup, two
        # machines would share it, and one's PID 1 would kill the other's services: hence a cgroup for each.
        # The outer PID namespace dies with the test run, however that ends, and takes the machine along.
        command = [
            *("sh", "-c", join + 'exec "$@"', "sh"),
            *("setpriv", "--pdeathsig", "KILL"),
            *("unshare", "--pid", "--fork", "--kill-child", "--mount-proc"),
            *("systemd-nspawn", "--quiet", f"--directory={root}", f"--machine={self._name}"),
            *("--register=no", "--keep-unit", "--link-journal=no", "--console=pipe", "--private-network"),
            # Without these capabilities and bpf() PID 1 drops device and address rules without a word.
            *("--volatile=overlay", "--capability=all", "--system-call-filter=bpf"),
            *(f"--bind-ro={outside}:{inside}" for outside, inside in self._binds.items()),
            "--boot",
        ]
        with self._console.open("wb") as console:
            self._nspawn = subprocess.Popen(
                command,
                env={**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"},
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
            )
        self.wait_until(self._find_leader, "PID 1 of the container")
        self.wait_until(lambda: self._inside("/run/systemd/private").exists(), "systemd to listen")
        state = self.run("systemctl", "is-system-running", "--wait", check=False).stdout.strip()
        if state != "running":
            failed = self.run("systemctl", "--failed", "--no-legend", "--plain", check=False).stdout
            raise RuntimeError(f"The container is {state}: {failed}")

    def _find_leader(self) -> bool:
        """PID 1 of the machine is the first descendant that is number 1 of a PID namespace two below ours."""
        assert self._nspawn is not None
        if self._nspawn.poll() is not None:
            raise RuntimeError(f"systemd-nspawn ended: {self._console.read_text(errors='replace')}")
        todo = [self._nspawn.pid]
        while todo:
            pid = todo.pop()
            try:
                status = Path(f"/proc/{pid}/status").read_text()
                todo += [int(c) for c in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
            except OSError:
                continue
            numbers = next(line for line in status.splitlines() if line.startswith("NSpid:")).split()[1:]
            if len(numbers) >= 3 and numbers[-1] == "1":
                self.leader = pid
                return True
        return False

    def _destroy(self) -> None:
        if self._nspawn is not None:
            self._nspawn.kill()
            self._nspawn.wait()
        for cgroup in self.cgroups:
            _remove_cgroup(cgroup)
        self._console.unlink(missing_ok=True)
        self._console.parent.rmdir()

    def _inside(self, path: str) -> Path:
        """A path inside as seen from outside; only for paths without absolute symbolic links."""
        return Path(f"/proc/{self.leader}/root{path}")

    @property
    def alive(self) -> bool:
        """Whether PID 1 runs."""
        return self._nspawn is not None and self._nspawn.poll() is None

    def argv(self, *command: str, user: str | None = None, env: Mapping[str, str] | None = None) -> list[str]:
        """What to start outside to run a command inside, for tests that need the process itself.

        :param user: as this user with its groups; None for root. No PAM session is made.
        """
        variables = [f"{key}={value}" for key, value in {**_ENVIRONMENT, **(env or {})}.items()]
        become = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"] if user else []
        scope = f"/proc/{self.leader}/root/sys/fs/cgroup/init.scope/cgroup.procs"
        join = f'echo 0 > {scope}; exec "$@"'
        return [
            "sh",
            "-c",
            join,
            "sh",
            "nsenter",
            "-t",
            str(self.leader),
            "-a",
            "--",
            "env",
            "-i",
            *variables,
            *become,
            *command,
        ]

    def run(
        self,
        *command: str,
        user: str | None = None,
        env: Mapping[str, str] | None = None,
        input: str = "",
        check: bool = True,
        timeout_s: float = PATIENCE_S,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command inside.

        :raises AssertionError: with everything it printed, if it fails and ``check`` is set.
        """
        done = subprocess.run(
            self.argv(*command, user=user, env=env), input=input, capture_output=True, text=True, timeout=timeout_s
        )
        if check and done.returncode != 0:
            raise AssertionError(f"{shlex.join(command)}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def systemctl(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """``systemctl``, without pager."""
        return self.run("systemctl", "--no-pager", *arguments, check=check)

    def show(self, unit: str, *properties: str) -> dict[str, str]:
        """Properties of a unit as PID 1 sees them."""
        lines = self.systemctl("show", unit, *(f"--property={name}" for name in properties)).stdout.splitlines()
        return dict(line.partition("=")[::2] for line in lines)

    def transient(
        self, *command: str, properties: Iterable[str], check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run a command as a service of PID 1 with these properties ("PrivateNetwork=yes")."""
        options = [f"--property={item}" for item in properties]
        return self.run("systemd-run", "--quiet", "--pipe", "--wait", "--collect", *options, *command, check=check)

    def journal(self, *matches: str) -> list[dict[str, Any]]:
        """Journal entries, oldest first; matches as for journalctl ("UNIT=x", "-u", ...)."""
        self.run("journalctl", "--sync")
        text = self.run("journalctl", "--no-pager", "--output=json", "--all", *matches).stdout
        return [json.loads(line) for line in text.splitlines()]

    @contextmanager
    def network(self) -> Iterator[None]:
        """The calling thread, and what it starts, are on the machine's network: its 127.0.0.1 is theirs."""
        libc = ctypes.CDLL(None, use_errno=True)
        with open("/proc/thread-self/ns/net") as home, open(f"/proc/{self.leader}/ns/net") as there:
            _enter(libc, there.fileno())
            try:
                yield
            finally:
                _enter(libc, home.fileno())

    def write(self, path: str, content: str | bytes, mode: int = 0o644, owner: str = "root:root") -> None:
        """Write a file inside, and the folders above it."""
        data = content.encode() if isinstance(content, str) else content
        self.unpack({path: (data, mode)})
        if owner != "root:root":
            self.run("chown", owner, path)

    def unpack(self, files: Mapping[str, tuple[bytes, int]]) -> None:
        """Write several files inside: absolute path to content and mode."""
        archive = BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            for path, (data, mode) in files.items():
                entry = tarfile.TarInfo(path.lstrip("/"))
                entry.size, entry.mode = len(data), mode
                tar.addfile(entry, BytesIO(data))
        self._extract(archive.getvalue())

    def copy_tree(self, folder: Path) -> None:
        """Lay a folder over the machine's root, as a package would."""
        archive = BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            for item in sorted(folder.iterdir()):
                tar.add(item, arcname=item.name, filter=_as_root)
        self._extract(archive.getvalue())

    def _extract(self, archive: bytes) -> None:
        # --keep-directory-symlink: /lib and /bin are links on a merged /usr.
        command = self.argv("tar", "-x", "-C", "/", "--keep-directory-symlink", "--no-overwrite-dir")
        subprocess.run(command, input=archive, check=True, timeout=PATIENCE_S)

    def wait_until(self, condition: Callable[[], Any], what: str, timeout_s: float = PATIENCE_S) -> Any:
        """The condition's value once it is true.

        :raises TimeoutError: naming ``what``, with the end of the console.
        """
        deadline = time.monotonic() + timeout_s
        while not (value := condition()):
            if time.monotonic() > deadline:
                raise TimeoutError(
                    f"Waited {timeout_s:.0f} s for {what}. {self._console.read_text(errors='replace')[-2000:]}"
                )
            time.sleep(0.02)
        return value


def _enter(libc: ctypes.CDLL, namespace: int) -> None:
    if libc.setns(namespace, _CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


def _as_root(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = "root"
    return entry


def _cgroup_folders() -> list[Path]:
    """Where this process is in the hierarchies that systemd-nspawn looks at: unified, and v1's "name=systemd"."""
    mounts: dict[str, str] = {}
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _device, folder, kind, options = line.split()[:4]
        if kind == "cgroup2":
            mounts[""] = folder
        elif kind == "cgroup" and "name=systemd" in options.split(","):
            mounts["name=systemd"] = folder
    found = []
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _number, name, path = line.split(":", 2)
        if name in mounts:
            found.append(Path(mounts[name] + path))
    return found


def _make_cgroup(parent: Path, name: str) -> Path:
    folder = parent / name
    folder.mkdir()
    return folder


def _remove_cgroup(folder: Path) -> None:
    """The kernel lets a cgroup go only when its last process is reaped, which takes it a moment."""
    deadline = time.monotonic() + PATIENCE_S
    while folder.exists():
        try:
            for path in [*sorted(folder.rglob("*"), reverse=True), folder]:
                if path.is_dir():
                    path.rmdir()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
