"""The whole directory as its administrator can dump it, held against the tables of docs/security.md, What is stored."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from faced.trust import encoding
from faced.trust.statement import parse

if TYPE_CHECKING:
    from tests.rig.slapd import PrivateSlapd

PAGE = Path(__file__).parents[2] / "docs" / "security.md"
_SECTION = "## What is stored"
#: `path` or `path`? and then what its value is, up to the next comma.
_SAID = re.compile(r"`(?P<path>[^`]+)`(?P<optional>\?)? (?P<form>[a-z0-9 ]+)")
#: In the directory as they are, without a signature of ours around them.
_UNSIGNED = {"facedTemplateKey": "template key"}
_SIGNED_BY_PC = {"facedHostReport": "host report", "facedHostRequest": "host request"}
_OURS = "faced"
#: Where a path has a login name.
_NAMED = {"minimum_serials", "words_against.suspension", "words_against.consent"}


@dataclass(frozen=True)
class Entry:
    """One entry of a dump."""

    kind: str
    dn: str
    attributes: dict[str, list[bytes]]


@dataclass(frozen=True)
class Record:
    """One signed or sealed value. ``said``: every value in it, by where it stands."""

    kind: str
    subject: str
    body: dict[str, Any]


class AllowList:
    """The tables."""

    def __init__(self, page: str) -> None:
        section = page.partition(_SECTION)[2].partition("\n## ")[0]
        self.attributes: dict[tuple[str, str], str] = {}
        self.said: dict[str, dict[str, str]] = {}
        for line in section.splitlines():
            match [cell.strip() for cell in line.split("|")[1:-1]]:
                case [kind, attributes, _what, after] if attributes.startswith("`"):
                    for name in re.findall(r"`([^`]+)`", attributes):
                        self.attributes[kind, name.lower()] = after
                case [kind, said] if said.startswith("`"):
                    self.said[kind] = {found["path"]: found["form"].strip() for found in _SAID.finditer(said)}

    def after_erasure(self, kind: str, name: str) -> str | None:
        """What becomes of an attribute; None if there must be none such."""
        return self.attributes.get((kind, name.lower()), self.attributes.get(("any", name.lower())))

    def faults(self, entry: Entry) -> Iterator[str]:
        """What of an entry the tables do not name."""
        for name, values in entry.attributes.items():
            if self.after_erasure(entry.kind, name) is None:
                yield f"{entry.dn}: {name} of a {entry.kind}"
                continue
            for value in values:
                for record in records_in(name, value):
                    yield from (f"{entry.dn}: {name}: {fault}" for fault in self._faults_of(record))

    def _faults_of(self, record: Record) -> Iterator[str]:
        said = self.said.get(record.kind)
        if said is None:
            yield f"a {record.kind}"
            return
        for path, value in flat(record.body):
            form = said.get(path)
            if form is None:
                yield f"{record.kind}: {path}"
            elif not _has_form(value, form):
                yield f"{record.kind}: {path} is no {form}"


def read_list() -> AllowList:
    return AllowList(PAGE.read_text(encoding="utf-8"))


def dump(slapd: PrivateSlapd) -> list[Entry]:
    """Everything below the base, operational attributes too."""
    tree = slapd.tree
    kinds = {tree.people: "person", tree.hosts: "PC", tree.roles: "role"}
    with slapd.admin() as admin:
        found = [(entry.dn, entry.attributes) for entry in admin.find_all(tree.base, "(objectClass=*)", ("*", "+"))]
    entries = []
    for dn, attributes in found:
        kind = kinds.get(dn.partition(",")[2], "unit")
        if dn == tree.realm:
            kind = "realm"
        entries.append(Entry(kind, dn, {name: list(values) for name, values in attributes.items()}))
    return entries


def records_in(attribute: str, value: bytes) -> Iterator[Record]:
    """The signed or sealed value that an attribute of ours holds, and those inside it."""
    name = next((name for name in _UNSIGNED | _SIGNED_BY_PC if name.lower() == attribute.lower()), "")
    if name in _UNSIGNED:
        yield Record(_UNSIGNED[name], "", encoding.decode(value))
    elif name in _SIGNED_BY_PC:
        yield Record(_SIGNED_BY_PC[name], "", encoding.decode(encoding.decode(value)[0]))
    elif attribute.lower().startswith(_OURS) and attribute.lower() != "facedkeygroup":
        yield from statements_in(value)


def statements_in(value: bytes) -> Iterator[Record]:
    """A statement, and those that it carries."""
    statement = parse(value).unverified
    body = dict(statement.body)
    yield Record(statement.kind.value, statement.subject, body)
    carried = [body.get("calibration"), *body.get("purposes", [])] if statement.kind.value == "manifest" else []
    for each in carried:
        if each is not None:
            yield from statements_in(each)


def flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value with where it stands, as the tables write it."""
    if isinstance(value, dict):
        for key, inner in value.items():
            shown = "*" if path in _NAMED else key
            yield from flat(inner, f"{path}.{shown}" if path else shown)
    elif isinstance(value, list):
        for inner in value:
            yield from flat(inner, f"{path}[]")
    else:
        yield path, value


def _has_form(value: Any, form: str) -> bool:
    match form.split():
        case ["text"]:
            return isinstance(value, str)
        case ["number"]:
            return isinstance(value, int) and not isinstance(value, bool)
        case ["yes", "or", "no"]:
            return isinstance(value, bool)
        case ["bytes"]:
            return isinstance(value, bytes)
        case ["statement", *nothing]:
            return isinstance(value, bytes) or (bool(nothing) and value is None)
        case [size, "bytes", *empty]:
            return isinstance(value, bytes) and len(value) in ({int(size), 0} if empty else {int(size)})
    raise ValueError(f"{form!r} in {PAGE.name} is no form")
