"""`facectl status`: is this PC ready for logons? Warnings first, then the facts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cli.alarms import facts_of_alarms, warn
from cli.daemon import reach, refusal_of
from cli.exit_codes import ExitCode
from cli.printing import json_option, moment, print_facts, print_json
from cli.run import Run, pass_run
from faced.enrolment.expiry import Alarm, alarms, manifest_over, purpose_ending
from faced.enrolment.fiscal_year import last_day
from faced.enrolment.station import Station
from faced.errors import ProtocolError, StateError
from faced.i18n import _
from faced.service.varlink import VarlinkError
from faced.units import DAY_S, HOUR_S
from faced.urgency import Level, days_left, level_of

_TIMEOUT_S = 3.0


@click.command(help=_("Is this PC ready for logons with a face? Exit status 1 if there is a warning."))
@json_option
@pass_run
def status(run: Run, as_json: bool) -> ExitCode:
    """Ask both daemons and say what is wrong first; what ends soon on the station changes no exit status."""
    logon = ask(run.config.sockets.status, "io.faced.Status.Get")
    directory: dict[str, Any] | None
    try:
        directory = ask(run.config.sockets.directory, "io.faced.Directory.Status")
    except ProtocolError:
        directory = None
    warnings = [*map(str, logon.get("warnings") or []), *_warnings(logon, run.now)]
    pressing = (*_alarms_of_pc(logon, run.now), *_station_alarms(run))
    if as_json:
        facts = {"warnings": warnings, "alarms": facts_of_alarms(pressing)}
        until = _cache_until(logon, directory, run)
        print_json({**facts, "logon": logon, "directory": directory, "cache_until": until})
    else:
        for warning in warnings:
            click.echo(_("WARNING: {warning}").format(warning=warning))
        warn(pressing)
        print_facts(_facts(logon, directory, run))
    return ExitCode.REFUSED if warnings else ExitCode.DONE


def ask(path: Path, method: str) -> dict[str, Any]:
    """One question to a daemon.

    :raises ProtocolError: nobody answers; says how to start it.
    """
    try:
        with reach(path, _TIMEOUT_S) as daemon:
            return daemon.call(method)
    except VarlinkError as error:
        raise refusal_of(error) from None


def _purpose_level(logon: dict[str, Any], now: int) -> tuple[Level | None, int]:
    """How pressing the renewal of the purpose is, by the manifest that this PC has; and the end of the purpose."""
    until = logon.get("purpose_until")
    return (level_of(until - now), until) if isinstance(until, int) else (None, now)


def _alarms_of_pc(logon: dict[str, Any], now: int) -> tuple[Alarm, ...]:
    """The purpose that ends; once it is over that is a warning."""
    level, until = _purpose_level(logon, now)
    if level is None or level is Level.OVER:
        return ()
    return (Alarm("purpose", level, until, days_left(until - now)),)


def _warnings(logon: dict[str, Any], now: int) -> list[str]:
    """What the daemon does not warn of by itself."""
    found = []
    if _purpose_level(logon, now)[0] is Level.OVER:
        found.append(purpose_ending(Level.OVER, 0))
    if logon.get("directory") == "offline":
        found.append(_("The directory cannot be reached; logons work from the cache only."))
    left = logon.get("expires_in")
    if isinstance(left, int) and left <= 0:
        found.append(manifest_over())
    return found


def _cache_until(logon: dict[str, Any], directory: dict[str, Any] | None, run: Run) -> int | None:
    """Unix seconds until which people in the cache can log on without the directory: its days, the manifest's or the
    purpose's end.

    None where it is not known, or where nothing is given from the cache. Single people's periods may end before.
    """
    contact, left = (directory or {}).get("last_contact"), logon.get("expires_in")
    if not isinstance(contact, int) or not isinstance(left, int) or (directory or {}).get("shut_out"):
        return None
    until = logon.get("purpose_until")
    ends = (contact + run.config.directory.cache_days * DAY_S, run.now + left)
    return min(*ends, until) if isinstance(until, int) else min(ends)


def _station_alarms(run: Run) -> tuple[Alarm, ...]:
    """What ends soon, where this computer is the authority station too and its folder may be read."""
    try:
        return alarms(Station.open(run.config.station.path), run.now)
    except StateError:
        return ()


def _facts(logon: dict[str, Any], directory: dict[str, Any] | None, run: Run) -> list[tuple[str, str]]:
    age = _seconds(logon.get("manifest"))
    left = logon.get("expires_in")
    until = logon.get("purpose_until")
    facts = [
        (_("Version"), str(logon.get("version", ""))),
        (_("Realm"), str(logon.get("realm", ""))),
        (_("This PC"), str(logon.get("host", ""))),
        (_("Camera"), f"{logon.get('camera', '')} ({logon.get('camera_state', '')})"),
        (_("Predictor"), str(logon.get("predictor", ""))[:16]),
        (_("Metric"), str(logon.get("metric", ""))[:16]),
        (_("Manifest issued"), _("{age} ago").format(age=_span(age)) if age is not None else _("unknown")),
        (_("Emergency logons"), _("unknown") if logon.get("emergencies") is None else str(logon["emergencies"])),
        (_("Manifest expires in"), _span(left) if isinstance(left, int) else _("unknown")),
        (_("Purpose until"), str(last_day(until)) if isinstance(until, int) else _("unknown")),
    ]
    if directory is None:
        return [*facts, (_("Directory"), str(logon.get("directory", "")) or _("unknown (only root may ask)"))]
    contact, until = directory.get("last_contact"), _cache_until(logon, directory, run)
    return [
        *facts,
        (_("Directory"), _connection(directory)),
        (_("Last contact"), _("{age} ago").format(age=_span(run.now - contact)) if contact else _("never")),
        (_("Without it until"), moment(until) if until is not None else _("unknown")),
        (_("People in the cache"), str(directory.get("cached", 0))),
    ]


def _connection(directory: dict[str, Any]) -> str:
    if directory.get("shut_out"):
        return _("refuses this PC")
    return _("online") if directory.get("online") else _("offline")


def _seconds(age: Any) -> int | None:
    return age.get("seconds") if isinstance(age, dict) and age.get("known") else None


def _span(seconds: int) -> str:
    if seconds >= 2 * DAY_S:
        return _("{number} days").format(number=seconds // DAY_S)
    if seconds >= 2 * HOUR_S:
        return _("{number} hours").format(number=seconds // HOUR_S)
    return _("{number} minutes").format(number=max(0, seconds) // 60)
