"""A year of an office: days in Japan, staff without photos, and PCs that are switched on or off."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import numpy as np

from faced.directory.bundle import DIRECTORY, Bundle
from faced.directory.connection import Connection, equals
from faced.directory.hosts import Hosts
from faced.directory.source import DirectorySource
from faced.directory.tree import RoleAccount
from faced.enrolment.admission import admit
from faced.enrolment.host_secret import HostKeyStore
from faced.enrolment.joining import HostRequest
from faced.enrolment.person import PersonDetails
from faced.enrolment.planting import hashed_password
from faced.enrolment.register import Register
from faced.enrolment.renewal import Renewal, plan_renewal, renew
from faced.enrolment.station import RoleKey
from faced.logon.judge import Bench, Unfit
from faced.logon.serials import SerialMemory
from faced.recognition.calibration import Policy
from faced.recognition.metric import Metric
from faced.recognition.template import FaceTemplate, Sample, Source
from faced.trust.keys import HostKeys
from faced.trust.realm import Role
from faced.trust.sealed import NO_PROVENANCE, Provenance, TemplateKey
from tests.cli.conftest import ROLE_PASSPHRASE, Office

PREDICTOR = bytes(range(32))
JOINED = "2026-10-15T12:00:00+09:00"


def unix(moment: str) -> int:
    """Unix seconds of a moment, in Japan unless it says otherwise: "2027-03-20" or "2027-03-20T08:30"."""
    when = datetime.fromisoformat(moment)
    return int((when if when.tzinfo else datetime.fromisoformat(f"{when.isoformat()}+09:00")).timestamp())


def go_to(office: Office, moment: str) -> None:
    """Another day; the manifest is renewed as a timer does daily."""
    office.now = unix(moment)
    result = office.facectl("realm", "manifest")
    assert result.exit_code == 0, result.output


def renew_purpose(office: Office) -> None:
    """What a handler does in March; the next manifest carries it."""
    office.json("purpose", "renew", "--decision", "R9-1", "--reason", "the council decided")


def role_key(office: Office, role: Role) -> RoleKey:
    return office.station.role(role, lambda _name: ROLE_PASSPHRASE.encode())


def as_role(office: Office, role: Role) -> Connection:
    account = office.slapd.tree.role(RoleAccount(role.value))
    return office.slapd.connector(account, role_key(office, role).password).connect()


def enrol(
    office: Office,
    *logins: str,
    groups: tuple[str, ...] = ("default",),
    provenance: Provenance = NO_PROVENANCE,
    not_after: int | None = None,
    source: Source = Source.PHOTO,
) -> None:
    """Enrol people who have no photos, or enrol them again."""
    with as_role(office, Role.ENROL) as connection:
        verifier, key = office.station.verifier(office.now), role_key(office, Role.ENROL)
        register = Register(connection, office.slapd.tree, verifier, key)
        for login in logins:
            points = np.random.default_rng(len(login)).normal(size=(68, 2))
            face = FaceTemplate((Sample.from_points(points, 0.004, source, office.now // 86400),))
            held = register.find(login)
            details = PersonDetails(login, (held and held.staff_number) or f"N-{login}", login, "", groups)
            register.enrol(details, face, predictor=PREDICTOR, not_after=not_after, provenance=provenance)


def epochs_of(office: Office, login: str) -> set[tuple[str, int]]:
    """The epochs that a person's template keys are for."""
    with office.slapd.admin() as admin:
        entry = admin.find(office.slapd.tree.people, equals(uid=login), ["facedTemplateKey"])
    keys = map(TemplateKey.parse, entry.all("facedTemplateKey"))
    return {(key.group, key.epoch) for key in keys}


def halves(office: Office) -> set[tuple[str, int]]:
    """The epochs whose private halves the station has."""
    return set(role_key(office, Role.OPERATE).epochs)


class Pc:
    """A PC with keys, a directory account and a memory of serials; it joined when it was made."""

    def __init__(self, office: Office, name: str, *, groups: tuple[str, ...] = ("default",), epoch: int = 2026) -> None:
        self.office = office
        self.name = name
        self.store = HostKeyStore(office.secret_of_pc(f"{name}.keys"))
        self.restarts = 0
        self._password = secrets.token_hex(8)
        keys = HostKeys.generate(name, epoch)
        self.store.replace(keys)
        verifier = office.station.verifier(office.now)
        statement = admit(verifier, role_key(office, Role.OPERATE), HostRequest.of(keys, epoch), groups)
        with as_role(office, Role.OPERATE) as connection:
            Hosts(connection, office.slapd.tree).add(name, hashed_password(self._password), groups, statement)

    def connect(self) -> Connection:
        return self.office.slapd.connector(self.office.slapd.tree.host(self.name), self._password).connect()

    def plan(self, now: int | None = None) -> Renewal:
        with self.connect() as connection:
            host = Hosts(connection, self.office.slapd.tree).read(self.name)
        verifier = self.office.station.realm.verifier(
            self.office.station.delegations, self.office.station.manifest, self.office.now if now is None else now
        )
        return plan_renewal(verifier, self.store.read(), host)

    def renew(self) -> Renewal:
        """What its timer does."""
        plan = self.plan()
        with self.connect() as connection:
            hosts = Hosts(connection, self.office.slapd.tree)
            renew(self.store, plan, self._restart, lambda request: hosts.request(self.name, request))
        return plan

    def bundle(self, login: str) -> Bundle:
        """What its faced-directory fetches."""
        slapd = self.office.slapd
        dn = slapd.tree.host(self.name)
        source = DirectorySource(slapd.connector(dn, self._password), slapd.tree, dn)
        answer = source.ask([login], None)
        face = answer.faces[login]
        assert face is not None
        return Bundle.of(face, answer.papers, self.office.now, DIRECTORY)

    def refusal(self, login: str, bundle: Bundle | None = None, now: int | None = None) -> str:
        """Why its faced cannot judge this person; empty if it can."""
        bench = Bench(
            realm=self.office.station.realm,
            host=self.store.read(),
            predictor=PREDICTOR,
            metric=Metric.shipped(),
            policy=Policy.shipped(0.01, 0.001),
            serials=SerialMemory(self._serials, self.office.station.realm.id),
        )
        try:
            bench.judge(login, bundle or self.bundle(login), self.office.now if now is None else now)
        except Unfit as error:
            return error.reason
        return ""

    @property
    def boxes(self) -> set[int]:
        """The years it has box keys of."""
        return set(self.store.read().boxes)

    @property
    def _serials(self) -> Path:
        return self.office.folder / f"{self.name}.serials"

    def _restart(self) -> None:
        self.restarts += 1


def everything(office: Office, units: Iterable[str] = ("people", "hosts")) -> dict[str, dict[str, tuple[bytes, ...]]]:
    """All of the directory below these units."""
    with office.slapd.admin() as admin:
        return {
            entry.dn: {name: tuple(sorted(values)) for name, values in entry.attributes.items()}
            for unit in units
            for entry in admin.find_all(getattr(office.slapd.tree, unit), "(objectClass=*)", ["*"])
        }
