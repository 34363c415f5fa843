"""A new realm's place in the directory, made once as the directory's own administrator."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Collection, Mapping

from nacl import utils

from faced.directory.connection import Connection
from faced.directory.realm import RealmDocuments, plant, plant_account
from faced.directory.tree import RoleAccount, Tree
from faced.enrolment.station import Station
from faced.errors import DirectoryError, NotInDirectory, TrustError
from faced.i18n import _

_SALT_BYTES = 16


def refuse_other_realm(connection: Connection, tree: Tree, anchor: bytes | None) -> None:
    """Refuse a directory that holds another realm: its hosts and people would be cut off.

    :param anchor: our own anchor, which may be there; None if there may be none.
    :raises DirectoryError: ``realm_exists``.
    """
    try:
        held = RealmDocuments(connection, tree).read().statement
    except NotInDirectory:
        return
    if held is not None and held != anchor:
        raise DirectoryError(
            _("The directory holds a realm already below {base}. Nothing was changed; choose another base.").format(
                base=tree.base
            ),
            reason="realm_exists",
        )


def publish_realm(connection: Connection, tree: Tree, station: Station, passwords: Mapping[RoleAccount, str]) -> None:
    """Make the units, the role accounts with these passwords, and the realm's entry.

    Running it again completes what was interrupted; the anchor comes last, so that its presence says that the rest is
    there.

    :raises DirectoryError: ``realm_exists``, or what the server refused.
    """
    refuse_other_realm(connection, tree, station.realm.anchor)
    if station.manifest is None:
        raise TrustError(_("The station has lost its manifest. Restore the folder from its backup."))
    plant(connection, tree, {role: hashed_password(password) for role, password in passwords.items()})
    for role, password in passwords.items():
        set_role_password(connection, tree, role, password)
    documents = RealmDocuments(connection, tree)
    documents.publish_manifest(station.manifest)
    publish_handlers(connection, tree, station)


def publish_handlers(connection: Connection, tree: Tree, station: Station) -> None:
    """Publish who may sign what; appointments that only another station knows of are kept.

    :param connection: of the directory's administrator.
    :raises DirectoryError: ``realm_exists``, or what the server refused.
    """
    refuse_other_realm(connection, tree, station.realm.anchor)
    documents = RealmDocuments(connection, tree)
    known = {station.realm.read_delegation(data).key_id for data in station.history}
    others = [data for data in documents.read().delegations if _elsewhere(station, data, known)]
    documents.publish_authority(station.realm.anchor, [*station.delegations, *others])


def _elsewhere(station: Station, data: bytes, known: Collection[bytes]) -> bool:
    try:
        return station.realm.read_delegation(data).key_id not in known
    except TrustError:
        return False


def set_role_password(connection: Connection, tree: Tree, role: RoleAccount, password: str) -> None:
    """Give a role's account another password: whoever knows the old one is shut out at once.

    A realm that was founded before there was such a role gets the account.

    :param connection: of the directory's administrator.
    """
    hashed = hashed_password(password)
    plant_account(connection, tree, role, hashed)
    connection.modify(tree.role(role), replace={"userPassword": [hashed.encode()]})


def hashed_password(password: str, random: Callable[[int], bytes] = utils.random) -> str:
    """A password as OpenLDAP keeps it ({SSHA}, the one scheme that every slapd knows).

    Only for passwords that a machine made with 192 random bits: no hash has to slow down guessing those.
    """
    salt = random(_SALT_BYTES)
    digest = hashlib.sha1(password.encode() + salt, usedforsecurity=False).digest()
    return "{SSHA}" + base64.b64encode(digest + salt).decode()
