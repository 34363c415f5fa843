"""The realm's entry: anchor, delegations and the daily manifest; and the tree it stands in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from faced.directory import schema
from faced.directory.connection import Connection
from faced.directory.tree import RoleAccount, Tree
from faced.errors import DirectoryError


@dataclass(frozen=True)
class RealmEntry:
    """The realm's signed statements as the directory has them, unverified."""

    statement: bytes | None = None
    delegations: tuple[bytes, ...] = ()
    manifest: bytes | None = None


class RealmDocuments:
    """The realm's entry of one tree, over one connection."""

    def __init__(self, connection: Connection, tree: Tree) -> None:
        self._connection = connection
        self._tree = tree

    def read(self) -> RealmEntry:
        """What is published.

        :raises NotInDirectory: the tree was never planted, or this account may not see it.
        """
        entry = self._connection.read(self._tree.realm, (schema.REALM_STATEMENT, schema.DELEGATION, schema.MANIFEST))
        return RealmEntry(
            statement=next(iter(schema.bounded(schema.REALM_STATEMENT, entry.all(schema.REALM_STATEMENT))), None),
            delegations=schema.bounded(schema.DELEGATION, entry.all(schema.DELEGATION)),
            manifest=next(iter(schema.bounded(schema.MANIFEST, entry.all(schema.MANIFEST))), None),
        )

    def publish_authority(self, statement: bytes, delegations: Sequence[bytes]) -> None:
        """Publish the anchor and who may sign what; only the directory's administrator may."""
        self._connection.modify(
            self._tree.realm,
            replace={
                schema.REALM_STATEMENT: schema.bounded(schema.REALM_STATEMENT, [statement]),
                schema.DELEGATION: schema.bounded(schema.DELEGATION, delegations),
            },
        )

    def manifest(self) -> bytes | None:
        """The manifest alone: what a workstation asks for every half minute."""
        return self._connection.read(self._tree.realm, (schema.MANIFEST,)).one(schema.MANIFEST)

    def exchange_manifest(self, old: bytes | None, new: bytes) -> bool:
        """Publish a manifest in the place of the one it was made from.

        :return: False if another one is there by now; nothing was changed then.
        """
        value = {schema.MANIFEST: schema.bounded(schema.MANIFEST, [new])}
        try:
            self._connection.modify(self._tree.realm, take={schema.MANIFEST: [old]} if old else None, give=value)
        except DirectoryError as error:
            if error.reason not in ("no_such_value", "constraint"):
                raise
            return False
        return True

    def publish_manifest(self, manifest: bytes) -> None:
        """Publish today's manifest."""
        self._connection.modify(
            self._tree.realm, replace={schema.MANIFEST: schema.bounded(schema.MANIFEST, [manifest])}
        )


def plant(connection: Connection, tree: Tree, role_passwords: dict[RoleAccount, str]) -> None:
    """Make the entries that everything else stands below; those that exist are left alone.

    The suffix itself and an existing people base must be there already.

    :param connection: of the directory's administrator.
    :param role_passwords: for the accounts of the roles that do not exist yet.
    """
    units = [tree.hosts, tree.roles] if tree.people_base else [tree.people, tree.hosts, tree.roles]
    for unit in units:
        _add_missing(connection, unit, ["organizationalUnit"], {})
    _add_missing(connection, tree.realm, ["applicationProcess", schema.REALM_CLASS], {})
    for role, password in role_passwords.items():
        plant_account(connection, tree, role, password)


def plant_account(connection: Connection, tree: Tree, role: RoleAccount, password: str) -> None:
    """Make the account of a role; one that exists is left alone.

    :param connection: of the directory's administrator.
    """
    classes = ["organizationalRole", "simpleSecurityObject"]
    _add_missing(connection, tree.role(role), classes, {"userPassword": [password.encode()]})


def _add_missing(connection: Connection, dn: str, classes: Sequence[str], values: dict[str, list[bytes]]) -> None:
    try:
        connection.add(dn, classes, values)
    except DirectoryError as error:
        if error.reason != "exists":
            raise
