"""`facectl lockouts`: who has failed at the face step, waits or is locked."""

from __future__ import annotations

import os
import pwd
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from cli.exit_codes import ExitCode
from cli.lockouts_realm import realm_lockouts
from cli.printing import json_option, moment, moment_iso, print_json, print_table
from cli.run import Run, pass_run
from faced.errors import NotAllowed, NotInDirectory
from faced.i18n import _
from faced.logon.lockout import Count, Counter, Lockout
from faced.logon.names import resolve
from faced.records.audit import Pseudonyms


@click.group(help=_("Who has failed at the face step since they were last recognised, who waits, who is locked."))
def lockouts() -> None:
    """The noun."""


lockouts.add_command(realm_lockouts)


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
    return _show([(count, _pseudonym(pseudonyms, count.uid)) for count in counts], as_json)


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
    return _show([(count, person.login) for count in counter.counts() if count.uid == person.uid], as_json)


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
        "last": moment_iso(int(count.last)),
        "wait_s": round(count.wait_s),
        "locked": count.locked,
    }


def _show(counts: Sequence[tuple[Count, str]], as_json: bool) -> ExitCode:
    if as_json:
        print_json([_facts(count, who) for count, who in counts])
    else:
        print_table(
            [_("Person"), _("Where"), _("Failed"), _("Last try"), _("State")],
            [
                (who or "?", _place(count.counter), str(count.failed), moment(int(count.last)), _state(count))
                for count, who in counts
            ],
        )
        locked = sum(count.locked for count, _who in counts)
        click.echo(
            _("{count} counters with failed tries, {locked} of them locked").format(count=len(counts), locked=locked)
        )
    return ExitCode.REFUSED if any(count.locked for count, _who in counts) else ExitCode.DONE


def _place(counter: Counter) -> str:
    return {
        Counter.GREETER: _("logon screen"),
        Counter.LOCKER: _("screen lock, sudo"),
        Counter.CODE: _("emergency code"),
    }[counter]


def _state(count: Count) -> str:
    if count.locked:
        return _("locked: facectl unlock on the station")
    wait_s = round(count.wait_s)
    return _("waits {seconds} s").format(seconds=wait_s) if wait_s else _("may try")
