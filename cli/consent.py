"""`facectl consent`: what people who are no regular staff agreed to, and that they do not any more."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from cli.erase import Work, erasing_desk
from cli.manifest_desk import manifest_desk, name_in_manifest
from cli.passphrase import once, passphrase_file_option, unlock_from
from cli.people import state_word
from cli.printing import (
    check_reason,
    confirm,
    dry_run_option,
    json_option,
    print_facts,
    print_json,
    print_table,
    reason_option,
    yes_option,
)
from cli.run import Run, pass_run
from cli.station import Desk, open_desk, station_option
from cli.suspension import when_it_counts
from faced.directory.connection import Connection
from faced.enrolment.acts import Act
from faced.enrolment.approving import Held
from faced.enrolment.consenting import Consents
from faced.enrolment.fiscal_year import day_of, last_day
from faced.enrolment.person import check_login
from faced.enrolment.register import Register
from faced.i18n import _
from faced.trust.consent import Consent
from faced.trust.realm import Role
from faced.trust.statement import Kind


@click.group(help=_("The consent of people who are not regular staff: record it, withdraw it, look it up."))
def consent() -> None:
    """The noun."""


@consent.command(
    short_help=_("Record that USER agreed to the use of the photo."),
    help=_(
        "Record that USER agreed to the use of the photo for the logon, in writing, with the application. It holds to "
        "the end of the fiscal year at most; from 18 March on it can be for the next one."
    ),
)
@click.argument("user")
@click.option(
    "--given",
    required=True,
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    help=_("The day on the paper."),
)
@click.option(
    "--until",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    help=_("The last day; otherwise the end of the fiscal year."),
)
@click.option("--form", default="", metavar="NUMBER", help=_("The number of the paper, for the station's record."))
@reason_option
@station_option
@passphrase_file_option
@dry_run_option
@json_option
@pass_run
def record(
    run: Run,
    user: str,
    given: datetime,
    until: datetime | None,
    form: str,
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
        consents = _consents(desk, connection)
        person = consents.people.find(user)
        signed = consents.record(person, given.date(), until.date() if until else None)
        if not dry_run:
            with desk.recorded(Act.RECORD_CONSENT, user, reason, decision=form):
                consents.publish(signed)
    until_day = last_day(signed.says.expires)
    if as_json:
        print_json(
            {
                "login": user,
                "given": given.date().isoformat(),
                "until": until_day.isoformat(),
                "serial": None if dry_run else signed.says.serial,
                "dry_run": dry_run,
            }
        )
        return
    text = (
        _("Would record the consent of {login} ({name}), until {day}.")
        if dry_run
        else _("The consent of {login} ({name}) is recorded, until {day}.")
    )
    click.echo(text.format(login=user, name=person.name, day=until_day))


@consent.command(
    short_help=_("Record that USER does not agree any more, and erase the face data."),
    help=_(
        "Record that USER does not agree any more. From then on no face is accepted for them on any PC, on one that is "
        "online within a minute, and the face data are erased if you have a key in the role that revokes here too; "
        "otherwise the command says what that handler has to do.\n\n"
        "Staff number, name and mail stay, and so does the record of the consent."
    ),
)
@click.argument("user")
@reason_option
@yes_option
@station_option
@passphrase_file_option
@dry_run_option
@json_option
@pass_run
def withdraw(
    run: Run,
    user: str,
    reason: str,
    yes: bool,
    station_path: Path | None,
    passphrase_file: Path | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """The person's word first, which stops everything; then the erasure."""
    check_login(user)
    check_reason(reason)
    unlock = once(unlock_from(passphrase_file))
    desk = open_desk(run, station_path, Role.APPROVE, passphrase_file, unlock)
    manifest, revoker = manifest_desk(desk, unlock), erasing_desk(desk, unlock)
    announced = False
    with desk.connect() as connection:
        consents = _consents(desk, connection)
        person = consents.people.find(user)
        signed = consents.withdraw(person)
        if not dry_run:
            question = _("Withdraw the consent of {login} ({name}) and erase the face data?")
            confirm(question.format(login=user, name=person.name), yes=yes)
            with desk.recorded(Act.WITHDRAW_CONSENT, user, reason):
                consents.publish(signed)
                announced = name_in_manifest(manifest, Kind.CONSENT, {user: signed.says.serial})
    erased: bool | None = False
    if revoker is not None:
        erased = None if dry_run else _erase(revoker, user, reason)
    if as_json:
        print_json(
            {
                "login": user,
                "withdrawn": not dry_run,
                "serial": None if dry_run else signed.says.serial,
                "announced": announced,
                "erased": bool(erased),
                "to_do": [f"facectl erase {user}"] if erased is False else [],
                "dry_run": dry_run,
            }
        )
        return
    text = (
        _("Would withdraw the consent of {login} ({name}).")
        if dry_run
        else _("The consent of {login} ({name}) is withdrawn.")
    )
    click.echo(text.format(login=user, name=person.name))
    if not dry_run:
        click.echo(when_it_counts(announced))
    if erased:
        click.echo(_("The face data are erased."))
    elif erased is False:
        click.echo(_("Still to do, by who revokes: facectl erase {login}").format(login=user))


