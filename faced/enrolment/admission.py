"""A workstation's keys, and the authority's statement that lets it open the face data of its key groups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from nacl.public import PrivateKey

from faced.directory.hosts import Host
from faced.enrolment.fiscal_year import FiscalYear
from faced.enrolment.joining import HostRequest
from faced.enrolment.station import RoleKey
from faced.errors import TrustError
from faced.i18n import _
from faced.trust.host import HostRecord, issue_host, read_host
from faced.trust.realm import Verifier
from faced.trust.statement import Kind


@dataclass(frozen=True)
class Readmission:
    """What a host gets without anybody comparing a fingerprint again.

    ``box_epoch``: the fiscal year of its box key; ``statement``: the new one, None if the one it has will do;
    ``renewed``: whether its request was answered.
    """

    box_epoch: int
    groups: tuple[str, ...]
    statement: bytes | None
    renewed: bool


def admit(verifier: Verifier, key: RoleKey, request: HostRequest, groups: tuple[str, ...]) -> bytes:
    """The host statement, signed in the role ``operate`` and checked as the host itself will check it.

    :raises TrustError: ``wrong_group``, ``wrong_epoch``, ``host_revoked``, or the key may no longer do this.
    """
    manifest = verifier.manifest
    if manifest is None or request.name in manifest.revoked_hosts:
        raise TrustError(
            _("{name} was taken out of the realm and cannot come back under this name.").format(name=request.name),
            reason="host_revoked",
        )
    year = FiscalYear.at(verifier.now)
    if request.epoch not in (year.number, year.number + 1):
        raise TrustError(_("The request is of another fiscal year. Make a new one on the PC."), reason="wrong_epoch")
    opened = _may_open(verifier, key, groups, request.epoch)
    missing = [group for group in groups if not opened[group]]
    if missing:
        raise TrustError(
            _("The realm has no key group '{group}' in this fiscal year. 'facectl realm show' lists them.").format(
                group=missing[0]
            ),
            reason="wrong_group",
        )
    return _issue(verifier, key, request, opened)


def renewal(record: HostRecord, request: bytes | None) -> HostRequest | None:
    """A host's request if it asks for a key of the next fiscal year with the signing key that two people compared.

    Anything else is a request like that of a new computer, and waits for two people. So does one that comes more than a
    year late.
    """
    if request is None:
        return None
    try:
        asked = HostRequest.parse(request)
    except TrustError:
        return None
    same = (asked.name, asked.sign, asked.epoch) == (record.name, record.sign, record.epoch + 1)
    return asked if same else None


def readmit(verifier: Verifier, key: RoleKey, host: Host) -> Readmission:
    """A host's statement as it has to be now, under the keys and for the groups that its signed statement names.

    :raises TrustError: why it gets none: ``no_host_statement``, ``host_revoked``, ``wrong_host``, ``not_renewed`` (it
        has no box key of a year whose epoch still holds), or as :meth:`Verifier.check`.
    """
    if host.statement is None:
        raise TrustError(_("{name} was not approved yet.").format(name=host.name), reason="no_host_statement")
    if verifier.manifest is None or host.name in verifier.manifest.revoked_hosts:
        raise TrustError(_("{name} was taken out of the realm.").format(name=host.name), reason="host_revoked")
    record = read_host(verifier.check(host.statement, Kind.HOST, even_expired=True))
    if record.name != host.name:
        raise TrustError(_("The host record is another computer's."), reason="wrong_host")
    asked = renewal(record, host.request)
    request = asked or HostRequest(record.name, record.epoch, record.box, record.sign)
    opened = _may_open(verifier, key, record.groups, request.epoch)
    held = frozenset((group, number) for group, epochs in opened.items() for number in epochs)
    if not held:
        raise TrustError(
            _("{name} has made no key for this fiscal year yet. It does so by itself once it is switched on.").format(
                name=host.name
            ),
            reason="not_renewed",
        )
    statement = None
    if (record.box, record.held, record.expires) != (request.box, held, _end(verifier, held)):
        statement = _issue(verifier, key, request, opened)
    return Readmission(request.epoch, record.groups, statement, renewed=asked is not None)


def _may_open(
    verifier: Verifier, key: RoleKey, groups: tuple[str, ...], box_epoch: int
) -> dict[str, dict[int, PrivateKey]]:
    """For each key group the epochs that hold and are not of a later fiscal year than the host's box key.

    A key of the new year is never sealed to a box key of the old one: it would open with every old backup of the PC.
    """
    assert verifier.manifest is not None  # noqa: S101 - the callers looked
    opened: dict[str, dict[int, PrivateKey]] = {group: {} for group in groups}
    for epoch in verifier.manifest.epochs:
        private = key.epochs.get((epoch.group, epoch.number))
        if (
            epoch.group in opened
            and private is not None
            and epoch.not_after > verifier.now
            and FiscalYear.of_epoch(epoch.number).number <= box_epoch
        ):
            opened[epoch.group][epoch.number] = private
    return opened


def _issue(
    verifier: Verifier, key: RoleKey, request: HostRequest, opened: Mapping[str, Mapping[int, PrivateKey]]
) -> bytes:
    statement = issue_host(
        verifier.realm,
        key.sign,
        name=request.name,
        box=request.box,
        sign=request.sign,
        epoch=request.epoch,
        groups=opened,
        now=verifier.now,
        expires=_end(verifier, ((group, number) for group, epochs in opened.items() for number in epochs)),
    )
    verifier.check(statement, Kind.HOST)
    return statement


def _end(verifier: Verifier, held: Iterable[tuple[str, int]]) -> int:
    """When the last of these epochs is over."""
    assert verifier.manifest is not None  # noqa: S101 - the callers looked
    wanted = set(held)
    return max(epoch.not_after for epoch in verifier.manifest.epochs if (epoch.group, epoch.number) in wanted)
