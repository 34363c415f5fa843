"""Statements: their bytes, and that nothing but the issuer's exact statement is believed."""

from __future__ import annotations

import pytest
from nacl.signing import SigningKey

from faced.errors import TrustError
from faced.trust import encoding
from faced.trust.keys import key_id
from faced.trust.statement import MAX_SIZE, Kind, Statement, parse

KEY = SigningKey(bytes(range(32)))
PUBLIC = bytes(KEY.verify_key)
STATEMENT = Statement(
    Kind.TOMBSTONE, b"R" * 16, "tanaka", 7, 1_800_000_000, 1_800_086_400, key_id(PUBLIC), {"reason": "left"}
)

SIGNED = (
    "825884a961760164626f6479a166726561736f6e646c656674646b696e6469746f6d6273746f6e65657265616c6d5052"
    "525252525252525252525252525252666973737565641a6b49d20066697373756572509d24e2eeaf27c2a088a564a32f"
    "c03a886673657269616c0767657870697265731a6b4b2380677375626a6563746674616e616b615840ba5d9d537cf2cc"
    "a3c8f5c4cabba598440dc278f43219fbe7b324fbfcea53b6a923ab06937656e58adae9fcfca8ab7a7bf3fbdf2a996f63"
    "e26a19d1e1e4139709"
)


def test_the_bytes_of_a_statement_are_fixed() -> None:
    assert STATEMENT.sign(KEY).hex() == SIGNED


def test_a_statement_is_believed_with_its_issuers_key() -> None:
    assert parse(STATEMENT.sign(KEY)).verify(PUBLIC) == STATEMENT


def test_every_single_bit_change_is_refused() -> None:
    data = STATEMENT.sign(KEY)
    for bit in range(8 * len(data)):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(TrustError):
            parse(bytes(changed)).verify(PUBLIC)


def test_every_truncation_is_refused() -> None:
    data = STATEMENT.sign(KEY)
    for length in range(len(data)):
        with pytest.raises(TrustError):
            parse(data[:length]).verify(PUBLIC)


def test_another_key_does_not_make_it_true() -> None:
    with pytest.raises(TrustError) as refusal:
        parse(STATEMENT.sign(KEY)).verify(bytes(SigningKey(b"x" * 32).verify_key))
    assert refusal.value.reason == "bad_signature"


def test_a_signature_over_something_else_is_no_statement() -> None:
    payload = STATEMENT.payload()
    data = encoding.encode([payload, KEY.sign(payload).signature])
    with pytest.raises(TrustError) as refusal:
        parse(data).verify(PUBLIC)
    assert refusal.value.reason == "bad_signature"


def test_a_statement_in_a_foreign_name_is_not_signed() -> None:
    with pytest.raises(ValueError, match="issuer"):
        STATEMENT.sign(SigningKey(b"x" * 32))


@pytest.mark.parametrize(
    "payload",
    [
        {"v": 2},
        {"v": 1, "kind": "tombstone"},
        {**{"v": 1, "kind": "no such kind", "realm": b"R" * 16, "subject": "a", "serial": 1}},
        [1, 2, 3],
    ],
)
def test_a_payload_that_is_not_a_statement_is_malformed(payload: object) -> None:
    with pytest.raises(TrustError) as refusal:
        parse(encoding.encode([encoding.encode(payload), bytes(64)]))
    assert refusal.value.reason == "malformed"


def test_an_oversize_statement_is_refused_before_it_is_read() -> None:
    with pytest.raises(TrustError) as refusal:
        parse(bytes(MAX_SIZE + 1))
    assert refusal.value.reason == "malformed"