@consent.command(help=_("What USER agreed to, when, and until when."))
@click.argument("user")
@station_option
@json_option
@pass_run
def show(run: Run, user: str, station_path: Path | None, as_json: bool) -> None:
    """Read as the auditor's account."""
    desk = open_desk(run, station_path, Role.AUDIT, None)
    with desk.connect() as connection:
        consents = _consents(desk, connection)
        facts = _facts_of(consents.state(consents.people.find(check_login(user))))
    if as_json:
        print_json(facts)
        return
    print_facts(
        [
            (_("Login name"), facts["login"]),
            (_("Name"), facts["name"]),
            (_("Consent"), record_word(facts["state"])),
            (_("Given on"), facts["given"] or ""),
            (_("Withdrawn on"), facts["withdrawn"] or ""),
            (_("Until"), facts["until"] or ""),
            (_("Serial"), str(facts["serial"] or "")),
        ]
    )


@consent.command("list", help=_("Everybody whose consent, or withdrawal, is recorded."))
@click.option("--state", metavar="STATE", help=_("Only this state: in_force, withdrawn, expired ..."))
@station_option
@json_option
@pass_run
def list_consents(run: Run, state: str | None, station_path: Path | None, as_json: bool) -> None:
    """Read as the auditor's account."""
    desk = open_desk(run, station_path, Role.AUDIT, None)
    with desk.connect() as connection:
        consents = _consents(desk, connection)
        held = [consents.state(person) for person in consents.people.all() if person.face.consent is not None]
    found = [_facts_of(one) for one in sorted(held, key=lambda one: one.person.login) if state in (None, one.state)]
    if as_json:
        print_json(found)
        return
    print_table(
        [_("Login name"), _("Name"), _("Consent"), _("Given on"), _("Until")],
        [(f["login"], f["name"], record_word(f["state"]), f["given"] or "", f["until"] or "") for f in found],
    )
    in_force = sum(facts["state"] == "in_force" for facts in found)
    click.echo(_("{count} consents, {in_force} of them in force").format(count=len(found), in_force=in_force))


def record_word(state: str) -> str:
    """The state of a consent or an approval in words."""
    words = {"in_force": _("in force"), "withdrawn": _("withdrawn"), "expired": _("period over")}
    return words.get(state) or state_word(state)


def _facts_of(state: Held[Consent]) -> dict[str, Any]:
    held = state.says
    return {
        "login": state.person.login,
        "name": state.person.name,
        "state": state.state,
        "given": day_of(held.given).isoformat() if held else None,
        "withdrawn": day_of(held.issued).isoformat() if held and held.withdrawn else None,
        "until": last_day(held.expires).isoformat() if held and not held.withdrawn else None,
        "serial": held.serial if held else None,
    }


def _erase(desk: Desk, user: str, reason: str) -> bool | None:
    """Erase the face data; whether they are gone from every server, None if there were none."""
    with desk.connect() as connection:
        register = Register(connection, desk.tree, desk.station.verifier(desk.run.now), desk.key)
        person = register.people.find(user)
        if person.face.template is None:
            return None
        with desk.recorded(Act.ERASE, user, reason):
            replicas = Work(desk, register, (person,), "consent_withdrawn", "").do()
    return not any(replica.fault for replica in replicas)


def _consents(desk: Desk, connection: Connection) -> Consents:
    return Consents(connection, desk.tree, desk.station.verifier(desk.run.now), desk.key)
