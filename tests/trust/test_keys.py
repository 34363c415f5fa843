"""Key files: private, protected, and clear about what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from faced.errors import TrustError
from faced.trust.keys import (
    Argon2id,
    HostKeys,
    decode_key_file,
    encode_key_file,
    fingerprint,
    is_protected,
    key_id,
    read_key_file,
    write_key_file,
)

CHEAP = Argon2id(1, 8 * 1024 * 1024)
CONTENT = {"kind": "role", "key": b"k" * 32}


def refusal(path: Path, passphrase: bytes | None = None) -> str:
    with pytest.raises(TrustError) as error:
        read_key_file(path, passphrase)
    return error.value.reason


def test_a_protected_key_opens_with_its_passphrase_only(tmp_path: Path) -> None:
    path = tmp_path / "root.key"
    write_key_file(path, CONTENT, b"correct horse", cost=CHEAP)
    assert is_protected(path)
    assert read_key_file(path, b"correct horse") == CONTENT
    assert b"k" * 8 not in path.read_bytes()
    assert refusal(path, b"wrong horse") == "wrong_passphrase"
    assert refusal(path, None) == "wrong_passphrase"


def test_key_files_are_private_from_the_first_moment(tmp_path: Path) -> None:
    path = tmp_path / "host.keys"
    write_key_file(path, CONTENT)
    assert path.stat().st_mode & 0o777 == 0o600
    assert not is_protected(path)
    path.chmod(0o640)
    assert refusal(path) == "key_file"


def test_an_existing_key_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "host.keys"
    write_key_file(path, CONTENT)
    with pytest.raises(TrustError, match="left as it is"):
        write_key_file(path, {"kind": "other"})
    assert read_key_file(path) == CONTENT


def test_a_damaged_protected_file_is_refused() -> None:
    data = encode_key_file(CONTENT, b"pass", cost=CHEAP)
    for at in range(len(data)):
        changed = bytearray(data)
        changed[at] ^= 0x40
        with pytest.raises(TrustError):
            decode_key_file(bytes(changed), b"pass")


def test_a_file_that_asks_for_all_memory_is_refused() -> None:
    data = encode_key_file(CONTENT, b"pass", cost=CHEAP).replace(
        (8 * 1024 * 1024).to_bytes(4, "big"), (2**31).to_bytes(4, "big")
    )
    with pytest.raises(TrustError):
        decode_key_file(data, b"pass")


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    assert refusal(tmp_path / "nothing") == "key_file"


def test_host_keys_come_back_as_they_were() -> None:
    keys = HostKeys.generate("pc-1", 2026)
    again = HostKeys.from_content(decode_key_file(encode_key_file(keys.content())))
    assert (again.name, bytes(again.sign), bytes(again.boxes[2026])) == (
        "pc-1",
        bytes(keys.sign),
        bytes(keys.boxes[2026]),
    )
    with pytest.raises(TrustError):
        HostKeys.from_content(CONTENT)


def test_ids_and_fingerprints_are_fixed() -> None:
    assert key_id(bytes(32)).hex() == "89eb0d6a8a691dae2cd15ed0369931ce"
    assert fingerprint(bytes(32)) == "89eb 0d6a 8a69 1dae 2cd1"
