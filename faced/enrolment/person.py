"""What is recorded about a person beside the template: staff number, name, mail, key groups; checked before use.

Nothing else is recorded: no category, no department, no picture (requirement R7).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from faced.directory.details import is_login, is_mail, is_name, is_printable, is_staff_number
from faced.errors import DirectoryError
from faced.i18n import _

_GROUP = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


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
        if not is_staff_number(self.staff_number):
            raise _bad(
                _("'{value}' is not a staff number: use up to 20 digits, letters and hyphens."), self.staff_number
            )
        if not is_name(self.name):
            raise _bad(_("'{value}' cannot be recorded as a name."), self.name)
        if self.mail and not is_mail(self.mail):
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
    if not is_login(login):
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


def _bad(message: str, value: str, reason: str = "person") -> DirectoryError:
    shown = "".join(character if is_printable(character) else "?" for character in value[:40])
    return DirectoryError(message.format(value=shown), reason=reason)
