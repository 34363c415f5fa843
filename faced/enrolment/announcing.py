"""Words against somebody, named in the manifest, so that every PC hears of them with its next look at it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from faced.directory.realm import RealmDocuments
from faced.enrolment.revising import revise_manifest
from faced.enrolment.station import RoleKey, Station
from faced.trust.realm import Manifest
from faced.trust.statement import Kind

#: Names of one kind: a manifest has 20 KiB. What is more within a fortnight reaches the PCs with their refresh.
MOST_NAMED = 200


def announce(
    station: Station, key: RoleKey, documents: RealmDocuments, now: int, kind: Kind, serials: Mapping[str, int]
) -> Manifest:
    """Issue a manifest that names these words; the statements themselves must be in the entries by then.

    :param key: of the role ``manifest``, as whose account ``documents`` is connected.
    :param serials: of the suspensions or withdrawals, by login name.
    :raises TrustError, DirectoryError: as :func:`revise_manifest`.
    """
    return revise_manifest(station, key, documents, now, lambda manifest: naming(manifest, kind, serials))


def naming(manifest: Manifest, kind: Kind, serials: Mapping[str, int]) -> Manifest:
    """The same manifest with these words against people in it, and without the oldest if they are too many."""
    named = {**manifest.words_against.get(kind, {}), **serials}
    newest = sorted(named.items(), key=lambda entry: entry[1])[-MOST_NAMED:]
    return dataclasses.replace(manifest, words_against={**manifest.words_against, kind: dict(newest)})
