"""Taking a computer out of the realm: the manifest says so, and its directory account ends."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from faced.directory.hosts import Host, Hosts
from faced.directory.realm import RealmDocuments
from faced.enrolment.revising import revise_manifest
from faced.enrolment.station import RoleKey, Station
from faced.errors import DirectoryError, NotInDirectory
from faced.i18n import _
from faced.trust.realm import Manifest


@dataclass(frozen=True)
class Revocation:
    """What was done about one computer.

    ``already``: whether the manifest named it before; ``until``: when the oldest manifest that a computer without
    network may still believe expires, unix seconds; ``has_entry``: whether there was a directory account to end.
    """

    name: str
    already: bool
    until: int
    groups: tuple[str, ...]
    has_entry: bool


def look(hosts: Hosts, manifest: Manifest, name: str, *, even_without_entry: bool = False) -> Revocation:
    """What there is to revoke.

    :raises DirectoryError: ``no_such_host``: neither the directory nor the manifest knows this name.
    """
    host = find(hosts, name)
    already = name in manifest.revoked_hosts
    if host is None and not already and not even_without_entry:
        raise DirectoryError(
            _("There is no computer {name}. 'facectl host list' shows the names.").format(name=name),
            reason="no_such_host",
        )
    return Revocation(name, already, manifest.expires, host.groups if host else (), host is not None)


def revoke(
    station: Station, key: RoleKey, hosts: Hosts, documents: RealmDocuments, found: Revocation, now: int
) -> None:
    """Name the computer in the manifest, then end its account: whoever reads the one or meets the other refuses.

    Interrupted between the two, the manifest alone has cut it off; doing it again completes it.

    :param key: of the role ``manifest``, as whose account ``hosts`` and ``documents`` are connected.
    """

    def without(manifest: Manifest) -> Manifest:
        return dataclasses.replace(manifest, revoked_hosts=manifest.revoked_hosts | {found.name})

    revise_manifest(station, key, documents, now, without)
    if found.has_entry:
        hosts.shut_out(found.name)


def find(hosts: Hosts, name: str) -> Host | None:
    """A computer's entry, None if it has none."""
    try:
        return hosts.read(name)
    except NotInDirectory:
        return None
