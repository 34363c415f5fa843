"""The byte vectors that the C module is tested with, read from this side of the wire."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from faced.logon.outcome import Outcome, Standing
from faced.service.interface import Interface, Mismatch
from faced.service.varlink import decode, encode

VECTORS = json.loads((Path(__file__).parents[1] / "pam_module" / "vectors.json").read_text(encoding="utf-8"))
LOGON = Interface.shipped("io.faced.Logon")
ITEMS = ("user", "service", "tty", "rhost", "real_uid", "nonce", "code")


def named(kind: str) -> list[Any]:
    return [pytest.param(vector, id=vector["name"]) for vector in VECTORS[kind]]


@pytest.mark.parametrize("vector", named("requests"))
def test_what_the_module_sends_is_a_call_with_those_parameters(vector: dict[str, Any]) -> None:
    message = decode(vector["bytes"].encode())
    method = LOGON.methods[vector["method"]]
    assert message["method"] == f"io.faced.Logon.{vector['method']}"
    assert message.get("more", False) is (vector["method"] == "Decide")
    parameters = method.parameters.checked(message["parameters"])
    assert parameters == {item: vector.get(item) for item in ITEMS if item in method.parameters.fields}


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_is_a_word_of_the_wire(outcome: Outcome) -> None:
    LOGON.methods["Decide"].reply.checked({"outcome": outcome.value})


@pytest.mark.parametrize("standing", Standing)
def test_every_standing_is_a_word_of_the_wire(standing: Standing) -> None:
    LOGON.methods["Account"].reply.checked({"standing": standing.value, "nonce": ""})


def test_the_wire_has_no_word_that_we_do_not_know() -> None:
    with pytest.raises(Mismatch):
        LOGON.methods["Decide"].reply.checked({"outcome": "unknown"})
    text = LOGON.description
    declared = text[text.index("type Outcome (") + 14 : text.index(")", text.index("type Outcome ("))]
    assert {word.strip() for word in declared.split(",")} == {outcome.value for outcome in Outcome}


def test_an_answer_is_these_bytes() -> None:
    message = {"parameters": {"outcome": "match", "text": "ようこそ", "nonce": VECTORS["nonce"]}}
    assert encode(message) == (
        b'{"parameters":{"outcome":"match","text":"\xe3\x82\x88\xe3\x81\x86\xe3\x81\x93\xe3\x81\x9d",'
        b'"nonce":"' + VECTORS["nonce"].encode() + b'"}}\0'
    )
