"""`facectl host revoke`: a stolen PC, or one that is given away, opens nothing from now on."""

from __future__ import annotations

from pathlib import Path

import click

from cli.passphrase import passphrase_file_option
from cli.printing import (
    check_reason,
    confirm,
    dry_run_option,
    json_option,
    moment,
    print_json,
    reason_option,
    yes_option,
)
from cli.run import Run, pass_run
from cli.station import open_desk, station_option
from faced.directory.hosts import Hosts
from faced.directory.realm import RealmDocuments
from faced.enrolment import revoking
from faced.enrolment.acts import Act
from faced.enrolment.joining import check_host_name
from faced.enrolment.manifest import last_manifest
from faced.enrolment.revoking import Revocation
from faced.i18n import _
from faced.trust.realm import Role


@click.command(
    short_help=_("Take the computer NAME out of the realm, for good."),
    help=_(
        "Take the computer NAME out of the realm: stolen, lost, or given away.\n\n"
        "The manifest names it from now on and its directory account ends: it refuses everybody within a minute if it "
        "reaches the directory, and otherwise when the manifest that it has expires, two weeks at most. The name "
        "cannot come back; the same computer may join under another. Signed in the role that issues the manifest."
    ),
)
@click.argument("name")
@reason_option
@click.option("--no-entry", is_flag=True, help=_("Also if the directory has no entry of it, or no longer."))
@station_option
@passphrase_file_option
@dry_run_option
@yes_option
@json_option
@pass_run
def revoke(
    run: Run,
    name: str,
    reason: str,
    no_entry: bool,
    station_path: Path | None,
    passphrase_file: Path | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Say it in the manifest, then end the account."""
    check_host_name(name)
    check_reason(reason)
    desk = open_desk(run, station_path, Role.MANIFEST, passphrase_file)
    with desk.connect() as connection:
        hosts = Hosts(connection, desk.tree)
        found = revoking.look(hosts, last_manifest(desk.station), name, even_without_entry=no_entry)
        if not dry_run:
            confirm(_("Take {name} out of the realm for good?").format(name=name), yes=yes)
            with desk.recorded(Act.REVOKE_HOST, name, reason):
                revoking.revoke(desk.station, desk.key, hosts, RealmDocuments(connection, desk.tree), found, run.now)
    if as_json:
        print_json(_json_of(found, dry_run))
        return
    if dry_run:
        click.echo(_("Would take {name} out of the realm.").format(name=name))
        return
    click.echo(_("{name} is taken out of the realm: online it refuses everybody within a minute.").format(name=name))
    click.echo(
        _("Without network its cache may serve people who logged on there until {until}.").format(
            until=moment(found.until)
        )
    )
    click.echo(
        _("Whoever breaks it open can read the face data of its key groups ({groups}) that were in the cache.").format(
            groups=", ".join(found.groups) or _("none")
        )
    )
    click.echo(_("Next: facectl incident host {name}, for the report.").format(name=name))


def _json_of(found: Revocation, dry_run: bool) -> dict[str, object]:
    return {
        "host": found.name,
        "already_revoked": found.already,
        "groups": list(found.groups),
        "account_ended": found.has_entry and not dry_run,
        "offline_until": found.until,
        "dry_run": dry_run,
    }
