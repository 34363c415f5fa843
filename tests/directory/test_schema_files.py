"""The files an administrator loads."""

from __future__ import annotations

import re
import uuid
from pathlib import Path

import pytest

from faced.directory import schema
from faced.directory.hosts import Hosts
from faced.errors import DirectoryError
from tests.rig import slapd
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


def test_a_running_directory_of_an_older_faced_takes_the_schema_and_the_rules_of_today(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The older one knows no reports."""
    for name in ("faced.ldif", "acl.ldif", "faced.schema", "acl.conf"):
        text = (ldif.FOLDER / name).read_text(encoding="utf-8")
        text = re.sub(r"^olcAttributeTypes: .* NAME 'facedHostReport'(\n  .*)*\n", "", text, flags=re.M)
        text = re.sub(r"^olcAccess: .* attrs=facedHostReport\b(\n  .*)*\n", "", text, flags=re.M)
        text = text.replace("facedHostReport $ ", "")
        assert name not in ("faced.ldif", "acl.ldif") or "facedHostReport" not in text
        (tmp_path / name).write_text(text, encoding="utf-8")
    with monkeypatch.context() as older:
        older.setattr(slapd, "SCHEMA", tmp_path)
        running = slapd.PrivateSlapd(cn_config=True)
        running.__enter__()
    try:
        account = running.connector(running.tree.host("pc-1"), running.add_host("pc-1", ["default"]))
        with account.connect() as pc, pytest.raises(DirectoryError):
            Hosts(pc, running.tree).report(running.tree.host("pc-1"), b"report")
        running.update()
        for _restart in range(2):
            with account.connect() as pc:
                Hosts(pc, running.tree).report(running.tree.host("pc-1"), b"report")
                assert Hosts(pc, running.tree).read("pc-1").groups == ("default",)
            running.stop()
            running.start()
    finally:
        running.__exit__()
