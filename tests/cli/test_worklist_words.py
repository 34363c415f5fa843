"""The words of the synchronisation: whatever keeps somebody on the work list is said in words, and what to do."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.worklist_words import case_text, step_word, why_word
from faced.directory.personnel import PhotoFault, RecordFault
from faced.enrolment.file_refusal import Fault, FileRefused
from faced.enrolment.person import PersonDetails
from faced.enrolment.refusal import photo_refused
from faced.enrolment.sync.plan import HANDLER, FaceState, OpenCase, Step
from faced.errors import DirectoryError, PhotoRefused
from faced.i18n import set_language
from faced.landmarks.quality import Reason

ROOT = Path(__file__).parents[2] / "faced"
SYNC = ROOT / "enrolment" / "sync"
#: By module what a case's, and a change's, reason is handed to, or is the answer of.
SAID = {
    "plan.py": ({"_open", "OpenCase", "_obstacle", "_decision", "reason", "lacks", "why"}, {"Change", "change", "why"}),
    "candidates.py": ({"Candidate", "_compared", "waiting"}, set()),
}


def tokens_of(module: str, names: set[str]) -> set[str]:
    """The words that a module gives to these callables, answers from them, or keeps under these names."""
    found: set[str] = set()
    for node in ast.walk(ast.parse((SYNC / module).read_text(encoding="utf-8"))):
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in names:
                given: list[ast.AST] = [*node.args, *(keyword.value for keyword in node.keywords)]
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name))) if name in names:
                given = list(node.args)
            case ast.FunctionDef(name=name) if name in names:
                given = [each.value for each in ast.walk(node) if isinstance(each, ast.Return) and each.value]
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in names:
                given = [value]
            case _:
                continue
        found |= {text for each in given for text in texts_of(each)}
    return found


def texts_of(node: ast.AST) -> Iterator[str]:
    """The constants that an expression can be; not what it asks about."""
    match node:
        case ast.Constant(value=str() as text) if text:
            yield text
        case ast.IfExp(body=body, orelse=other):
            yield from texts_of(body)
            yield from texts_of(other)
        case ast.Tuple(elts=parts):
            for part in parts:
                yield from texts_of(part)


CASES = {token for module, (cases, _whys) in SAID.items() for token in tokens_of(module, cases)}
WHYS = tokens_of("plan.py", SAID["plan.py"][1])
#: Of the register and of who may be enrolled, where there is no better text at hand.
WITHOUT_TEXT = {
    *(HANDLER, FaceState.ERASED.value, FaceState.UNUSABLE.value, PhotoFault.CHANGED.value, "photo_unreadable"),
    *("confirmed", "erased_unattended", "suspended"),
    *(f"{kind}_{state}" for kind in ("consent", "approval") for state in ("over", "withdrawn")),
    *("no_consent", "no_approval"),
    *(fault.value for fault in (*RecordFault, *PhotoFault)),
    Fault.EMPTY.value,
}


def reasons_of_trust() -> set[str]:
    """Why a statement is not believed: every reason that the room of trust gives."""
    text = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "trust").glob("*.py"))
    return set(re.findall(r'reason="(\w+)"', text))


def said(reason: str, detail: str = "") -> str:
    set_language("en")
    return case_text(OpenCase("tanaka", "0012345", "Hanako Tanaka", reason, detail))


def is_in_words(text: str) -> bool:
    return len(text.split()) > 3 and "_" not in text


def test_the_tokens_were_found() -> None:
    assert {"renamed", "other_number", "not_yet", "category", "no_photo", "basis", "not_in_source"} < CASES
    assert {"mismatch", "photo_changed", "same_photo", "changed_meanwhile"} < CASES
    assert WHYS == {*"joined accepted photo basis ends_soon details left returned grace_over renamed".split()}
    assert {"expired", "bad_signature", "wrong_person", "malformed"} < reasons_of_trust()


@pytest.mark.parametrize("reason", sorted(CASES | WITHOUT_TEXT))
def test_every_reason_has_words_of_its_own(reason: str) -> None:
    text = said(reason)
    assert is_in_words(text), text
    assert text != said("bad_signature"), "that would be another matter"


@pytest.mark.parametrize("reason", sorted(reasons_of_trust() - CASES - WITHOUT_TEXT))
def test_a_statement_that_is_not_believed_is_looked_at(reason: str) -> None:
    assert said(reason) == (
        "What is recorded about tanaka cannot be believed. Look: facectl consent show, facectl approval show"
    )


@pytest.mark.parametrize("refusal", [*(photo_refused(reason) for reason in Reason), *map(FileRefused, Fault)], ids=str)
def test_a_photo_that_cannot_be_used_keeps_its_own_text(refusal: PhotoRefused) -> None:
    assert said(refusal.reason, str(refusal)) == str(refusal)
    assert is_in_words(str(refusal))


@pytest.mark.parametrize("reason", ["staff_number", "directory", "ambiguous_entry", "wrong_group"])
def test_what_the_directory_says_about_one_person_is_shown(reason: str) -> None:
    """Beside the fault of a record that has the same name."""
    assert said(reason, "The staff number belongs to ito.") == "The staff number belongs to ito."


def test_details_that_cannot_be_recorded_are_said() -> None:
    with pytest.raises(DirectoryError) as refused:
        PersonDetails("tanaka", "0012345", "Hanako Tanaka", "", ("No Group",))
    assert "is not a key group" in said(refused.value.reason, str(refused.value))


@pytest.mark.parametrize("step", Step)
def test_every_step_has_a_word_and_a_handler_is_told_which(step: Step) -> None:
    assert f"({step_word(step.value)})" in said(HANDLER, step.value)
    if step not in (Step.ENROL, Step.SUSPEND, Step.ERASE):
        assert step_word(step.value) != step.value


@pytest.mark.parametrize("why", sorted(WHYS))
def test_every_why_has_words(why: str) -> None:
    set_language("en")
    assert len(why_word(why).split()) > 2, why
