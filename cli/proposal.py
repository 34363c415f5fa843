"""`facectl proposal`: what one handler proposed and a second must confirm."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cli.passphrase import passphrase_file_option, unlock_from
from cli.printing import confirm as ask
from cli.printing import dry_run_option, json_option, moment, print_facts, print_json, print_table, yes_option
from cli.run import Run, pass_run
from cli.station import station_option
from cli.two_persons import check_person, personal_desk
from faced.enrolment.acts import Act
from faced.enrolment.proposals import Held, Proposals
from faced.enrolment.station import Station
from faced.i18n import _


@click.group(help=_("What one handler proposed and a second must confirm; each ends after a week."))
def proposal() -> None:
    """The noun."""


@proposal.command("list", help=_("The proposals that stand."))
@station_option
@json_option
@pass_run
def list_proposals(run: Run, station_path: Path | None, as_json: bool) -> None:
    """Needs no key."""
    station = Station.open(run.station(station_path))
    found = Proposals(station, station.verifier(run.now)).all()
    if as_json:
        print_json([_facts(held) for held in found])
        return
    print_table(
        [_("Proposal"), _("Act"), _("Subject"), _("Proposed by"), _("State"), _("Until")],
        [
            (
                held.shown,
                held.proposal.act,
                held.proposal.subject,
                held.proposal.handler,
                _state(held),
                moment(held.proposal.expires),
            )
            for held in found
        ],
    )


@proposal.command(help=_("Confirm the proposal ID, as a second handler. Whoever proposed it then runs it again."))
@click.argument("shown", metavar="ID")
@yes_option
@station_option
@passphrase_file_option
@dry_run_option
@pass_run
def confirm(
    run: Run, shown: str, yes: bool, station_path: Path | None, passphrase_file: Path | None, dry_run: bool
) -> None:
    """Shown in full, then signed with the second's own key."""
    desk = personal_desk(run, station_path, unlock_from(passphrase_file))
    proposals = Proposals(desk.station, desk.station.verifier(run.now))
    held = proposals.find(shown)
    check_person(desk, held.proposal.handler)
    print_facts(
        [
            (_("Act"), held.proposal.act),
            (_("Subject"), held.proposal.subject),
            (_("Terms"), _terms(held)),
            (_("Reason"), held.proposal.reason),
            (_("Decision"), held.proposal.decision),
            (_("Proposed by"), held.proposal.handler),
        ]
    )
    if dry_run:
        click.echo(_("Would confirm the proposal {id} as {handler}.").format(id=held.shown, handler=desk.key.handler))
        return
    ask(_("Confirm this as {handler}?").format(handler=desk.key.handler), yes=yes)
    with desk.recorded(Act.CONFIRM, held.id, held.proposal.reason, decision=held.proposal.decision):
        proposals.confirm(desk.key, held)
    click.echo(_("Confirmed. {handler} can run the command again now.").format(handler=held.proposal.handler))


def _terms(held: Held) -> str:
    return "; ".join(f"{name}: {_plain(value)}" for name, value in sorted(held.proposal.terms.items()))


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_plain, value))
    return value.hex()[:16] if isinstance(value, bytes) else str(value)


def _state(held: Held) -> str:
    if held.done:
        return _("carried out")
    return _("waits") if held.second is None else _("confirmed by {handler}").format(handler=held.second)


def _facts(held: Held) -> dict[str, Any]:
    return {
        "id": held.id,
        "act": held.proposal.act,
        "subject": held.proposal.subject,
        "terms": {name: _plain(value) for name, value in held.proposal.terms.items()},
        "reason": held.proposal.reason,
        "decision": held.proposal.decision,
        "handler": held.proposal.handler,
        "second": held.second,
        "done": held.done,
        "expires": held.proposal.expires,
    }
