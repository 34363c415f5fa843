from __future__ import annotations

from typing import Any

import pytest

from faced.enrolment.person import PersonDetails
from faced.errors import DirectoryError

GOOD: dict[str, Any] = {
    "login": "tanaka",
    "staff_number": "0012345",
    "name": "田中 花子",
    "mail": "tanaka@example.lg.jp",
    "groups": ("default",),
}


def test_an_ordinary_person_is_accepted_with_and_without_mail() -> None:
    assert PersonDetails(**GOOD).name == "田中 花子"
    assert PersonDetails(**{**GOOD, "mail": ""}).mail == ""


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("login", "Tanaka"),
        ("login", "tanaka "),
        ("login", "ｔａｎａｋａ"),
        ("login", "tanaka)(uid=*"),
        ("login", "../etc"),
        ("login", ""),
        ("login", "t" * 33),
        ("staff_number", "12 34"),
        ("staff_number", ""),
        ("staff_number", "1" * 21),
        ("name", "  "),
        ("name", "Tanaka\nmail: x"),
        ("name", "n" * 101),
        ("mail", "nobody"),
        ("mail", "a@b@c"),
        ("groups", ("Default",)),
        ("groups", ()),
    ],
)
def test_what_cannot_be_recorded_is_refused(field: str, value: object) -> None:
    with pytest.raises(DirectoryError):
        PersonDetails(**{**GOOD, field: value})


def test_a_refusal_shows_no_control_characters() -> None:
    with pytest.raises(DirectoryError) as refusal:
        PersonDetails(**{**GOOD, "name": "\x1b[2Jgone"})
    assert "\x1b" not in str(refusal.value)
