"""`facectl handler`: who handles personal data here, in which roles; appointed, renewed, dismissed."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from nacl.signing import SigningKey

from cli.administrator import administrator_options, change_password, reachable
from cli.dismissal import dismiss
from cli.passphrase import new_passphrase, once, passphrase_file_option, unlock_from
from cli.printing import (
    check_reason,
    dry_run_option,
    json_option,
    moment,
    print_json,
    print_table,
    reason_option,
)
from cli.run import Run, pass_run
from cli.station import Desk, connector, station_option
from cli.two_persons import agreed, decision_option, personal_desk, second_options
from faced.enrolment import handlers
from faced.enrolment.acts import Act
from faced.enrolment.founding import DELEGATION_DAYS, new_password
from faced.enrolment.handlers import Appointment, Standing
from faced.enrolment.person import check_login
from faced.enrolment.planting import publish_handlers
from faced.enrolment.station import RoleKey, Station, Unlock
from faced.errors import NotAllowed
from faced.i18n import _
from faced.trust.keys import MODERATE
from faced.trust.realm import Role
from faced.units import DAY_S


@click.group(help=_("Who handles personal data here, and in which roles: appoint, renew, dismiss, list."))
def handler() -> None:
    """The noun."""


def _root_options(command: Any) -> Any:
    command = click.option(
        "--root-passphrase-file",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help=_("The root key's passphrase."),
    )(command)
    return click.option(
        "--root-key",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help=_("Where the root key is, on its medium from the safe."),
    )(command)


offline_option = click.option(
    "--offline", is_flag=True, help=_("Change the station only; publish later with 'facectl realm publish'.")
)


@dataclass(frozen=True)
class _Part:
    """What a role shares, for its next holder. ``fresh``: the password is new, its account must be given it."""

    shared: RoleKey
    fresh: bool


@handler.command(
    short_help=_("Appoint NAME to one or more roles."),
    help=_(
        "Appoint NAME to one or more roles: makes a key with a passphrase of NAME's own, and the root key delegates "
        "the roles to it.\n\n"
        "Two handlers must agree: name the second with --second, or run it once to propose, let another handler "
        "confirm ('facectl proposal confirm'), and run it again. The root key comes out of the safe for this."
    ),
)
@click.argument("name")
@click.option(
    "--role",
    "roles",
    multiple=True,
    required=True,
    type=click.Choice([role.value for role in Role]),
    help=_("A role; may be repeated."),
)
@click.option(
    "--open-role",
    "open_roles",
    multiple=True,
    type=click.Choice([role.value for role in Role]),
    help=_("A role whose key a timer uses: its file gets no passphrase. May be repeated."),
)
@click.option(
    "--new-passphrase-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=_("Read NAME's new passphrase from the first line of this file instead of asking NAME."),
)
@reason_option
@decision_option
@_root_options
@second_options
@administrator_options
@offline_option
@station_option
@passphrase_file_option
@dry_run_option
@json_option
@pass_run
def appoint(
    run: Run,
    name: str,
    roles: tuple[str, ...],
    open_roles: tuple[str, ...],
    new_passphrase_file: Path | None,
    reason: str,
    decision: str,
    root_key: Path | None,
    root_passphrase_file: Path | None,
    second: str | None,
    second_passphrase_file: Path | None,
    bind_dn: str | None,
    bind_password_file: Path | None,
    offline: bool,
    station_path: Path | None,
    passphrase_file: Path | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Agreed by two, delegated by the root, published by the directory's administrator."""
    check_login(name)
    check_reason(reason)
    wanted = tuple(dict.fromkeys(map(Role, roles)))
    opened = frozenset(map(Role, open_roles))
    if not opened <= set(wanted):
        raise click.UsageError(_("--open-role must be one of the roles given with --role."))
    unlock = once(unlock_from(passphrase_file))
    desk = personal_desk(run, station_path, unlock)
    account = None if offline else reachable(run, desk.station, bind_dn, bind_password_file)
    parts = [_part(desk, role, unlock, fresh_allowed=account is not None) for role in wanted]
    if dry_run:
        _tell(_("Would appoint {name} as {roles} until {until}."), name, wanted, run, as_json, dry_run=True)
        return
    terms = {"roles": [role.value for role in wanted], "open": sorted(opened)}
    agreement = agreed(
        desk,
        Act.APPOINT,
        name,
        terms,
        reason=reason,
        decision=decision,
        second=second,
        second_passphrase_file=second_passphrase_file,
    )
    root = desk.station.root(unlock_from(root_passphrase_file), root_key)
    own = (
        None
        if opened == set(wanted)
        else new_passphrase(_("the keys of {name}").format(name=name), new_passphrase_file)
    )
    subject = f"{name}: {', '.join(roles)}"
    with desk.recorded(Act.APPOINT, subject, reason, decision=decision, agreement=agreement):
        for part in parts:
            passphrase = None if part.shared.role in opened else own
            handlers.appoint(desk.station, root, name, part.shared, passphrase, run.now, cost=run.cost or MODERATE)
        if account is not None:
            with connector(run, account).connect() as connection:
                for part in parts:
                    if part.fresh:
                        change_password(desk, connection, part.shared.role, part.shared.password)
                publish_handlers(connection, desk.tree, desk.station)
    _tell(_("{name} is appointed as {roles} until {until}."), name, wanted, run, as_json, dry_run=False)
    if account is None:
        click.echo(_("Not in the directory yet: facectl realm publish"), err=True)


