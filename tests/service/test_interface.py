"""Interface files are read as varlink has them, and hold back what does not fit."""

from __future__ import annotations

from typing import Any

import pytest

from faced.service.interface import Interface, Mismatch

SAMPLE = """
# a comment
interface org.example.Sample
type Colour (red, green)
type Point (x: int, y: ?float)
method Draw(points: []Point, colour: ?Colour, names: [string]string, more: (deep: bool, any: object)) -> (done: bool)
error TooMuch (limit: int)
"""
GOOD: dict[str, Any] = {
    "points": [{"x": 1}],
    "colour": "red",
    "names": {"a": "b"},
    "more": {"deep": True, "any": {}},
}


def test_a_file_is_read_with_all_it_declares() -> None:
    interface = Interface.parse(SAMPLE)
    assert (interface.name, set(interface.methods), set(interface.errors)) == (
        "org.example.Sample",
        {"Draw"},
        {"TooMuch"},
    )
    assert interface.description == SAMPLE


def test_missing_is_null_and_unknown_is_left_out() -> None:
    checked = Interface.parse(SAMPLE).methods["Draw"].parameters.checked({**GOOD, "colour": None, "unknown": 1})
    assert checked["points"] == [{"x": 1, "y": None}]
    assert checked["colour"] is None
    assert "unknown" not in checked


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("points", None),
        ("points", {}),
        ("points", [{"x": "1"}]),
        ("points", [{"x": True}]),
        ("points", [{"x": 2**63}]),
        ("points", [{"x": 1, "y": "1"}]),
        ("colour", "blue"),
        ("colour", ["red"]),
        ("names", {"a": 1}),
        ("names", []),
        ("more", {"deep": 1, "any": {}}),
        ("more", {"deep": True, "any": []}),
    ],
)
def test_what_does_not_fit_is_refused(field: str, value: Any) -> None:
    with pytest.raises(Mismatch):
        Interface.parse(SAMPLE).methods["Draw"].parameters.checked({**GOOD, field: value})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "interface",
        "interface a.b method",
        "interface a.b x Y ()",
        "interface a.b type T (a, b: int)",
        "interface a.b $",
    ],
)
def test_what_is_no_interface_file_is_an_error(text: str) -> None:
    with pytest.raises(ValueError):
        Interface.parse(text)


@pytest.mark.parametrize("name", ["io.faced.Logon", "io.faced.Status", "io.faced.Directory", "org.varlink.service"])
def test_every_shipped_interface_is_readable(name: str) -> None:
    assert Interface.shipped(name).name == name
