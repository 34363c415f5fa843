"""This host's password for the directory, from systemd's credentials or a file that only its owner can read."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from faced.config import handed_over
from faced.errors import ConfigError
from faced.i18n import _

_LARGEST = 1024


def read_password(path: Path, environ: Mapping[str, str] = os.environ) -> str:
    """The password: what systemd handed over, else the file.

    :raises ConfigError: there is none, it is empty, or others than its owner may read the file.
    """
    chosen = handed_over(path, environ) or path
    try:
        descriptor = os.open(chosen, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            data = file.read(_LARGEST)
    except FileNotFoundError:
        raise ConfigError(
            _("There is no directory password {path}. Join this host first.").format(path=chosen)
        ) from None
    except OSError as error:
        raise ConfigError(
            _("The directory password {path} cannot be read: {why}.").format(path=chosen, why=error.strerror)
        ) from None
    # systemd keeps others out by the folder and lets the unit's own user in by an ACL that shows as group rights.
    if chosen is path and (not stat.S_ISREG(status.st_mode) or status.st_mode & 0o077):
        raise ConfigError(_("{path} must be a file that only its owner can read: chmod 600.").format(path=chosen))
    try:
        password = data.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        password = ""
    if not password:
        raise ConfigError(_("The directory password {path} is empty or no text.").format(path=chosen))
    return password
