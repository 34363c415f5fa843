"""`facectl unlock`: new tries for somebody whose face step is locked."""

from __future__ import annotations

from pathlib import Path

import click

from cli.passphrase import passphrase_file_option
from cli.printing import check_reason, dry_run_option, json_option, moment, moment_iso, print_json, reason_option
from cli.run import Run, pass_run
from cli.station import open_desk, station_option
from faced.enrolment.acts import Act
from faced.enrolment.person import check_login
from faced.enrolment.unlocking import Unlocks
from faced.i18n import _
from faced.trust.realm import Role

_HOURS = 24


@click.command(
    help=_(
        "Give USER new tries after too many failed ones, on every PC or on one, once on each. A locked PC asks for it "
        "at the next logon, so USER can try at once. The face is checked as before.\n\n"
        "Ask USER first whether the failed tries were their own: whoever tried knew the password."
    )
)
@click.argument("user")
@click.option("--host", default="", metavar="NAME", help=_("Only on this PC."))
@click.option(
    "--hours",
    type=int,
    default=_HOURS,
    show_default=True,
    metavar="N",
    help=_("How long it can be used, three days at most."),
)
@reason_option
@station_option
@passphrase_file_option
@dry_run_option
@json_option
@pass_run
def unlock(
    run: Run,
    user: str,
    host: str,
    hours: int,
    reason: str,
    station_path: Path | None,
    passphrase_file: Path | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Signed in the role that approves."""
    check_login(user)
    check_reason(reason)
    desk = open_desk(run, station_path, Role.APPROVE, passphrase_file)
    with desk.connect() as connection:
        unlocks = Unlocks(connection, desk.tree, desk.station.verifier(desk.run.now), desk.key)
        signed = unlocks.grant(unlocks.people.find(user), host, hours)
        if not dry_run:
            with desk.recorded(Act.UNLOCK, user, reason):
                unlocks.publish(signed)
    if as_json:
        serial = None if dry_run else signed.says.serial
        until = moment_iso(signed.says.expires)
        print_json({"login": user, "host": host or None, "until": until, "serial": serial, "dry_run": dry_run})
        return
    text = (
        _("Would give {login} new tries on {where}, until {until}.")
        if dry_run
        else _("{login} has new tries on {where}, until {until}.")
    )
    click.echo(text.format(login=user, where=host or _("every PC"), until=moment(signed.says.expires)))
