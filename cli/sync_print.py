"""How a plan, what came of it, and who is left open look."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import click

from cli.printing import (
    plain,
    print_json,
    print_table,
)
from cli.worklist_words import case_text, step_word, why_word
from faced.enrolment.sync.plan import REMOVALS, OpenCase, Plan, Step
from faced.enrolment.sync.saved_plan import Difference, SavedPlan
from faced.i18n import _

#: So many changes of a saved plan are shown.
_MOST_SHOWN = 200


def facts_of(made: Plan, refused: Iterable[OpenCase]) -> dict[str, Any]:
    """A plan for programs; ``refused``: whom its photos leave open."""
    return {
        "plan": made.id,
        "records": made.records,
        "enrolled": made.enrolled,
        "changes": [{"step": c.step.value, "login": c.login, "why": c.why} for c in made.changes],
        "open": [facts_of_case(case) for case in (*made.cases, *refused)],
    }


def facts_of_case(case: OpenCase) -> dict[str, str]:
    """Who is left open, for programs."""
    return {
        "login": plain(case.login),
        "staff_number": plain(case.staff_number),
        "name": plain(case.name),
        "reason": case.reason,
        "text": plain(case_text(case)),
    }


def print_plan(made: Plan, refused: tuple[OpenCase, ...]) -> None:
    """A plan for people; ``refused``: whom its photos leave open."""
    if made.changes:
        print_table(
            [_("Login name"), _("What"), _("Why")],
            [(plain(c.login), step_word(c.step.value), why_word(c.why)) for c in made.changes],
        )
        click.echo()
    print_cases((*made.cases, *refused))
    _print_counts((step, made.count(step)) for step in Step)
    click.echo(
        _("Plan {plan}: {changes} changes, {open} open cases; {records} people in the personnel section.").format(
            plan=made.id, changes=len(made.changes), open=len(made.cases) + len(refused), records=made.records
        )
    )


def print_saved(saved: SavedPlan) -> None:
    """What is to be approved: first of all who could not log on any more, then the others, as far as a screen goes."""
    changes = sorted(saved.changes, key=lambda change: Step(change[0]) not in REMOVALS)
    rows = [(plain(login), step_word(step), why_word(why)) for step, login, why, *_rest in changes]
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


def print_cases(cases: Sequence[OpenCase]) -> None:
    """Who is left open, why, and what to do."""
    if not cases:
        return
    print_table(
        [_("Login name"), _("Staff number"), _("Name"), _("What is the matter, and what to do")],
        [(plain(c.login), plain(c.staff_number), plain(c.name), plain(case_text(c))) for c in cases],
    )
    click.echo()


def print_difference(changed: Difference) -> None:
    """What is gone from a saved plan, and what is new, on standard error."""
    for mark, changes in (("-", changed.gone), ("+", changed.new)):
        for step, login, why in changes:
            click.echo(f"{mark} {plain(login)}: {step_word(step)} ({why_word(why)})", err=True)


def print_outcome(made: Plan, count: int, cases: Sequence[OpenCase], dry_run: bool, as_json: bool) -> None:
    """What came of a run.

    :param count: how many changes were made, or would be.
    """
    if as_json:
        facts = facts_of(made, ())
        done = 0 if dry_run else count
        print_json({**facts, "open": [facts_of_case(c) for c in cases], "done": done, "dry_run": dry_run})
        return
    print_cases(cases)
    text = (
        _("Would make {count} changes; {open} open cases.")
        if dry_run
        else _("{count} changes made; {open} open cases.")
    )
    click.echo(text.format(count=count, open=len(cases)))
