"""`facectl realm rotate`: the year change, a fresh epoch after a leak, and the end of old ones."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from cli.passphrase import passphrase_file_option, unlock_from
from cli.printing import (
    check_reason,
    confirm,
    dry_run_option,
    json_option,
    print_facts,
    print_json,
    progress,
    reason_option,
    yes_option,
)
from cli.run import Run, pass_run
from cli.station import Desk, desk_of, open_desk, station_option
from cli.two_persons import agreed, decision_option, second_options
from faced.directory.connection import Connection
from faced.directory.hosts import Hosts
from faced.directory.people import People
from faced.directory.realm import RealmDocuments
from faced.enrolment.acts import Act
from faced.enrolment.fiscal_year import FiscalYear, day_of
from faced.enrolment.handlers import share_epochs
from faced.enrolment.manifest import last_manifest, next_manifest
from faced.enrolment.revising import revise_manifest, sign_manifest
from faced.enrolment.rotation import Begun, EpochName, Rotation, Tally, begin, begun_manifest, destroyed, over, spread
from faced.enrolment.station import RoleKey, Station
from faced.i18n import _
from faced.trust.realm import Manifest, Role

#: More of them would not make slapd write faster.
_CONNECTIONS = 4


@click.command(
    help=_(
        "Change the keys that face data are sealed to. From 18 March on it begins the next fiscal year; both years' "
        "keys hold until 14 April. It wraps everybody's data key anew, without opening a face, and gives the computers "
        "their part. Running it again completes what was interrupted and what has come in since.\n\n"
        "Old keys are destroyed when their time is over. Run it again every few days until no computer is behind. To "
        "begin new keys two handlers must agree: name the second with --second, or let them confirm the proposal."
    )
)
@click.option(
    "--leaked",
    "leaked",
    multiple=True,
    metavar="GROUP",
    help=_("The keys of this key group are in wrong hands: new ones take their place within an hour. May be repeated."),
)
@click.option("--finish", is_flag=True, help=_("Begin nothing: only complete and destroy what is due (for a timer)."))
@reason_option
@decision_option
@second_options
@yes_option
@station_option
@passphrase_file_option
@dry_run_option
@json_option
@pass_run
def rotate(
    run: Run,
    leaked: tuple[str, ...],
    finish: bool,
    reason: str,
    decision: str,
    second: str | None,
    second_passphrase_file: Path | None,
    yes: bool,
    station_path: Path | None,
    passphrase_file: Path | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Each step is written so that it can be run again."""
    check_reason(reason)
    if leaked and finish:
        raise click.UsageError(_("--finish begins nothing, and --leaked begins something."))
    unlock = functools.cache(unlock_from(passphrase_file))
    with Station.open(run.station(station_path)).exclusive(), ExitStack() as stack:
        desk = open_desk(run, station_path, Role.OPERATE, passphrase_file, unlock)
        connection = stack.enter_context(desk.connect())
        manifest_key = desk_of(run, desk.station, Role.MANIFEST, unlock).key
        change = _change(desk.station, desk.key, run.now, leaked, finish)
        agreement = ""
        if change.begun.names and not dry_run:
            confirm(_question(change), yes=yes)
            agreement = agreed(
                desk,
                Act.ROTATE,
                _words(change.begun.names),
                {"leaked": sorted(leaked)},
                reason=reason,
                decision=decision,
                second=second,
                second_passphrase_file=second_passphrase_file,
            )
        work = _Work(desk, connection, manifest_key, change)
        if dry_run:
            tally, ended = work.count()
        else:
            with desk.recorded(Act.ROTATE, _words(change.begun.names), reason, decision=decision, agreement=agreement):
                tally, ended = work.do()
    if as_json:
        print_json(_document(change, tally, ended, dry_run))
    else:
        _print(run.now, change, tally, ended, dry_run)


@dataclass(frozen=True)
class _Change:
    """What is begun, the manifest with it, and whether it has to be issued."""

    begun: Begun
    manifest: Manifest
    issue: bool


def _change(station: Station, key: RoleKey, now: int, leaked: Sequence[str], finish: bool) -> _Change:
    previous = last_manifest(station)
    following = next_manifest(previous, now)
    begun = Begun(key, following.epochs, ()) if finish else begin(key, previous, now, leaked=leaked)
    following = begun_manifest(previous, begun, now)
    issue = following.epochs != previous.epochs or previous.expires <= now
    return _Change(begun, following if issue else previous, issue)


def _question(change: _Change) -> str:
    return _("Begin these epochs: {epochs}?").format(epochs=_words(change.begun.names))


def _words(names: Sequence[EpochName]) -> str:
    return ", ".join(f"{group} {number}" for group, number in names)


