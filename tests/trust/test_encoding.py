"""The canonical encoding: RFC 8949 vectors, and nothing but the canonical form."""

from __future__ import annotations

import random
from typing import Any

import pytest

from faced.errors import TrustError
from faced.trust import encoding

#: RFC 8949, appendix A, the part of it that is ours.
VECTORS: list[tuple[Any, str]] = [
    (0, "00"),
    (23, "17"),
    (24, "1818"),
    (255, "18ff"),
    (256, "190100"),
    (1000, "1903e8"),
    (1000000, "1a000f4240"),
    (1000000000000, "1b000000e8d4a51000"),
    (18446744073709551615, "1bffffffffffffffff"),
    (-1, "20"),
    (-100, "3863"),
    (-1000, "3903e7"),
    (False, "f4"),
    (True, "f5"),
    (None, "f6"),
    (b"", "40"),
    (b"\x01\x02\x03\x04", "4401020304"),
    ("", "60"),
    ("IETF", "6449455446"),
    ("水", "63e6b0b4"),
    ([], "80"),
    ([1, [2, 3], [4, 5]], "8301820203820405"),
    ({}, "a0"),
    ({"a": 1, "b": [2, 3]}, "a26161016162820203"),
]


@pytest.mark.parametrize(("value", "expected"), VECTORS, ids=[hexadecimal for _, hexadecimal in VECTORS])
def test_rfc_8949_vectors(value: Any, expected: str) -> None:
    assert encoding.encode(value).hex() == expected
    assert encoding.decode(bytes.fromhex(expected)) == value


def test_map_keys_are_sorted_by_their_encoding() -> None:
    assert encoding.encode({"bb": 1, "a": 2, "c": 3}).hex() == "a3616102616303626262" + "01"


@pytest.mark.parametrize(
    "data",
    [
        "",  # nothing
        "1817",  # 23 in two bytes
        "190017",  # 23 in three bytes
        "1a0000ffff",  # 65535 in five bytes
        "1b00000000ffffffff",  # 2^32-1 in nine bytes
        "4401",  # a byte string that ends too early
        "5f4101ff",  # indefinite length
        "61ff",  # not UTF-8
        "8201",  # an array that ends too early
        "9bffffffffffffffff",  # an array of 2^64-1 items
        "a201010202",  # keys that are not text
        "a2616201616102",  # keys out of order
        "a2616101616102",  # a key twice
        "c249010000000000000000",  # a tag
        "f7",  # undefined
        "f93c00",  # a float
        "0000",  # bytes after the end
        "81" * 20 + "00",  # nested too deeply
    ],
)
def test_everything_else_is_refused(data: str) -> None:
    with pytest.raises(TrustError) as refusal:
        encoding.decode(bytes.fromhex(data))
    assert refusal.value.reason == "malformed"


@pytest.mark.parametrize("value", [1.0, {1: 2}, object(), 2**64, {"a": {1, 2}}])
def test_what_has_no_canonical_form_is_not_encoded(value: Any) -> None:
    with pytest.raises(TypeError):
        encoding.encode(value)


def test_random_bytes_decode_only_to_what_encodes_to_them() -> None:
    generator = random.Random(1)
    accepted = 0
    for _ in range(20_000):
        data = generator.randbytes(generator.randint(1, 12))
        try:
            value = encoding.decode(data)
        except TrustError:
            continue
        accepted += 1
        assert encoding.encode(value) == data
    assert accepted > 300
