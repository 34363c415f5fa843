"""The personnel section's directory for real: a slapd with the dummy staff's hr.ldif, and an account that reads it."""

from __future__ import annotations

import base64
import secrets
from pathlib import Path

from faced.config import PersonnelConfig
from faced.dummy.ldif import hr_directory
from faced.dummy.staff import StaffMember
from tests.rig.pki import Authority
from tests.rig.slapd import PrivateSlapd


class PersonnelSlapd(PrivateSlapd):
    """One slapd, empty until :meth:`fill`.

    :param most: entries that the reader gets in one search, however many pages it takes.
    :param hidden: attributes that the reader may not see.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        authority: Authority | None = None,
        most: int | None = None,
        hidden: tuple[str, ...] = (),
    ) -> None:
        super().__init__(folder, authority=authority)
        self.staff = f"ou=staff,{self.tree.base}"
        self.reader_dn = f"cn=reader,{self.tree.base}"
        self.reader_password = secrets.token_hex(16)
        self._most = most
        self._hidden = hidden

    def fill(self, members: list[StaffMember], photos: dict[str, bytes], more: str = "") -> None:
        """The staff, as ``facectl dummy make`` writes them, and more entries as LDIF."""
        reader = (
            f"dn: {self.reader_dn}\nobjectClass: applicationProcess\nobjectClass: simpleSecurityObject\ncn: reader\n"
            f"userPassword: {self.reader_password}\n\n"
        )
        self.load("".join(hr_directory(members, photos, self.tree.base)) + reader + more)

    def entry(self, login: str, **changes: str | bytes | list[str | bytes] | None) -> str:
        """One of the staff as LDIF, usable unless changed; None leaves an attribute out."""
        values = {
            "uid": login,
            "employeeNumber": f"N-{login}",
            "cn": "Hanako Tanaka",
            "sn": "Tanaka",
            "mail": f"{login}@example.jp",
            "employeeType": "regular",
            **changes,
        }
        lines = [f"dn: ou={login},{self.staff}", "objectClass: inetOrgPerson", f"ou: {login}"]
        for name, value in values.items():
            for each in value if isinstance(value, list) else [value] if value is not None else []:
                data = each.encode() if isinstance(each, str) else each
                lines.append(f"{name.replace('_', ';')}:: {base64.b64encode(data).decode()}")
        return "\n".join(lines) + "\n\n"

    def config(self, **changes: object) -> PersonnelConfig:
        """How the station reads it."""
        return PersonnelConfig(
            **{  # type: ignore[arg-type]
                "servers": (self.ldaps_url,),
                "base": self.staff,
                "bind_dn": self.reader_dn,
                "ca_file": self.ca_file,
                "timeout_s": 20.0,
                **changes,
            }
        )

    def _rules(self, name: str) -> str:
        hidden = f"access to attrs={','.join(self._hidden)} by * none\n" if self._hidden else ""
        return (
            f"access to attrs=userPassword by anonymous auth by * none\n{hidden}"
            f'access to * by dn.exact="{self.reader_dn}" read by anonymous auth by * none\n'
            f'limits dn.exact="{self.reader_dn}" size={self._most or "unlimited"}\n'
        )

    def _plant(self) -> None:
        """Nothing: its entries come with :meth:`fill`."""
