from __future__ import annotations

import pytest

from cli.printing import cells, print_facts, print_table, progress


def test_full_width_characters_take_two_cells() -> None:
    assert [cells(text) for text in ("abc", "田中", "ﾀﾅｶ", "か\u3099")] == [3, 4, 3, 2]


def test_columns_line_up_in_cells(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(["Name", "Number"], [("田中 花子", "1"), ("Ito", "22")])
    print_facts([("名前", "x"), ("Mail", "y")])
    lines = capsys.readouterr().out.splitlines()
    assert [cells(line[: line.rindex(" ")]) for line in lines[:3]] == [10, 10, 10]
    assert lines[3:] == ["名前  x", "Mail  y"]


def test_progress_is_silent_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    with progress(3, "Enrolling") as step:
        step()
    assert capsys.readouterr().err == ""
