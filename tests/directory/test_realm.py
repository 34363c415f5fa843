from __future__ import annotations

import pytest

from faced.directory.realm import RealmDocuments, plant
from faced.directory.tree import RoleAccount
from faced.errors import DirectoryError
from tests.rig.slapd import PrivateSlapd


def test_a_planted_tree_is_left_as_it_is_by_planting_again(own_slapd: PrivateSlapd) -> None:
    with own_slapd.admin() as admin:
        realm = RealmDocuments(admin, own_slapd.tree)
        realm.publish_authority(b"anchor", [b"delegation 1", b"delegation 2"])
        realm.publish_manifest(b"manifest")
        plant(admin, own_slapd.tree, {role: "another password" for role in RoleAccount})
        entry = realm.read()
    assert (entry.statement, set(entry.delegations), entry.manifest) == (
        b"anchor",
        {b"delegation 1", b"delegation 2"},
        b"manifest",
    )
    own_slapd.role(RoleAccount.ENROL).close()


def test_what_is_published_takes_the_place_of_what_was(slapd: PrivateSlapd) -> None:
    with slapd.admin() as admin:
        realm = RealmDocuments(admin, slapd.tree)
        realm.publish_authority(b"anchor 1", [b"a", b"b"])
        realm.publish_authority(b"anchor 2", [b"c"])
        realm.publish_manifest(b"monday")
        realm.publish_manifest(b"tuesday")
        entry = realm.read()
    assert (entry.statement, entry.delegations, entry.manifest) == (b"anchor 2", (b"c",), b"tuesday")


def test_a_manifest_takes_the_place_of_the_one_it_was_made_from_and_of_no_other(slapd: PrivateSlapd) -> None:
    with slapd.admin() as admin:
        realm = RealmDocuments(admin, slapd.tree)
        realm.publish_manifest(b"monday")
        assert realm.exchange_manifest(b"monday", b"tuesday")
        assert not realm.exchange_manifest(b"monday", b"tuesday of somebody else")
        assert not realm.exchange_manifest(None, b"first")
        assert realm.manifest() == b"tuesday"
        admin.modify(slapd.tree.realm, replace={"facedManifest": []})
        assert realm.manifest() is None
        assert not realm.exchange_manifest(b"tuesday", b"wednesday")
        assert realm.exchange_manifest(None, b"first")
        assert realm.manifest() == b"first"


def test_what_is_too_large_is_not_published(slapd: PrivateSlapd) -> None:
    with slapd.admin() as admin:
        realm = RealmDocuments(admin, slapd.tree)
        for publish in (
            lambda: realm.publish_manifest(b"x" * 30_000),
            lambda: realm.publish_authority(b"x" * 2000, []),
            lambda: realm.publish_authority(b"x", [bytes([n]) for n in range(65)]),
        ):
            with pytest.raises(DirectoryError) as refused:
                publish()
            assert refused.value.reason == "oversize"
