"""`facectl incident`: what was at stake, and what was done (requirement R21)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from cli.printing import json_option, moment, print_facts, print_json, print_table
from cli.run import Run, pass_run
from cli.station import open_desk, station_option
from faced.directory.hosts import Hosts
from faced.directory.people import People
from faced.enrolment.acts import ActLog
from faced.enrolment.exposure import HostExposure, exposure_of
from faced.enrolment.joining import check_host_name
from faced.enrolment.manifest import last_manifest
from faced.i18n import _
from faced.trust.realm import Role


@click.group(help=_("After a theft or a leak: whose data were at stake, and what was done."))
def incident() -> None:
    """The noun."""


@incident.command(
    help=_(
        "What the stolen or lost computer NAME could open, and what was done about it: for the written report.\n\n"
        "It could open the face data of everybody in its key groups; of those it kept only the data of people who "
        "logged on there, and nobody but the computer itself knows who they were. So all are to be reported."
    )
)
@click.argument("name")
@station_option
@json_option
@pass_run
def host(run: Run, name: str, station_path: Path | None, as_json: bool) -> None:
    """Read as the auditor's account; the acts are those of this station."""
    check_host_name(name)
    desk = open_desk(run, station_path, Role.AUDIT, None)
    with desk.connect() as connection:
        people = People(connection, desk.tree).all(progress=_count if sys.stderr.isatty() else None)
        exposure = exposure_of(
            name, last_manifest(desk.station), Hosts(connection, desk.tree), people, ActLog(desk.station.path).read()
        )
    if as_json:
        print_json(_json_of(exposure))
        return
    _print(exposure)


def _count(number: int) -> None:
    click.echo(_("{number} people read").format(number=number), err=True)


def _print(exposure: HostExposure) -> None:
    state = _("taken out of the realm") if exposure.revoked else _("NOT taken out of the realm")
    print_facts(
        [
            (_("Computer"), exposure.name),
            (_("State"), state),
            (_("Key groups"), ", ".join(exposure.groups) or _("none")),
            (_("Could open the face data of"), _("{number} people").format(number=len(exposure.people))),
            (_("Kept in its cache"), _("not known: those of them who logged on there")),
        ]
    )
    if not exposure.revoked:
        click.echo(_("Take it out now: facectl host revoke {name} --reason TEXT").format(name=exposure.name), err=True)
    click.echo()
    print_table(
        [_("When"), _("What was done"), _("Handler"), _("Account"), _("Reason"), _("Outcome")],
        [(moment(act.at), act.act.value, act.handler, act.operator, act.reason, act.outcome) for act in exposure.acts],
    )
    click.echo()
    print_table(
        [_("Login name"), _("Name"), _("Staff number"), _("Key groups")],
        [(person.login, person.name, person.staff_number, ", ".join(person.groups)) for person in exposure.people],
    )


def _json_of(exposure: HostExposure) -> dict[str, Any]:
    return {
        "host": exposure.name,
        "revoked": exposure.revoked,
        "groups": list(exposure.groups),
        "cached_people_known": False,
        "people": [
            {"login": person.login, "name": person.name, "staff_number": person.staff_number}
            for person in exposure.people
        ],
        "acts": [
            {
                "at": act.at,
                "act": act.act.value,
                "handler": act.handler,
                "operator": act.operator,
                "reason": act.reason,
                "outcome": act.outcome,
            }
            for act in exposure.acts
        ],
    }
