"""What the shared object brings into a greeter: three doors, few needs, no leak."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.pam_module.daemon import FakeDaemon, honest
from tests.rig.pam import MODULE, PamRig

#: Everything that the module may call. No thread, process, stream, file, environment or memory that others see.
LIBC = {
    *("calloc", "free", "malloc", "strdup"),
    *(
        "explicit_bzero",
        "__explicit_bzero_chk",
        "memchr",
        "memcmp",
        "memcpy",
        "memmove",
        "strchr",
        "strcmp",
        "strlen",
        "strncmp",
        "strnlen",
    ),
    *("clock_gettime", "close", "connect", "fcntl", "fcntl64", "fstat", "getpid", "getrandom", "getsockopt", "getuid"),
    *("poll", "recv", "send", "setsockopt", "socket", "__errno_location"),
    *("__stack_chk_fail", "__memcpy_chk", "__memmove_chk", "__poll_chk", "__recv_chk"),
}


def symbols(*arguments: str) -> set[str]:
    listing = subprocess.run(["nm", "-D", *arguments, str(MODULE)], check=True, capture_output=True, text=True).stdout
    return {line.split()[-1].partition("@")[0] for line in listing.splitlines()}


def test_only_the_doors_of_pam_are_open(built: None) -> None:
    assert symbols("--defined-only") == {"pam_sm_authenticate", "pam_sm_setcred", "pam_sm_acct_mgmt"}


def test_the_module_calls_nothing_that_it_need_not(built: None) -> None:
    weak = {"__cxa_finalize", "__gmon_start__", "_ITM_deregisterTMCloneTable", "_ITM_registerTMCloneTable"}
    needed = {name for name in symbols("--undefined-only") if not name.startswith(("json_", "pam_"))}
    assert needed - weak <= LIBC


def test_the_module_has_no_state_and_cannot_be_patched_in_memory(built: None) -> None:
    headers = subprocess.run(["readelf", "-lWd", str(MODULE)], check=True, capture_output=True, text=True).stdout
    assert "GNU_RELRO" in headers
    assert "BIND_NOW" in headers
    stack = next(line for line in headers.splitlines() if "GNU_STACK" in line)
    assert " RWE " not in stack
    table = subprocess.run(["nm", "-f", "sysv", str(MODULE)], check=True, capture_output=True, text=True).stdout
    fields = [[field.strip() for field in line.split("|")] for line in table.splitlines() if line.count("|") == 6]
    variables = {name for name, *_rest, section in fields if section in (".data", ".bss")}
    assert variables == {"completed.0", "__dso_handle", "__TMC_END__"}, "only what the compiler itself adds"


@pytest.mark.parametrize(("outcome", "typed"), [("match", "secret\n"), ("no_match", "secret\n"), ("match", "wrong\n")])
def test_valgrind_finds_no_error_and_no_leak(rig: PamRig, tmp_path: Path, outcome: str, typed: str) -> None:
    report = tmp_path / "valgrind"
    with FakeDaemon(honest(outcome, lines=("a", "b"), text="c")) as daemon:
        rig.write_logon_service("logon", f"socket={daemon.path}")
        rig.set_password("tanaka", "secret", "logon")
        done = rig.pamtester(
            "tanaka",
            "logon",
            "authenticate",
            "acct_mgmt",
            typed=typed,
            under=["valgrind", "-q", "--leak-check=full", "--error-exitcode=99", f"--log-file={report}"],
        )
    assert done.returncode == (0 if (outcome, typed) == ("match", "secret\n") else 1), done.stderr
    assert report.read_text() == ""
