"""The line for the person at the camera, on a terminal of ours and on none."""

from __future__ import annotations

import io
from collections.abc import Iterator

from cli.live_line import READABLE_S, LiveLine, sitting_guide
from cli.printing import cells
from faced.enrolment.likeness import SittingProgress


class Terminal(io.StringIO):
    """Keeps what is written; what stands there now is the last line's last state."""

    def isatty(self) -> bool:
        return True

    @property
    def states(self) -> list[str]:
        return [state.replace("\x1b[K", "").rstrip() for state in self.getvalue().split("\r")[1:]]


def ticking(step_s: float) -> Iterator[float]:
    now = 0.0
    while True:
        yield now
        now += step_s


def shown(*steps: tuple[str, int], columns: int = 80, step_s: float = 1.0) -> Terminal:
    terminal = Terminal()
    clock = ticking(step_s)
    line = LiveLine(terminal, columns, lambda: next(clock))
    for hint, kept in steps:
        line.show(SittingProgress(hint, kept, 4))
    return terminal


def test_hint_and_count_share_one_line_that_changes() -> None:
    terminal = shown(("Please come closer.", 0), ("Good.", 0), ("Good.", 1))
    assert terminal.states == [
        "  [....] 0 of 4 pictures  Please come closer.",
        "  [....] 0 of 4 pictures  Good.",
        "  [#...] 1 of 4 pictures  Good.",
    ]
    assert "\n" not in terminal.getvalue()


def test_a_hint_stays_long_enough_to_be_read_while_the_count_goes_on() -> None:
    terminal = shown(("Please hold still.", 0), ("Good.", 1), ("Good.", 2), step_s=READABLE_S / 2 + 0.01)
    assert [state.split("pictures  ")[1] for state in terminal.states] == [
        "Please hold still.",
        "Please hold still.",
        "Good.",
    ]
    assert "[#...] 1 of 4" in terminal.states[1]


def test_a_hint_that_had_to_wait_is_shown_then() -> None:
    held = shown(("Good.", 0), *[("Please come closer.", 0)] * 4, step_s=READABLE_S / 3)
    assert [state.split("pictures  ")[1] for state in held.states] == ["Good.", "Please come closer."]


def test_the_end_is_said() -> None:
    assert (
        shown(("Good.", 3), ("Good.", 4), step_s=0.0).states[-1] == "  [####] 4 of 4 pictures  Thank you, that is all."
    )


def test_a_narrow_terminal_keeps_one_line() -> None:
    terminal = shown(("カメラをまっすぐ見てください。", 2), columns=40)
    assert cells(terminal.states[0]) <= 39


def test_what_comes_after_the_live_line_begins_below_it() -> None:
    terminal = Terminal()
    with sitting_guide(terminal) as guide:
        guide(SittingProgress("Good.", 1, 4))
    assert terminal.getvalue().endswith("\n")


def test_without_a_terminal_every_hint_is_a_line_and_said_once() -> None:
    stream = io.StringIO()
    with sitting_guide(stream) as guide:
        for hint, kept in (("Good.", 0), ("Good.", 1), ("Please hold still.", 1), ("Good.", 2)):
            guide(SittingProgress(hint, kept, 4))
    assert stream.getvalue() == "  Good.\n  Please hold still.\n  Good.\n"
