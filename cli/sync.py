"""`facectl sync`: the directory follows the personnel section; `check` looks at their list and does nothing."""

from __future__ import annotations

from typing import Any

import click

from cli.exit_codes import ExitCode
from cli.printing import counting, json_option, plain, print_json, print_table
from cli.run import Run, pass_run
from cli.sync_run import apply, approve, plan, source_option
from cli.sync_words import reason_word
from faced.enrolment.sync.categories import Categories
from faced.enrolment.sync.source import open_personnel
from faced.enrolment.sync.survey import KeptOut, Survey, survey
from faced.i18n import _
from faced.trust.sealed import Basis


@click.group(help=_("Follow the personnel section: check its list, plan, approve, apply."))
def sync() -> None:
    """The noun."""


for command in (plan, approve, apply):
    sync.add_command(command)


@sync.command(
    help=_(
        "Can the personnel section's list be used? Counts people, categories, photos and what is wrong, and names "
        "nobody unless asked to. Nothing is written, no photo is read, and nobody is enrolled. Exit status 1 if "
        "anybody could not be enrolled as they are there."
    )
)
@source_option
@click.option("--names", is_flag=True, help=_("Also say who could not be enrolled, and why."))
@json_option
@pass_run
def check(run: Run, source: str | None, names: bool, as_json: bool) -> ExitCode:
    """Needs the account that reads the personnel section's directory, and no key of the station."""
    personnel = open_personnel(run.config, source)
    with counting(_("People")) as count:
        records = personnel.records(progress=count)
    found = survey(records, personnel.pictured(), Categories.configured(run.config.sync.categories))
    if as_json:
        print_json(_document(found, names))
    else:
        _print(found, names)
    return ExitCode.REFUSED if found.kept_out or not found.people else ExitCode.DONE


def _document(found: Survey, names: bool) -> dict[str, Any]:
    document: dict[str, Any] = {
        "people": found.people,
        "photos": found.photos,
        "categories": [
            {"category": each.category, "basis": each.basis, "people": each.people} for each in found.categories
        ],
        "kept_out": len(found.kept_out),
        "reasons": found.reasons,
    }
    if names:
        document["names"] = [
            {
                "login": each.record.login,
                "staff_number": each.record.staff_number,
                "name": each.record.name,
                "reasons": each.reasons,
            }
            for each in found.kept_out
        ]
    return document


def _print(found: Survey, names: bool) -> None:
    if not found.people:
        click.echo(_("The list is empty: check base, filter and what the account may read. A sync would do nothing."))
        return
    rows = [(_category_word(each.category), _basis_word(each.basis), str(each.people)) for each in found.categories]
    print_table([_("Category"), _("Enrolled"), _("People")], rows)
    click.echo()
    if found.reasons:
        print_table(
            [_("What keeps people out"), _("People")],
            [(reason_word(reason), str(people)) for reason, people in found.reasons.items()],
        )
        click.echo()
    if names and found.kept_out:
        print_table([_("Login name"), _("Staff number"), _("Name"), _("Why not")], map(_row, found.kept_out))
        click.echo()
    click.echo(
        _("{people} people, {photos} with a photo; {kept_out} could not be enrolled as they are there.").format(
            people=found.people, photos=found.photos, kept_out=len(found.kept_out)
        )
    )


def _row(each: KeptOut) -> tuple[str, str, str, str]:
    record = each.record
    login, number, name = (plain(text)[:40] or "-" for text in (record.login, record.staff_number, record.name))
    return login, number, name, "; ".join(map(reason_word, each.reasons))


def _category_word(category: str | None) -> str:
    if category is None:
        return _("(many different values: is this the right attribute?)")
    return plain(category)[:40] or "-"


def _basis_word(basis: Basis | None) -> str:
    match basis:
        case Basis.STAFF:
            return _("as staff")
        case Basis.CONSENT:
            return _("after approval and consent")
        case None:
            return _("no: unknown category")
