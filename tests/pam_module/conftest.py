from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rig.pam import MODULE, PamRig

PAM_MODULE = MODULE.parent
ASAN_MODULE = PAM_MODULE / "build" / "asan" / "pam_faced.so"
ASAN = {
    # libpam_wrapper is preloaded beside it, and the interpreter frees nothing at its end: leaks are valgrind's part.
    "ASAN_OPTIONS": "verify_asan_link_order=0:detect_leaks=0:abort_on_error=1",
    "UBSAN_OPTIONS": "print_stacktrace=1",
}


@pytest.fixture(scope="session")
def built() -> None:
    """The module is built here: a test of yesterday's object would be none."""
    assert os.getuid() == 0, "these tests need root: the module talks to nobody else"
    # pytest-xdist has several processes; one builds and the others find everything built.
    subprocess.run(
        ["flock", str(PAM_MODULE), "make", "-s", "-C", str(PAM_MODULE), "all", "vectors", "asan"], check=True
    )


def asan_library() -> str:
    return subprocess.run(
        ["cc", "-print-file-name=libasan.so"], check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture
def rig(built: None) -> Iterator[PamRig]:
    with PamRig() as rig:
        yield rig


@pytest.fixture(params=["plain", "sanitized"])
def rigs(built: None, request: pytest.FixtureRequest) -> Iterator[PamRig]:
    """Everything that takes this runs twice: as shipped, and with ASan and UBSan."""
    if request.param == "plain":
        rig = PamRig()
    else:
        rig = PamRig(ASAN_MODULE, preload=[asan_library()], environment=ASAN)
    with rig:
        yield rig


@pytest.fixture
def logon_path() -> Iterator[Path]:
    """Where a socket may be made and reached by every uid; pytest's own folders are closed to others."""
    with tempfile.TemporaryDirectory(prefix="faced-socket-") as folder:
        Path(folder).chmod(0o777)
        yield Path(folder) / "logon"


@pytest.fixture
def vectors_program(built: None) -> Path:
    return PAM_MODULE / "build" / "asan" / "vectors"
