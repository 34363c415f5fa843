from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from faced.directory import schema
from faced.directory.bundle import LARGEST_BUNDLE, Bundle, RealmPapers
from faced.directory.people import SealedFace
from faced.errors import DirectoryError, ProtocolError

PAPERS = RealmPapers(b"manifest", (b"one", b"two"), b"host")
BUNDLE = Bundle.of(
    SealedFace(
        *(
            b"\0template",
            (b"k1", b"k2"),
            None,
            b"exemption",
            b"unlock",
            b"grant",
            b"consent",
            b"approval",
            b"suspension",
        )
    ),
    PAPERS,
    1_700_000_000,
    "directory",
)


def test_a_bundle_crosses_the_wire_unchanged() -> None:
    assert Bundle.from_wire(json.loads(json.dumps(BUNDLE.to_wire()))) == BUNDLE


def test_the_wire_is_as_the_interface_file_says() -> None:
    assert BUNDLE.to_wire() == {
        "template": "AHRlbXBsYXRl",
        "template_keys": ["azE=", "azI="],
        "tombstone": None,
        "exemption": "ZXhlbXB0aW9u",
        "unlock": "dW5sb2Nr",
        "emergency": "Z3JhbnQ=",
        "consent": "Y29uc2VudA==",
        "approval": "YXBwcm92YWw=",
        "suspension": "c3VzcGVuc2lvbg==",
        "manifest": "bWFuaWZlc3Q=",
        "delegations": ["b25l", "dHdv"],
        "host": "aG9zdA==",
        "fetched": 1_700_000_000,
        "origin": "directory",
    }


def test_a_grant_never_comes_from_the_cache() -> None:
    """One that was withdrawn a minute ago would still be in it."""
    face = SealedFace(b"template", (), None, emergency=b"grant")
    assert Bundle.of(face, PAPERS, 1, "directory").emergency == b"grant"
    assert Bundle.of(face, PAPERS, 1, "cache").emergency is None


def test_missing_fields_are_null_and_unknown_ones_are_ignored() -> None:
    bundle = Bundle.from_wire({"fetched": 0, "origin": "cache", "new": 1})
    assert bundle == Bundle(None, (), None, None, (), None, 0, "cache")


@pytest.mark.parametrize(
    "change",
    [
        {"fetched": None},
        {"fetched": -1},
        {"fetched": True},
        {"fetched": 1.5},
        {"origin": "elsewhere"},
        {"template": 1},
        {"template": "not base64!"},
        {"template": "AA"},
        {"template": ""},
        {"template": ["AAAA"]},
        {"template_keys": "AAAA"},
        {"template_keys": [None]},
        {"template_keys": ["AAAA"] * (schema.MOST[schema.TEMPLATE_KEY] + 1)},
        {"tombstone": base64.b64encode(b"x" * (schema.LARGEST[schema.TOMBSTONE] + 1)).decode()},
        {"delegations": {"0": "AAAA"}},
        {"exemption": ["AAAA"]},
        {"unlock": ["AAAA"]},
        {"unlock": base64.b64encode(b"x" * (schema.LARGEST[schema.UNLOCK] + 1)).decode()},
        {"exemption": base64.b64encode(b"x" * (schema.LARGEST[schema.EXEMPTION] + 1)).decode()},
    ],
)
def test_anything_else_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError):
        Bundle.from_wire({**BUNDLE.to_wire(), **change})


@pytest.mark.parametrize("wire", [None, [], "bundle", 1])
def test_what_is_no_object_is_refused(wire: object) -> None:
    with pytest.raises(ProtocolError):
        Bundle.from_wire(wire)


def test_the_largest_bundle_fits_in_a_message_and_a_larger_one_is_refused() -> None:
    keys = tuple(bytes([n]) * 512 for n in range(16))
    face = SealedFace(b"t" * 12_288, keys, b"x" * 1024)
    room = LARGEST_BUNDLE - 12_288 - 16 * 520 - 1024
    papers = RealmPapers(b"m" * 20_480, (), b"h" * (room - 20_480))
    wire = json.dumps({"parameters": {"bundle": Bundle.of(face, papers, 2**40, "directory").to_wire()}})
    assert len(wire) < 64 * 1024
    with pytest.raises(DirectoryError) as refused:
        Bundle.of(face, RealmPapers(papers.manifest, (), b"h" * (room - 20_479)), 0, "cache")
    assert refused.value.reason == "oversize"


def test_sealed_bytes_never_show_in_a_repr() -> None:
    assert "template'" not in repr(BUNDLE)
    assert "manifest'" not in repr(BUNDLE)
    assert "exemption'" not in repr(BUNDLE)
    assert "grant'" not in repr(BUNDLE)
