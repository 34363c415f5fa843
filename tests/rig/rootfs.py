"""A Debian root file system for the container tests: built once by mmdebstrap, then taken from a cache.

Same release as the machine that runs the tests, so that its Python and its libraries fit the project's .venv. The
mirror is whatever this machine's own apt uses.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

PACKAGES = (
    "dbus",
    "libjson-c5",
    "libpam-systemd",
    "libstdc++6",
    "login",
    "pamtester",
    "passwd",
    "procps",
    "python3",
    "sudo",
    "systemd",
    "systemd-sysv",
)
#: Units that wait for hardware a container has not, or that start what a test starts itself.
MASKED = (
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "console-getty.service",
    "getty@tty1.service",
    "systemd-udevd-control.socket",
    "systemd-udevd-kernel.socket",
    "systemd-udevd.service",
    "systemd-udev-trigger.service",
)


def cache_folder() -> Path:
    """A folder of this user's own for what is slow to build; below $XDG_CACHE_HOME if that is set.

    :raises PermissionError: if somebody else made the folder, for its contents are run as root.
    """
    base = os.environ.get("XDG_CACHE_HOME")
    folder = Path(base) / "faced-tests" if base else Path(tempfile.gettempdir()) / f"faced-tests-{os.getuid()}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        raise PermissionError(f"{folder} belongs to somebody else. Remove it, or set XDG_CACHE_HOME.")
    return folder


def release() -> str:
    """The Debian release of this machine, such as "bookworm"."""
    for line in Path("/etc/os-release").read_text(encoding="utf-8").splitlines():
        name, _equals, value = line.partition("=")
        if name == "VERSION_CODENAME":
            return value.strip('"')
    raise RuntimeError("/etc/os-release names no release; the container tests need Debian.")


def root_file_system() -> Path:
    """The root file system, built if this machine has not built it before (about 20 s).

    Never changed afterwards: containers boot it below a volatile overlay.
    """
    recipe = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
    name = f"rootfs-{release()}-{recipe[:16]}"
    cache = cache_folder()
    finished = cache / name
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not finished.is_dir():
            for stale in cache.glob("rootfs-*"):
                shutil.rmtree(stale)
            building = Path(tempfile.mkdtemp(prefix="building-", dir=cache))
            try:
                _build(building / "root")
                (building / "root").rename(finished)
            finally:
                shutil.rmtree(building, ignore_errors=True)
    return finished


def _build(root: Path) -> None:
    subprocess.run(
        [
            "mmdebstrap",
            "--quiet",
            "--variant=minbase",
            f"--include={','.join(PACKAGES)}",
            *(f"--aptopt={line}" for line in _apt_proxies()),
            release(),
            str(root),
            *_apt_sources(),
        ],
        check=True,
        stdin=subprocess.DEVNULL,
    )
    units = root / "etc/systemd/system"
    for unit in MASKED:
        (units / unit).symlink_to("/dev/null")
    (root / "etc/hostname").write_text("workstation\n")
    # Empty: PID 1 makes up an id at every boot and does not take it for the first boot of a new installation.
    (root / "etc/machine-id").write_text("")


def _apt_sources() -> list[str]:
    """Debian's own entries in this machine's sources, as one-line entries; none if apt has no lists yet."""
    targets = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)"]
        + ["Created-By: Packages", "Origin: Debian"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    return [f"deb {target}" for target in targets if target.split()[1].startswith(release())]


def _apt_proxies() -> list[str]:
    settings = subprocess.run(
        ["apt-config", "dump", "--format", '%f "%v";%n', "Acquire"], check=True, capture_output=True, text=True
    ).stdout.splitlines()
    return [line for line in settings if "proxy" in line.split()[0].lower() and '""' not in line]
