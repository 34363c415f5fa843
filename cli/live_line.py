"""The hints for the person at the camera: one line that changes, on a terminal; a line for each elsewhere."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

import click

from cli.printing import cells
from faced.i18n import _

if TYPE_CHECKING:
    from faced.enrolment.likeness import SittingProgress

#: A hint stays that long, so that it can be read, even if the next frame says something else.
READABLE_S = 0.7
_TO_LINE_START, _CLEAR_REST = "\r", "\x1b[K"


@contextmanager
def sitting_guide(stream: TextIO | None = None) -> Iterator[Callable[[SittingProgress], None]]:
    """Who tells the person; on standard error."""
    stream = stream or sys.stderr
    if not stream.isatty():
        yield _Lines(stream).show
        return
    line = LiveLine(stream, shutil.get_terminal_size().columns)
    try:
        yield line.show
    finally:
        line.end()


class LiveLine:
    """One line of a terminal, written anew whenever hint or count change; it is told every frame.

    :param columns: the width of the terminal.
    :param clock: seconds.
    """

    def __init__(self, stream: TextIO, columns: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._columns = columns
        self._clock = clock
        self._hint = ""
        self._hint_at = float("-inf")
        self._written = ""

    def show(self, progress: SittingProgress) -> None:
        """What to do, and how far it is."""
        now = self._clock()
        complete = progress.kept >= progress.wanted
        if complete or (progress.hint != self._hint and now - self._hint_at >= READABLE_S):
            self._hint = _("Thank you, that is all.") if complete else progress.hint
            self._hint_at = now
        bar = "#" * progress.kept + "." * (progress.wanted - progress.kept)
        count = _("{kept} of {wanted} pictures").format(kept=progress.kept, wanted=progress.wanted)
        text = _cut(f"  [{bar}] {count}  {self._hint}", self._columns - 1)
        if text == self._written:
            return
        self._written = text
        click.echo(f"{_TO_LINE_START}{text}{_CLEAR_REST}", file=self._stream, nl=False)

    def end(self) -> None:
        """Leave the line as it is; what comes next begins below it."""
        click.echo(file=self._stream)


class _Lines:
    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._said = ""

    def show(self, progress: SittingProgress) -> None:
        if progress.hint != self._said:
            self._said = progress.hint
            click.echo(f"  {progress.hint}", file=self._stream)


def _cut(text: str, columns: int) -> str:
    while cells(text) > columns:
        text = text[:-1]
    return text
