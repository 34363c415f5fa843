"""`facectl sync plan`, `approve` and `apply`: the directory follows the personnel section, braked."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.calibration import calibrate_site
from cli.erase import Work as Erasing
from cli.exit_codes import ExitCode
from cli.manifest_desk import manifest_desk, name_in_manifest
from cli.passphrase import once, passphrase_file_option, unlock_from
from cli.printing import (
    check_reason,
    confirm,
    dry_run_option,
    json_option,
    plain,
    print_json,
    print_table,
    progress,
    yes_option,
)
from cli.run import Run, pass_run
from cli.station import Desk, acting, desk_of, open_desk, station_option
from cli.worklist_words import case_text, step_word, why_word
from faced.config import handed_over
from faced.directory.hosts import Hosts
from faced.enrolment.acts import Act
from faced.enrolment.erasures import ErasureRecords
from faced.enrolment.host_secret import HostKeyStore, HostSecret
from faced.enrolment.person import check_login
from faced.enrolment.register import Register
from faced.enrolment.station import Station, Unlock
from faced.enrolment.suspending import Suspensions
from faced.enrolment.sync.batch import approve as approve_batch
from faced.enrolment.sync.batch import approved
from faced.enrolment.sync.brakes import Limits, check_limits, check_source
from faced.enrolment.sync.configured import limits_of, rules_of, unattended_steps
from faced.enrolment.sync.digests import Digests
from faced.enrolment.sync.plan import HANDLER, WITH_PHOTO, Change, OpenCase, Plan, Step, case_of
from faced.enrolment.sync.saved_plan import Difference, SavedPlan, difference, read_plan, save_plan
from faced.enrolment.sync.source import open_personnel
from faced.errors import FacedError, NotAllowed
from faced.i18n import _
from faced.trust.keys import HostKeys, decode_key_file
from faced.trust.realm import Role
from faced.trust.statement import Kind

if TYPE_CHECKING:
    from faced.enrolment.photo_reader import PhotoReader
    from faced.enrolment.sync.comparing import Comparer
    from faced.enrolment.sync.run import Synchroniser

source_option = click.option(
    "--source",
    metavar="SOURCE",
    help=_("ldap, or dir:PATH for a folder with a staff list and photos; otherwise the configured one."),
)
accept_option = click.option(
    "--accept",
    "accepted",
    multiple=True,
    metavar="LOGIN",
    help=_(
        "You have looked at this person's case on the work list, and the record is right: follow it. May be repeated."
    ),
)
#: What a saved plan is shown with first.
_MOST_SHOWN = 200


@click.command(
    "plan",
    help=_(
        "What 'facectl sync apply' would do now: whom it would enrol, change, suspend and erase, and who waits for a "
        "person's decision, with the reason. Nothing is written to the directory.\n\n"
        "Exit status 12 if there is anything to do."
    ),
)
@source_option
@accept_option
@click.option("--photos/--no-photos", default=True, help=_("Also look whether the photos can be used; takes longer."))
@click.option(
    "--save",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=_(
        "Keep the plan in FILE, to have it approved and to apply exactly it. It names people: delete it afterwards."
    ),
)
@station_option
@passphrase_file_option
@json_option
@pass_run
def plan(
    run: Run,
    source: str | None,
    accepted: tuple[str, ...],
    photos: bool,
    save: Path | None,
    station_path: Path | None,
    passphrase_file: Path | None,
    as_json: bool,
) -> ExitCode:
    """Read as the enrolling role, which the timer has too."""
    desk = open_desk(run, station_path, Role.ENROL, passphrase_file)
    with _at_work(desk, source, accepted) as work:
        made = work.plan()
        check_source(made, work.limits)
        refused = work.look(made.changes) if photos else ()
    if save is not None:
        save_plan(made, save)
    if as_json:
        print_json({**_facts_of(made, refused), "photos_looked_at": photos})
    else:
        _print_plan(made, refused)
        if save is not None:
            click.echo(_("The plan is in {path}. To carry it out: facectl sync apply --plan {path}").format(path=save))
    return ExitCode.PENDING if made.changes else ExitCode.DONE


@click.command(
    "approve",
    help=_(
        "Approve the plan in FILE, because it enrols, changes or takes out more people than a run may by itself: the "
        "first enrolment, or those of 31 March and 1 April. The approval holds for a week and for exactly this plan. "
        "Needs the role approve."
    ),
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--decision", required=True, metavar="NUMBER", help=_("The number of the decision that allows it."))
@click.option("--reason", required=True, metavar="TEXT", help=_("Why this is done; it is kept with the record."))
@yes_option
@station_option
@passphrase_file_option
@pass_run
def approve(
    run: Run,
    file: Path,
    decision: str,
    reason: str,
    yes: bool,
    station_path: Path | None,
    passphrase_file: Path | None,
) -> None:
    """Signed by the approving role, which cannot enrol."""
    check_reason(reason)
    check_reason(decision)
    saved = read_plan(file)
    desk = open_desk(run, station_path, Role.APPROVE, passphrase_file)
    _print_saved(saved)
    confirm(_("Approve this plan?"), yes=yes)
    with desk.recorded(Act.APPROVE_BATCH, saved.id, reason, decision=decision):
        approve_batch(desk.station, desk.key, saved.id, decision, run.now)
    click.echo(
        _("Plan {plan} is approved for a week. Now: facectl sync apply --plan {path}").format(plan=saved.id, path=file)
    )


@click.command(
    "apply",
    help=_(
        "Do what 'facectl sync plan' shows. With --plan: exactly what was saved, or nothing, and say what has changed "
        "since. Interrupted anywhere, running it again completes it.\n\n"
        "A run that would enrol, change, suspend or erase more people than the configuration allows stops before it "
        "writes anything, unless its plan was approved. A new photo that does not resemble the person, a changed login "
        "name and the like wait until a handler accepts them: 'facectl worklist' shows them.\n\n"
        "Exit status 1 if somebody waits on the work list."
    ),
)
@click.option("--plan", "planned", type=click.Path(path_type=Path), metavar="FILE", help=_("The plan that was saved."))
@source_option
@accept_option
@click.option("--reason", metavar="TEXT", default="", help=_("Why this is done; it is kept with the record."))
@click.option(
    "--unattended", is_flag=True, help=_("For the timer, in the role sync: only what the configuration allows.")
)
@station_option
@passphrase_file_option
@dry_run_option
@json_option
@pass_run
def apply(
    run: Run,
    planned: Path | None,
    source: str | None,
    accepted: tuple[str, ...],
    reason: str,
    unattended: bool,
    station_path: Path | None,
    passphrase_file: Path | None,
    dry_run: bool,
    as_json: bool,
) -> ExitCode:
    """One run; whoever comes second leaves."""
    if unattended == bool(reason):
        raise click.UsageError(_("Say why with --reason; the timer uses --unattended instead."))
    if unattended and accepted:
        raise click.UsageError(_("--accept is a person's word: use it with --reason, without --unattended."))
    if reason:
        check_reason(reason)
    saved = read_plan(planned) if planned is not None else None
    unlock = once(unlock_from(passphrase_file))
    desk = open_desk(run, station_path, Role.SYNC if unattended else Role.ENROL, passphrase_file, unlock)
    if accepted and not desk.station.is_protected(desk.key.handler, Role.ENROL):
        raise NotAllowed(
            _("A key without a passphrase is a timer's, and cannot use --accept. Use your own: --handler NAME"),
            reason="unattended",
        )
    manifest = partial(_manifest_desk, desk, unlock, unattended=unattended)
    with desk.station.exclusive(), _at_work(desk, source, accepted) as work:
        made = work.plan()
        check_source(made, work.limits)
        if saved is not None:
            _refuse_another(saved, made)
        if approved(desk.station, work.register.verifier, made) is None:
            check_limits(made, work.limits)
        allowed = unattended_steps(run.config.sync) if unattended else frozenset(Step)
        eraser = None
        if not unattended and made.count(Step.ERASE):
            eraser = _revoking_desk(run, desk.station, unlock)
            allowed -= {Step.ERASE} if eraser is None else set()
        cases = (*made.cases, *_left_to_handler(made, allowed))
        changes = [change for change in made.changes if change.step in allowed]
        if dry_run:
            refused = work.look(changes)
            count = len(changes) - len(refused)
        else:
            count, refused = work.carry_out(changes, reason or "timer", manifest, eraser)
    _report(made, count, (*cases, *refused), dry_run, as_json)
    return ExitCode.REFUSED if cases or refused else ExitCode.DONE


@click.command(
    help=_(
        "Everybody whom the synchronisation leaves to a person, why, and what to do: no photo, a photo that cannot be "
        "used or does not resemble the person, a missing consent or approval, a login name or staff number given "
        "twice. Nothing is written.\n\n"
        "Exit status 1 if there is anybody."
    )
)
@source_option
@click.option("--photos/--no-photos", default=True, help=_("Also look whether the photos can be used; takes longer."))
@click.option("--reason", "only", metavar="WORD", help=_("Only cases with this reason, as --json calls it."))
@station_option
@passphrase_file_option
@json_option
@pass_run
def worklist(
    run: Run,
    source: str | None,
    photos: bool,
    only: str | None,
    station_path: Path | None,
    passphrase_file: Path | None,
    as_json: bool,
) -> ExitCode:
    """The cases of a plan, and of the photos that it needs."""
    desk = open_desk(run, station_path, Role.ENROL, passphrase_file)
    with _at_work(desk, source, ()) as work:
        made = work.plan()
        cases = (
            *made.cases,
            *_left_to_handler(made, unattended_steps(run.config.sync)),
            *(work.look(made.changes) if photos else ()),
        )
    shown = [case for case in cases if only in (None, case.reason)]
    if as_json:
        print_json([_facts_of_case(case) for case in shown])
    else:
        _print_cases(shown)
        if shown:
            click.echo(_("Each of these commands asks for --reason TEXT: why it is done."))
        click.echo(_("{count} people are on the work list.").format(count=len({case.login for case in shown})))
    return ExitCode.REFUSED if shown else ExitCode.DONE


@dataclass(frozen=True)
class _Work:
    """A synchronisation at a desk, over one connection."""

    desk: Desk
    register: Register
    sync: Synchroniser

    @property
    def limits(self) -> Limits:
        return limits_of(self.desk.run.config.sync)

    def plan(self) -> Plan:
        return self.sync.plan()

    def look(self, changes: Sequence[Change]) -> tuple[OpenCase, ...]:
        """Whom the photos of these changes leave open."""
        with self._photo_tools(changes) as (reader, comparer):
            if reader is None:
                return ()
            wanted = sum(change.step in WITH_PHOTO for change in changes)
            with progress(wanted, _("Looking at photos")) as step:
                found = []
                for candidate in self.sync.look(changes, reader, comparer):
                    if candidate.case is not None:
                        found.append(candidate.case)
                    step()
                return tuple(found)

    def carry_out(
        self, changes: Sequence[Change], reason: str, manifest: Callable[[], Desk | None], eraser: Desk | None
    ) -> tuple[int, tuple[OpenCase, ...]]:
        """How many changes were done, and whom they left open.

        :param manifest: gives the desk that issues manifests, if one is at hand, when it is needed: it names who was
            suspended, and carries the threshold of a site whose people were enrolled by a handler.
        :param eraser: of the role ``revoke``, for the erasures; None where the desk itself erases.
        """
        done, open_cases, faces = 0, [], []
        suspended: dict[str, int] = {}
        if eraser is not None:
            gone = [change for change in changes if change.step is Step.ERASE]
            _erase(eraser, gone, reason)
            done, changes = len(gone), [change for change in changes if change.step is not Step.ERASE]
        with self._photo_tools(changes) as (reader, comparer), progress(len(changes), _("Synchronising")) as step:
            try:
                for result in self.sync.carry_out(changes, reader, comparer, self._recorder(reason)):
                    if result.case is not None:
                        open_cases.append(result.case)
                    else:
                        done += 1
                        faces += [result.face] if result.face is not None else []
                        suspended |= {result.change.login: result.suspended} if result.suspended else {}
                    step()
            except FacedError:
                click.echo(
                    _("Stopped after {count} changes, which stay. Run it again to complete it.").format(count=done),
                    err=True,
                )
                raise
            finally:
                if suspended:
                    name_in_manifest(manifest(), Kind.SUSPENSION, suspended)
        if faces and self.desk.key.role is Role.ENROL and (issuing := manifest()) is not None:
            people = calibrate_site(self.desk, issuing, faces, reason)
            if people:
                text = _("The threshold is set for this site now, over {count} people.")
                click.echo(text.format(count=people), err=True)
        return done, tuple(open_cases)

    def _recorder(self, reason: str) -> Any:
        return lambda act, login, why: self.desk.recorded(act, login, f"{reason} ({why})")

    @contextlib.contextmanager
    def _photo_tools(self, changes: Iterable[Change]) -> Iterator[tuple[PhotoReader | None, Comparer | None]]:
        """What looks at photos, where any must be looked at: dlib and its 100 MB file are loaded then."""
        if not any(change.step in WITH_PHOTO for change in changes):
            yield None, None
            return
        from faced.enrolment.photo_reader import PhotoReader

        compares = any(change.step is Step.RENEW and not change.same_photo for change in changes)
        comparer = self._comparer() if compares else None
        with PhotoReader(self.desk.run.predictor) as reader:
            yield reader, comparer

    def _comparer(self) -> Comparer | None:
        """This computer's keys as a PC of the realm, if it is one."""
        from faced.enrolment.sync.comparing import Comparer

        path = self.desk.run.config.host.keys
        credential = handed_over(path, os.environ)
        try:
            if credential is not None:
                keys = HostKeys.from_content(decode_key_file(credential.read_bytes()))
            else:
                keys = HostKeyStore(HostSecret(path)).read()
            statement = Hosts(self.register.connection, self.desk.tree).read(keys.name).statement
            return Comparer(self.register.verifier, keys, statement) if statement is not None else None
        except FacedError:
            return None


