"""What a process that holds keys and faces does to itself before it reads either."""

from __future__ import annotations

import ctypes
import os
import resource

from faced.errors import FacedError

_PR_SET_DUMPABLE = 4


def forbid_dumps() -> None:
    """No core dump and no debugger of the same user; files that are made are private.

    :raises FacedError: if the kernel refuses: then no key is read.
    """
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    library = ctypes.CDLL(None, use_errno=True)
    if library.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise FacedError("The kernel does not let this process forbid core dumps.", reason="hardening")
