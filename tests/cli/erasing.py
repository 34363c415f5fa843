"""People with templates of random points, and PCs with a real cache that report to the directory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from faced.directory.cache import Cache
from faced.directory.fetcher import Fetcher
from faced.directory.source import DirectorySource
from faced.directory.tree import RoleAccount
from faced.enrolment.person import PersonDetails
from faced.enrolment.register import Register
from faced.recognition.template import FaceTemplate, Sample, Source
from faced.trust.realm import Role
from faced.trust.report import issue_report
from tests.cli.conftest import ROLE_PASSPHRASE, Office
from tests.cli.year import Pc

STAFF = ("ito", "sato", "tanaka")


def enrol(office: Office, *logins: str, groups: tuple[str, ...] = ("default",), handler: str | None = None) -> None:
    """Enrol people, or enrol them again, as who enrols."""
    key = office.station.role(Role.ENROL, lambda _name: ROLE_PASSPHRASE.encode(), handler)
    account = office.slapd.tree.role(RoleAccount.ENROL)
    with office.slapd.connector(account, key.password).connect() as connection:
        register = Register(connection, office.slapd.tree, office.station.verifier(office.now), key)
        for login in logins:
            points = np.random.default_rng(len(login)).normal(size=(68, 2))
            face = FaceTemplate((Sample.from_points(points, 0.004, Source.PHOTO, office.now // 86400),))
            details = PersonDetails(login, f"N-{login}", f"氏名 {login}", f"{login}@example.jp", groups)
            register.enrol(details, face, predictor=bytes(32))


def answered(office: Office, status: int, *arguments: object) -> Any:
    """The JSON answer of a command that ends with this status."""
    result = office.facectl(*arguments, "--json")
    assert result.exit_code == status, result.output
    return json.loads(result.stdout)


class CachingPc(Pc):
    """A PC with the cache and the errands of faced-directory; it is only on when a test says so."""

    def __init__(self, office: Office, name: str, **more: Any) -> None:
        super().__init__(office, name, **more)
        self.folder = office.folder / f"{name}.cache"
        self._dn = office.slapd.tree.host(name)
        self.switch_on()

    def switch_on(self) -> None:
        """Its daemon starts: what was in memory is gone, what is on the disk is not."""
        source = DirectorySource(
            self.office.slapd.connector(self._dn, self._password), self.office.slapd.tree, self._dn
        )
        self.cache = Cache(self.folder, valid_days=14, clock=lambda: self.office.now, monotonic=lambda: self.office.now)
        self.fetcher = Fetcher(source, self.cache, timeout_s=10, refresh_s=900, poll_s=30, random=lambda: 0.5)

    def logs_on(self, login: str) -> None:
        """Somebody logs on here, and is in the cache from then on."""
        self.fetcher.fetch(login)
        self.fetcher.used(login)

    def visit(self) -> None:
        """A quarter of an hour of its errands: refresh, report if one is due, and the poll that delivers it."""
        self.fetcher.refresh()
        status = self.fetcher.status()
        if status.report_due:
            keys, now = self.store.read(), self.office.now
            report = issue_report(self.office.station.realm, keys, now, now, [], status.refreshed)
            self.fetcher.report(report, status.refreshed)
        self.fetcher.poll()

    def holds(self, what: bytes) -> bool:
        """Whether these bytes are anywhere in its cache on the disk."""
        return any(what in path.read_bytes() for path in Path(self.folder).iterdir())