def _erase(desk: Desk, changes: Sequence[Change], reason: str) -> None:
    """As `facectl erase` does it: death notices, removal, all servers read back."""
    if not changes:
        return
    with desk.connect() as connection, contextlib.ExitStack() as acts:
        register = Register(connection, desk.tree, desk.station.verifier(desk.run.now), desk.key)
        for change in changes:
            acts.enter_context(desk.recorded(Act.ERASE, change.login, f"{reason} ({change.why})"))
        people = [register.people.find(change.login) for change in changes]
        for replica in Erasing(desk, register, people, reason, decision="").do():
            if replica.fault:
                click.echo(_("WARNING: {warning}").format(warning=f"{replica.server}: {replica.fault}"), err=True)


def _manifest_desk(desk: Desk, unlock: Unlock, *, unattended: bool) -> Desk | None:
    """The desk that issues manifests; a timer asks nobody for a passphrase."""
    station = desk.station
    if unattended and all(station.is_protected(name, Role.MANIFEST) for name in station.keys_in(Role.MANIFEST)):
        return None
    return manifest_desk(desk, unlock)


def _revoking_desk(run: Run, station: Station, unlock: Unlock) -> Desk | None:
    """Whoever acts here in the role ``revoke`` too; None without a key of theirs."""
    who = acting(run, station, Role.REVOKE)
    held = station.keys_in(Role.REVOKE)
    if who not in held and len(held) != 1:
        return None
    return desk_of(run, station, Role.REVOKE, unlock, who if who in held else held[0])


