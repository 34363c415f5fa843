"""The manifest's share in the count over all PCs: who is to be watched, and the alarm about it in the journal."""

from __future__ import annotations

from dataclasses import dataclass

import click

from cli.run import Run
from cli.station import Desk
from faced.directory.connection import Connection
from faced.directory.people import People
from faced.enrolment.failures import RealmFailures, read_failures, watched
from faced.enrolment.manifest import last_manifest
from faced.errors import FacedError
from faced.i18n import _
from faced.records.audit import AuditError, AuditEvent, EventKind, JournalSink
from faced.trust.realm import Manifest
from faced.trust.report import subject_of


@dataclass(frozen=True)
class Watch:
    """What the PCs report now; ``failures`` is None if it cannot be counted, and then nothing changes.

    ``known``: the subjects of the directory's people, as far as they are needed.
    """

    failures: RealmFailures | None
    known: frozenset[bytes]

    @classmethod
    def over(cls, connection: Connection, desk: Desk, run: Run) -> Watch:
        """Read the reports. A manifest must be issued whatever becomes of them, so that an error is only said.

        One that has expired is renewed first: nothing can be checked against it.
        """
        if last_manifest(desk.station).expires <= run.now:
            return cls(RealmFailures((), {}), frozenset())
        try:
            failures = read_failures(connection, desk.tree, desk.station, run.now, run.config.logon.ceiling)
            logins = People(connection, desk.tree).logins() if failures.alarming else ()
        except FacedError as error:
            click.echo(_("WARNING: failed tries were not counted: {why}").format(why=error), err=True)
            return cls(None, frozenset())
        return cls(failures, frozenset(subject_of(desk.station.realm, login) for login in logins))

    @property
    def counted(self) -> bool:
        """Whether the reports were counted."""
        return self.failures is not None

    def change(self, manifest: Manifest) -> Manifest:
        """The manifest with those in it of whom more is to be asked."""
        return manifest if self.failures is None else watched(manifest, self.failures, self.known)

    def tell(self, before: Manifest, after: Manifest) -> None:
        """An event in the journal for each alarm that is new, or goes on."""
        for subject, until in after.stricter.items():
            if until > before.stricter.get(subject, 0):
                try:
                    JournalSink().record(
                        AuditEvent(EventKind.ALARM, reason="failed_on_several_hosts", subject=subject.hex())
                    )
                except AuditError as error:
                    click.echo(_("WARNING: {warning}").format(warning=error), err=True)
