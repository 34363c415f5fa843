"""`facectl realm`: the organisation's root of trust."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cli.administrator import admin_account, administrator_options
from cli.alarms import facts_of_alarms, warn
from cli.exit_codes import ExitCode
from cli.failure_watch import Watch
from cli.passphrase import new_passphrase, passphrase_file_option, unlock_from
from cli.printing import dry_run_option, json_option, moment, print_facts, print_json, print_table
from cli.rotation import rotate
from cli.run import Run, pass_run
from cli.station import Desk, act_record, acting, connector, desk_of, open_desk, operator, station_option
from faced.directory.connector import Account
from faced.directory.realm import RealmDocuments
from faced.directory.tree import RoleAccount, Tree
from faced.enrolment.acts import Act
from faced.enrolment.expiry import alarms
from faced.enrolment.failures import is_due
from faced.enrolment.fiscal_year import last_day
from faced.enrolment.founding import DEFAULT_GROUP, Founding, check_free, found
from faced.enrolment.manifest import last_manifest, next_manifest, with_checkpoint, with_purposes
from faced.enrolment.person import check_group, check_login
from faced.enrolment.planting import publish_realm, refuse_other_realm
from faced.enrolment.purpose import check_decision
from faced.enrolment.revising import revise_manifest, sign_manifest
from faced.enrolment.station import Station, Unlock
from faced.errors import FacedError, StateError, TrustError
from faced.i18n import _
from faced.trust.keys import MODERATE
from faced.trust.realm import Manifest, Realm, Role
from faced.trust.statement import Statement, parse


@click.group(help=_("The organisation's root of trust: make it, show it, renew its manifest."))
def realm() -> None:
    """The noun."""


realm.add_command(rotate)


@realm.command(
    "init",
    help=_(
        "Make the realm NAME: the root key, a key for each role, this fiscal year's epoch and purpose, the first "
        "manifest.\n\n"
        "Everything goes into the new folder DIR and, unless --offline, into the directory. Afterwards take the root "
        "key off the station (or use --root-key) and lock it away: it is needed once a year."
    ),
)
@click.argument("name")
@click.option(
    "--station", "path", type=click.Path(path_type=Path), required=True, metavar="DIR", help=_("A new folder.")
)
@click.option("--dummy", is_flag=True, help=_("A realm of dummy staff, where clips may stand in for cameras."))
@click.option(
    "--handler", metavar="NAME", help=_("The designated handler of personal data; otherwise your login name.")
)
@click.option(
    "--decision",
    metavar="NUMBER",
    help=_("The number of the decision that allows the use of face data until 31 March; otherwise 'founding'."),
)
@click.option(
    "--group",
    "groups",
    multiple=True,
    metavar="GROUP",
    help=_("A key group (a department); may be repeated. Otherwise one group, 'default'."),
)
@click.option("--root-key", type=click.Path(path_type=Path), metavar="FILE", help=_("Put the root key here instead."))
@click.option(
    "--open-role",
    "open_roles",
    multiple=True,
    type=click.Choice([role.value for role in Role]),
    help=_("A role whose key a timer uses: its file gets no passphrase. May be repeated."),
)
@click.option(
    "--root-passphrase-file", type=click.Path(path_type=Path), metavar="FILE", help=_("The root key's passphrase.")
)
@passphrase_file_option
@administrator_options
@click.option("--offline", is_flag=True, help=_("Make the station only; publish later with 'facectl realm publish'."))
@dry_run_option
@pass_run
def init(
    run: Run,
    name: str,
    path: Path,
    dummy: bool,
    handler: str | None,
    decision: str | None,
    groups: tuple[str, ...],
    root_key: Path | None,
    open_roles: tuple[str, ...],
    root_passphrase_file: Path | None,
    passphrase_file: Path | None,
    bind_dn: str | None,
    bind_password_file: Path | None,
    offline: bool,
    dry_run: bool,
) -> None:
    """Found the realm, then publish it."""
    check_free(path)
    names = tuple(dict.fromkeys(check_group(group) for group in groups)) or (DEFAULT_GROUP,)
    founding = Founding(
        name,
        dummy=dummy,
        handler=check_login(handler or operator()),
        decision=check_decision(_("founding") if decision is None else decision),
        groups=names,
        open_roles=frozenset({Role.AUDIT, *map(Role, open_roles)}),
    )
    account = None if offline else admin_account(bind_dn, bind_password_file)
    if account is not None:
        with connector(run, account).connect() as connection:
            refuse_other_realm(connection, Tree.configured(run.config.directory), None)
    if dry_run:
        click.echo(_("Would make the realm {name} in {path}.").format(name=name, path=path))
        return
    root_passphrase = new_passphrase(_("the root key"), root_passphrase_file)
    role_passphrase = new_passphrase(_("the keys of the roles"), passphrase_file)
    click.echo(_("Making the keys; this takes some seconds."), err=True)
    station = found(
        path,
        founding,
        root_passphrase=root_passphrase,
        role_passphrase=role_passphrase,
        now=run.now,
        root_key=root_key,
        cost=run.cost or MODERATE,
    )
    founder = desk_of(run, station, Role.APPROVE, lambda _name: role_passphrase, founding.handler)
    founder.write(act_record(run, founder.key, Act.FOUND, name, decision=founding.decision))
    click.echo(_("The station is in {path}.").format(path=path))
    if account is not None:
        try:
            publish_station(run, station, account, lambda _name: role_passphrase, founding.handler)
        except FacedError:
            click.echo(_("The station is complete, but the directory has not all of it yet."), err=True)
            click.echo(_("Once that is mended: facectl realm publish --station {path}").format(path=path), err=True)
            raise
    click.echo(_("Fingerprint: {fingerprint}").format(fingerprint=station.realm.fingerprint))
    click.echo(
        _("Next: take {path} off this computer and lock it away.").format(path=root_key or station.key_path("root"))
    )


@realm.command(help=_("Put the station's realm into the directory, or complete what was interrupted."))
@station_option
@administrator_options
@dry_run_option
@passphrase_file_option
@pass_run
def publish(
    run: Run,
    station_path: Path | None,
    bind_dn: str | None,
    bind_password_file: Path | None,
    dry_run: bool,
    passphrase_file: Path | None,
) -> None:
    """Make the entries and set the role accounts' passwords."""
    station = Station.open(run.station(station_path))
    account = admin_account(bind_dn, bind_password_file)
    if dry_run:
        with connector(run, account).connect() as connection:
            refuse_other_realm(connection, Tree.configured(run.config.directory), station.realm.anchor)
        click.echo(_("Would publish the realm {name}.").format(name=station.realm.name))
        return
    publish_station(run, station, account, unlock_from(passphrase_file))