@dataclass(frozen=True)
class _Work:
    """What is done once it is decided; ``connection`` is the first of several of the role ``operate``."""

    desk: Desk
    connection: Connection
    manifest_key: RoleKey
    change: _Change

    def count(self) -> tuple[Tally, tuple[EpochName, ...]]:
        """What would be done; nothing is written."""
        return self._pass(self._planned(), write=False), self._over()

    def do(self) -> tuple[Tally, tuple[EpochName, ...]]:
        """Private halves, manifest, people, computers; and last of all the end of what is over."""
        key, station = self.change.begun.key, self.desk.station
        if key != self.desk.key:
            self._keep(key)
        if self.change.issue:
            with Desk(self.desk.run, station, self.manifest_key).connect() as connection:
                documents = RealmDocuments(connection, self.desk.tree)
                revise_manifest(station, self.manifest_key, documents, self.desk.run.now, self._with_epochs)
        tally, ended = self._pass(station.manifest, write=True), self._over()
        if ended:
            self._keep(destroyed(key, ended))
        return tally, ended

    def _with_epochs(self, manifest: Manifest) -> Manifest:
        return dataclasses.replace(manifest, epochs=self.change.manifest.epochs)

    def _planned(self) -> bytes | None:
        """The manifest that would be in force."""
        if not self.change.issue:
            return self.desk.station.manifest
        return sign_manifest(self.desk.station, self.manifest_key, self.change.manifest, self.desk.run.now)

    def _over(self) -> tuple[EpochName, ...]:
        return over(self.change.begun.key, self.change.manifest, self.desk.run.now)

    def _keep(self, key: RoleKey) -> None:
        """Seal changed private halves to everybody who operates."""
        share_epochs(self.desk.station, key.epochs, self.desk.run.now)

    def _pass(self, manifest: bytes | None, *, write: bool) -> Tally:
        station, tree = self.desk.station, self.desk.tree
        verifier = station.realm.verifier(station.delegations, manifest, self.desk.run.now)
        with ExitStack() as stack:
            more = [stack.enter_context(self.desk.connect()) for _more in range(_CONNECTIONS - 1)]
            return _pass(
                [
                    Rotation(verifier, self.change.begun.key, People(each, tree), Hosts(each, tree), write=write)
                    for each in (self.connection, *more)
                ]
            )


def _pass(rotations: Sequence[Rotation]) -> Tally:
    """Everybody's keys, then the computers': who is given the new epoch finds face data wrapped for it."""
    holders = rotations[0].people.key_holders()
    with progress(len(holders), _("Face data")) as step:
        spread(holders, [rotation.wrap for rotation in rotations], step)
    hosts = rotations[0].hosts.all()
    with progress(len(hosts), _("Computers")) as step:
        spread(hosts, [rotation.give for rotation in rotations], step)
    tally = Tally()
    for rotation in rotations:
        tally.add(rotation.tally)
    return tally


def _document(change: _Change, tally: Tally, ended: Sequence[EpochName], dry_run: bool) -> dict[str, Any]:
    return {
        "begun": [{"group": group, "epoch": number} for group, number in change.begun.names],
        "destroyed": [{"group": group, "epoch": number} for group, number in ended],
        "manifest": change.manifest.serial,
        "people": {"rewrapped": tally.rewrapped, "unchanged": tally.kept, "unopened": sorted(tally.unopened)},
        "computers": {
            "reissued": tally.reissued,
            "renewed": tally.renewed,
            "unchanged": tally.current,
            "behind": sorted(tally.behind),
            "refused": dict(sorted(tally.refused.items())),
        },
        "dry_run": dry_run,
    }


def _print(now: int, change: _Change, tally: Tally, ended: Sequence[EpochName], dry_run: bool) -> None:
    if dry_run:
        click.echo(_("Nothing was done. It would be:"))
    following = FiscalYear(FiscalYear.at(now).number + 1)
    none = _("nothing; the next fiscal year is begun from {day} on").format(day=day_of(following.announced))
    print_facts(
        [
            (_("Begun"), _words(change.begun.names) or none),
            (_("Destroyed"), _words(ended) or _("nothing")),
            (
                _("Face data"),
                _("{changed} changed, {kept} unchanged").format(changed=tally.rewrapped, kept=tally.kept),
            ),
            (
                _("Computers"),
                _("{changed} changed ({renewed} with a new key), {kept} unchanged").format(
                    changed=tally.reissued, renewed=tally.renewed, kept=tally.current
                ),
            ),
            (_("Behind"), ", ".join(sorted(tally.behind)) or _("none")),
        ]
    )
    for name, why in sorted(tally.refused.items()):
        click.echo(_("WARNING: {warning}").format(warning=f"{name}: {why}"), err=True)
    for login in sorted(tally.unopened):
        text = _("{login}: a key opens with none of ours. Enrol the person again.").format(login=login)
        click.echo(_("WARNING: {warning}").format(warning=text), err=True)
