"""What a confined process still can do, tried by one: a fresh Python that confines itself and then misbehaves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

_PRELUDE = """
import ctypes, mmap, os, signal, socket, subprocess, threading
from faced.enrolment.confinement import Bounds, become_nobody, confine
library = ctypes.CDLL(None, use_errno=True)
def attempt(what):
    try:
        what()
    except OSError as error:
        os.write(1, f"errno {error.errno}".encode())
    else:
        os.write(1, b"possible")
become_nobody()
parent = os.getppid()
confine(Bounds(memory_bytes=64 * 1024**2, cpu_s=1))
"""


def confined(code: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-I", "-c", _PRELUDE + code + "\nos._exit(0)"], capture_output=True, check=False, timeout=60
    )


@pytest.mark.parametrize(
    "attempt",
    [
        "open('/etc/passwd')",
        "open('/tmp/taken-over', 'w')",
        "os.listdir('/')",
        "socket.socket(socket.AF_INET)",
        "socket.socket(socket.AF_UNIX)",
        "os.fork()",
        "os.execv('/bin/true', ['true'])",
        "os.kill(parent, 0)",
        "os.dup(1)",
        "os.pipe()",
        "os.setuid(0)",
        "os.memfd_create('x')",
        "mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_EXEC)",
        "os.sched_setaffinity(0, {0})",
    ],
)
def test_there_is_no_way_out(attempt: str) -> None:
    ended = confined(f"attempt(lambda: {attempt})")
    assert ended.stdout.startswith(b"errno "), ended
    assert not Path("/tmp/taken-over").exists()


def test_a_debugger_does_not_reach_another_process() -> None:
    code = """
answer = library.ptrace(16, parent, 0, 0)
os.write(1, f"{answer} {ctypes.get_errno()}".encode())
"""
    assert confined(code).stdout == b"-1 1"


def test_its_own_memory_threads_and_answer_are_left() -> None:
    code = """
data = bytes(20 * 1024**2)
thread = threading.Thread(target=lambda: os.write(1, b"thread "))
thread.start(); thread.join()
os.write(1, b"done")
"""
    assert confined(code).stdout == b"thread done"


def test_more_memory_than_allowed_is_not_there() -> None:
    assert b"MemoryError" in confined("data = bytes(100 * 1024**2)").stderr


def test_more_time_than_allowed_is_the_end() -> None:
    assert confined("while True: pass").returncode == -signal.SIGKILL


def test_a_file_that_is_open_cannot_grow(tmp_path: Path) -> None:
    path = tmp_path / "out"
    with path.open("wb") as file:
        ended = subprocess.run(
            [sys.executable, "-I", "-c", _PRELUDE + "os.write(1, b'x' * 100)"], stdout=file, check=False, timeout=60
        )
    assert ended.returncode != 0
    assert path.stat().st_size == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has rights to give up")
def test_the_rights_of_root_are_gone() -> None:
    code = "become_nobody(); os.write(1, repr((os.getuid(), os.geteuid(), os.getgid(), os.getgroups())).encode())"
    prelude = "import os; from faced.enrolment.confinement import become_nobody; "
    ended = subprocess.run([sys.executable, "-I", "-c", prelude + code], capture_output=True, check=True, timeout=60)
    assert ended.stdout == b"(65534, 65534, 65534, [])"