@handler.command(
    short_help=_("Appoint handlers for another year."),
    help=_(
        "Appoint the handlers NAME... for another year, with the keys and passphrases they have; --all for all.\n\n"
        "Two handlers must agree, as for 'appoint', and the root key comes out of the safe."
    ),
)
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--all", "everybody", is_flag=True, help=_("Everybody who is appointed."))
@reason_option
@decision_option
@_root_options
@second_options
@administrator_options
@offline_option
@station_option
@passphrase_file_option
@dry_run_option
@json_option
@pass_run
def renew(
    run: Run,
    names: tuple[str, ...],
    everybody: bool,
    reason: str,
    decision: str,
    root_key: Path | None,
    root_passphrase_file: Path | None,
    second: str | None,
    second_passphrase_file: Path | None,
    bind_dn: str | None,
    bind_password_file: Path | None,
    offline: bool,
    station_path: Path | None,
    passphrase_file: Path | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """The same keys; what they signed stays covered."""
    check_reason(reason)
    if everybody == bool(names):
        raise click.UsageError(_("Name the handlers, or use --all."))
    station = Station.open(run.station(station_path))
    chosen = _renewable(station, names, run.now)
    who = ", ".join(sorted({one.handler for one in chosen}))
    account = None if offline else reachable(run, station, bind_dn, bind_password_file)
    if dry_run:
        _tell_renewed(_("Would appoint {name} as {roles} until {until}."), chosen, run, as_json, dry_run=True)
        return
    # Whose own appointment has run out cannot act; the root key alone is no handler. Somebody else renews it then.
    desk = personal_desk(run, station_path, unlock_from(passphrase_file))
    agreement = agreed(
        desk,
        Act.RENEW_APPOINTMENT,
        who,
        {"keys": sorted(one.delegation.key_id for one in chosen)},
        reason=reason,
        decision=decision,
        second=second,
        second_passphrase_file=second_passphrase_file,
    )
    root = station.root(unlock_from(root_passphrase_file), root_key)
    with desk.recorded(Act.RENEW_APPOINTMENT, who, reason, decision=decision, agreement=agreement):
        for one in chosen:
            handlers.renew(station, root, one, run.now)
        if account is not None:
            with connector(run, account).connect() as connection:
                publish_handlers(connection, desk.tree, station)
    _tell_renewed(_("{name} is appointed as {roles} until {until}."), chosen, run, as_json, dry_run=False)
    if account is None:
        click.echo(_("Not in the directory yet: facectl realm publish"), err=True)


@handler.command("list", help=_("The handlers, their roles, and until when; also those who were dismissed."))
@station_option
@json_option
@pass_run
def list_handlers(run: Run, station_path: Path | None, as_json: bool) -> None:
    """From the station's own copies; needs no key."""
    found = handlers.appointments(Station.open(run.station(station_path)), run.now)
    if as_json:
        print_json([facts_of(one) for one in found])
        return
    print_table(
        [_("Handler"), _("Role"), _("State"), _("Since"), _("Until"), _("Key")],
        [
            (
                one.handler,
                one.role.value,
                _standing_word(one.standing),
                moment(one.delegation.issued),
                moment(one.delegation.expires),
                one.delegation.key_id.hex()[:16],
            )
            for one in found
        ],
    )


def facts_of(one: Appointment) -> dict[str, Any]:
    """An appointment for programs."""
    return {
        "handler": one.handler,
        "role": one.role.value,
        "state": one.standing.value,
        "since": one.delegation.issued,
        "until": one.delegation.expires,
        "key": one.delegation.key_id.hex(),
        "passphrase": one.personal,
    }


def _standing_word(standing: Standing) -> str:
    return {
        Standing.LIVE: _("in force"),
        Standing.EXPIRED: _("period over"),
        Standing.RETIRED: _("dismissed"),
        Standing.REVOKED: _("dismissed, key leaked"),
    }[standing]


def _part(desk: Desk, role: Role, unlock: Unlock, *, fresh_allowed: bool) -> _Part:
    """What the next holder of a role needs: from the acting handler, who holds it, or made anew."""
    fresh = RoleKey(role, desk.key.handler, SigningKey.generate(), new_password())
    if desk.key.handler in desk.station.keys_in(role):
        held = desk.station.role(role, unlock, desk.key.handler)
        return _Part(dataclasses.replace(held, sign=fresh.sign), fresh=False)
    if role is Role.OPERATE or not fresh_allowed:
        raise NotAllowed(
            _(
                "{handler} does not hold the role {role}, so cannot hand on what its holders share. Ask one of them."
            ).format(handler=desk.key.handler, role=role.value),
            reason="role_not_held",
        )
    return _Part(fresh, fresh=True)


def _renewable(station: Station, names: Sequence[str], now: int) -> list[Appointment]:
    everybody = handlers.appointments(station, now)
    found = [one for name in names for one in handlers.of_handler(everybody, name)] if names else everybody
    return [one for one in found if one.standing in (Standing.LIVE, Standing.EXPIRED)]


def _tell(text: str, name: str, roles: Sequence[Role], run: Run, as_json: bool, *, dry_run: bool) -> None:
    until = run.now + DELEGATION_DAYS * DAY_S
    if as_json:
        print_json({"handler": name, "roles": [role.value for role in roles], "until": until, "dry_run": dry_run})
        return
    click.echo(text.format(name=name, roles=", ".join(roles), until=moment(until)))


def _tell_renewed(text: str, chosen: list[Appointment], run: Run, as_json: bool, *, dry_run: bool) -> None:
    until = run.now + DELEGATION_DAYS * DAY_S
    if as_json:
        print_json([{**facts_of(one), "until": until, "dry_run": dry_run} for one in chosen])
        return
    for who in dict.fromkeys(one.handler for one in chosen):
        roles = ", ".join(one.role for one in chosen if one.handler == who)
        click.echo(text.format(name=who, roles=roles, until=moment(until)))


handler.add_command(dismiss)
