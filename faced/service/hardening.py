"""What a process that holds keys and faces does to itself before it reads either."""

from __future__ import annotations

import ctypes
import os
import resource
import sys
from collections.abc import Mapping

from faced.errors import FacedError

_PR_SET_DUMPABLE = 4
_MCL_CURRENT, _MCL_FUTURE, _MCL_ONFAULT = 1, 2, 4
#: With these, whatever is freed is overwritten at once: Python's small objects (an opened key is bytes, which cannot be
#: wiped) go through the C library too, which fills what it takes back and keeps nothing back unfilled.
WIPING_ALLOCATOR = {
    "PYTHONMALLOC": "malloc",
    "GLIBC_TUNABLES": "glibc.malloc.tcache_count=0:glibc.malloc.perturb=165",
}


def forbid_dumps() -> None:
    """No core dump and no debugger of the same user; files that are made are private.

    :raises FacedError: if the kernel refuses: then no key is read.
    """
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if _library().prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise FacedError("The kernel does not let this process forbid core dumps.", reason="hardening")


def wipe_freed_memory(environ: Mapping[str, str] = os.environ) -> None:
    """Go on with an allocator that overwrites what is freed: the program starts anew unless its unit has seen to it."""
    if not WIPING_ALLOCATOR.items() <= environ.items():
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**environ, **WIPING_ALLOCATOR})  # noqa: S606


def lock_memory() -> bool:
    """Keep every page of this process off the swap disk, from now on; False if the limit of the unit is too low."""
    return bool(_library().mlockall(_MCL_CURRENT | _MCL_FUTURE | _MCL_ONFAULT) == 0)


def _library() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
