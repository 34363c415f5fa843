"""`facectl suspend` and `facectl resume`: nobody is let in by a person's face, at once and until it is lifted."""

from __future__ import annotations

from pathlib import Path

import click

from cli.manifest_desk import manifest_desk, name_in_manifest
from cli.passphrase import once, passphrase_file_option, unlock_from
from cli.printing import check_reason, dry_run_option, json_option, print_json, reason_option
from cli.run import Run, pass_run
from cli.station import open_desk, role_at_hand, station_option
from faced.enrolment.acts import Act
from faced.enrolment.person import check_login
from faced.enrolment.suspending import Suspensions
from faced.i18n import _
from faced.trust.realm import Role
from faced.trust.statement import Kind

#: Either may; who revokes comes first, for that is what it is.
_ROLES = (Role.REVOKE, Role.ENROL)
_CAUSES = ("left", "leave", "incident", "other")


@click.command(
    help=_(
        "Suspend USER: no face is accepted for them on any PC, and no emergency code, until 'facectl resume'. Nothing "
        "is erased. A PC that is online refuses within a minute, also if the directory loses the record.\n\n"
        "Whoever is logged on stays so until the screen locks."
    )
)
@click.argument("user")
@click.option(
    "--cause",
    type=click.Choice(_CAUSES),
    default=_CAUSES[-1],
    show_default=True,
    help=_("A word for the directory; the reason itself stays at the station."),
)
@reason_option
@station_option
@passphrase_file_option
@dry_run_option
@json_option
@pass_run
def suspend(
    run: Run,
    user: str,
    cause: str,
    reason: str,
    station_path: Path | None,
    passphrase_file: Path | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """The statement first, then its name in the manifest."""
    check_login(user)
    check_reason(reason)
    unlock = once(unlock_from(passphrase_file))
    desk = open_desk(run, station_path, role_at_hand(run, station_path, _ROLES), passphrase_file, unlock)
    manifest = manifest_desk(desk, unlock)
    announced = False
    with desk.connect() as connection:
        suspensions = Suspensions(connection, desk.tree, desk.station.verifier(run.now), desk.key)
        person = suspensions.people.find(user)
        signed = suspensions.suspend(person, cause)
        if not dry_run:
            with desk.recorded(Act.SUSPEND, user, reason):
                suspensions.publish(signed)
                announced = name_in_manifest(manifest, Kind.SUSPENSION, {user: signed.says.serial})
    if as_json:
        serial = None if dry_run else signed.says.serial
        print_json(
            {
                "login": user,
                "suspended": True,
                "cause": cause,
                "serial": serial,
                "announced": announced,
                "dry_run": dry_run,
            }
        )
        return
    if dry_run:
        click.echo(_("Would suspend {login} ({name}).").format(login=user, name=person.name))
        return
    click.echo(_("{login} ({name}) is suspended.").format(login=user, name=person.name))
    click.echo(when_it_counts(announced))


@click.command(
    help=_(
        "Lift the suspension of USER: the face is accepted again, on a PC that is online at the next logon. A consent "
        "that was withdrawn stays so."
    )
)
@click.argument("user")
@reason_option
@station_option
@passphrase_file_option
@dry_run_option
@json_option
@pass_run
def resume(
    run: Run,
    user: str,
    reason: str,
    station_path: Path | None,
    passphrase_file: Path | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """A newer statement; the manifest needs to say nothing."""
    check_login(user)
    check_reason(reason)
    desk = open_desk(run, station_path, role_at_hand(run, station_path, _ROLES), passphrase_file)
    with desk.connect() as connection:
        suspensions = Suspensions(connection, desk.tree, desk.station.verifier(run.now), desk.key)
        person = suspensions.people.find(user)
        signed = suspensions.resume(person)
        if not dry_run:
            with desk.recorded(Act.RESUME, user, reason):
                suspensions.publish(signed)
    if as_json:
        serial = None if dry_run else signed.says.serial
        print_json({"login": user, "suspended": False, "serial": serial, "dry_run": dry_run})
        return
    text = (
        _("Would lift the suspension of {login} ({name}).")
        if dry_run
        else _("{login} ({name}) is not suspended any more.")
    )
    click.echo(text.format(login=user, name=person.name))


def when_it_counts(announced: bool) -> str:
    """When the PCs know of a suspension or a withdrawal."""
    if announced:
        return _("Every PC that is online knows it within a minute.")
    return _(
        "No key that issues manifests is at hand here, so a PC hears of it with its next refresh, in half an hour "
        "at most."
    )
