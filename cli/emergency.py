"""`facectl emergency`: let somebody in whose face cannot be seen - camera broken, bandaged, not enrolled yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from cli.exit_codes import ExitCode
from cli.passphrase import passphrase_file_option
from cli.people import state_word
from cli.printing import (
    check_reason,
    confirm,
    dry_run_option,
    json_option,
    moment,
    moment_iso,
    print_json,
    print_table,
    progress,
    reason_option,
    yes_option,
)
from cli.run import Run, pass_run
from cli.station import Desk, open_desk, station_option
from faced.directory.connection import Connection
from faced.directory.people import Person
from faced.enrolment.acts import Act
from faced.enrolment.approving import Held
from faced.enrolment.emergency import DEFAULT_HOURS, Emergencies, Wish
from faced.enrolment.grant_list import read_grant_list
from faced.enrolment.person import check_login
from faced.errors import DirectoryUnavailable, FacedError
from faced.i18n import _
from faced.trust.emergency import Grant
from faced.trust.realm import Role


@click.group(help=_("Let people in whose face cannot be seen: the camera is broken, or they are not enrolled yet."))
def emergency() -> None:
    """The noun."""


@emergency.command(
    short_help=_("Let USER in once with the password alone."),
    help=_(
        "Let USER in once with the password alone, where the face cannot be seen: no camera, nobody in view, covered, "
        "dark, or not enrolled. The PC asks the directory for it at that logon; nothing is typed. It takes the place "
        "of an earlier grant, and is worth nothing to a face that is judged to be another's.\n\n"
        "Make sure that it is USER who asks: until it is used or over, whoever knows the password can use it.\n\n"
        "With --from FILE: everybody in a CSV table with the columns login, host and hours, of which only login must "
        "be there. Nothing is granted unless every line holds; who has a grant already is left alone."
    ),
)
@click.argument("user", required=False)
@click.option("--from", "list_path", type=click.Path(path_type=Path), metavar="FILE", help=_("A list of people."))
@click.option("--host", metavar="NAME", help=_("The PC where it holds."))
@click.option("--any-host", is_flag=True, help=_("On every PC of the person, once on each."))
@click.option(
    "--hours",
    type=int,
    default=DEFAULT_HOURS,
    show_default=True,
    metavar="N",
    help=_("How long it can be used, three days at most."),
)
@reason_option
@station_option
@passphrase_file_option
@yes_option
@dry_run_option
@json_option
@pass_run
def grant(
    run: Run,
    user: str | None,
    list_path: Path | None,
    host: str | None,
    any_host: bool,
    hours: int,
    reason: str,
    station_path: Path | None,
    passphrase_file: Path | None,
    yes: bool,
    dry_run: bool,
    as_json: bool,
) -> ExitCode:
    """Signed in the role that approves."""
    if (user is None) == (list_path is None):
        raise click.UsageError(_("Name USER, or a list with --from."))
    if (host is not None and any_host) or (user is not None and host is None and not any_host):
        raise click.UsageError(_("Name the PC with --host, or every PC with --any-host."))
    check_reason(reason)
    where = "" if any_host else host
    if list_path is not None:
        wishes = read_grant_list(list_path, where, hours)
    else:
        wishes = (Wish(check_login(user or ""), where or "", hours),)
    desk = open_desk(run, station_path, Role.APPROVE, passphrase_file)
    with desk.connect() as connection:
        granting = Granting(desk, _emergencies(desk, connection), reason, dry_run, as_json)
        return granting.many(wishes, yes) if list_path is not None else granting.one(wishes[0])


@dataclass(frozen=True)
class _Planned:
    """``refusal``: the error that keeps the wish from being granted; ``kept``: the person has a grant already."""

    wish: Wish
    person: Person | None
    refusal: FacedError | None = None
    kept: bool = False


@dataclass(frozen=True)
class Granting:
    """What is the same for all people of one run."""

    desk: Desk
    emergencies: Emergencies
    reason: str
    dry_run: bool
    as_json: bool

    def one(self, wish: Wish) -> ExitCode:
        """One person; what does not hold is an error."""
        person = self.emergencies.people.find(wish.login)
        granted = self._grant(person, wish)
        if self.as_json:
            print_json(self._json_of(granted))
        else:
            text = (
                _("Would let {login} ({name}) in once on {where}, until {until}.")
                if self.dry_run
                else _("{login} ({name}) is let in once on {where}, until {until}.")
            )
            click.echo(
                text.format(login=wish.login, name=person.name, where=_where(wish.host), until=moment(granted.expires))
            )
        return ExitCode.DONE

    def many(self, wishes: Sequence[Wish], yes: bool) -> ExitCode:
        """All of them or none; what was granted before an interruption is kept when it is run again."""
        with progress(len(wishes), _("Checking")) as step:
            plan = [self._plan(wish, step) for wish in wishes]
        due = [planned for planned in plan if planned.person is not None and not planned.kept]
        refused = [planned for planned in plan if planned.refusal is not None]
        if not self.as_json:
            self._print_plan(plan, refused)
        if refused or self.dry_run:
            return self._end(plan, [], refused)
        if due:
            confirm(_("Let {count} people in without a face, once each?").format(count=len(due)), yes=yes)
        granted = []
        with progress(len(due), _("Granting")) as step:
            for planned in due:
                if planned.person is not None:
                    granted.append(self._grant(planned.person, planned.wish))
                step()
        return self._end(plan, granted, refused)

    def _plan(self, wish: Wish, step: Any) -> _Planned:
        try:
            person = self.emergencies.people.find(wish.login)
            self.emergencies.grant(person, wish)
        except DirectoryUnavailable:
            raise
        except FacedError as error:
            return _Planned(wish, None, error)
        finally:
            step()
        state = self.emergencies.state(person)
        kept = state.state == "in_force" and state.says is not None and state.says.host == wish.host
        return _Planned(wish, person, kept=kept)

    def _grant(self, person: Person, wish: Wish) -> Grant:
        signed = self.emergencies.grant(person, wish)
        if not self.dry_run:
            with self.desk.recorded(Act.GRANT_EMERGENCY, wish.login, self.reason):
                self.emergencies.publish(signed)
        return signed.says

    def _json_of(self, granted: Grant) -> dict[str, Any]:
        return {
            "login": granted.login,
            "host": granted.host or None,
            "until": moment_iso(granted.expires),
            "serial": None if self.dry_run else granted.serial,
            "dry_run": self.dry_run,
        }

    def _print_plan(self, plan: Sequence[_Planned], refused: Sequence[_Planned]) -> None:
        for planned in refused:
            click.echo(f"{planned.wish.login}: {planned.refusal}", err=True)
        if not refused:
            kept = sum(planned.kept for planned in plan)
            click.echo(
                _("{count} people are to be let in once, {kept} have a grant already.").format(
                    count=len(plan) - kept, kept=kept
                )
            )

    def _end(self, plan: Sequence[_Planned], granted: Sequence[Grant], refused: Sequence[_Planned]) -> ExitCode:
        if self.as_json:
            print_json(
                {
                    "dry_run": self.dry_run,
                    "planned": len(plan),
                    "kept": [planned.wish.login for planned in plan if planned.kept],
                    "granted": list(map(self._json_of, granted)),
                    "refused": [
                        {"login": planned.wish.login, "reason": planned.refusal.reason}
                        for planned in refused
                        if planned.refusal is not None
                    ],
                }
            )
        elif refused:
            click.echo(_("Nothing was granted: {count} lines do not hold.").format(count=len(refused)), err=True)
        elif not self.dry_run:
            click.echo(_("{count} people are let in once.").format(count=len(granted)))
        return ExitCode.REFUSED if refused else ExitCode.DONE


@emergency.command(
    short_help=_("A code that lets USER in once on HOST, which is cut off."),
    help=_(
        "A code of eight digits that lets USER in once on HOST while it cannot reach the directory. The PC asks for it "
        "when the face cannot be seen, after the password. It holds for three quarters of an hour at least.\n\n"
        "Make sure that it is USER who asks, and read it to nobody else. It is on record before it is shown."
    ),
)
@click.argument("user")
@click.argument("host")
@reason_option
@station_option
@passphrase_file_option
@dry_run_option
@json_option
@pass_run
def code(
    run: Run,
    user: str,
    host: str,
    reason: str,
    station_path: Path | None,
    passphrase_file: Path | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Made in the role that approves; nothing is published."""
    check_login(user)
    check_reason(reason)
    desk = open_desk(run, station_path, Role.APPROVE, passphrase_file)
    with desk.connect() as connection:
        emergencies = _emergencies(desk, connection)
        person = emergencies.people.find(user)
        made = emergencies.code(person, host)
    if not dry_run:
        with desk.recorded(Act.EMERGENCY_CODE, f"{user}@{host}", reason):
            pass
    digits = None if dry_run else made.digits
    if as_json:
        print_json({"login": user, "host": host, "code": digits, "until": moment_iso(made.expires), "dry_run": dry_run})
    elif digits is None:
        click.echo(
            _("Would make a code for {login} ({name}) on {host}.").format(login=user, name=person.name, host=host)
        )
    else:
        click.echo(
            _("Code for {login} ({name}) on {host}, until {until}: {code}").format(
                login=user,
                name=person.name,
                host=host,
                until=moment(made.expires),
                code=f"{digits[:4]} {digits[4:]}",
            )
        )


