"""The files an administrator loads."""

from __future__ import annotations

import re
import uuid

from faced.directory import schema
from tools import ldif


def test_the_ldif_files_are_those_that_the_conf_files_make() -> None:
    for path, text in ldif.made().items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name} is old: python -m tools.ldif"


def test_the_names_in_the_code_are_those_of_the_schema() -> None:
    text = (ldif.FOLDER / "faced.schema").read_text(encoding="utf-8")
    assert set(re.findall(r"^attributetype .* NAME '(\w+)'", text, re.M)) == set(schema.LARGEST)
    classes = {schema.PERSON_CLASS, schema.HOST_CLASS, schema.REALM_CLASS}
    assert set(re.findall(r"^objectclass .* NAME '(\w+)'", text, re.M)) == classes


def test_one_value_is_said_in_both_places() -> None:
    text = (ldif.FOLDER / "faced.schema").read_text(encoding="utf-8")
    single = {
        name
        for name, rest in re.findall(r"^attributetype .* NAME '(\w+)'((?:\n\t.*)*)", text, re.M)
        if "SINGLE-VALUE" in rest
    }
    assert single == set(schema.LARGEST) - set(schema.MOST)


def test_the_arc_is_that_of_a_uuid() -> None:
    text = (ldif.FOLDER / "faced.schema").read_text(encoding="utf-8")
    arc = re.search(r"^objectIdentifier faced 2\.25\.(\d+)$", text, re.M)
    assert arc is not None
    assert uuid.UUID(int=int(arc[1])).version == 4
