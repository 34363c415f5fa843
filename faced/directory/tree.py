"""Where things are in the directory tree (docs/architecture.md, The directory tree)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from faced.config import DirectoryConfig
from faced.directory.transport import ldap3


class RoleAccount(StrEnum):
    """The accounts that the authority's roles bind as."""

    ENROL = "enrol"
    APPROVE = "approve"
    OPERATE = "operate"
    MANIFEST = "manifest"
    REVOKE = "revoke"
    AUDIT = "audit"
    SYNC = "sync"


@dataclass(frozen=True)
class Tree:
    """The distinguished names below one base.

    :param people_base: the entry above the people if they live on an existing tree; empty for ``ou=people`` below base.
    """

    base: str
    people_base: str = ""

    @classmethod
    def configured(cls, config: DirectoryConfig) -> Tree:
        """The tree that the configuration describes."""
        return cls(config.base, config.people_base)

    @property
    def people(self) -> str:
        """The entry above the people."""
        return self.people_base or f"ou=people,{self.base}"

    @property
    def people_are_ours(self) -> bool:
        """Whether the people's entries were made for this system alone."""
        return not self.people_base

    @property
    def hosts(self) -> str:
        """The entry above the workstations."""
        return f"ou=hosts,{self.base}"

    @property
    def roles(self) -> str:
        """The entry above the accounts of the roles."""
        return f"ou=roles,{self.base}"

    @property
    def realm(self) -> str:
        """The realm's entry."""
        return f"cn=realm,{self.base}"

    def person(self, login: str) -> str:
        """A person's entry in a tree of our own; on an existing tree it is found by its login name instead."""
        return f"uid={ldap3.utils.dn.escape_rdn(login)},{self.people}"

    def host(self, name: str) -> str:
        """A workstation's entry."""
        return f"cn={ldap3.utils.dn.escape_rdn(name)},{self.hosts}"

    def role(self, role: RoleAccount) -> str:
        """The account of a role."""
        return f"cn={role},{self.roles}"