@emergency.command(help=_("Take back what was granted to USER and is not used yet. A code cannot be taken back."))
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
    """A newer statement that grants nothing."""
    check_login(user)
    check_reason(reason)
    desk = open_desk(run, station_path, Role.APPROVE, passphrase_file)
    with desk.connect() as connection:
        emergencies = _emergencies(desk, connection)
        person = emergencies.people.find(user)
        signed = emergencies.withdraw(person)
        if not dry_run:
            with desk.recorded(Act.WITHDRAW_EMERGENCY, user, reason):
                emergencies.publish(signed)
    if as_json:
        print_json({"login": user, "serial": None if dry_run else signed.says.serial, "dry_run": dry_run})
        return
    text = (
        _("Would take back what was granted to {login} ({name}).")
        if dry_run
        else _("What was granted to {login} ({name}) is taken back.")
    )
    click.echo(text.format(login=user, name=person.name))


@emergency.command(
    "list", help=_("Whose grant is in the directory, where and until when. Only the PC knows if it was used.")
)
@station_option
@json_option
@pass_run
def list_grants(run: Run, station_path: Path | None, as_json: bool) -> None:
    """Read as the auditor's account."""
    desk = open_desk(run, station_path, Role.AUDIT, None)
    with desk.connect() as connection:
        emergencies = _emergencies(desk, connection)
        states = [emergencies.state(person) for person in emergencies.people.all() if person.face.emergency is not None]
    states.sort(key=lambda state: state.person.login)
    if as_json:
        print_json([_facts_of(state) for state in states])
        return
    print_table(
        [_("Login name"), _("Name"), _("Emergency grant"), _("Where"), _("Until")],
        [
            (
                *(state.person.login, state.person.name, _state_word(state.state)),
                *((_where(held.host), moment(held.expires)) if (held := _in_force(state)) else ("", "")),
            )
            for state in states
        ],
    )
    in_force = sum(_in_force(state) is not None for state in states)
    click.echo(_("{count} grants, {in_force} of them in force").format(count=len(states), in_force=in_force))


def _facts_of(state: Held[Grant]) -> dict[str, Any]:
    held = _in_force(state)
    return {
        "login": state.person.login,
        "name": state.person.name,
        "state": state.state,
        "host": held.host or None if held else None,
        "until": moment_iso(held.expires) if held else None,
    }


def _state_word(state: str) -> str:
    words = {"in_force": _("in force"), "withdrawn": _("withdrawn"), "expired": _("period over")}
    return words.get(state) or state_word(state)


def _where(host: str | None) -> str:
    return host or _("every PC")


def _in_force(state: Held[Grant]) -> Grant | None:
    return state.says if state.state == "in_force" else None


def _emergencies(desk: Desk, connection: Connection) -> Emergencies:
    return Emergencies(connection, desk.tree, desk.station.verifier(desk.run.now), desk.key)
