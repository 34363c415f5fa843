"""A dummy realm of today with one enrolled host, for tests that go through the doors of logon and service."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import Any

from nacl.public import PrivateKey
from nacl.signing import SigningKey

from faced.directory.bundle import Bundle
from faced.enrolment.fiscal_year import FiscalYear
from faced.trust.consent import Approval, Consent, issue_approval, issue_consent
from faced.trust.emergency import Grant, issue_grant
from faced.trust.emergency_code import issue_code
from faced.trust.exemption import issue_exemption
from faced.trust.host import issue_host
from faced.trust.keys import HostKeys
from faced.trust.purpose import issue_purpose
from faced.trust.realm import Epoch, Manifest, Realm, Role
from faced.trust.sealed import TemplateHeader, seal_template
from faced.trust.suspension import Suspension, issue_suspension
from faced.trust.tombstone import issue_tombstone
from faced.trust.unlock import issue_unlock
from faced.units import HOUR_S

DAY = 86_400
PREDICTOR = bytes(range(32))


def _key(number: int) -> SigningKey:
    return SigningKey(bytes([number]) * 32)


@dataclass
class TestRealm:
    """The authority's side: what a directory would hold about a person."""

    __test__ = False

    now: int = field(default_factory=lambda: int(time.time()))
    predictor: bytes = PREDICTOR
    dummy: bool = True
    epoch_private: PrivateKey = field(default_factory=lambda: PrivateKey(bytes([9]) * 32))

    def __post_init__(self) -> None:
        now = self.now
        self.root, self.enrol, self.operate, self.manifest_key, self.revoke = (_key(number) for number in range(1, 6))
        self.approve, self.sync = _key(8), _key(12)
        self.realm = Realm.create("Example Ward", self.root, now - 100 * DAY, dummy=self.dummy)
        epoch = Epoch("default", 2026, bytes(self.epoch_private.public_key), now - 200 * DAY, now + 100 * DAY)
        self.manifest = Manifest(10, now - DAY, now + 13 * DAY, (epoch,), frozenset(), frozenset(), {})
        self.host = HostKeys("pc-1", _key(6), {2026: PrivateKey(bytes([7]) * 32)})
        year = FiscalYear.at(now).number
        # Both neighbours too: some tests look a few days ahead, and today may be 31 March.
        self.manifest = replace(
            self.manifest, purposes=tuple(map(self.purpose, (FiscalYear(year), FiscalYear(year + 1))))
        )
        until = now + 300 * DAY
        self.delegations = tuple(
            self.realm.delegate(self.root, handler, bytes(signer.verify_key), [role], now - 100 * DAY, until)
            for handler, signer, role in [
                ("sato", self.enrol, Role.ENROL),
                ("ito", self.operate, Role.OPERATE),
                ("timer", self.manifest_key, Role.MANIFEST),
                ("abe", self.revoke, Role.REVOKE),
                ("kimura", self.approve, Role.APPROVE),
                ("timer", self.sync, Role.SYNC),
            ]
        )
        self.host_statement = issue_host(
            self.realm,
            self.operate,
            name="pc-1",
            box=bytes(self.host.boxes[2026].public_key),
            sign=bytes(self.host.sign.verify_key),
            epoch=2026,
            groups={"default": {2026: self.epoch_private}},
            now=now - DAY,
            expires=until,
        )

    def purpose(self, year: FiscalYear) -> bytes:
        """The approving role's word that face data may be used in a fiscal year."""
        issued = self.now - DAY
        return issue_purpose(
            self.realm,
            self.approve,
            serial=issued,
            not_before=year.begins,
            not_after=year.ends,
            decision="R8-1",
            now=issued,
        )

    def bundle(
        self, login: str, coordinates: bytes, *, serial: int = 5, by: SigningKey | None = None, **changes: Any
    ) -> Bundle:
        """What faced-directory would hand over; ``changes`` replace fields of the template's header."""
        now = self.now
        until = now + 100 * DAY
        header = TemplateHeader(login, "000123", serial, now - DAY, until, self.predictor, ("default",), "photo")
        sealed = seal_template(
            self.realm, by or self.enrol, replace(header, **changes), coordinates, self.manifest.epochs, now
        )
        return Bundle(
            template=sealed.template,
            template_keys=sealed.template_keys,
            tombstone=None,
            manifest=self.signed_manifest(),
            delegations=self.delegations,
            host=self.host_statement,
            fetched=now,
            origin="directory",
        )

    def signed_manifest(self, **changes: Any) -> bytes:
        return self.realm.issue_manifest(self.manifest_key, replace(self.manifest, **changes))

    def tombstone(self, login: str, below_serial: int, *, by: SigningKey | None = None) -> bytes:
        return issue_tombstone(
            self.realm,
            by or self.revoke,
            login,
            below_serial=below_serial,
            reason="left",
            now=self.now,
            expires=self.now + 900 * DAY,
        )

    def unlock(
        self,
        login: str,
        *,
        host: str = "",
        serial: int | None = None,
        issued: int | None = None,
        hours: int = 24,
        by: SigningKey | None = None,
    ) -> bytes:
        """The approving role's word that a person may try again, or somebody else's."""
        now = self.now - 60 if issued is None else issued
        return issue_unlock(
            self.realm,
            by or self.approve,
            login,
            host=host,
            serial=now if serial is None else serial,
            now=now,
            expires=now + hours * 3600,
        )

    def grant(self, login: str, *, host: str = "pc-1", serial: int = 7, withdrawn: bool = False) -> bytes:
        """The approving role's word that a person may be let in without a face."""
        grant = Grant(login, host, serial, self.now + 8 * HOUR_S, withdrawn)
        return issue_grant(self.realm, self.approve, grant, self.now - 60)

    def consent(
        self,
        login: str,
        *,
        serial: int = 7,
        withdrawn: bool = False,
        issued: int | None = None,
        days: int = 100,
        by: SigningKey | None = None,
    ) -> bytes:
        """The person's own word, as the approving role recorded it, or as somebody else did."""
        now = self.now - DAY if issued is None else issued
        consent = Consent(login, serial, now, now, now + days * DAY, withdrawn)
        return issue_consent(self.realm, by or self.approve, consent)

    def approval(
        self,
        login: str,
        *,
        serial: int = 7,
        withdrawn: bool = False,
        issued: int | None = None,
        days: int = 100,
        by: SigningKey | None = None,
    ) -> bytes:
        """The section chief's word, as the approving role recorded it, or as somebody else did."""
        now = self.now - DAY if issued is None else issued
        approval = Approval(login, serial, "R8-12", now, now + days * DAY, withdrawn)
        return issue_approval(self.realm, by or self.approve, approval)

    def suspension(self, login: str, *, serial: int = 7, suspended: bool = True, by: SigningKey | None = None) -> bytes:
        """The revoking role's word."""
        suspension = Suspension(login, serial, suspended, "leave", self.now - 60, self.now + 900 * DAY)
        return issue_suspension(self.realm, by or self.revoke, suspension)

    def code(self, login: str, now: int) -> str:
        """What the approving role reads out on the telephone."""
        verifier = self.realm.verifier(self.delegations, self.signed_manifest(), now)
        return issue_code(verifier, self.approve, self.host_statement, "pc-1", login).digits

    def exemption(
        self,
        login: str,
        *without: str,
        serial: int = 7,
        issued: int | None = None,
        days: int = 100,
        by: SigningKey | None = None,
        instead: str = "",
    ) -> bytes:
        """The approving role's word, or somebody else's."""
        now = self.now - DAY if issued is None else issued
        return issue_exemption(
            *(self.realm, by or self.approve, login),
            serial=serial,
            without=without,
            now=now,
            expires=now + days * DAY,
            instead=instead,
        )