@contextlib.contextmanager
def _at_work(desk: Desk, source: str | None, accepted: Iterable[str]) -> Iterator[_Work]:
    from faced.enrolment.sync.run import Synchroniser

    run = desk.run
    personnel = open_personnel(run.config, source)
    with desk.connect() as connection:
        verifier = desk.station.verifier(run.now)
        register = Register(connection, desk.tree, verifier, desk.key)
        sync = Synchroniser(
            personnel,
            register,
            Suspensions(connection, desk.tree, verifier, desk.key),
            ErasureRecords(desk.station, verifier),
            Digests(desk.station.sync_key()),
            rules_of(run.config.sync),
            frozenset(check_login(login) for login in accepted),
        )
        yield _Work(desk, register, sync)


def _left_to_handler(made: Plan, allowed: Container[Step]) -> tuple[OpenCase, ...]:
    """The changes that this run, or the timer, may not make."""
    return tuple(case_of(c, HANDLER, c.step.value) for c in made.changes if c.step not in allowed)


def _refuse_another(saved: SavedPlan, made: Plan) -> None:
    changed = difference(saved, made)
    if not changed.gone and not changed.new:
        return
    _print_difference(changed)
    raise NotAllowed(
        _(
            "The plan is not the saved one any more; the lines above say what is gone (-) and new (+). Nothing was "
            "changed. Look at the new one: facectl sync plan --save FILE"
        ),
        reason="plan_changed",
    )


