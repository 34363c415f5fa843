"""What is recorded about a person beside the template: staff number, name, mail, key groups; checked before use.

Nothing else is recorded: no category, no department, no picture (requirement R7).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from faced.errors import DirectoryError
from faced.i18n import _

_LOGIN = re.compile(r"[a-z_][a-z0-9_.-]{0,31}")
_STAFF_NUMBER = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,19}")
_GROUP = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_MAIL = re.compile(r"[^@\s]{1,64}@[A-Za-z0-9.-]{1,190}")
_LONGEST_NAME = 100


@dataclass(frozen=True)
class PersonDetails:
    """A member of staff as the directory knows them.

    ``login`` is the canonical login name: the one NSS gives on the workstations, never another spelling of it.
    """

    login: str
    staff_number: str
    name: str
    mail: str
    groups: tuple[str, ...]

    def __post_init__(self) -> None:
        check_login(self.login)
        if not _STAFF_NUMBER.fullmatch(self.staff_number):
            raise _bad(
                _("'{value}' is not a staff number: use up to 20 digits, letters and hyphens."), self.staff_number
            )
        if not self.name.strip() or len(self.name) > _LONGEST_NAME or not _printable(self.name):
            raise _bad(_("'{value}' cannot be recorded as a name."), self.name)
        if self.mail and not _MAIL.fullmatch(self.mail):
            raise _bad(_("'{value}' is not a mail address."), self.mail)
        for group in self.groups:
            check_group(group)
        if not self.groups:
            raise DirectoryError(
                _("{login} belongs to no key group, so no PC could check the face. Name one with --group.").format(
                    login=self.login
                ),
                reason="no_group",
            )


def check_login(login: str) -> str:
    """A canonical login name.

    :raises DirectoryError: ``login``, saying what is expected.
    """
    if not _LOGIN.fullmatch(login):
        raise _bad(
            _("'{value}' is not a login name: lower-case letters, digits, dots, hyphens and underscores, at most 32."),
            login,
            "login",
        )
    return login


def check_group(group: str) -> str:
    """A key group's name.

    :raises DirectoryError: ``group``, saying what is expected.
    """
    if not _GROUP.fullmatch(group):
        raise _bad(_("'{value}' is not a key group: lower-case letters, digits and hyphens."), group, "group")
    return group


def _printable(text: str) -> bool:
    return not any(unicodedata.category(character).startswith("C") for character in text)


def _bad(message: str, value: str, reason: str = "person") -> DirectoryError:
    shown = "".join(character if _printable(character) else "?" for character in value[:40])
    return DirectoryError(message.format(value=shown), reason=reason)
