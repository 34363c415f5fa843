"""The authority station from the command line: which folder, which role, and the role's connection to the directory."""

from __future__ import annotations

import dataclasses
import getpass
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from cli.passphrase import unlock_from
from cli.run import Run
from faced.directory.connection import Connection
from faced.directory.connector import Account, Connector
from faced.directory.realm import RealmDocuments
from faced.directory.tree import RoleAccount, Tree
from faced.enrolment.acts import Act, ActLog, ActRecord
from faced.enrolment.handlers import check_live
from faced.enrolment.manifest import adopt_manifest
from faced.enrolment.station import RoleKey, Station, Unlock
from faced.errors import AccountRefused, DirectoryError, FacedError
from faced.i18n import _
from faced.trust.realm import PERSONAL, Role

#: Nobody waits at a logon screen for the station: it may be more patient with the directory than a workstation.
PATIENCE_S = 10.0


def _remember_handler(context: click.Context, _option: click.Parameter, name: str | None) -> None:
    if name is not None:
        context.ensure_object(Run).handler = name


def station_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Which station, and who acts there."""
    command = click.option(
        "--handler",
        expose_value=False,
        callback=_remember_handler,
        metavar="NAME",
        help=_("Who you are, where several handlers have keys on the station; otherwise your login name."),
    )(command)
    return click.option(
        "--station",
        "station_path",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help=_("The authority station's folder; otherwise the configured one."),
    )(command)


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
    def recorded(
        self, act: Act, subject: str = "", reason: str = "", *, decision: str = "", agreement: str = ""
    ) -> Iterator[None]:
        """Write down what is about to be done in the block, and how it ended, each time signed by who acts.

        :param decision: the number of the decision that is carried out.
        :param agreement: the id of the proposal that a second handler confirmed.
        :raises StateError: it could not be written down, and was not done.
        """
        record = act_record(self.run, self.key, act, subject, reason, decision=decision, agreement=agreement)
        self.write(record)
        outcome = "interrupted"
        try:
            yield
            outcome = "done"
        except FacedError as error:
            outcome = error.reason
            raise
        finally:
            self.write(dataclasses.replace(record, at=self.run.now, outcome=outcome))

    def write(self, record: ActRecord) -> None:
        """Append to the station's record of acts.

        :raises StateError: it could not be written down.
        """
        ActLog(self.station.path).write(record, self.station.realm, self.key.sign)

    def connect(self) -> Connection:
        """The directory, as this role's account; the station takes over a manifest that is newer than its own.

        :raises DirectoryUnavailable: no server could be reached and verified.
        :raises DirectoryError: ``other_realm``: what is there is not this station's realm.
        """
        account = Account(self.tree.role(RoleAccount(self.key.role.value)), self.key.password)
        try:
            connection = connector(self.run, account).connect()
        except AccountRefused:
            raise AccountRefused(
                _(
                    "The directory refused {dn}: it has another password there than on this station. Put the entry, or "
                    "the station's folder, back from the backup."
                ).format(dn=account.dn)
            ) from None
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
    :raises NotAllowed: nobody who acts here has a key in this role, or the appointment is over.
    """
    return desk_of(run, Station.open(run.station(path)), role, unlock or unlock_from(passphrase_file))


def desk_of(run: Run, station: Station, role: Role, unlock: Unlock, handler: str | None = None) -> Desk:
    """A handler at work in a role; errors as :func:`open_desk`.

    :param handler: None for whoever acts in this run.
    """
    key = station.role(role, unlock, handler or acting(run, station, role))
    check_live(station, key, run.now)
    return Desk(run, station, key)


def role_at_hand(run: Run, path: Path | None, roles: Sequence[Role]) -> Role:
    """The first of these roles that whoever acts has a key for at the station; the first of all if there is none."""
    station = Station.open(run.station(path))
    for role in roles:
        held = station.keys_in(role)
        if acting(run, station, role) in held or (run.handler is None and len(held) == 1):
            return role
    return roles[0]


def acting(run: Run, station: Station, role: Role) -> str | None:
    """Who acts in a role: the one named on the command line, else the one with the login name of who sits here.

    None where neither has a key in the role: if only one handler has, it is theirs. Whoever is named acts personally
    where a person decides, and uses whose key there is where only a manifest is issued or something is looked up.
    """
    held = station.keys_in(role)
    if run.handler is not None and (role in PERSONAL or run.handler in held):
        return run.handler
    return operator() if operator() in held else None


def act_record(
    run: Run,
    key: RoleKey,
    act: Act,
    subject: str = "",
    reason: str = "",
    outcome: str = "begun",
    *,
    decision: str = "",
    agreement: str = "",
) -> ActRecord:
    """An act of this moment, by the handler of a key."""
    return ActRecord(run.now, act, key.handler, operator(), subject, reason, outcome, decision, agreement)


def operator() -> str:
    """The account of whoever sits at the station."""
    return os.environ.get("SUDO_USER") or getpass.getuser()


def role_connectors(desk: Desk) -> dict[str, Connector]:
    """How to reach each configured server by itself, as the account of whoever is at work."""
    directory = desk.run.config.directory
    account = Account(desk.tree.role(RoleAccount(desk.key.role.value)), desk.key.password)
    return {
        server: Connector([server], directory.ca_file, account, timeout_s=max(PATIENCE_S, directory.timeout_s))
        for server in directory.servers
    }


def connector(run: Run, account: Account) -> Connector:
    """How to reach the configured directory as some account."""
    directory = run.config.directory
    return Connector(directory.servers, directory.ca_file, account, timeout_s=max(PATIENCE_S, directory.timeout_s))
