"""How answers look: tables, JSON, progress on a terminal only, and the question before an act."""

from __future__ import annotations

import json
import os
import sys
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import click

from cli.exit_codes import ExitCode
from faced.errors import StateError
from faced.i18n import _
from faced.units import JST

json_option = click.option("--json", "as_json", is_flag=True, help=_("Answer in JSON, for programs."))
dry_run_option = click.option("--dry-run", is_flag=True, help=_("Say what would be done, and do nothing."))
reason_option = click.option(
    "--reason", required=True, metavar="TEXT", help=_("Why this is done; it is kept with the record.")
)
yes_option = click.option("--yes", is_flag=True, help=_("Do not ask for confirmation."))


#: A tombstone holds 1 KiB, and says for years why somebody's face data were erased.
_LONGEST_REASON = 200


class Step(Protocol):
    """Says that one more piece of a long work is done."""

    def __call__(self) -> None: ...


def check_reason(reason: str) -> None:
    """A reason that is kept for years says something, and not too much.

    :raises click.UsageError: it does not.
    """
    if not reason.strip() or len(reason) > _LONGEST_REASON:
        raise click.UsageError(_("The reason needs 1 to {most} characters.").format(most=_LONGEST_REASON))


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def moment(unix: int) -> str:
    """A time as people in Japan read it."""
    return f"{_in_japan(unix):%Y-%m-%d %H:%M}"


def moment_iso(unix: int) -> str:
    """A time in Japan as programs read it (ISO 8601)."""
    return _in_japan(unix).isoformat()


def _in_japan(unix: int) -> datetime:
    return datetime.fromtimestamp(unix, UTC).astimezone(JST)


def print_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Columns of text; full-width characters count two cells."""
    lines = [list(heads), *[list(row) for row in rows]]
    widths = [max(cells(line[column]) for line in lines) for column in range(len(heads))]
    for line in lines:
        click.echo(
            "  ".join(text + " " * (width - cells(text)) for text, width in zip(line, widths, strict=True)).rstrip()
        )


def print_facts(facts: Iterable[tuple[str, str]]) -> None:
    """One fact a line: its name, and what it is."""
    pairs = list(facts)
    width = max((cells(name) for name, _value in pairs), default=0)
    for name, value in pairs:
        click.echo(f"{name}{' ' * (width - cells(name))}  {value}")


def plain(text: str) -> str:
    """A text from outside (a file's name) without what would steer a terminal."""
    return "".join(character if character.isprintable() else "?" for character in text)


def cells(text: str) -> int:
    """How many cells of a terminal a text takes."""
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )


@contextmanager
def progress(total: int, label: str) -> Iterator[Step]:
    """A bar with the rate on standard error if that is a terminal, else silence."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    began = time.monotonic()

    def rate(done: int | None) -> str | None:
        return _("{rate:.0f} a second").format(rate=done / max(1e-3, time.monotonic() - began)) if done else None

    with click.progressbar(length=total, label=label, file=sys.stderr, show_pos=True, item_show_func=rate) as bar:
        yield lambda: bar.update(1, bar.pos + 1)


@contextmanager
def counting(label: str) -> Iterator[Callable[[int], None]]:
    """How many so far, where nobody knows how many there will be; on standard error, and silent if no one is there."""
    if not sys.stderr.isatty():
        yield lambda _count: None
        return
    shown = False

    def show(count: int) -> None:
        nonlocal shown
        shown = True
        click.echo(f"\r{label}: {count}", nl=False, err=True)

    try:
        yield show
    finally:
        if shown:
            click.echo(err=True)


def check_writable(path: Path | None) -> None:
    """Know before long work whether its result can be kept; None is nowhere.

    :raises StateError: the folder is not there or may not be written.
    """
    if path is not None and not (path.parent.is_dir() and os.access(path.parent, os.W_OK)):
        raise StateError(_("{path} cannot be written.").format(path=path))


def write_report(path: Path, text: str) -> None:
    """Write a report for people.

    :raises StateError: it cannot be written.
    """
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StateError(_("{path} cannot be written: {why}.").format(path=path, why=error.strerror)) from None


def confirm(question: str, *, yes: bool) -> None:
    """Go on only if the person says yes; without a terminal, only with ``--yes``.

    :raises click.exceptions.Exit: with :attr:`ExitCode.REFUSED`.
    """
    if yes:
        return
    try:
        answer = click.confirm(question, err=True)
    except click.Abort:
        if sys.stdin.isatty():
            raise
        answer = False
    if not answer:
        click.echo(_("Nothing was done."), err=True)
        raise click.exceptions.Exit(ExitCode.REFUSED)
