"""`facectl handler dismiss`: the keys of a handler sign nothing more; what becomes of what they signed."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import click

from cli.administrator import administrator_options, change_password, reachable
from cli.manifest_desk import manifest_desk
from cli.passphrase import once, passphrase_file_option, unlock_from
from cli.printing import (
    check_reason,
    confirm,
    dry_run_option,
    json_option,
    print_json,
    reason_option,
    yes_option,
)
from cli.run import Run, pass_run
from cli.station import Desk, connector, desk_of, station_option
from cli.two_persons import decision_option
from faced.directory.connection import Connection
from faced.directory.connector import Account
from faced.directory.hosts import Hosts
from faced.directory.people import People
from faced.directory.realm import RealmDocuments
from faced.enrolment import handlers
from faced.enrolment.acts import Act
from faced.enrolment.aftermath import Signed, renew_tombstones, signed_by
from faced.enrolment.founding import new_password
from faced.enrolment.handlers import Appointment
from faced.enrolment.manifest import with_checkpoint
from faced.enrolment.planting import publish_handlers
from faced.enrolment.revising import revise_manifest
from faced.enrolment.station import Station, Unlock
from faced.errors import NotAllowed
from faced.i18n import _
from faced.trust.realm import Role


@click.command(
    short_help=_("Dismiss NAME: their keys sign nothing more."),
    help=_(
        "Dismiss NAME from all roles, at once and without the root key: the manifest no longer believes their keys, "
        "which are destroyed here, and with --bind-dn the directory passwords of their roles change.\n\n"
        "What NAME signed before stays valid (templates, PCs, erasures, exemptions). If somebody else may have had a "
        "key, or NAME may have kept one to do harm, use --leaked: then nothing that it ever signed is believed, since "
        "the dates in it are the thief's own. Erasures are signed anew; people must be enrolled and PCs approved again."
    ),
)
@click.argument("name")
@click.option("--leaked", is_flag=True, help=_("A key got into other hands: believe nothing that it ever signed."))
@reason_option
@decision_option
@yes_option
@administrator_options
@station_option
@passphrase_file_option
@dry_run_option
@json_option
@pass_run
def dismiss(
    run: Run,
    name: str,
    leaked: bool,
    reason: str,
    decision: str,
    yes: bool,
    bind_dn: str | None,
    bind_password_file: Path | None,
    station_path: Path | None,
    passphrase_file: Path | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """By who revokes; the manifest is signed by its own role."""
    check_reason(reason)
    unlock = once(unlock_from(passphrase_file))
    desk = desk_of(run, Station.open(run.station(station_path)), Role.REVOKE, unlock)
    station = desk.station
    gone = _dismissable(station, name, desk.key.handler, run.now)
    manifest = _manifest_desk(desk, name, unlock)
    account = None
    if bind_dn:
        account = reachable(run, station, bind_dn, bind_password_file)
    with desk.connect() as connection, manifest.connect() as publisher:
        people = People(connection, desk.tree)
        verifier = station.verifier(run.now)
        keys = {one.delegation.key_id for one in gone}
        found = signed_by(keys, verifier, people.all(), Hosts(publisher, desk.tree).all())
        _warn(name, found, leaked=leaked)
        if not dry_run:
            confirm(_("Dismiss {name}?").format(name=name), yes=yes)
            roles = list(dict.fromkeys(one.role for one in gone))
            subject = f"{name}: {', '.join(roles)}" + (" (leaked)" if leaked else "")
            with desk.recorded(Act.DISMISS, subject, reason, decision=decision):
                if leaked:
                    renew_tombstones(people, verifier, desk.key, found.tombstones)
                _publish_without(manifest, publisher, gone, leaked=leaked)
                for one in gone:
                    handlers.clear_out(station, one, leaked=leaked)
                if account is not None:
                    _shut_out(desk, account, roles, leaked=leaked)
    _report(
        station, name, gone, found, run, leaked=leaked, changed=account is not None, dry_run=dry_run, as_json=as_json
    )


def _dismissable(station: Station, name: str, acting: str, now: int) -> list[Appointment]:
    """Every appointment of NAME, dismissed ones too: running it again completes what was interrupted."""
    found = handlers.of_handler(handlers.appointments(station, now), name)
    if name == acting:
        raise NotAllowed(
            _("Nobody dismisses themselves: another handler in the role revoke must."), reason="one_person"
        )
    return found


def _manifest_desk(desk: Desk, leaving: str, unlock: Unlock) -> Desk:
    """The key that issues the manifest, of anybody but the one who leaves."""
    found = manifest_desk(desk, unlock, besides=leaving, ask_others=True)
    if found is None:
        raise NotAllowed(
            _(
                "Only {name} issues the manifest here. Appoint somebody else first: facectl handler appoint WHO "
                "--role manifest"
            ).format(name=leaving),
            reason="last_holder",
        )
    return found


def _publish_without(manifest: Desk, publisher: Connection, gone: list[Appointment], *, leaked: bool) -> None:
    """Issue the manifest that no longer believes these keys; what does not hold is not published."""
    station, now = manifest.station, manifest.run.now
    revise_manifest(
        station,
        manifest.key,
        RealmDocuments(publisher, manifest.tree),
        now,
        lambda following: handlers.without_keys(with_checkpoint(following, station), gone, now, leaked=leaked),
    )


def _shut_out(desk: Desk, account: Account, roles: list[Role], *, leaked: bool) -> None:
    with connector(desk.run, account).connect() as connection:
        for role in roles:
            change_password(desk, connection, role, new_password())
        if leaked:
            publish_handlers(connection, desk.tree, desk.station)


def _warn(name: str, found: Signed, *, leaked: bool) -> None:
    counts = {
        "templates": len(found.templates),
        "hosts": len(found.hosts),
        "exemptions": len(found.exemptions),
        "permissions": len(found.permissions),
        "tombstones": len(found.tombstones),
    }
    text = (
        _(
            "Signed by {name} and not believed any more: the face data of {templates} people, {hosts} PCs, "
            "{exemptions} exemptions, consents, approvals and suspensions of {permissions} people. {tombstones} "
            "erasures are signed anew."
        )
        if leaked
        else _(
            "Signed by {name}, and stays valid: the face data of {templates} people, {hosts} PCs, {exemptions} "
            "exemptions, consents, approvals and suspensions of {permissions} people, {tombstones} erasures."
        )
    )
    click.echo(text.format(name=name, **counts), err=True)


def _report(
    station: Station,
    name: str,
    gone: list[Appointment],
    found: Signed,
    run: Run,
    *,
    leaked: bool,
    changed: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    roles = list(dict.fromkeys(one.role.value for one in gone))
    held = {one.role.value for one in handlers.live(station, run.now) if one.handler != name}
    vacant = [role for role in roles if role not in held]
    if as_json:
        print_json(
            {
                "handler": name,
                "roles": roles,
                "leaked": leaked,
                "signed": dataclasses.asdict(found),
                "passwords_changed": roles if changed and not dry_run else [],
                "passwords_to_change": [] if changed else roles,
                "vacant_roles": vacant,
                "dry_run": dry_run,
            }
        )
        return
    text = _("Would dismiss {name} from {roles}.") if dry_run else _("{name} is dismissed from {roles}.")
    click.echo(text.format(name=name, roles=", ".join(roles)))
    if not changed:
        click.echo(_("Still to do: change the directory passwords of these roles, by the same command with --bind-dn."))
    if vacant:
        click.echo(_("Nobody holds these roles now: {roles}").format(roles=", ".join(vacant)))
    if leaked and found.purpose:
        click.echo(
            _(
                "Still to do, at once: the purpose is gone with the key, so nobody can log on. 'facectl purpose renew' "
                "by another handler, then 'facectl realm manifest'."
            )
        )
    if leaked and found.calibration:
        click.echo(
            _("Still to do: the site's calibration is gone with the key. Enrol from the photos of all to renew it.")
        )
    if leaked and found.permissions:
        click.echo(
            _(
                "Still to do: record the consents and approvals again; suspend again, or resume. --json lists the "
                "people."
            )
        )
    if leaked and (found.templates or found.hosts):
        click.echo(_("Still to do: enrol the people and approve the PCs again; --json lists them."))
