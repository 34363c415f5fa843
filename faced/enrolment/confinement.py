"""What a process that looks at one foreign file does to itself first: few resources, and no way out.

A file that takes over its reader is left with reading and writing what is open already, its own memory and its own
threads. Numbers are those of x86-64; on another machine no file is read.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import signal
from dataclasses import dataclass

from faced.errors import FacedError

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_SECCOMP = 22
_PR_SET_NO_NEW_PRIVS = 38
_SECCOMP_MODE_FILTER = 2
_KILL, _ERRNO, _ALLOW = 0x80000000, 0x00050000, 0x7FFF0000
_EPERM, _ENOSYS = 1, 38
_AUDIT_ARCH_X86_64 = 0xC000003E
#: Offsets in struct seccomp_data (seccomp(2)): the number, the architecture, the low half of an argument.
_NUMBER, _ARCHITECTURE = 0, 4
_ARGUMENTS = (16, 24, 32)
#: Instructions of classic BPF: load a word, compare, test bits, return.
_LOAD, _EQUAL, _ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06

_ALLOWED = {
    "read": 0, "write": 1, "close": 3, "fstat": 5, "lseek": 8, "munmap": 11, "brk": 12, "rt_sigprocmask": 14,
    "rt_sigreturn": 15, "sched_yield": 24, "mremap": 25, "madvise": 28, "nanosleep": 35, "getpid": 39, "exit": 60,
    "gettimeofday": 96, "gettid": 186, "futex": 202, "sched_getaffinity": 204, "restart_syscall": 219,
    "clock_gettime": 228, "clock_nanosleep": 230, "exit_group": 231, "set_robust_list": 273, "getrandom": 318,
    "rseq": 334,
}  # fmt: skip
_MMAP, _MPROTECT, _PROT_EXEC = 9, 10, 4
_CLONE, _CLONE_THREAD = 56, 0x10000
#: Its flags are behind a pointer that a filter cannot follow; the C library then falls back to clone.
_CLONE3 = 435
_NOBODY = 65534


@dataclass(frozen=True)
class Bounds:
    """What one file may cost: ``memory_bytes`` more than the process has when it is confined, ``cpu_s`` of its own."""

    memory_bytes: int
    cpu_s: int


def become_nobody() -> None:
    """Give up what root could do and what a debugger could reach; inherited by all children.

    :raises FacedError: the kernel refuses.
    """
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(_NOBODY, _NOBODY, _NOBODY)
        os.setresuid(_NOBODY, _NOBODY, _NOBODY)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    _prctl(_PR_SET_DUMPABLE, 0)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def confine(bounds: Bounds) -> None:
    """From here on: no file, no socket, no other process, no new program; files are neither made nor grown.

    What is open stays open. A call that is not allowed fails with EPERM.

    :raises FacedError: the kernel refuses, or is another than the filter was written for.
    """
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    limits = {
        resource.RLIMIT_AS: _address_space_bytes() + bounds.memory_bytes,
        resource.RLIMIT_CPU: bounds.cpu_s,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NOFILE: 0,
        resource.RLIMIT_CORE: 0,
    }
    for kind, most in limits.items():
        resource.setrlimit(kind, (most, most))
    _filter_calls()


def _address_space_bytes() -> int:
    with open("/proc/self/statm", "rb") as file:
        return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")


class _Instruction(ctypes.Structure):
    _fields_ = (("code", ctypes.c_uint16), ("yes", ctypes.c_uint8), ("no", ctypes.c_uint8), ("k", ctypes.c_uint32))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("instructions", ctypes.POINTER(_Instruction)))


def _filter_calls() -> None:
    if platform.machine() != "x86_64":
        raise _refused()
    lines = _instructions()
    program = _Program(len(lines), (_Instruction * len(lines))(*(_Instruction(*line) for line in lines)))
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    _prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.addressof(program))


def _instructions() -> list[tuple[int, int, int, int]]:
    """The filter: (code, jump if so, jump if not, value)."""
    lines = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, _AUDIT_ARCH_X86_64),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
    ]
    for number in _ALLOWED.values():
        lines += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ALLOW)]
    lines += [(_EQUAL, 0, 1, _CLONE3), (_RETURN, 0, 0, _ERRNO | _ENOSYS)]
    lines += _if_bit(_CLONE, 0, _CLONE_THREAD, so=_ALLOW, otherwise=_ERRNO | _EPERM)
    for number in (_MMAP, _MPROTECT):
        lines += _if_bit(number, 2, _PROT_EXEC, so=_ERRNO | _EPERM, otherwise=_ALLOW)
    return [*lines, (_RETURN, 0, 0, _ERRNO | _EPERM)]


def _if_bit(number: int, argument: int, bit: int, *, so: int, otherwise: int) -> list[tuple[int, int, int, int]]:
    return [
        (_EQUAL, 0, 4, number),
        (_LOAD, 0, 0, _ARGUMENTS[argument]),
        (_ANY_BIT, 0, 1, bit),
        (_RETURN, 0, 0, so),
        (_RETURN, 0, 0, otherwise),
    ]


def _prctl(option: int, *values: int) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    arguments = [ctypes.c_ulong(value) for value in (*values, 0, 0, 0, 0)[:4]]
    if library.prctl(option, *arguments) != 0:
        raise _refused()


def _refused() -> FacedError:
    return FacedError("The kernel does not let this process be confined.", reason="hardening")
