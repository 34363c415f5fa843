"""`facectl exemption`: actions that are not asked of somebody who cannot do them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from cli.passphrase import passphrase_file_option
from cli.people import state_word
from cli.printing import (
    check_reason,
    dry_run_option,
    json_option,
    print_facts,
    print_json,
    print_table,
    reason_option,
)
from cli.run import Run, pass_run
from cli.station import Desk, open_desk, station_option
from faced.directory.connection import Connection
from faced.enrolment.acts import Act
from faced.enrolment.approving import Held, Signed
from faced.enrolment.exempting import Exemptions
from faced.enrolment.fiscal_year import end_of, last_day
from faced.enrolment.person import check_login
from faced.i18n import _
from faced.liveness.challenge import ALL, Challenge
from faced.trust.exemption import Exemption
from faced.trust.realm import Role


@click.group(help=_("Leave an action out for somebody who cannot do it; the face is checked all the same."))
def exemption() -> None:
    """The noun."""


@exemption.command(
    short_help=_("Do not ask USER for an action that they cannot do."),
    help=_(
        "Do not ask USER for an action at the logon, because they cannot do it. Takes the place of an earlier "
        "exemption of the person; every PC learns of it with its next refresh.\n\n"
        "At least one turn of the head must remain, since nothing else tells a face from a picture. For --reason write "
        "who decided and on what, not what the person suffers from: it stays in the station's record."
    ),
)
@click.argument("user")
@click.option(
    "--without",
    "actions",
    multiple=True,
    required=True,
    type=click.Choice([action.value for action in ALL]),
    help=_("An action that is not asked for; may be repeated."),
)
@click.option(
    "--until",
    required=True,
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    help=_("The last day of the exemption, a year ahead at most."),
)
@reason_option
@station_option
@passphrase_file_option
@dry_run_option
@json_option
@pass_run
def grant(
    run: Run,
    user: str,
    actions: tuple[str, ...],
    until: datetime,
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
        exemptions = _exemptions(desk, connection)
        person = exemptions.people.find(user)
        signed = exemptions.grant(person, frozenset(map(Challenge, actions)), end_of(until.date()))
        if not dry_run:
            with desk.recorded(Act.GRANT_EXEMPTION, user, reason):
                exemptions.publish(signed)
    if as_json:
        print_json(_json_of(signed, dry_run))
        return
    text = (
        _("Would not ask {login} ({name}) for {actions} until {day}.")
        if dry_run
        else _("{login} ({name}) is not asked for {actions} until {day}.")
    )
    click.echo(
        text.format(
            login=user,
            name=person.name,
            actions=", ".join(signed.says.without),
            day=last_day(signed.says.expires),
        )
    )


@exemption.command(
    help=_(
        "Ask USER for every action again. Every PC learns of it with its next refresh, and no longer believes an "
        "earlier exemption that is put back."
    )
)
@click.argument("user")
@reason_option
@station_option
@passphrase_file_option
@dry_run_option
@json_option
@pass_run
def withdraw(
    run: Run,
    user: str,
    reason: str,
    station_path: Path | None,
    passphrase_file: Path | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """A newer statement that leaves nothing out."""
    check_login(user)
    check_reason(reason)
    desk = open_desk(run, station_path, Role.APPROVE, passphrase_file)
    with desk.connect() as connection:
        exemptions = _exemptions(desk, connection)
        person = exemptions.people.find(user)
        signed = exemptions.withdraw(person)
        if not dry_run:
            with desk.recorded(Act.WITHDRAW_EXEMPTION, user, reason):
                exemptions.publish(signed)
    if as_json:
        print_json(_json_of(signed, dry_run))
        return
    text = (
        _("Would ask {login} ({name}) for every action again.")
        if dry_run
        else _("{login} ({name}) is asked for every action again.")
    )
    click.echo(text.format(login=user, name=person.name))


@exemption.command(help=_("What is not asked of USER, and until when; without USER, everybody who has an exemption."))
@click.argument("user", required=False)
@station_option
@json_option
@pass_run
def show(run: Run, user: str | None, station_path: Path | None, as_json: bool) -> None:
    """Read as the auditor's account."""
    desk = open_desk(run, station_path, Role.AUDIT, None)
    with desk.connect() as connection:
        exemptions = _exemptions(desk, connection)
        if user is not None:
            _show_one(exemptions.state(exemptions.people.find(check_login(user))), as_json)
            return
        states = [exemptions.state(person) for person in exemptions.people.all() if person.face.exemption is not None]
    held = [_facts_of(state) for state in sorted(states, key=lambda state: state.person.login)]
    if as_json:
        print_json(held)
        return
    print_table(
        [_("Login name"), _("Name"), _("Exemption"), _("Not asked for"), _("Until")],
        [(f["login"], f["name"], _state_word(f["state"]), ", ".join(f["without"]), f["until"] or "") for f in held],
    )
    in_force = sum(facts["state"] == "in_force" for facts in held)
    click.echo(_("{count} exemptions, {in_force} of them in force").format(count=len(held), in_force=in_force))


def _show_one(state: Held[Exemption], as_json: bool) -> None:
    facts = _facts_of(state)
    if as_json:
        print_json(facts)
        return
    print_facts(
        [
            (_("Login name"), facts["login"]),
            (_("Name"), facts["name"]),
            (_("Exemption"), _state_word(facts["state"])),
            (_("Not asked for"), ", ".join(facts["without"])),
            (_("Until"), facts["until"] or ""),
            (_("Serial"), str(facts["serial"] or "")),
        ]
    )


def _facts_of(state: Held[Exemption]) -> dict[str, Any]:
    held = state.says
    return {
        "login": state.person.login,
        "name": state.person.name,
        "state": state.state,
        "without": list(held.without) if held else [],
        "until": last_day(held.expires).isoformat() if held and held.without else None,
        "serial": held.serial if held else None,
    }


def _json_of(signed: Signed[Exemption], dry_run: bool) -> dict[str, Any]:
    held = signed.says
    return {
        "login": held.login,
        "without": list(held.without),
        "until": last_day(held.expires).isoformat() if held.without else None,
        "serial": None if dry_run else held.serial,
        "dry_run": dry_run,
    }


def _state_word(state: str) -> str:
    words = {
        "in_force": _("in force"),
        "withdrawn": _("withdrawn"),
        "expired": _("period over"),
        "too_little_left": _("too little would be left: not followed"),
    }
    return words.get(state) or state_word(state)


def _exemptions(desk: Desk, connection: Connection) -> Exemptions:
    verifier = desk.station.verifier(desk.run.now)
    return Exemptions(connection, desk.tree, verifier, desk.key, desk.run.config.liveness.challenges)
