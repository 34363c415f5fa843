"""`facectl approval`: the section chief's decision that somebody who is no regular staff may use the system."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from cli.consent import record_word
from cli.manifest_desk import manifest_desk, name_in_manifest
from cli.passphrase import once, passphrase_file_option, unlock_from
from cli.printing import check_reason, dry_run_option, json_option, print_facts, print_json, reason_option
from cli.run import Run, pass_run
from cli.station import Desk, open_desk, station_option
from cli.suspension import when_it_counts
from faced.directory.connection import Connection
from faced.enrolment.acts import Act
from faced.enrolment.approving import Held
from faced.enrolment.consenting import ChiefsApprovals
from faced.enrolment.fiscal_year import last_day
from faced.enrolment.person import check_login
from faced.i18n import _
from faced.trust.consent import Approval
from faced.trust.realm import Role
from faced.trust.statement import Kind


@click.group(help=_("The section chief's approval of people who are not regular staff."))
def approval() -> None:
    """The noun."""


@approval.command(
    help=_(
        "Record that the section chief approved USER. It holds to the end of the fiscal year at most; from 18 March on "
        "it can be for the next one. The chief holds no key: the number of the decision leads to the paper."
    )
)
@click.argument("user")
@click.option("--decision", required=True, metavar="NUMBER", help=_("The number of the chief's decision."))
@click.option(
    "--until",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    help=_("The last day; otherwise the end of the fiscal year."),
)
@reason_option
@station_option
@passphrase_file_option
@dry_run_option
@json_option
@pass_run
def record(
    run: Run,
    user: str,
    decision: str,
    until: datetime | None,
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
        approvals = _approvals(desk, connection)
        person = approvals.people.find(user)
        signed = approvals.record(person, decision, until.date() if until else None)
        if not dry_run:
            with desk.recorded(Act.RECORD_APPROVAL, user, reason, decision=decision):
                approvals.publish(signed)
    until_day = last_day(signed.says.expires)
    if as_json:
        serial = None if dry_run else signed.says.serial
        facts = {"login": user, "decision": decision, "until": until_day.isoformat()}
        print_json({**facts, "serial": serial, "dry_run": dry_run})
        return
    text = (
        _("Would record the approval of {login} ({name}), until {day}.")
        if dry_run
        else _("The approval of {login} ({name}) is recorded, until {day}.")
    )
    click.echo(text.format(login=user, name=person.name, day=until_day))


@approval.command(
    help=_(
        "Record that the section chief does not approve USER any more. Every PC refuses whoever was enrolled with an "
        "approval, one that is online within a minute. Nothing is erased: that is 'facectl erase'."
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
    """A newer statement, then its name in the manifest."""
    check_login(user)
    check_reason(reason)
    unlock = once(unlock_from(passphrase_file))
    desk = open_desk(run, station_path, Role.APPROVE, passphrase_file, unlock)
    manifest = manifest_desk(desk, unlock)
    announced = False
    with desk.connect() as connection:
        approvals = _approvals(desk, connection)
        person = approvals.people.find(user)
        signed = approvals.withdraw(person)
        if not dry_run:
            with desk.recorded(Act.WITHDRAW_APPROVAL, user, reason):
                approvals.publish(signed)
                announced = name_in_manifest(manifest, Kind.APPROVAL, {user: signed.says.serial})
    if as_json:
        serial = None if dry_run else signed.says.serial
        print_json(
            {"login": user, "withdrawn": not dry_run, "serial": serial, "announced": announced, "dry_run": dry_run}
        )
        return
    if dry_run:
        click.echo(_("Would withdraw the approval of {login} ({name}).").format(login=user, name=person.name))
        return
    click.echo(_("The approval of {login} ({name}) is withdrawn.").format(login=user, name=person.name))
    click.echo(when_it_counts(announced))


@approval.command(help=_("By which decision USER was approved, and until when."))
@click.argument("user")
@station_option
@json_option
@pass_run
def show(run: Run, user: str, station_path: Path | None, as_json: bool) -> None:
    """Read as the auditor's account."""
    desk = open_desk(run, station_path, Role.AUDIT, None)
    with desk.connect() as connection:
        approvals = _approvals(desk, connection)
        facts = _facts_of(approvals.state(approvals.people.find(check_login(user))))
    if as_json:
        print_json(facts)
        return
    print_facts(
        [
            (_("Login name"), facts["login"]),
            (_("Name"), facts["name"]),
            (_("Approval"), record_word(facts["state"])),
            (_("Decision"), facts["decision"] or ""),
            (_("Until"), facts["until"] or ""),
            (_("Serial"), str(facts["serial"] or "")),
        ]
    )


def _facts_of(state: Held[Approval]) -> dict[str, Any]:
    held = state.says
    return {
        "login": state.person.login,
        "name": state.person.name,
        "state": state.state,
        "decision": held.decision if held else None,
        "until": last_day(held.expires).isoformat() if held and not held.withdrawn else None,
        "serial": held.serial if held else None,
    }


def _approvals(desk: Desk, connection: Connection) -> ChiefsApprovals:
    return ChiefsApprovals(connection, desk.tree, desk.station.verifier(desk.run.now), desk.key)
