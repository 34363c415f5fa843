"""`facectl erase`: one person's face data, or everybody's, from every directory server, read back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from cli.exit_codes import ExitCode
from cli.passphrase import passphrase_file_option
from cli.printing import (
    check_reason,
    confirm,
    dry_run_option,
    json_option,
    plain,
    print_json,
    progress,
    reason_option,
    yes_option,
)
from cli.run import Run, pass_run
from cli.station import Desk, desk_of, open_desk, role_connectors, station_option
from cli.two_persons import agreed, decision_option, second_options
from faced.directory.people import Person
from faced.enrolment.acts import Act
from faced.enrolment.erasures import ErasureRecords
from faced.enrolment.person import check_login
from faced.enrolment.register import Register
from faced.enrolment.replicas import BEHIND, Replica, Replicas
from faced.enrolment.station import Unlock
from faced.errors import DirectoryError, NotAllowed
from faced.i18n import _
from faced.trust.realm import Role

#: What the record of acts names in place of a login name.
EVERYBODY = "all"
_INCOMPLETE = "incomplete"
#: A tombstone has 2 KiB.
_LONGEST_DECISION = 64


@click.command(
    help=_(
        "Erase the face data of USER: template, keys, exemption, unlock and emergency grant, and in a tree of our own "
        "staff number, name and mail address. A signed record stays, by which every PC drops its copy within a quarter "
        "of an hour of being on; 'facectl erasures' says which have. Consent and approval stay as proof.\n\n"
        "With --all: everybody. Needs a second handler.\n\n"
        "Every server under [directory] servers is read back. Exit status 1 if one has not let go or cannot be asked: "
        "run the same command again when it is back. An interrupted run is completed in the same way. To enrol "
        "somebody anew nothing need be erased."
    )
)
@click.argument("user", required=False)
@click.option("--all", "everybody", is_flag=True, help=_("Everybody: at the end of use."))
@reason_option
@decision_option
@second_options
@yes_option
@station_option
@passphrase_file_option
@dry_run_option
@json_option
@pass_run
def erase(
    run: Run,
    user: str | None,
    everybody: bool,
    reason: str,
    decision: str,
    second: str | None,
    second_passphrase_file: Path | None,
    yes: bool,
    station_path: Path | None,
    passphrase_file: Path | None,
    dry_run: bool,
    as_json: bool,
) -> ExitCode:
    """Tombstones first, then the removal, then every server is read."""
    if (user is None) != everybody:
        raise click.UsageError(_("Name one person, or --all."))
    check_reason(reason)
    if len(decision) > _LONGEST_DECISION:
        raise click.UsageError(
            _("The number of a decision has {most} characters at most.").format(most=_LONGEST_DECISION)
        )
    if user is not None:
        check_login(user)
    desk = open_desk(run, station_path, Role.REVOKE, passphrase_file)
    with desk.connect() as connection:
        register = Register(connection, desk.tree, desk.station.verifier(run.now), desk.key)
        people = register.people.all() if user is None else (register.people.find(user),)
        work = Work(desk, register, people, reason, decision)
        if dry_run:
            _print_dry_run(work, as_json)
            return ExitCode.DONE
        agreement = ""
        if user is None:
            agreement = agreed(
                *(desk, Act.ERASE, EVERYBODY, {"realm": desk.station.realm.name}),
                reason=reason,
                decision=decision,
                second=second,
                second_passphrase_file=second_passphrase_file,
            )
        confirm(work.question, yes=yes)
        try:
            with desk.recorded(Act.ERASE, user or EVERYBODY, reason, decision=decision, agreement=agreement):
                replicas = work.do()
                _print(work, replicas, as_json)
                if any(replica.fault for replica in replicas):
                    raise DirectoryError("", reason=_INCOMPLETE)
        except DirectoryError as error:
            if error.reason != _INCOMPLETE:
                raise
            return ExitCode.REFUSED
    return ExitCode.DONE


def erasing_desk(desk: Desk, unlock: Unlock) -> Desk | None:
    """The handler of a desk in the role that erases; None if they have no key for it here."""
    if desk.key.handler not in desk.station.keys_in(Role.REVOKE):
        return None
    try:
        return desk_of(desk.run, desk.station, Role.REVOKE, unlock, desk.key.handler)
    except NotAllowed:
        return None


@dataclass(frozen=True)
class Work:
    """An erasure at a desk of the role ``revoke``. ``people``: as they were found."""

    desk: Desk
    register: Register
    people: Sequence[Person]
    reason: str
    decision: str

    @property
    def left(self) -> int:
        """People of whom something is left in the directory that answered."""
        return sum(not self.register.people.is_erased(person) for person in self.people)

    @property
    def question(self) -> str:
        """What is about to be done."""
        if len(self.people) == 1:
            return _("Erase the face data of {login} ({name})?").format(
                login=self.people[0].login, name=plain(self.people[0].name)
            )
        return _("Erase the face data of {count} people?").format(count=len(self.people))

    def do(self) -> tuple[Replica, ...]:
        """All tombstones, then all removals, then all servers; what is done already is left as it is."""
        records = ErasureRecords(self.desk.station, self.register.verifier)
        tombstones = {}
        with progress(len(self.people), _("Tombstones")) as step:
            for person in self.people:
                tombstone = self.register.bury(person, reason=self.reason, decision=self.decision)
                records.keep_tombstone(tombstone)
                tombstones[person.login] = tombstone
                step()
        with progress(len(self.people), _("Removal")) as step:
            for person in self.people:
                if not self.register.people.is_erased(person):
                    self.register.people.erase(person.login)
                step()
        replicas = Replicas(role_connectors(self.desk), self.desk.tree)
        with progress(len(replicas) * len(tombstones), _("Reading back")) as step:
            found = replicas.read_back(tombstones, seen=step)
        if not any(replica.fault for replica in found):
            for login, tombstone in tombstones.items():
                records.keep_read_back(self.desk.key, login, tombstone, len(found), self.desk.run.now)
        return found


def _print_dry_run(work: Work, as_json: bool) -> None:
    servers = list(work.desk.run.config.directory.servers)
    if as_json:
        print_json({"dry_run": True, "people": len(work.people), "left": work.left, "servers": servers})
        return
    if len(work.people) == 1:
        text = _("Would erase the face data of {login} ({name}).").format(
            login=work.people[0].login, name=plain(work.people[0].name)
        )
    else:
        text = _("Would erase the face data of {count} people.").format(count=len(work.people))
    click.echo(text)
    click.echo(_("Would be read back from: {servers}").format(servers=", ".join(servers)))


def _print(work: Work, replicas: Sequence[Replica], as_json: bool) -> None:
    complete = not any(replica.fault for replica in replicas)
    if as_json:
        print_json(
            {
                "people": len(work.people),
                "complete": complete,
                "servers": [
                    {"server": one.server, "state": one.fault or "erased", "left": one.left} for one in replicas
                ],
            }
        )
        return
    for one in replicas:
        if one.fault == BEHIND:
            click.echo(_("NOT ERASED on {server}: it still has {count}.").format(server=one.server, count=one.left))
        elif one.fault:
            click.echo(
                _("NOT KNOWN of {server}: it could not be asked ({why}).").format(server=one.server, why=one.fault)
            )
    if not complete:
        click.echo(_("The erasure is incomplete. Run the same command again when these servers are back."))
        return
    if len(work.people) == 1:
        text = _("The face data of {login} are erased on all {servers} servers.").format(
            login=work.people[0].login, servers=len(replicas)
        )
    else:
        text = _("The face data of {count} people are erased on all {servers} servers.").format(
            count=len(work.people), servers=len(replicas)
        )
    click.echo(text)
    click.echo(_("The PCs drop their copies and confirm: facectl erasures"))
