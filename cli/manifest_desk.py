"""The key that issues manifests, for acts that another role decides and the manifest brings to the PCs."""

from __future__ import annotations

from collections.abc import Mapping

from cli.passphrase import unlock_from
from cli.station import Desk, desk_of
from faced.directory.realm import RealmDocuments
from faced.enrolment import handlers
from faced.enrolment.announcing import announce
from faced.enrolment.station import Unlock
from faced.trust.realm import Role
from faced.trust.statement import Kind


def manifest_desk(desk: Desk, unlock: Unlock, *, besides: str = "", ask_others: bool = False) -> Desk | None:
    """The role that issues the manifest, by whoever acts or by whose key there is; None if nobody's is at hand.

    :param desk: of whoever acts, with ``unlock`` for their keys.
    :param besides: a handler who is not to do it.
    :param ask_others: whether it is worth another handler's passphrase, where the key has one: a timer's has none.
    """
    station = desk.station
    holders = {one.handler for one in handlers.live(station, desk.run.now) if one.role is Role.MANIFEST}
    here = [name for name in station.keys_in(Role.MANIFEST) if name in holders and name != besides]
    own = desk.key.handler
    if not ask_others:
        here = [name for name in here if name == own or not station.is_protected(name, Role.MANIFEST)]
    if not here:
        return None
    who = own if own in here else here[0]
    return desk_of(desk.run, station, Role.MANIFEST, unlock if who == own else unlock_from(None, who), who)


def name_in_manifest(manifest: Desk | None, kind: Kind, serials: Mapping[str, int]) -> bool:
    """Name words against people, so that PCs hear of them within a minute; False if this station cannot.

    :param serials: by login name; the statements must be in the entries by then.
    """
    if manifest is None:
        return False
    with manifest.connect() as connection:
        documents = RealmDocuments(connection, manifest.tree)
        announce(manifest.station, manifest.key, documents, manifest.run.now, kind, serials)
    return True
