"""A workstation's keys, and the authority's statement that lets it open the face data of its key groups."""

from __future__ import annotations

from pathlib import Path

from faced.enrolment.fiscal_year import FiscalYear
from faced.enrolment.joining import HostRequest
from faced.enrolment.station import RoleKey, replace_file
from faced.errors import TrustError
from faced.i18n import _
from faced.trust.host import issue_host
from faced.trust.keys import HostKeys, encode_key_file, read_key_file, write_key_file
from faced.trust.realm import Verifier
from faced.trust.statement import Kind


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
    held = {
        group: {number: private for (name, number), private in key.epochs.items() if name == group} for group in groups
    }
    missing = [group for group in groups if not held[group] or all(e.group != group for e in manifest.epochs)]
    if missing:
        raise TrustError(
            _("The realm has no key group '{group}' in this fiscal year. 'facectl realm show' lists them.").format(
                group=missing[0]
            ),
            reason="wrong_group",
        )
    statement = issue_host(
        verifier.realm,
        key.sign,
        name=request.name,
        box=request.box,
        sign=request.sign,
        epoch=request.epoch,
        groups=held,
        now=verifier.now,
        expires=max(epoch.not_after for epoch in manifest.epochs if epoch.group in groups),
    )
    verifier.check(statement, Kind.HOST)
    return statement


def own_keys(path: Path, name: str, epoch: int) -> HostKeys:
    """This computer's keys: those it has, with one for the epoch added if need be, or new ones.

    :raises TrustError: ``wrong_host`` if the keys are another computer's; as :func:`read_key_file`.
    """
    if not path.exists():
        keys = HostKeys.generate(name, epoch)
        write_key_file(path, keys.content())
        return keys
    keys = HostKeys.from_content(read_key_file(path))
    if keys.name != name:
        raise TrustError(
            _("The keys in {path} are for {other}. Remove the file if this computer really has another name.").format(
                path=path, other=keys.name
            ),
            reason="wrong_host",
        )
    if epoch not in keys.boxes:
        keys = HostKeys(name, keys.sign, {**keys.boxes, epoch: HostKeys.generate(name, epoch).boxes[epoch]})
        replace_file(path, encode_key_file(keys.content()))
    return keys