def publish_station(run: Run, station: Station, account: Account, unlock: Unlock, handler: str | None = None) -> None:
    """Plant the realm as the directory's administrator, with the accounts of the roles that a handler holds."""
    who = handler or acting(run, station, Role.APPROVE)
    desk = desk_of(run, station, Role.APPROVE, unlock, who)
    desk.write(act_record(run, desk.key, Act.PUBLISH, account.dn))
    held = [role for role in RoleAccount if desk.key.handler in station.keys_in(Role(role.value))]
    passwords = {role: station.role(Role(role.value), unlock, desk.key.handler).password for role in held}
    with connector(run, account).connect() as connection:
        publish_realm(connection, Tree.configured(run.config.directory), station, passwords)
    click.echo(_("The realm {name} is in the directory.").format(name=station.realm.name))


@realm.command(help=_("Show the realm: fingerprint, roles, epochs, and how long the manifest lasts."))
@station_option
@json_option
@pass_run
def show(run: Run, station_path: Path | None, as_json: bool) -> None:
    """On a station everything; on a PC what it pinned."""
    path = run.station(station_path)
    if station_path is None and not path.exists():
        _show_anchor(Realm.open(_read_anchor(run.config.realm.anchor)), as_json)
        return
    station = Station.open(path)
    try:
        manifest = station.verifier(run.now).manifest
    except TrustError as error:
        if error.reason != "manifest_expired":
            click.echo(_("WARNING: {warning}").format(warning=error), err=True)
        manifest = None
    handlers = [
        (statement.subject, ", ".join(statement.body["roles"]), statement.expires) for statement in _held(station)
    ]
    pressing = alarms(station, run.now)
    if as_json:
        facts = {**_anchor_facts(station.realm), "handlers": _json_handlers(handlers), **_json_manifest(manifest)}
        print_json({**facts, "alarms": facts_of_alarms(pressing)})
        return
    warn(pressing)
    _show_anchor(station.realm, False)
    if manifest is not None:
        print_facts([(_("Manifest until"), moment(manifest.expires)), (_("Serial"), str(manifest.serial))])
    click.echo()
    print_table(
        [_("Handler"), _("Role"), _("Until")], [(name, roles, moment(expires)) for name, roles, expires in handlers]
    )
    if manifest is not None:
        click.echo()
        print_table(
            [_("Key group"), _("Fiscal year"), _("Until")],
            [(epoch.group, str(epoch.number), str(last_day(epoch.not_after))) for epoch in manifest.epochs],
        )


