"""`facectl lockouts`: who has failed at the face step, waits or is locked."""

from __future__ import annotations

import os
import pwd
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from cli.exit_codes import ExitCode
from cli.printing import json_option, print_json, print_table
from cli.run import Run, pass_run
from faced.errors import NotAllowed, NotInDirectory
from faced.i18n import _
from faced.logon.lockout import Count, Counter, Lockout
from faced.logon.names import resolve
from faced.records.audit import Pseudonyms


@click.group(help=_("Who has failed at the face step since they were last recognised, who waits, who is locked."))
def lockouts() -> None:
    """The noun."""


@lockouts.command(
    "list",
    help=_(
        "Everybody who has failed on this PC, under the pseudonyms of its journal. Run it as root. Exit status 1 if "
        "somebody is locked."
    ),
)
@json_option
@pass_run
def list_lockouts(run: Run, as_json: bool) -> ExitCode:
    """No names: they are told only to who asks about a name."""
    folder = run.config.state.logon
    counts = _counter(run).counts()
    pseudonyms = Pseudonyms.load(folder / "pseudonyms.secret") if counts else None
    facts = [_facts(count, _pseudonym(pseudonyms, count.uid)) for count in counts]
    return _show(facts, as_json)


@lockouts.command(help=_("The failed tries of USER on this PC. Run it as root. Exit status 1 if USER is locked."))
@click.argument("user")
@json_option
@pass_run
def show(run: Run, user: str, as_json: bool) -> ExitCode:
    """By the name that NSS makes of it, as the daemon counts."""
    counter = _counter(run)
    person = resolve(user)
    if person is None:
        raise NotInDirectory(_("This PC knows no user {name}.").format(name=repr(user)))
    return _show([_facts(count, person.login) for count in counter.counts() if count.uid == person.uid], as_json)


def _counter(run: Run) -> Lockout:
    """The daemon's counters, to be looked at.

    :raises NotAllowed: only root may.
    """
    folder: Path = run.config.state.logon
    if folder.exists() and not os.access(folder, os.R_OK | os.X_OK):
        raise NotAllowed(_("Only root may look into {path}.").format(path=folder))
    return Lockout(folder, run.config.logon.tries, run.config.logon.ceiling)


def _pseudonym(pseudonyms: Pseudonyms | None, uid: int) -> str:
    """The subject of the journal; empty for an account that is gone."""
    try:
        return pseudonyms.of(pwd.getpwuid(uid).pw_name) if pseudonyms else ""
    except KeyError:
        return ""


def _facts(count: Count, who: str) -> dict[str, Any]:
    return {
        "subject": who,
        "counter": count.counter.value,
        "failed": count.failed,
        "last": datetime.fromtimestamp(count.last).astimezone().isoformat(timespec="seconds"),
        "wait_s": round(count.wait_s),
        "locked": count.locked,
    }


def _show(facts: list[dict[str, Any]], as_json: bool) -> ExitCode:
    if as_json:
        print_json(facts)
    else:
        print_table(
            [_("Person"), _("Where"), _("Failed"), _("Last try"), _("State")],
            [
                (one["subject"] or "?", _place(one["counter"]), str(one["failed"]), one["last"], _state(one))
                for one in facts
            ],
        )
        locked = sum(one["locked"] for one in facts)
        click.echo(
            _("{count} counters with failed tries, {locked} of them locked").format(count=len(facts), locked=locked)
        )
    return ExitCode.REFUSED if any(one["locked"] for one in facts) else ExitCode.DONE


def _place(counter: str) -> str:
    words = {
        Counter.GREETER: _("logon screen"),
        Counter.LOCKER: _("screen lock, sudo"),
        Counter.CODE: _("emergency code"),
    }
    return words[Counter(counter)]


def _state(one: dict[str, Any]) -> str:
    if one["locked"]:
        return _("locked: facectl unlock on the station")
    return _("waits {seconds} s").format(seconds=one["wait_s"]) if one["wait_s"] else _("may try")
