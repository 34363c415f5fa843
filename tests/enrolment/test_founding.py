from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from faced.enrolment import founding as founding_module
from faced.enrolment.founding import Founding, found
from faced.enrolment.station import RoleKey, Station
from faced.errors import StateError, TrustError
from faced.trust.keys import is_protected
from faced.trust.realm import Realm, Role
from tests.enrolment.conftest import CHEAP, NOW, ROLE_PASSPHRASE, ROOT_PASSPHRASE


def make(path: Path, **more: object) -> Station:
    return found(
        path,
        Founding("Example City", dummy=False, handler="suzuki", decision="R8-1"),
        root_passphrase=ROOT_PASSPHRASE,
        role_passphrase=ROLE_PASSPHRASE,
        now=NOW,
        cost=CHEAP,
        **more,  # type: ignore[arg-type]
    )


def test_a_founded_realm_believes_its_own_manifest(station: Station) -> None:
    manifest = station.verifier(NOW).manifest
    assert manifest is not None
    assert sorted((epoch.group, epoch.number) for epoch in manifest.epochs) == [("default", 2026), ("finance", 2026)]
    assert all(epoch.not_before < NOW < epoch.not_after for epoch in manifest.epochs)


def test_every_file_is_private(station: Station) -> None:
    for path in (station.path, *station.path.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def key_files(station: Station) -> list[Path]:
    """Those of handlers and of the root; the key of the digests is 32 bytes for a timer."""
    return [path for path in (station.path / "keys").iterdir() if path.name != "digests.key"]


def test_every_key_has_a_passphrase_but_the_auditors(station: Station) -> None:
    protected = {path.stem for path in key_files(station) if is_protected(path)}
    assert protected == {"root", *(f"suzuki.{role}" for role in set(Role) - {Role.AUDIT})}


def test_only_operate_can_open_what_was_sealed(role_key: Callable[[Role], RoleKey], station: Station) -> None:
    manifest = station.verifier(NOW).manifest
    assert manifest is not None
    for role in Role:
        held = {key: bytes(private.public_key) for key, private in role_key(role).epochs.items()}
        expected = {(epoch.group, epoch.number): epoch.public for epoch in manifest.epochs}
        assert held == (expected if role is Role.OPERATE else {})


def test_a_realm_is_never_overwritten(station: Station) -> None:
    before = {path: path.read_bytes() for path in station.path.rglob("*") if path.is_file()}
    with pytest.raises(StateError, match="left as it is"):
        make(station.path)
    assert {path: path.read_bytes() for path in station.path.rglob("*") if path.is_file()} == before


def test_the_root_key_can_go_to_another_medium(tmp_path: Path) -> None:
    medium = tmp_path / "medium"
    medium.mkdir()
    made = make(tmp_path / "station", root_key=medium / "root.key")
    assert not made.key_path("root").exists()
    root = made.root(lambda name: ROOT_PASSPHRASE, medium / "root.key")
    assert bytes(root.verify_key) == made.realm.root


def test_an_interrupted_founding_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupted(Realm):
        def issue_manifest(self, *_args: object) -> bytes:
            raise KeyboardInterrupt

    monkeypatch.setattr(founding_module, "Realm", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        make(tmp_path / "station", root_key=tmp_path / "root.key")
    assert os.listdir(tmp_path) == []


def test_a_root_key_that_exists_is_kept_and_nothing_is_made(tmp_path: Path) -> None:
    (tmp_path / "root.key").write_bytes(b"another realm's")
    with pytest.raises(TrustError, match="exists already"):
        make(tmp_path / "station", root_key=tmp_path / "root.key")
    assert (tmp_path / "root.key").read_bytes() == b"another realm's"
    assert os.listdir(tmp_path) == ["root.key"]


def test_no_parent_folder_is_a_plain_refusal(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="no folder"):
        make(tmp_path / "missing" / "station")