def _facts_of(made: Plan, refused: Iterable[OpenCase]) -> dict[str, Any]:
    return {
        "plan": made.id,
        "records": made.records,
        "enrolled": made.enrolled,
        "changes": [{"step": c.step.value, "login": c.login, "why": c.why} for c in made.changes],
        "open": [_facts_of_case(case) for case in (*made.cases, *refused)],
    }


def _facts_of_case(case: OpenCase) -> dict[str, str]:
    return {
        "login": plain(case.login),
        "staff_number": plain(case.staff_number),
        "name": plain(case.name),
        "reason": case.reason,
        "text": plain(case_text(case)),
    }


def _print_plan(made: Plan, refused: tuple[OpenCase, ...]) -> None:
    if made.changes:
        print_table(
            [_("Login name"), _("What"), _("Why")],
            [(plain(c.login), step_word(c.step.value), why_word(c.why)) for c in made.changes],
        )
        click.echo()
    _print_cases((*made.cases, *refused))
    _print_counts((step, made.count(step)) for step in Step)
    click.echo(
        _("Plan {plan}: {changes} changes, {open} open cases; {records} people in the personnel section.").format(
            plan=made.id, changes=len(made.changes), open=len(made.cases) + len(refused), records=made.records
        )
    )


def _print_saved(saved: SavedPlan) -> None:
    rows = [(plain(login), step_word(step), why_word(why)) for step, login, why, *_rest in saved.changes]
    print_table([_("Login name"), _("What"), _("Why")], rows[:_MOST_SHOWN])
    if len(rows) > _MOST_SHOWN:
        click.echo(_("... and {count} more.").format(count=len(rows) - _MOST_SHOWN))
    click.echo()
    _print_counts((step, saved.count(step)) for step in Step)
    click.echo(_("{enrolled} people were enrolled when the plan was made.").format(enrolled=saved.enrolled))


