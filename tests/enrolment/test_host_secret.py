"""Secrets sealed by the real systemd-creds: with a key of a test's own, and on a software TPM."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from faced.enrolment.host_secret import Form, HostKeyStore, HostSecret, Seal, form_of
from faced.errors import StateError, TrustError
from tests.rig.tpm import SoftwareTpm

SECRET = b"correct horse battery staple"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """A system of its own: nothing of this machine's keys is used or made."""
    return {
        "PATH": os.environ["PATH"],
        "SYSTEMD_CREDENTIAL_SECRET": str(tmp_path / "credential.secret"),
        "SYSTEMD_TPM2_DEVICE": "device:/dev/none",
    }


@pytest.fixture
def secret(tmp_path: Path, environ: dict[str, str]) -> HostSecret:
    return HostSecret(tmp_path / "host.keys", environ)


@pytest.fixture(scope="module")
def tpm() -> Iterator[SoftwareTpm]:
    with SoftwareTpm() as running:
        yield running


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"credential.secret"}


def test_without_a_tpm_a_secret_is_sealed_with_the_systems_own_key(secret: HostSecret, tmp_path: Path) -> None:
    assert secret.form is None
    assert secret.keep(SECRET) is Form.HOST_KEY
    assert files(tmp_path) == {"host.keys.cred"}
    assert stat.S_IMODE(secret.sealed.stat().st_mode) == 0o600
    assert SECRET not in secret.sealed.read_bytes()
    assert secret.read() == SECRET
    assert secret.keep(b"another", Seal.HOST) is Form.HOST_KEY
    assert secret.read() == b"another"


def test_another_installation_cannot_open_it(secret: HostSecret, tmp_path: Path) -> None:
    secret.keep(SECRET)
    elsewhere = {**secret.environ, "SYSTEMD_CREDENTIAL_SECRET": str(tmp_path / "other.secret")}
    HostSecret(tmp_path / "x", elsewhere).keep(b"makes a key")
    with pytest.raises(StateError) as refused:
        HostSecret(secret.path, elsewhere).read()
    assert refused.value.reason == "sealed_elsewhere"


def test_a_credential_does_not_open_under_another_name(secret: HostSecret) -> None:
    secret.keep(SECRET)
    other = HostSecret(secret.path.with_name("directory.password"), secret.environ)
    shutil.copy(secret.sealed, other.sealed)
    with pytest.raises(StateError):
        other.read()


def test_a_plain_file_is_sealed_and_gone(secret: HostSecret, tmp_path: Path) -> None:
    assert secret.keep(SECRET, Seal.NONE) is Form.PLAIN
    assert files(tmp_path) == {"host.keys"}
    assert stat.S_IMODE(secret.path.stat().st_mode) == 0o600
    assert secret.keep(secret.read()) is Form.HOST_KEY
    assert files(tmp_path) == {"host.keys.cred"}
    assert secret.keep(secret.read(), Seal.NONE) is Form.PLAIN
    assert (files(tmp_path), secret.read()) == ({"host.keys"}, SECRET)


def test_where_nothing_can_seal_the_file_stays_plain_but_never_becomes_plain(
    secret: HostSecret, tmp_path: Path
) -> None:
    old_system = HostSecret(secret.path, {**secret.environ, "PATH": str(tmp_path)})
    assert old_system.keep(SECRET) is Form.PLAIN
    assert old_system.read() == SECRET
    assert old_system.keep(b"another") is Form.PLAIN
    secret.keep(SECRET)
    for seal in (Seal.AUTO, Seal.HOST, Seal.TPM2):
        with pytest.raises(StateError) as refused:
            old_system.keep(b"in the open", seal)
        assert refused.value.reason == "not_sealed"
    assert secret.read() == SECRET


def test_a_plain_file_that_others_can_read_is_refused(secret: HostSecret) -> None:
    secret.keep(SECRET, Seal.NONE)
    secret.path.chmod(0o640)
    with pytest.raises(TrustError, match="chmod 600"):
        secret.read()


def test_the_tpm_is_not_claimed_where_there_is_none(secret: HostSecret, tmp_path: Path) -> None:
    with pytest.raises(StateError) as refused:
        secret.keep(SECRET, Seal.TPM2)
    assert refused.value.reason == "not_sealed"
    assert files(tmp_path) == set()
    assert secret.keep(SECRET) is Form.HOST_KEY


def test_on_a_tpm_it_opens_with_that_tpm_and_that_installation_only(
    secret: HostSecret, tpm: SoftwareTpm, tmp_path: Path
) -> None:
    on_tpm = HostSecret(secret.path, {**secret.environ, **tpm.environment})
    tpm.flush()
    assert on_tpm.keep(SECRET) is Form.TPM
    tpm.flush()
    assert on_tpm.read() == SECRET
    assert files(tmp_path) == {"host.keys.cred"}
    with pytest.raises(StateError) as refused:
        secret.read()
    assert refused.value.reason == "sealed_elsewhere", "the disk without the TPM"
    with SoftwareTpm() as other, pytest.raises(StateError):
        HostSecret(secret.path, {**secret.environ, **other.environment}).read()
    (tmp_path / "credential.secret").unlink()
    tpm.flush()
    with pytest.raises(StateError):
        on_tpm.read()


@pytest.mark.parametrize("content", [b"", b"no credential", b"\xff\xfe", b"AAAA" * 20])
def test_what_is_no_credential_has_no_grade_and_does_not_open(secret: HostSecret, content: bytes) -> None:
    assert form_of(content) is Form.UNKNOWN
    secret.sealed.write_bytes(content)
    with pytest.raises(StateError):
        secret.read()


# --- The host's keys in it.


def test_keys_are_made_once_and_get_a_box_for_each_epoch(secret: HostSecret) -> None:
    store = HostKeyStore(secret)
    first = store.own("pc-1", 2026)
    assert store.own("pc-1", 2026) == first
    second = store.own("pc-1", 2027)
    assert (second.sign, sorted(second.boxes)) == (first.sign, [2026, 2027])
    assert store.read() == second
    with pytest.raises(TrustError) as refused:
        store.own("pc-2", 2026)
    assert refused.value.reason == "wrong_host"


def test_a_key_that_is_left_out_is_gone(secret: HostSecret) -> None:
    store = HostKeyStore(secret)
    store.own("pc-1", 2026)
    keys = store.own("pc-1", 2027)
    store.replace(type(keys)(keys.name, keys.sign, {2027: keys.boxes[2027]}))
    assert sorted(store.read().boxes) == [2027]


def test_a_renewal_leaves_the_form_as_it_was_chosen(secret: HostSecret, tmp_path: Path) -> None:
    store = HostKeyStore(secret)
    for seal, name in ((Seal.NONE, "host.keys"), (Seal.HOST, "host.keys.cred")):
        store.replace(store.own("pc-1", 2026, seal))
        assert files(tmp_path) == {name}


def test_plain_keys_of_before_are_sealed_when_the_pc_asks_again(secret: HostSecret, tmp_path: Path) -> None:
    store = HostKeyStore(secret)
    keys = store.own("pc-1", 2026, Seal.NONE)
    assert files(tmp_path) == {"host.keys"}
    assert store.own("pc-1", 2026) == keys
    assert files(tmp_path) == {"host.keys.cred"}
