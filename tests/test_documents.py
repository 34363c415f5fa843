"""The proofs that documents name are there: a trace that points at nothing is worse than none."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TRACES = ("docs/requirements.md", "docs/bypass.md")
#: `tests/room/test_file.py::test_name`, `…::test_name` (the file named before), `tests/room/`
_PROOF = re.compile(r"`(?P<path>tests/[\w/.]+|…)(?:::(?P<name>\w+))?`")


def proofs(document: str) -> list[tuple[str, str | None]]:
    found, last = [], ""
    for match in _PROOF.finditer((ROOT / document).read_text(encoding="utf-8")):
        path = last if match["path"] == "…" else match["path"]
        last = path
        found.append((path, match["name"]))
    return found


@pytest.mark.parametrize("document", TRACES)
def test_every_proof_exists(document: str) -> None:
    assert len(proofs(document)) > 10
    for path, name in proofs(document):
        assert (ROOT / path).exists(), f"{document} names {path}"
        if name is not None:
            tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
            names = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
            assert name in names, f"{document} names {path}::{name}"


def test_every_requirement_of_the_customer_has_a_row() -> None:
    text = (ROOT / "docs/requirements.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| (R\d+) \|", text, re.MULTILINE) == [f"R{number}" for number in range(1, 23)]


def test_the_readme_links_to_what_is_there() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (ROOT / target).exists(), target


def test_no_page_was_merged_halfway() -> None:
    """Nothing else reads what stands in a page."""
    for page in ROOT.rglob("docs/**/*.md"):
        assert not re.search(r"^(<{7}|>{7}) ", page.read_text(encoding="utf-8"), re.MULTILINE), page
