"""A manifest made from the published one and put in its place, so that of two changes at once neither is lost."""

from __future__ import annotations

from collections.abc import Callable

from faced.directory.realm import RealmDocuments
from faced.enrolment.manifest import adopt_manifest, last_manifest, next_manifest, with_purposes
from faced.enrolment.station import RoleKey, Station
from faced.errors import DirectoryError
from faced.i18n import _
from faced.trust.realm import Manifest

#: Each failure means that somebody else succeeded; nobody meets so many in a row.
_TRIES = 8


def revise_manifest(
    station: Station,
    key: RoleKey,
    documents: RealmDocuments,
    now: int,
    change: Callable[[Manifest], Manifest] = lambda manifest: manifest,
) -> Manifest:
    """Renew the manifest for a fortnight with a change in it and the purposes that wait, publish it and keep it.

    :param key: of the role ``manifest``, as whose account ``documents`` is connected.
    :param change: the content as it is, made into what it shall be; called again for what another one published
        meanwhile.
    :raises TrustError: the key may not issue manifests (any more), or the station has lost its own.
    :raises DirectoryError: ``busy``: others changed it all the time; nothing was changed.
    """
    for _attempt in range(_TRIES):
        published = documents.read().manifest
        adopt_manifest(station, published, now)
        revised = with_purposes(change(next_manifest(last_manifest(station), now)), station, now)
        data = sign_manifest(station, key, revised, now)
        if documents.exchange_manifest(published, data):
            station.keep_manifest(data)
            return revised
    raise DirectoryError(
        _("The manifest was changed by others again and again. Nothing was done; try again."), reason="busy"
    )


def sign_manifest(station: Station, key: RoleKey, manifest: Manifest, now: int) -> bytes:
    """A manifest as it is published.

    :raises TrustError: the key may not issue it.
    """
    data = station.realm.issue_manifest(key.sign, manifest)
    # Our own check: a delegation that has run out must show here and not on every workstation.
    station.realm.verifier(station.delegations, data, now)
    return data
