"""Names through NSS, once and at once: everything afterwards is keyed by uid and the canonical login name.

A directory answers to ``tanaka``, ``TANAKA`` and full-width spellings with the same entry; the counter of tries must
not be fooled by that. A name that NSS does not know is never logged: people type passwords into the name field.
"""

from __future__ import annotations

import pwd
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

#: glibc's LOGIN_NAME_MAX, its NUL included.
_LONGEST = 256


class PasswdEntry(Protocol):
    """What is used of :class:`pwd.struct_passwd`."""

    @property
    def pw_name(self) -> str: ...
    @property
    def pw_uid(self) -> int: ...


@dataclass(frozen=True)
class Person:
    """Somebody NSS knows."""

    uid: int
    login: str


def resolve(name: str, getpwnam: Callable[[str], PasswdEntry] = pwd.getpwnam) -> Person | None:
    """The person of this name, or None if NSS knows nobody.

    NSS may ask over the network: not to be called in the loop's thread.
    """
    if not 0 < len(name) < _LONGEST or not name.isprintable():
        return None
    try:
        entry = getpwnam(name)
    except (KeyError, OSError, ValueError):
        return None
    return Person(entry.pw_uid, entry.pw_name)
