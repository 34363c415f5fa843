"""Every audit event is explained in the journal's catalogue, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from faced.logon.outcome import Outcome
from faced.records.audit import AuditEvent, EventKind

CATALOG = Path(__file__).parent.parent.parent / "packaging/catalog"
LANGUAGES = ("faced.catalog", "faced.ja.catalog")


def entries(name: str) -> dict[str, str]:
    """MESSAGE_ID to headers and text."""
    parts = re.split(r"^-- ([0-9a-f]{32})$", (CATALOG / name).read_text(encoding="utf-8"), flags=re.MULTILINE)
    found = dict(zip(parts[1::2], parts[2::2], strict=True))
    assert len(found) == len(parts) // 2, "an identifier is there twice"
    return found


@pytest.mark.parametrize("name", LANGUAGES)
def test_every_event_has_an_entry_and_no_entry_is_left_over(name: str) -> None:
    assert set(entries(name)) == {kind.message_id for kind in EventKind}


@pytest.mark.parametrize("name", LANGUAGES)
def test_every_entry_has_a_subject_and_says_something(name: str) -> None:
    for text in entries(name).values():
        headers, _blank, body = text.strip().partition("\n\n")
        assert re.search(r"^Subject: .+", headers, re.MULTILINE)
        assert re.search(r"^Defined-By: faced$", headers, re.MULTILINE)
        assert len(body) > 30


@pytest.mark.parametrize("name", LANGUAGES)
def test_texts_refer_only_to_fields_that_an_event_can_have(name: str) -> None:
    everything = AuditEvent(EventKind.REFUSED, "x", "x", "x", "x", 1, "x", "x").fields()
    used = set(re.findall(r"@([A-Z_]+)@", (CATALOG / name).read_text(encoding="utf-8")))
    assert used <= set(everything)


@pytest.mark.parametrize("name", LANGUAGES)
def test_the_refusal_says_what_to_do_for_every_outcome_that_is_one(name: str) -> None:
    elsewhere = {
        Outcome.MATCH,
        Outcome.EXEMPT,
        Outcome.EMERGENCY,
        Outcome.LOCKED_OUT,
        Outcome.CANCELLED,
        Outcome.CODE_WANTED,
    }
    text = entries(name)[EventKind.REFUSED.message_id]
    for outcome in set(Outcome) - elsewhere:
        assert re.search(rf"\b{outcome}\b", text, re.ASCII), outcome


def test_both_languages_are_in_the_same_order() -> None:
    assert list(entries("faced.catalog")) == list(entries("faced.ja.catalog"))
