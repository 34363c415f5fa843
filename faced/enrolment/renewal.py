"""A workstation's box key of each fiscal year: made ahead of the year, asked for, and destroyed when the year is over.

The request is signed with the signing key that two people compared when the computer joined, so nobody compares again.
The realm's manifest has to hold by the computer's clock before anything is done: a clock that starts in 1970, or that
somebody set, makes no key of a wrong year.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from nacl.public import PrivateKey

from faced.directory.hosts import Host
from faced.enrolment.fiscal_year import OVERLAP, FiscalYear
from faced.enrolment.host_secret import HostKeyStore
from faced.enrolment.joining import HostRequest
from faced.errors import TrustError
from faced.i18n import _
from faced.trust.host import HostRecord, read_host
from faced.trust.keys import HostKeys
from faced.trust.realm import Verifier
from faced.trust.statement import Kind

#: So long before 1 April the year's box key is made: a fortnight before the station begins the epochs, which then
#: finds the requests there and needs no second run.
AHEAD = timedelta(days=28)


@dataclass(frozen=True)
class Renewal:
    """What is to be done about a computer's keys; years are numbers of fiscal years.

    ``keys``: those to keep; ``made``: the year of a new box key; ``destroyed``: years whose box keys go;
    ``request``: to be published, None if there is nothing to ask or it was asked already; ``epoch``: of the box key
    that the station seals to today; ``until``: when that statement ends, unix seconds.
    """

    keys: HostKeys
    made: int | None
    destroyed: tuple[int, ...]
    request: bytes | None
    epoch: int
    until: int


def plan_renewal(verifier: Verifier, keys: HostKeys, host: Host) -> Renewal:
    """What this computer has to do about its keys now.

    :param verifier: under the manifest that the directory has now, by this computer's clock.
    :param host: this computer's own entry.
    :raises TrustError: ``manifest_expired``; ``no_host_statement``: it was never approved; ``host_revoked``;
        ``wrong_host``: the statement is not about these keys.
    """
    record = _own_record(verifier, keys, host)
    wanted = FiscalYear.at(verifier.now + int(AHEAD.total_seconds())).number
    newest = max(keys.boxes, default=record.epoch)
    boxes = dict(keys.boxes)
    made = None
    if wanted > newest:
        boxes[wanted] = PrivateKey.generate()
        made = newest = wanted
    # Not before the station seals to a newer one: until then the old key is all there is.
    destroyed = tuple(year for year in sorted(boxes) if year < record.epoch and _is_over(year, verifier.now))
    kept = dataclasses.replace(keys, boxes={year: box for year, box in boxes.items() if year not in destroyed})
    request = HostRequest.of(kept, newest).sign_with(kept) if newest > record.epoch else None
    return Renewal(kept, made, destroyed, request if request != host.request else None, record.epoch, record.expires)


def renew(store: HostKeyStore, plan: Renewal, restart: Callable[[], None], publish: Callable[[bytes], None]) -> None:
    """Do what was planned; cut off anywhere, the next plan completes it.

    :param restart: makes the daemon read its keys again. Before the request is out: the station may answer at once,
        and a daemon that does not know the new key could open nothing then.
    :param publish: puts a request into this computer's entry.
    """
    changed = plan.made is not None or bool(plan.destroyed)
    if changed:
        store.replace(plan.keys)
    if changed or plan.request is not None:
        restart()
    if plan.request is not None:
        publish(plan.request)


def _own_record(verifier: Verifier, keys: HostKeys, host: Host) -> HostRecord:
    if verifier.manifest is None:
        raise TrustError(_("Without a manifest nothing is known for certain."), reason="manifest_expired")
    if keys.name in verifier.manifest.revoked_hosts:
        raise TrustError(_("This computer was taken out of the realm."), reason="host_revoked")
    if host.statement is None:
        raise TrustError(_("This computer was not approved yet."), reason="no_host_statement")
    record = read_host(verifier.check(host.statement, Kind.HOST, even_expired=True))
    if (record.name, record.sign) != (keys.name, bytes(keys.sign.verify_key)):
        raise TrustError(_("The host record is another computer's."), reason="wrong_host")
    return record


def _is_over(year: int, now: int) -> bool:
    return FiscalYear(year).ends + int(OVERLAP.total_seconds()) <= now
