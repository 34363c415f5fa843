"""The directory's own administrator, who makes entries and publishes who may sign what."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from cli.passphrase import read_passphrase
from cli.run import Run
from cli.station import Desk, connector
from faced.directory.connection import Connection
from faced.directory.connector import Account
from faced.directory.tree import RoleAccount, Tree
from faced.enrolment import handlers
from faced.enrolment.planting import refuse_other_realm, set_role_password
from faced.enrolment.station import Station
from faced.i18n import _
from faced.trust.realm import Role


def administrator_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Who the administrator is, and the password."""
    command = click.option(
        "--bind-password-file",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help=_("Read the administrator's password from the first line of this file instead of asking."),
    )(command)
    return click.option(
        "--bind-dn",
        metavar="DN",
        help=_("The directory's administrator, who makes the entries and sets the accounts of the roles."),
    )(command)


def admin_account(bind_dn: str | None, password_file: Path | None) -> Account:
    """The administrator's account, asked for at the terminal where no file is named.

    :raises click.UsageError: nobody is named.
    """
    if not bind_dn:
        raise click.UsageError(_("Name the directory's administrator with --bind-dn, or use --offline."))
    password = (
        read_passphrase(password_file).decode(errors="replace")
        if password_file is not None
        else click.prompt(_("Password of {user}").format(user=bind_dn), hide_input=True, err=True)
    )
    return Account(bind_dn, password)


def reachable(run: Run, station: Station, bind_dn: str | None, password_file: Path | None) -> Account:
    """The directory's administrator, who can be reached and finds this realm there, before anything is done."""
    account = admin_account(bind_dn, password_file)
    with connector(run, account).connect() as connection:
        refuse_other_realm(connection, Tree.configured(run.config.directory), station.realm.anchor)
    return account


def change_password(desk: Desk, connection: Connection, role: Role, password: str) -> None:
    """Give a role's account another password, and everybody who holds the role too."""
    set_role_password(connection, desk.tree, RoleAccount(role.value), password)
    handlers.share_password(desk.station, role, password, desk.run.now)
