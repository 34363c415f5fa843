"""The form of what may be recorded about a person: login name, staff number, name, mail address (requirement R7)."""

from __future__ import annotations

import re
import unicodedata

_LOGIN = re.compile(r"[a-z_][a-z0-9_.-]{0,31}")
_STAFF_NUMBER = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,19}")
_MAIL = re.compile(r"[^@\s]{1,64}@[A-Za-z0-9.-]{1,190}")
_LONGEST_NAME = 100


def is_login(text: str) -> bool:
    """Whether this can be a canonical login name, as NSS gives it."""
    return _LOGIN.fullmatch(text) is not None


def is_staff_number(text: str) -> bool:
    """Up to 20 ASCII digits, letters and hyphens."""
    return _STAFF_NUMBER.fullmatch(text) is not None


def is_name(text: str) -> bool:
    """Any script, one line."""
    return bool(text.strip()) and len(text) <= _LONGEST_NAME and is_printable(text)


def is_mail(text: str) -> bool:
    """One mail address."""
    return _MAIL.fullmatch(text) is not None


def is_printable(text: str) -> bool:
    """Without control characters, surrogates and unassigned code points."""
    return not any(unicodedata.category(character).startswith("C") for character in text)
