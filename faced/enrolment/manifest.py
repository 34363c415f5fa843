"""The last manifest, and the next one made from it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from faced.enrolment.acts import ActLog
from faced.enrolment.fiscal_year import OVERLAP, FiscalYear
from faced.enrolment.station import Station
from faced.errors import TrustError
from faced.i18n import _
from faced.trust.purpose import Purpose, standing
from faced.trust.realm import CLOCK_SKEW_S, MANIFEST_DAYS, MAX_PURPOSES, Epoch, Manifest, RecordHead, Verifier
from faced.trust.report import COUNTED_S
from faced.trust.statement import parse
from faced.units import DAY_S


def epoch_of(group: str, number: int, public: bytes) -> Epoch:
    """An epoch of a key group; those of a fiscal year overlap their neighbours by :data:`OVERLAP`."""
    year = FiscalYear.of_epoch(number)
    return Epoch(group, number, public, year.announced, year.ends + int(OVERLAP.total_seconds()))


def epochs_to_seal_to(manifest: Manifest, now: int) -> tuple[Epoch, ...]:
    """The epochs that face data are sealed to: those that are not over, of each group and fiscal year the newest."""
    newest: dict[tuple[str, FiscalYear], Epoch] = {}
    for epoch in sorted(manifest.epochs, key=lambda epoch: epoch.number):
        if epoch.not_after > now:
            newest[epoch.group, FiscalYear.of_epoch(epoch.number)] = epoch
    return tuple(newest.values())


def first_manifest(epochs: Iterable[Epoch], now: int) -> Manifest:
    """A new realm's manifest: nothing is revoked yet."""
    return Manifest(now, now, now + MANIFEST_DAYS * DAY_S, tuple(epochs), frozenset(), frozenset(), {})


def next_manifest(previous: Manifest, now: int) -> Manifest:
    """The same for the next fortnight, with a higher serial and without the epochs and alarms that are over.

    Words against people go after a fortnight: a PC that has not heard of them by then has no valid manifest either.
    """
    heard_of = now - MANIFEST_DAYS * DAY_S
    return dataclasses.replace(
        previous,
        serial=max(now, previous.serial + 1),
        issued=now,
        expires=now + MANIFEST_DAYS * DAY_S,
        epochs=tuple(epoch for epoch in previous.epochs if epoch.not_after > now),
        words_against={
            kind: {login: serial for login, serial in serials.items() if serial >= heard_of}
            for kind, serials in previous.words_against.items()
        },
        stricter={subject: until for subject, until in previous.stricter.items() if until > now},
        calmed={subject: since for subject, since in previous.calmed.items() if since > now - COUNTED_S},
    )


def purposes_of(station: Station, manifest: Manifest, now: int) -> tuple[Purpose, ...]:
    """The purposes that count under this manifest: its own, and those that wait on the station for the next."""
    verifier = station.realm.verifier(station.delegations, None, now).under(manifest)
    return standing(verifier, (*manifest.purposes, *station.purposes))[:MAX_PURPOSES]


def with_purposes(manifest: Manifest, station: Station, now: int) -> Manifest:
    """The same manifest with the purposes that count and no others."""
    found = purposes_of(station, manifest, now)
    return dataclasses.replace(manifest, purposes=tuple(purpose.statement for purpose in found))


def with_checkpoint(manifest: Manifest, station: Station) -> Manifest:
    """The same manifest, vouching for the station's record of acts as far as it goes now.

    A record that contradicts the last checkpoint is not vouched for: the old one stays, and tells every auditor.
    """
    log = ActLog(station.path)
    if manifest.record is not None and log.contradicts(manifest.record):
        return manifest
    return dataclasses.replace(manifest, record=log.head())


def record_verifier(station: Station) -> Verifier:
    """What tells whose the signatures of the record are: every delegation there ever was, under the last manifest.

    :raises TrustError: as :func:`last_manifest`.
    """
    last_manifest(station)
    assert station.manifest is not None  # noqa: S101 - it was just read
    return station.realm.verifier(station.history, station.manifest, parse(station.manifest).unverified.issued)


def checkpoint_of(station: Station, manifest: bytes) -> RecordHead | None:
    """What a manifest of this realm, however old, says of the record of acts.

    :raises TrustError: it is not ours.
    """
    return _read(station, manifest, station.history).record


def last_manifest(station: Station) -> Manifest:
    """The station's last manifest, also when it has expired: renewing it is the cure.

    :raises TrustError: there is none, or it is not ours.
    """
    if station.manifest is None:
        raise TrustError(_("The station has lost its manifest. Restore the folder from its backup."))
    return _read(station, station.manifest, station.delegations)


def adopt_manifest(station: Station, published: bytes | None, now: int) -> bool:
    """Keep the directory's manifest if it is newer than the station's own.

    A second station, or one restored from a backup, must not publish a manifest that has forgotten a revocation.

    :param published: unverified; what is not signed by our role, or comes from the future, is left alone.
    :return: whether it was kept.
    """
    if published is None or published == station.manifest:
        return False
    try:
        theirs = _read(station, published, station.delegations)
    except TrustError:
        return False
    ours = last_manifest(station)
    if parse(published).unverified.issuer in ours.revoked_keys | ours.retired_keys.keys():
        # Whoever was dismissed must not undo it: their manifest would not name their own key.
        return False
    if theirs.issued > now + CLOCK_SKEW_S or theirs.serial <= ours.serial:
        return False
    station.keep_manifest(published)
    return True


def _read(station: Station, data: bytes, delegations: Iterable[bytes]) -> Manifest:
    """A manifest as it was believed on the day of its issue."""
    manifest = station.realm.verifier(delegations, data, parse(data).unverified.issued).manifest
    assert manifest is not None  # noqa: S101 - a verifier made with a manifest has one
    return manifest
