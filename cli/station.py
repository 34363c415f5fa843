"""The authority station from the command line: which folder, which role, and the role's connection to the directory."""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from cli.passphrase import unlock_from
from cli.run import Run
from faced.directory.connection import Connection
from faced.directory.connector import Account, Connector
from faced.directory.realm import RealmDocuments
from faced.directory.tree import RoleAccount, Tree
from faced.enrolment.acts import Act, ActLog, ActRecord
from faced.enrolment.manifest import adopt_manifest
from faced.enrolment.station import RoleKey, Station, Unlock
from faced.errors import DirectoryError, FacedError
from faced.i18n import _
from faced.trust.realm import Role

#: Nobody waits at a logon screen for the station: it may be more patient with the directory than a workstation.
PATIENCE_S = 10.0

station_option = click.option(
    "--station",
    "station_path",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help=_("The authority station's folder; otherwise the configured one."),
)


@dataclass(frozen=True)
class Desk:
    """A role at work on its station."""

    run: Run
    station: Station
    key: RoleKey

    @property
    def tree(self) -> Tree:
        """Where things are in the directory."""
        return Tree.configured(self.run.config.directory)

    @contextmanager
    def recorded(self, act: Act, subject: str = "", reason: str = "") -> Iterator[None]:
        """Write down what is about to be done in the block, and how it ended.

        :raises StateError: it could not be written down, and was not done.
        """
        write_act(self.run, self.station, self.key.handler, act, subject, reason)
        outcome = "interrupted"
        try:
            yield
            outcome = "done"
        except FacedError as error:
            outcome = error.reason
            raise
        finally:
            write_act(self.run, self.station, self.key.handler, act, subject, reason, outcome)

    def connect(self) -> Connection:
        """The directory, as this role's account; the station takes over a manifest that is newer than its own.

        :raises DirectoryUnavailable: no server could be reached and verified.
        :raises DirectoryError: ``other_realm``: what is there is not this station's realm.
        """
        account = Account(self.tree.role(RoleAccount(self.key.role.value)), self.key.password)
        connection = connector(self.run, account).connect()
        try:
            published = RealmDocuments(connection, self.tree).read()
            if published.statement != self.station.realm.anchor:
                raise DirectoryError(
                    _("The directory below {base} does not hold this station's realm. Check the base.").format(
                        base=self.tree.base
                    ),
                    reason="other_realm",
                )
            adopt_manifest(self.station, published.manifest, self.run.now)
        except BaseException:
            connection.close()
            raise
        return connection


def open_desk(
    run: Run, path: Path | None, role: Role, passphrase_file: Path | None, unlock: Unlock | None = None
) -> Desk:
    """Open the station in a role.

    :param unlock: in place of the file, for commands that need a passphrase more than once.
    :raises StateError, TrustError: as :meth:`Station.open` and :meth:`Station.role`.
    """
    station = Station.open(run.station(path))
    return Desk(run, station, station.role(role, unlock or unlock_from(passphrase_file)))


def write_act(
    run: Run,
    station: Station,
    handler: str,
    act: Act,
    subject: str = "",
    reason: str = "",
    outcome: str = "begun",
) -> None:
    """Append to the station's record of acts."""
    ActLog(station.path).write(ActRecord(run.now, act, handler, operator(), subject, reason, outcome))


def operator() -> str:
    """The account of whoever sits at the station."""
    return os.environ.get("SUDO_USER") or getpass.getuser()


def connector(run: Run, account: Account) -> Connector:
    """How to reach the configured directory as some account."""
    directory = run.config.directory
    return Connector(directory.servers, directory.ca_file, account, timeout_s=max(PATIENCE_S, directory.timeout_s))
