"""`facectl exemption`: actions that are not asked of somebody, or another factor in place of their face."""

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
from cli.two_persons import decision_option
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


@click.group(help=_("For people who cannot do an action, or cannot use the face step at all and show another factor."))
def exemption() -> None:
    """The noun."""


@exemption.command(
    short_help=_("Do not ask USER for what they cannot do."),
    help=_(
        "Do not ask USER for an action at the logon, because they cannot do it. Takes the place of an earlier "
        "exemption of the person; every PC learns of it with its next refresh.\n\n"
        "At least one turn of the head must remain, since nothing else tells a face from a picture. For --reason write "
        "who decided and on what, not what the person suffers from: it stays in the station's record.\n\n"
        "With --instead FACTOR: USER cannot use the face step at all and is let in with the password and that factor, "
        "on PCs that name it in [logon] other_factors and whose PAM stacks require it of everybody. Elsewhere nothing "
        "changes. USER need not be enrolled."
    ),
)
@click.argument("user")
@click.option(
    "--without",
    "actions",
    multiple=True,
    type=click.Choice([action.value for action in ALL]),
    help=_("An action that is not asked for; may be repeated."),
)
@click.option(
    "--instead",
    default="",
    metavar="FACTOR",
    help=_("The factor in place of the face, as the PCs' configuration calls it: token, smartcard ..."),
)
@click.option(
    "--until",
    required=True,
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    help=_("The last day of the exemption, a year ahead at most."),
)
@reason_option
@decision_option
@station_option
@passphrase_file_option
@dry_run_option
@json_option
@pass_run
def grant(
    run: Run,
    user: str,
    actions: tuple[str, ...],
    instead: str,
    until: datetime,
    reason: str,
    decision: str,
    station_path: Path | None,
    passphrase_file: Path | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Signed in the role that approves."""
    if bool(actions) == bool(instead):
        raise click.UsageError(_("Name actions with --without, or another factor with --instead."))
    check_login(user)
    check_reason(reason)
    desk = open_desk(run, station_path, Role.APPROVE, passphrase_file)
    end = end_of(until.date())
    with desk.connect() as connection:
        exemptions = _exemptions(desk, connection)
        person = exemptions.people.find(user)
        if instead:
            signed = exemptions.grant_instead(person, instead, end)
        else:
            signed = exemptions.grant(person, frozenset(map(Challenge, actions)), end)
        if not dry_run:
            act = Act.GRANT_OTHER_FACTOR if instead else Act.GRANT_EXEMPTION
            with desk.recorded(act, user, reason, decision=decision):
                exemptions.publish(signed)
    if as_json:
        print_json(_json_of(signed, dry_run))
        return
    click.echo(
        _granted_text(instead=bool(instead), dry_run=dry_run).format(
            login=user,
            name=person.name,
            actions=", ".join(signed.says.without),
            factor=instead,
            day=last_day(signed.says.expires),
        )
    )


def _granted_text(*, instead: bool, dry_run: bool) -> str:
    if instead:
        return (
            _("Would let {login} ({name}) in with the password and {factor} instead of the face until {day}.")
            if dry_run
            else _("{login} ({name}) is let in with the password and {factor} instead of the face until {day}.")
        )
    return (
        _("Would not ask {login} ({name}) for {actions} until {day}.")
        if dry_run
        else _("{login} ({name}) is not asked for {actions} until {day}.")
    )


@exemption.command(
    help=_(
        "Ask USER for the face and every action again. Every PC learns of it with its next refresh, and no longer "
        "believes an earlier exemption that is put back."
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
        _("Would ask {login} ({name}) for the face and every action again.")
        if dry_run
        else _("{login} ({name}) is asked for the face and every action again.")
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
        [(f["login"], f["name"], _state_word(f["state"]), _not_asked_for(f), f["until"] or "") for f in held],
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
            (_("Not asked for"), _not_asked_for(facts)),
            (_("Until"), facts["until"] or ""),
            (_("Serial"), str(facts["serial"] or "")),
        ]
    )


def _not_asked_for(facts: dict[str, Any]) -> str:
    if facts["instead"]:
        return _("the face ({factor} instead)").format(factor=facts["instead"])
    return ", ".join(facts["without"])


def _facts_of(state: Held[Exemption]) -> dict[str, Any]:
    held = state.says
    return {
        "login": state.person.login,
        "name": state.person.name,
        "state": state.state,
        "without": list(held.without) if held else [],
        "instead": held.instead or None if held else None,
        "until": last_day(held.expires).isoformat() if held and not held.withdrawn else None,
        "serial": held.serial if held else None,
    }


def _json_of(signed: Signed[Exemption], dry_run: bool) -> dict[str, Any]:
    held = signed.says
    return {
        "login": held.login,
        "without": list(held.without),
        "instead": held.instead or None,
        "until": None if held.withdrawn else last_day(held.expires).isoformat(),
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
