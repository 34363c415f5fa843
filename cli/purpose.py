"""`facectl purpose`: the period in which face data may be used, renewed every fiscal year."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from cli.passphrase import passphrase_file_option
from cli.printing import check_reason, dry_run_option, json_option, plain, print_json, print_table, reason_option
from cli.run import Run, pass_run
from cli.station import open_desk, station_option
from faced.enrolment.acts import Act
from faced.enrolment.expiry import purpose_ending
from faced.enrolment.fiscal_year import day_of, end_of, last_day, start_of
from faced.enrolment.manifest import last_manifest, purposes_of
from faced.enrolment.purpose import Period, check_decision, period_to_renew, sign_purpose
from faced.enrolment.station import Station
from faced.i18n import _
from faced.trust.purpose import Purpose, covered_until
from faced.trust.realm import Role
from faced.urgency import days_left, level_of

_DAY = click.DateTime(["%Y-%m-%d"])


@click.group(help=_("The period in which face data may be used for logons: show it, renew it every fiscal year."))
def purpose() -> None:
    """The noun."""


@purpose.command(help=_("The purposes in force and ahead, with the decisions that allow them; needs no key."))
@station_option
@json_option
@pass_run
def show(run: Run, station_path: Path | None, as_json: bool) -> None:
    """From the station's own copies."""
    station = Station.open(run.station(station_path))
    published = last_manifest(station).purposes
    found = purposes_of(station, last_manifest(station), run.now)
    until = covered_until(found, run.now)
    level = level_of(until - run.now)
    if as_json:
        print_json(
            {
                "purposes": [_facts(one, run.now, one.statement in published) for one in found],
                "until": last_day(until).isoformat() if until > run.now else None,
                "days": days_left(until - run.now),
                "level": level.value if level else None,
            }
        )
        return
    if level is not None:
        warning = purpose_ending(level, days_left(until - run.now))
        click.echo(_("WARNING: {warning}").format(warning=warning), err=True)
    print_table(
        [_("From"), _("Until"), _("State"), _("Decision")],
        [
            (
                *(str(day_of(one.not_before)), str(last_day(one.not_after))),
                *(_state_word(_state(one, run.now, one.statement in published)), plain(one.decision)),
            )
            for one in found
        ],
    )


@purpose.command(
    short_help=_("Allow the use of face data for the next period."),
    help=_(
        "Allow the use of face data for logons for the next fiscal year, if it begins within 60 days, else for the "
        "rest of this one. A purpose takes the place of the one before it in the same fiscal year, so it can also end "
        "it earlier.\n\n"
        "The decision is the municipality's (its council, its mayor); you carry it out in the role 'approve'. The "
        "PCs learn of it with the next manifest: by the daily timer, or at once by 'facectl realm manifest'."
    ),
)
@click.option("--from", "begins", type=_DAY, metavar="YYYY-MM-DD", help=_("The first day."))
@click.option("--until", "ends", type=_DAY, metavar="YYYY-MM-DD", help=_("The last day, 31 March at the latest."))
@click.option(
    "--decision", required=True, metavar="NUMBER", help=_("The number of the decision that allows the purpose.")
)
@reason_option
@station_option
@passphrase_file_option
@dry_run_option
@json_option
@pass_run
def renew(
    run: Run,
    begins: datetime | None,
    ends: datetime | None,
    decision: str,
    reason: str,
    station_path: Path | None,
    passphrase_file: Path | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Signed in the role that approves; waits on the station for the next manifest."""
    check_reason(reason)
    check_decision(decision)
    period = period_to_renew(
        run.now,
        start_of(begins.date()) if begins is not None else None,
        end_of(ends.date()) if ends is not None else None,
    )
    desk = open_desk(run, station_path, Role.APPROVE, passphrase_file)
    signed = sign_purpose(desk.station, desk.key, period, decision, run.now)
    if not dry_run:
        with desk.recorded(Act.RENEW_PURPOSE, _days(period), reason, decision=signed.decision):
            desk.station.keep_purpose(signed.statement, signed.serial)
    if as_json:
        print_json({**_facts(signed, run.now, False), "dry_run": dry_run})
        return
    text = (
        _("Would allow the use of face data from {first} until {last}.")
        if dry_run
        else _("The use of face data is allowed from {first} until {last}, once a manifest says so.")
    )
    click.echo(text.format(first=day_of(signed.not_before), last=last_day(signed.not_after)))
    if not dry_run:
        click.echo(_("Next: facectl realm manifest, or wait for the daily timer."))


def _days(period: Period) -> str:
    return f"{day_of(period.not_before)} - {last_day(period.not_after)}"


def _facts(one: Purpose, now: int, published: bool) -> dict[str, Any]:
    return {
        "from": day_of(one.not_before).isoformat(),
        "until": last_day(one.not_after).isoformat(),
        "decision": one.decision,
        "serial": one.serial,
        "state": _state(one, now, published),
    }


def _state(one: Purpose, now: int, published: bool) -> str:
    """``waits`` for the next manifest, ``ahead``, ``in_force`` or ``over``."""
    if one.not_after <= now:
        return "over"
    if not published:
        return "waits"
    return "in_force" if one.covers(now) else "ahead"


def _state_word(state: str) -> str:
    return {
        "waits": _("waits for a manifest"),
        "ahead": _("ahead"),
        "in_force": _("in force"),
        "over": _("period over"),
    }[state]
