from __future__ import annotations

import pytest

from faced.directory.hosts import Hosts
from faced.directory.realm import RealmDocuments
from faced.directory.source import DirectorySource
from faced.directory.tree import RoleAccount, Tree
from faced.errors import DirectoryError, DirectoryUnavailable
from tests.directory.conftest import KEYS, TEMPLATE, enrol
from tests.rig.slapd import PrivateSlapd


def source(slapd: PrivateSlapd, name: str, password: str, tree: Tree | None = None) -> DirectorySource:
    return DirectorySource(slapd.connector(slapd.tree.host(name), password), tree or slapd.tree, slapd.tree.host(name))


def test_one_visit_brings_the_papers_and_the_faces(slapd: PrivateSlapd) -> None:
    enrol(slapd, "abe")
    enrol(slapd, "secret", groups=("mayor",))
    password = slapd.add_host("pc-source", ["default"])
    with slapd.role(RoleAccount.OPERATE) as operate:
        Hosts(operate, slapd.tree).approve("pc-source", b"host statement", ["default"])
    with slapd.admin() as admin:
        RealmDocuments(admin, slapd.tree).publish_authority(b"anchor", [b"delegation"])
        RealmDocuments(admin, slapd.tree).publish_manifest(b"manifest")
    answer = source(slapd, "pc-source", password).ask(["abe", "nobody", "secret", "ABE"], 20)
    assert (answer.papers.manifest, answer.papers.delegations, answer.papers.host) == (
        b"manifest",
        (b"delegation",),
        b"host statement",
    )
    abe = answer.faces.pop("abe")
    assert abe is not None
    assert (abe.template, set(abe.template_keys)) == (TEMPLATE, set(KEYS))
    assert answer.faces == {"nobody": None, "secret": None, "ABE": None}


def test_one_unusable_entry_spoils_nobody_elses(slapd: PrivateSlapd) -> None:
    enrol(slapd, "goto")
    enrol(slapd, "huge")
    with slapd.admin() as admin:
        admin.modify(slapd.tree.person("huge"), replace={"facedTemplate": [b"x" * 20_000]})
    password = slapd.add_host("pc-spoilt", ["default"])
    faces = source(slapd, "pc-spoilt", password).ask(["huge", "goto"], 20).faces
    assert faces["huge"] is None
    assert faces["goto"] is not None and faces["goto"].template == TEMPLATE


def test_a_tree_without_a_realm_is_named(slapd: PrivateSlapd) -> None:
    password = slapd.add_host("pc-lost", ["default"])
    with pytest.raises(DirectoryError, match="no realm") as refused:
        source(slapd, "pc-lost", password, Tree("dc=elsewhere")).ask(["abe"], 20)
    assert refused.value.reason == "no_realm"
    assert not isinstance(refused.value, DirectoryUnavailable)


def test_a_host_that_was_removed_gets_nothing(slapd: PrivateSlapd) -> None:
    password = slapd.add_host("pc-stolen", ["default"])
    with slapd.role(RoleAccount.OPERATE) as operate:
        Hosts(operate, slapd.tree).remove("pc-stolen")
    with pytest.raises(DirectoryUnavailable) as refused:
        source(slapd, "pc-stolen", password).ask(["abe"], 20)
    assert refused.value.reason == "account_refused"
