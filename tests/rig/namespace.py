"""A private /etc, /run and /var/lib with a real journald in them, for whole-system tests and the demonstration.

Programs started in it see the product's own default paths (/etc/faced, /etc/pam.d, /run/faced, /var/lib/faced), real
NSS and the real libpam; the machine outside sees none of it, and all of it is gone when the namespace ends.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

_SCRIPT = """
set -eu
mount -t tmpfs -o mode=0700 tmpfs /mnt
for folder in etc var/lib; do
    mkdir -p "/mnt/$folder/upper" "/mnt/$folder/work"
    mount -t overlay overlay -o "lowerdir=/$folder,upperdir=/mnt/$folder/upper,workdir=/mnt/$folder/work" "/$folder"
done
mount -t tmpfs -o mode=0755 tmpfs /run
mkdir -p /run/systemd /run/log/journal /run/lock
exec /lib/systemd/systemd-journald
"""


class PrivateSystem:
    """One private system; a context manager.

    :raises RuntimeError: when not run by root, or when the machine does not allow mount namespaces or overlays.
    """

    def __init__(self) -> None:
        self._holder: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        if os.geteuid() != 0:
            raise RuntimeError("A private system can be made by root only.")
        self._holder = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", "bash", "-c", _SCRIPT],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self._wait_for_journald()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._holder is not None
        self._holder.send_signal(signal.SIGTERM)
        try:
            self._holder.wait(5)
        except subprocess.TimeoutExpired:
            self._holder.kill()
            self._holder.wait()
        assert self._holder.stderr is not None
        self._holder.stderr.close()

    def path(self, inside: str | Path) -> Path:
        """Where a path of the private system is seen from outside; follows no symbolic link out of it."""
        assert self._holder is not None
        return Path(f"/proc/{self._holder.pid}/root") / str(inside).lstrip("/")

    def command(self, argv: Sequence[str | Path]) -> list[str]:
        """The command line that runs a program inside."""
        assert self._holder is not None
        return ["nsenter", f"--target={self._holder.pid}", "--mount", "--wd=/", "--", *map(str, argv)]

    def run(
        self,
        argv: Sequence[str | Path],
        *,
        input_text: str | None = None,
        env: Mapping[str, str] | None = None,
        timeout_s: float = 120.0,
        check: bool = True,
    ) -> subprocess.CompletedProcess[str]:
        """Run a program inside to its end."""
        done = subprocess.run(
            self.command(argv),
            input=input_text,
            env={**os.environ, **(env or {})},
            timeout=timeout_s,
            capture_output=True,
            text=True,
        )
        if check and done.returncode:
            raise RuntimeError(f"{argv[0]} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done

    def start(
        self, argv: Sequence[str | Path], *, env: Mapping[str, str] | None = None, log: Path
    ) -> subprocess.Popen[bytes]:
        """Start a program inside that goes on running; what it prints goes to ``log``."""
        with log.open("ab") as out:
            return subprocess.Popen(
                self.command(argv),
                env={**os.environ, **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def journal(self, *matches: str) -> list[dict[str, Any]]:
        """The entries of the real journal that match ("FIELD=value"), oldest first, up to this very moment."""
        self.run(["journalctl", "--sync"])
        done = self.run(
            ["journalctl", "--no-pager", "--quiet", "--output=json", "-D", "/run/log/journal", *matches], check=False
        )
        return [json.loads(line) for line in done.stdout.splitlines()]

    def _wait_for_journald(self) -> None:
        assert self._holder is not None
        assert self._holder.stderr is not None
        for _ in range(500):
            if self.path("/run/systemd/journal/socket").exists() and self.path("/run/log/journal").exists():
                return
            try:
                self._holder.wait(0.01)
            except subprocess.TimeoutExpired:
                continue
            complaint = self._holder.stderr.read().decode(errors="replace")
            raise RuntimeError(f"No private system can be made on this machine: {complaint}")
        raise RuntimeError("journald did not come up")


def add_user(system: PrivateSystem, login: str, uid: int, password: str) -> None:
    """Add a user with a password to the private /etc, as useradd would."""
    hashed = subprocess.run(
        [shutil.which("openssl") or "openssl", "passwd", "-6", "-stdin"],
        input=password,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    for name, line in {
        "passwd": f"{login}:x:{uid}:{uid}:{login}:/nonexistent:/bin/sh\n",
        "group": f"{login}:x:{uid}:\n",
        "shadow": f"{login}:{hashed}:20000:0:99999:7:::\n",
    }.items():
        with system.path(f"/etc/{name}").open("a") as file:
            file.write(line)
