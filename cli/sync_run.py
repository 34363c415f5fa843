"""`facectl sync plan`, `approve` and `apply`, and `facectl worklist`: the directory follows the personnel section."""

from __future__ import annotations

from collections.abc import Container
from datetime import datetime
from functools import partial
from pathlib import Path

import click

from cli.erase import erasing_desk
from cli.exit_codes import ExitCode
from cli.passphrase import once, passphrase_file_option, unlock_from
from cli.printing import (
    check_reason,
    confirm,
    dry_run_option,
    json_option,
    print_json,
    yes_option,
)
from cli.run import Run, pass_run
from cli.station import open_desk, station_option
from cli.sync_print import (
    facts_of,
    facts_of_case,
    print_cases,
    print_difference,
    print_outcome,
    print_plan,
    print_saved,
)
from cli.sync_work import at_work, manifest_at_hand
from faced.enrolment.acts import Act
from faced.enrolment.sync.batch import approve as approve_batch
from faced.enrolment.sync.batch import approved, begin, use_up, was_begun
from faced.enrolment.sync.brakes import check_source
from faced.enrolment.sync.configured import unattended_steps
from faced.enrolment.sync.plan import HANDLER, OpenCase, Plan, Step, case_of, without_photos
from faced.enrolment.sync.saved_plan import SavedPlan, difference, read_plan, save_plan
from faced.errors import NotAllowed
from faced.i18n import _
from faced.trust.realm import Role

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
    "--day",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    help=_("As it will be on that day, if nothing else changes: to approve the 1 April in March."),
)
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
    day: datetime | None,
    save: Path | None,
    station_path: Path | None,
    passphrase_file: Path | None,
    as_json: bool,
) -> ExitCode:
    """Read as the enrolling role, which the timer has too."""
    desk = open_desk(run, station_path, Role.ENROL, passphrase_file)
    with at_work(desk, source, accepted) as work:
        made = work.plan(day.date() if day is not None else None)
        check_source(made, work.limits)
        refused = work.look(made.changes) if photos else ()
    if save is not None:
        save_plan(made, save)
    if as_json:
        print_json({**facts_of(made, refused), "photos_looked_at": photos})
    else:
        print_plan(made, refused)
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
    print_saved(saved)
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
        "since. Interrupted anywhere, the same command completes it.\n\n"
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
    manifest = partial(manifest_at_hand, desk, unlock, unattended=unattended)
    with desk.station.exclusive(), at_work(desk, source, accepted) as work:
        made = work.plan()
        check_source(made, work.limits)
        plan_id = saved.id if saved is not None else made.id
        is_approved = approved(desk.station, work.register.verifier, plan_id) is not None
        if saved is not None:
            _refuse_another(saved, made, rest_allowed=is_approved and was_begun(desk.station, plan_id))
        unusable = () if is_approved else work.check_limits(made)
        doable = without_photos(made, unusable)
        allowed = unattended_steps(run.config.sync) if unattended else frozenset(Step)
        eraser = None
        if not unattended and made.count(Step.ERASE):
            eraser = erasing_desk(desk, unlock)
            allowed -= {Step.ERASE} if eraser is None else set()
        cases = (*made.cases, *unusable, *_left_to_handler(doable, allowed))
        changes = [change for change in doable.changes if change.step in allowed]
        if dry_run:
            refused = work.look(changes)
            count = len(changes) - len(refused)
        else:
            if is_approved:
                begin(desk.station, plan_id)
            count, refused = work.carry_out(changes, reason or "timer", manifest, eraser)
            if len(changes) == len(doable.changes):
                use_up(desk.station, plan_id)
    print_outcome(made, count, (*cases, *refused), dry_run, as_json)
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
    with at_work(desk, source, ()) as work:
        made = work.plan()
        cases = (
            *made.cases,
            *_left_to_handler(made, unattended_steps(run.config.sync)),
            *(work.look(made.changes) if photos else ()),
        )
    shown = [case for case in cases if only in (None, case.reason)]
    if as_json:
        print_json([facts_of_case(case) for case in shown])
    else:
        print_cases(shown)
        if shown:
            click.echo(_("Each of these commands asks for --reason TEXT: why it is done."))
        click.echo(_("{count} people are on the work list.").format(count=len({case.login for case in shown})))
    return ExitCode.REFUSED if shown else ExitCode.DONE


def _left_to_handler(made: Plan, allowed: Container[Step]) -> tuple[OpenCase, ...]:
    """The changes that this run, or the timer, may not make."""
    return tuple(case_of(c, HANDLER, c.step.value) for c in made.changes if c.step not in allowed)


def _refuse_another(saved: SavedPlan, made: Plan, *, rest_allowed: bool) -> None:
    """:param rest_allowed: a run of this approved plan was cut off, and what is left of it may be done."""
    changed = difference(saved, made)
    if not changed.new and (rest_allowed or not changed.gone):
        return
    print_difference(changed)
    raise NotAllowed(
        _(
            "The plan is not the saved one any more; the lines above say what is gone (-) and new (+). Nothing was "
            "changed. Look at the new one: facectl sync plan --save FILE"
        ),
        reason="plan_changed",
    )
