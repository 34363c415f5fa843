"""`facectl photo check`: which photos can be enrolled, and what to do about the others; before anybody is enrolled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from cli.exit_codes import ExitCode
from cli.printing import json_option, plain, print_json, print_table, progress
from cli.run import Run, pass_run
from faced.errors import StateError
from faced.i18n import _


@click.group(help=_("Look at photos before they are used."))
def photo() -> None:
    """The noun."""


@dataclass(frozen=True)
class Checked:
    """One photo; ``text`` says why it is refused and what to do, and is empty for a good one."""

    file: str
    reason: str | None
    text: str


@photo.command(
    help=_(
        "Can these photos be enrolled? Says of each that it is good, or why not and what to do.\n\n"
        "FILES are JPEG, PNG or HEIC files, or folders of them. Nothing is kept, and nobody is enrolled. "
        "Exit status 1 if any photo is refused."
    )
)
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--recursive", is_flag=True, help=_("Look into the folders of a folder too."))
@click.option("--refused", "refused_only", is_flag=True, help=_("Show only the photos that are refused."))
@json_option
@pass_run
def check(run: Run, files: tuple[Path, ...], recursive: bool, refused_only: bool, as_json: bool) -> ExitCode:
    """Needs no station, no directory and no rights but to read the files."""
    chosen = list(_chosen(files, recursive))
    if not chosen:
        raise StateError(_("There is no photo in {path}.").format(path=plain(", ".join(map(str, files)))))
    checked = _look_at(run, chosen)
    refused = sum(entry.reason is not None for entry in checked)
    shown = [entry for entry in checked if entry.reason is not None or not refused_only]
    if as_json:
        photos = [{"file": entry.file, "reason": entry.reason, "text": entry.text} for entry in shown]
        print_json({"photos": photos, "good": len(checked) - refused, "refused": refused})
    else:
        if shown:
            rows = [(entry.file, _("refused") if entry.reason else _("good"), entry.text) for entry in shown]
            print_table([_("File"), _("Verdict"), _("Why, and what to do")], rows)
            click.echo()
        click.echo(
            _("{good} of {all} photos can be used; {refused} are refused.").format(
                good=len(checked) - refused, all=len(checked), refused=refused
            )
        )
    return ExitCode.REFUSED if refused else ExitCode.DONE


def _look_at(run: Run, files: list[Path]) -> list[Checked]:
    from faced.enrolment.photo_reader import PhotoReader

    checked = []
    with PhotoReader(run.predictor) as reader, progress(len(files), _("Looking at photos")) as step:
        for result in reader.read((str(path), path) for path in files):
            refusal = result.refusal
            reason, text = (refusal.reason, plain(str(refusal))) if refusal is not None else (None, "")
            checked.append(Checked(plain(result.name), reason, text))
            step()
    return checked


def _chosen(files: tuple[Path, ...], recursive: bool) -> Iterator[Path]:
    from faced.enrolment.photo import pictures

    for path in files:
        if path.is_dir():
            yield from pictures(path, recursive=recursive)
        else:
            yield path
