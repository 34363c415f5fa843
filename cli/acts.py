"""`facectl acts`: the station's record of what was done, by whom and why; for auditors, who need no key for it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import click

from cli.exit_codes import ExitCode
from cli.printing import json_option, moment, plain, print_json, print_table
from cli.run import Run, pass_run
from cli.station import open_desk, station_option
from faced.directory.realm import RealmDocuments
from faced.enrolment.acts import ActLog, ActRecord, Verification
from faced.enrolment.fiscal_year import start_of
from faced.enrolment.manifest import checkpoint_of, record_verifier
from faced.enrolment.station import Station
from faced.errors import StateError
from faced.i18n import _
from faced.trust.realm import Role
from faced.trust.statement import MAX_SIZE

_SHOWN_FLAWS = 20


@click.group(help=_("The record of what was done at the station, by whom and why."))
def acts() -> None:
    """The noun."""


@acts.command("list", help=_("What was done, oldest first. 'facectl acts verify' says whether it is to be believed."))
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), metavar="YYYY-MM-DD", help=_("From this day on."))
@click.option("--by", "handler", metavar="NAME", help=_("Only what this handler did."))
@station_option
@json_option
@pass_run
def list_acts(run: Run, since: datetime | None, handler: str | None, station_path: Path | None, as_json: bool) -> None:
    """From the station's folder or a copy of it."""
    begin = start_of(since.date()) if since is not None else 0
    found = [
        record
        for record in ActLog(Station.open(run.station(station_path)).path).read()
        if record.at >= begin and handler in (None, record.handler)
    ]
    if as_json:
        print_json([asdict(record) for record in found])
        return
    print_table(
        [_("Time"), _("Act"), _("Handler"), _("Subject"), _("Outcome"), _("Decision"), _("Reason")],
        [_row(record) for record in found],
    )


@acts.command(
    help=_(
        "Verify the record: that no line was changed, taken out, put in or cut off, and who signed each.\n\n"
        "Needs no key: give an auditor a copy of the station's folder without keys, shared and proposals. The manifest "
        "in it, each manifest given with --manifest and, with --directory, the published one vouch for how far the "
        "record went; keep the manifest of every audit for the next. Exit status 1 if something is wrong."
    )
)
@click.option(
    "--manifest",
    "manifests",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help=_("A manifest of this realm that was kept elsewhere; may be repeated."),
)
@click.option("--directory", is_flag=True, help=_("Ask the directory for its manifest, as the auditor's account."))
@station_option
@json_option
@pass_run
def verify(
    run: Run, manifests: tuple[Path, ...], directory: bool, station_path: Path | None, as_json: bool
) -> ExitCode:
    """With public keys only."""
    station = Station.open(run.station(station_path))
    kept = [_read(path) for path in manifests]
    if directory:
        desk = open_desk(run, station_path, Role.AUDIT, None)
        with desk.connect() as connection:
            published = RealmDocuments(connection, desk.tree).read().manifest
        kept += [published] if published is not None else []
    if station.manifest is not None:
        kept.append(station.manifest)
    points = [point for data in kept if (point := checkpoint_of(station, data)) is not None]
    result = ActLog(station.path).verify(record_verifier(station), points)
    if as_json:
        print_json(
            {
                "intact": result.intact,
                "lines": result.lines,
                "anchored": result.anchored,
                "flaws": [{**asdict(flaw), "doubtful": flaw.doubtful} for flaw in result.flaws],
            }
        )
    else:
        _print(result)
    return ExitCode.DONE if result.intact else ExitCode.REFUSED


def _row(record: ActRecord) -> tuple[str, ...]:
    texts = (record.act.value, record.handler, record.subject, record.outcome, record.decision, record.reason)
    return (moment(record.at), *map(plain, texts))


def _print(result: Verification) -> None:
    for flaw in result.flaws[:_SHOWN_FLAWS]:
        text = (
            _("line {line}: signed by a key that leaked later; the lines after it vouch for it")
            if flaw.doubtful
            else _("line {line}: {reason}")
        )
        click.echo(text.format(line=flaw.line, reason=flaw.reason))
    if len(result.flaws) > _SHOWN_FLAWS:
        click.echo(_("... and {count} more; --json lists all").format(count=len(result.flaws) - _SHOWN_FLAWS))
    text = (
        _("The record is intact: {lines} lines, {anchored} of them vouched for by a manifest.")
        if result.intact
        else _("The record is NOT intact: {lines} lines, {anchored} of them vouched for by a manifest.")
    )
    click.echo(text.format(lines=result.lines, anchored=result.anchored))


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_SIZE + 1)
    except OSError as error:
        raise StateError(_("{path} cannot be read: {why}.").format(path=path, why=error.strerror)) from None
