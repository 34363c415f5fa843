"""`facectl lockouts realm`: who fails at the face step on several PCs, and the end of the stricter policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from cli.exit_codes import ExitCode
from cli.passphrase import passphrase_file_option
from cli.printing import check_reason, dry_run_option, json_option, moment, moment_iso, plain, print_json, print_table
from cli.run import Run, pass_run
from cli.station import open_desk, station_option
from faced.directory.people import People
from faced.directory.realm import RealmDocuments
from faced.enrolment.acts import Act
from faced.enrolment.failures import (
    ALARM_FAILURES,
    MOST_OF_ONE_HOST,
    PersonFailures,
    RealmFailures,
    calmed,
    read_failures,
)
from faced.enrolment.manifest import last_manifest
from faced.enrolment.person import check_login
from faced.enrolment.revising import revise_manifest
from faced.errors import NotInDirectory
from faced.i18n import _
from faced.trust.realm import Manifest, Role
from faced.trust.report import subject_of

#: Of a report whose day is over nobody wants to read.
_OVER = "expired"


@click.command(
    "realm",
    help=_(
        "On the station: who has failed at the face step on the PCs of the realm within 24 hours, and which PCs' "
        "reports cannot be believed. One PC alone raises no alarm: it may lie.\n\n"
        "With --calm: ask no more of LOGIN than of others, and count no failure up to now. Ask LOGIN first whether the "
        "tries were their own: whoever tried knew the password.\n\n"
        "Exit status 1 if there is an alarm, if more is asked of somebody, or if a report is forged."
    ),
)
@click.option("--calm", "login", metavar="LOGIN", help=_("End the stricter policy for this person."))
@click.option("--reason", default="", metavar="TEXT", help=_("Why (with --calm); it is kept with the record."))
@station_option
@passphrase_file_option
@dry_run_option
@json_option
@pass_run
def realm_lockouts(
    run: Run,
    login: str | None,
    reason: str,
    station_path: Path | None,
    passphrase_file: Path | None,
    dry_run: bool,
    as_json: bool,
) -> ExitCode:
    """Read as the auditor's account; calmed in the role that makes manifests."""
    if login is not None:
        return _calm(run, login, reason, station_path, passphrase_file, dry_run, as_json)
    desk = open_desk(run, station_path, Role.AUDIT, passphrase_file)
    with desk.connect() as connection:
        failures = read_failures(connection, desk.tree, desk.station, run.now, run.config.logon.ceiling)
        logins = People(connection, desk.tree).logins()
    names = {subject_of(desk.station.realm, name): name for name in logins}
    found = _Found(failures, last_manifest(desk.station), names, run.now)
    if as_json:
        print_json(found.document())
    else:
        found.print()
    return ExitCode.REFUSED if found.pressing else ExitCode.DONE


def _calm(
    run: Run,
    login: str,
    reason: str,
    station_path: Path | None,
    passphrase_file: Path | None,
    dry_run: bool,
    as_json: bool,
) -> ExitCode:
    check_login(login)
    check_reason(reason)
    desk = open_desk(run, station_path, Role.MANIFEST, passphrase_file)
    subject = subject_of(desk.station.realm, login)
    with desk.connect() as connection:
        if login not in People(connection, desk.tree).logins():
            raise NotInDirectory(_("The directory has no entry {login}.").format(login=login))
        if not dry_run:
            with desk.recorded(Act.CALM, login, reason):
                revise_manifest(
                    desk.station,
                    desk.key,
                    RealmDocuments(connection, desk.tree),
                    run.now,
                    lambda manifest: calmed(manifest, subject, run.now),
                )
    if as_json:
        print_json({"login": login, "calmed": moment_iso(run.now), "dry_run": dry_run})
    elif dry_run:
        click.echo(_("Would ask no more of {login} than of others.").format(login=login))
    else:
        click.echo(_("No more is asked of {login} than of others: on every PC within a minute.").format(login=login))
    return ExitCode.DONE


@dataclass(frozen=True)
class _Found:
    """``names``: login names by subject."""

    failures: RealmFailures
    manifest: Manifest
    names: Mapping[bytes, str]
    now: int

    @property
    def people(self) -> list[PersonFailures]:
        """Who has failed, and of whom more is asked though nothing counts any more."""
        counted = {person.subject for person in self.failures.people}
        left = [subject for subject in self.manifest.stricter if subject not in counted and self._until(subject)]
        return [*self.failures.people, *(PersonFailures(subject, ()) for subject in left)]

    @property
    def pressing(self) -> bool:
        """Whether somebody must look into this."""
        stricter = any(self._until(subject) for subject in self.manifest.stricter)
        return stricter or bool(self.failures.alarming or self.failures.suspicious)

    def document(self) -> dict[str, Any]:
        """For programs."""
        return {
            "people": [
                {
                    "login": self.names.get(person.subject),
                    "subject": person.subject.hex(),
                    "hosts": [
                        {"host": word.host, "failures": word.count, "last": moment_iso(word.last)}
                        for word in person.words
                    ],
                    "failures": person.failures,
                    "last": moment_iso(person.last) if person.last else None,
                    "state": _state(person),
                    "stricter_until": moment_iso(until) if (until := self._until(person.subject)) else None,
                }
                for person in self.people
            ],
            "doubted": [{"host": host, "reason": reason} for host, reason in sorted(self.failures.doubted.items())],
        }

    def print(self) -> None:
        """For people."""
        for person in self.failures.alarming:
            click.echo(
                _("ALARM: {who} failed {count} times on {hosts} PCs. If it was not they, change the password.").format(
                    who=self._name(person.subject), count=person.failures, hosts=len(person.words)
                )
            )
        print_table(
            [_("Person"), _("PCs"), _("Failed"), _("Last try"), _("State"), _("More is asked until")],
            [
                (
                    self._name(person.subject),
                    ", ".join(plain(word.host) for word in person.words[:3])
                    + (_(" and {count} more").format(count=len(person.words) - 3) if len(person.words) > 3 else ""),
                    str(person.failures),
                    moment(person.last) if person.last else "-",
                    _words(person),
                    moment(until) if (until := self._until(person.subject)) else "-",
                )
                for person in self.people
            ],
        )
        doubted = [(host, reason) for host, reason in sorted(self.failures.doubted.items()) if reason != _OVER]
        if doubted:
            click.echo()
            print_table(
                [_("Report that does not count"), _("Reason")], [(plain(host), reason) for host, reason in doubted]
            )

    def _name(self, subject: bytes) -> str:
        return self.names.get(subject) or _("nobody in the directory ({subject})").format(subject=subject.hex()[:8])

    def _until(self, subject: bytes) -> int | None:
        until = self.manifest.stricter.get(subject, 0)
        return until if until > self.now else None


def _state(person: PersonFailures) -> str:
    if person.alarming:
        return "alarm"
    return {0: "over", 1: "one_host"}.get(len(person.words), "few")


def _words(person: PersonFailures) -> str:
    words = {
        "alarm": _("alarm"),
        "over": _("nothing new"),
        "one_host": _("one computer says so"),
        "few": _("too few for an alarm ({most} of {needed} from one PC)").format(
            most=MOST_OF_ONE_HOST, needed=ALARM_FAILURES
        ),
    }
    return words[_state(person)]