@realm.command(
    "manifest",
    help=_(
        "Issue the manifest anew, for two weeks from now; a timer does this daily. In it, more is asked of people who "
        "fail at the face step on several PCs (facectl lockouts realm); nothing else changes.\n\n"
        "Exit status 1 if the manifest was issued but the PCs' reports could not be counted."
    ),
)
@station_option
@passphrase_file_option
@click.option("--offline", is_flag=True, help=_("Do not put it into the directory, nor count reports."))
@click.option(
    "--if-due", is_flag=True, help=_("Only if the last one is of another day, or more is to be asked of somebody.")
)
@dry_run_option
@json_option
@pass_run
def reissue(
    run: Run,
    station_path: Path | None,
    passphrase_file: Path | None,
    offline: bool,
    if_due: bool,
    dry_run: bool,
    as_json: bool,
) -> ExitCode:
    """Sign the next manifest in the role ``manifest``."""
    if dry_run:
        new = next_manifest(last_manifest(Station.open(run.station(station_path))), run.now)
        if as_json:
            print_json({"serial": None, "expires": new.expires, "alarms": [], "dry_run": True})
        else:
            click.echo(_("Would issue a manifest until {until}.").format(until=moment(new.expires)))
        return ExitCode.DONE
    desk = open_desk(run, station_path, Role.MANIFEST, passphrase_file)
    if offline:
        with desk.recorded(Act.MANIFEST):
            new = next_manifest(last_manifest(desk.station), run.now)
            new = with_checkpoint(with_purposes(new, desk.station, run.now), desk.station)
            desk.station.keep_manifest(sign_manifest(desk.station, desk.key, new, run.now))
        counted = True
    else:
        new, counted = _reissue_online(run, desk, if_due=if_due)
    pressing = alarms(desk.station, run.now)
    if as_json:
        facts = {"serial": new.serial, "expires": new.expires, "alarms": facts_of_alarms(pressing), "dry_run": False}
        print_json(facts)
    else:
        warn(pressing)
        click.echo(_("The manifest holds until {until}.").format(until=moment(new.expires)))
    return ExitCode.DONE if counted else ExitCode.REFUSED


def _reissue_online(run: Run, desk: Desk, *, if_due: bool) -> tuple[Manifest, bool]:
    """The manifest that holds afterwards, and whether the PCs' reports were counted."""
    with desk.connect() as connection:
        watch = Watch.over(connection, desk, run)
        last = last_manifest(desk.station)
        if if_due and not is_due(last, run.now) and watch.change(last) == last:
            return last, watch.counted
        with desk.recorded(Act.MANIFEST):
            new = revise_manifest(
                desk.station,
                desk.key,
                RealmDocuments(connection, desk.tree),
                run.now,
                lambda manifest: with_checkpoint(watch.change(manifest), desk.station),
            )
        watch.tell(last, new)
        return new, watch.counted


def _held(station: Station) -> list[Statement]:
    return [parse(data).verify(station.realm.root) for data in station.delegations]


def _read_anchor(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        raise StateError(
            _("This computer has joined no realm: there is no {path}. Join with 'facectl host join'.").format(path=path)
        ) from None


def _show_anchor(realm: Realm, as_json: bool) -> None:
    if as_json:
        print_json(_anchor_facts(realm))
        return
    facts = [(_("Realm"), realm.name), (_("Fingerprint"), realm.fingerprint)]
    if realm.dummy:
        facts.append((_("Kind"), _("dummy staff only")))
    print_facts(facts)


def _anchor_facts(realm: Realm) -> dict[str, Any]:
    return {"realm": realm.name, "id": realm.id.hex(), "fingerprint": realm.fingerprint, "dummy": realm.dummy}


def _json_handlers(handlers: list[tuple[str, str, int]]) -> list[dict[str, Any]]:
    return [{"handler": name, "roles": roles.split(", "), "until": until} for name, roles, until in handlers]


def _json_manifest(manifest: Manifest | None) -> dict[str, Any]:
    if manifest is None:
        return {"manifest": None}
    epochs = [
        {"group": epoch.group, "epoch": epoch.number, "not_before": epoch.not_before, "not_after": epoch.not_after}
        for epoch in manifest.epochs
    ]
    return {
        "manifest": {
            "serial": manifest.serial,
            "issued": manifest.issued,
            "expires": manifest.expires,
            "epochs": epochs,
            "revoked_hosts": sorted(manifest.revoked_hosts),
        }
    }
