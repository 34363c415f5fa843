"""`facectl dummy`: staff who do not exist, for tests, demonstrations and training."""

from __future__ import annotations

from pathlib import Path

import click

from cli.printing import dry_run_option, json_option, print_facts, print_json
from faced.errors import NotAllowed
from faced.i18n import _

#: As :class:`faced.dummy.species.Species`, which is not loaded for the help.
_SPECIES = (
    "flat_print",
    "upright_bent_print",
    "level_bent_print",
    "moved_print",
    "cut_eyes_print",
    "stick_print",
    "tablet_still",
    "replay_neutral",
    "replay_turning",
    "replay_blinking",
    "replay_random",
    "replay_chosen",
    "foreign_head",
)
#: As :data:`faced.dummy.ldif.DEFAULT_BASE`, for the same reason.
_BASE = "dc=example,dc=jp"


@click.group(help=_("Staff who do not exist, for tests and demonstrations."))
def dummy() -> None:
    """The noun."""


@dummy.command(
    help=_(
        "Make a folder of dummy staff: ID photos, an HR directory as LDIF and, if wanted, clips and attacks.\n\n"
        "All of it is drawn from the seed: the same options give the same files. Nobody in it exists."
    ),
    epilog=f"NAME: {', '.join(_SPECIES)}",
)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, metavar="DIR", help=_("Where."))
@click.option("--staff", "count", type=click.IntRange(1), default=20, show_default=True, help=_("How many people."))
@click.option("--clips", is_flag=True, help=_("A webcam clip of each, and scenes that must be refused."))
@click.option("--attacks", is_flag=True, help=_("Every kind of attack on each: prints, screens, films, a head."))
@click.option(
    "--species",
    type=click.Choice(_SPECIES),
    multiple=True,
    metavar="NAME",
    help=_("Only attacks of this kind; may be repeated."),
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help=_("Of names, movements and rooms."))
@click.option("--difficult", is_flag=True, help=_("Faces on which the landmark predictor is unsteady."))
@click.option(
    "--fps", type=click.IntRange(5, 60), default=15, show_default=True, help=_("Frames a second of the films.")
)
@click.option("--base", default=_BASE, show_default=True, metavar="DN", help=_("The base of the HR directory."))
@click.option(
    "--force", is_flag=True, help=_("Write into a folder that is not empty; files of the same name are replaced.")
)
@dry_run_option
@json_option
def make(
    out: Path,
    count: int,
    clips: bool,
    attacks: bool,
    species: tuple[str, ...],
    seed: int,
    difficult: bool,
    fps: int,
    base: str,
    force: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Write the folder."""
    from cli.dummy_folder import attacks_on, clips_of, described, readme, write
    from faced.dummy.ldif import PEOPLE, check_base
    from faced.dummy.species import Species
    from faced.dummy.staff import staff

    try:
        base = check_base(base)
    except ValueError:
        raise click.BadParameter(
            _("Use dc=, o= and ou= only, such as {example}.").format(example=_BASE), param_hint="--base"
        ) from None
    try:
        members = staff(count, seed, difficult=difficult)
    except ValueError:
        raise click.BadParameter(_("There are not that many dummy faces."), param_hint="--staff") from None
    films = [*(clips_of(out / "clips", members, seed, fps) if clips else ())]
    kinds = [kind for kind in Species if kind.value in species] if species else list(Species) if attacks else []
    films += attacks_on(out / "attacks", members, kinds, seed, fps)
    _check_empty(out, force=force)
    if not dry_run:
        write(out, members, films, base, page=readme(count, clips, kinds, seed, difficult, fps, base))
    answer = {
        "folder": str(out),
        "staff": [described(member) for member in members],
        "films": [str(film.path.relative_to(out)) for film in films],
        "written": not dry_run,
    }
    if as_json:
        print_json(answer)
        return
    print_facts(
        [
            (_("Folder"), str(out)),
            (_("Staff"), str(len(members))),
            (_("Films"), str(len(films))),
            (_("HR directory"), f"{PEOPLE},{base}"),
        ]
    )
    click.echo(_("Nothing was written.") if dry_run else _("README.md in the folder says what is in it."))


def _check_empty(out: Path, *, force: bool) -> None:
    if out.exists() and any(out.iterdir()) and not force:
        raise NotAllowed(
            _("{path} is not empty. Name a new folder, or use --force.").format(path=out), reason="not_empty"
        )
