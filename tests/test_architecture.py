"""Imports run downwards only (docs/architecture.md, Floors)."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

FLOORS = {
    "cli": 6,
    "faced.service": 5,
    "faced.logon": 4,
    "faced.enrolment": 4,
    "faced.directory": 3,
    "faced.records": 3,
    "faced.camera": 2,
    "faced.landmarks": 2,
    "faced.trust": 2,
    "faced.config": 2,
    "faced.recognition": 1,
    "faced.liveness": 1,
    "faced.dummy": 1,
    "faced.i18n": 1,
    "faced.units": 1,
    "faced.urgency": 1,
    "faced.errors": 1,
    "faced": 0,
}
#: Rooms on one floor that may know each other, in this direction only.
NEIGHBOURS = {("faced.directory", "faced.records")}
#: Every room may use these, whatever its floor.
EVERYWHERE = {"faced.errors", "faced.i18n", "faced.units", "faced"}
#: Pure rooms and what they must never import.
FORBIDDEN = {
    "faced.recognition": {"cv2", "dlib", "socket", "ldap3", "nacl"},
    "faced.liveness": {"cv2", "dlib", "socket", "ldap3", "nacl"},
    "faced.dummy": {"dlib", "socket", "ldap3", "nacl"},
    "faced.camera": {"dlib", "ldap3", "nacl", "socket"},
    "faced.landmarks": {"ldap3", "nacl", "socket"},
    "faced.trust": {"cv2", "dlib", "ldap3", "socket", "numpy"},
    "faced.directory": {"cv2", "dlib"},
}


def room_of(module: str) -> str:
    parts = module.split(".")
    if parts[0] == "cli":
        return "cli"
    return ".".join(parts[:2]) if len(parts) > 1 else "faced"


def modules() -> list[Path]:
    return sorted(path for top in ("faced", "cli") for path in (ROOT / top).rglob("*.py"))


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found.add(node.module or "")
            if node.module == "faced":
                found.update(f"faced.{alias.name}" for alias in node.names if not alias.name.startswith("__"))
    return found


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_imports_run_downwards(path: Path) -> None:
    here = room_of(name_of(path))
    for module in imports(path):
        if module.split(".")[0] in FORBIDDEN.get(here, set()):
            pytest.fail(f"{here} must not import {module}")
        if module.split(".")[0] not in ("faced", "cli"):
            continue
        there = room_of(module)
        if there in (here, *EVERYWHERE) or (here, there) in NEIGHBOURS:
            continue
        assert here not in ("faced.dummy",), f"{here} uses nothing of ours but errors, not {there}"
        assert FLOORS[there] < FLOORS[here], f"{here} (floor {FLOORS[here]}) imports {there} (floor {FLOORS[there]})"


def test_no_circle_inside_a_room() -> None:
    graph = {name_of(path): {m for m in imports(path) if m.startswith(("faced.", "cli."))} for path in modules()}
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, f"circle: {' -> '.join((*trail, name))}"
        if name in done:
            return
        for module in graph.get(name, set()):
            if module in graph:
                visit(module, (*trail, name))
        done.add(name)

    for name in graph:
        visit(name, ())


def test_every_room_has_a_floor() -> None:
    assert {room_of(name_of(path)) for path in modules()} <= set(FLOORS)