def _print_counts(counts: Iterable[tuple[Step, int]]) -> None:
    for step, count in counts:
        if count:
            click.echo(f"{step_word(step.value)}: {count}")


def _print_cases(cases: Sequence[OpenCase]) -> None:
    if not cases:
        return
    print_table(
        [_("Login name"), _("Staff number"), _("Name"), _("What is the matter, and what to do")],
        [(plain(c.login), plain(c.staff_number), plain(c.name), plain(case_text(c))) for c in cases],
    )
    click.echo()


def _print_difference(changed: Difference) -> None:
    for mark, changes in (("-", changed.gone), ("+", changed.new)):
        for step, login, why in changes:
            click.echo(f"{mark} {plain(login)}: {step_word(step)} ({why_word(why)})", err=True)


def _report(made: Plan, count: int, cases: Sequence[OpenCase], dry_run: bool, as_json: bool) -> None:
    """:param count: how many changes were made, or would be."""
    if as_json:
        facts = _facts_of(made, ())
        done = 0 if dry_run else count
        print_json({**facts, "open": [_facts_of_case(c) for c in cases], "done": done, "dry_run": dry_run})
        return
    _print_cases(cases)
    text = (
        _("Would make {count} changes; {open} open cases.")
        if dry_run
        else _("{count} changes made; {open} open cases.")
    )
    click.echo(text.format(count=count, open=len(cases)))
