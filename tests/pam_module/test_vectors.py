"""The bytes on the wire, on the C side: what the module writes, and what it takes an answer to mean."""

from __future__ import annotations

import json
import os
import random
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

VECTORS = json.loads((Path(__file__).parent / "vectors.json").read_text(encoding="utf-8"))
NONCE: str = VECTORS["nonce"]
MUTATIONS = 20_000
LETS_IN = ("match", "emergency")


def field(value: str | None) -> str:
    return "-" if value is None else value.encode().hex()


def answer_bytes(vector: dict[str, Any]) -> bytes:
    return bytes.fromhex(vector["hex"]) if "hex" in vector else vector["bytes"].encode()


def run(program: Path, lines: Iterable[str]) -> list[str]:
    """One line of output for each of input; a crash, a leak or a finding of a sanitizer fails the test."""
    done = subprocess.run(
        [str(program)],
        input="".join(f"{line}\n" for line in lines),
        capture_output=True,
        text=True,
        env={**os.environ, "ASAN_OPTIONS": "abort_on_error=1", "UBSAN_OPTIONS": "print_stacktrace=1"},
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout.splitlines()


def meanings(program: Path, answers: Iterable[tuple[str, bytes]]) -> list[tuple[str, str | None, str]]:
    lines = run(program, (f"reply {asked} {field(NONCE)} {data.hex() or '-'}" for asked, data in answers))
    found = []
    for line in lines:
        kind, word, text = line.split(" ")
        found.append((kind, None if word == "-" else word, bytes.fromhex(text).decode()))
    return found


def test_requests_have_exactly_these_bytes(vectors_program: Path) -> None:
    requests = VECTORS["requests"]
    written = run(
        vectors_program,
        (
            " ".join(
                (
                    "request",
                    vector["method"],
                    *(field(vector[name]) for name in ("user", "service", "tty", "rhost")),
                    str(vector["real_uid"]),
                    field(vector["nonce"]),
                    field(vector.get("code")),
                )
            )
            for vector in requests
        ),
    )
    assert {vector["name"]: bytes.fromhex(line).decode() for vector, line in zip(requests, written, strict=True)} == {
        vector["name"]: vector["bytes"] + "\0" for vector in requests
    }


def test_answers_mean_exactly_this(vectors_program: Path) -> None:
    answers = VECTORS["answers"]
    found = meanings(vectors_program, ((vector["asked"], answer_bytes(vector)) for vector in answers))
    assert {vector["name"]: meaning for vector, meaning in zip(answers, found, strict=True)} == {
        vector["name"]: (vector["kind"], vector.get("word"), vector.get("text", "")) for vector in answers
    }


class Ambiguous(ValueError):
    pass


def no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Ambiguous
    return members


def refuse_constant(name: str) -> None:
    raise Ambiguous(name)


def admits(data: bytes) -> bool:
    """A second reader of the same rules: whether these bytes, as the last answer, may let somebody in."""
    try:
        message = json.loads(
            data.decode("utf-8"), object_pairs_hook=no_duplicates, parse_constant=refuse_constant, strict=True
        )
    except (ValueError, RecursionError):
        return False
    if not isinstance(message, dict) or message.get("error") is not None:
        return False
    if not (message.get("continues") is None or message.get("continues") is False):
        return False
    parameters = message.get("parameters")
    return isinstance(parameters, dict) and parameters.get("outcome") in LETS_IN and parameters.get("nonce") == NONCE


def mutated(data: bytes, rng: random.Random, words: list[bytes]) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.randint(1, 3)):
        at = rng.randint(0, len(changed))
        match rng.randrange(6):
            case 0:
                del changed[at : at + rng.randint(1, 8)]
            case 1:
                changed[at:at] = rng.choice(words)
            case 2 if at < len(changed):
                changed[at] ^= 1 << rng.randrange(8)
            case 3:
                start = rng.randint(0, len(changed))
                changed[at:at] = changed[start : start + rng.randint(1, 60)]
            case 4:
                changed[at : at + rng.randint(0, 6)] = rng.choice(words)
            case _:
                changed[at:at] = rng.randbytes(rng.randint(1, 4))
    return bytes(changed)


@pytest.mark.parametrize("seed", [1, 2])
def test_no_mutation_of_an_answer_lets_in_what_a_second_reader_refuses(vectors_program: Path, seed: int) -> None:
    rng = random.Random(seed)
    starts = [answer_bytes(vector) for vector in VECTORS["answers"] if vector["asked"] == "Decide"]
    starts += [data for data in starts if admits(data)] * 10
    words = (
        rb'" \ { } [ ] : , \u0000 1e9 null true false "outcome" "match" "continues": "error": "parameters":{'.split()
    )
    words += [b"'", b"\0", b'"nonce":"%s"' % NONCE.encode()]
    answers = [mutated(rng.choice(starts), rng, words) for _ in range(MUTATIONS)]
    found = meanings(vectors_program, (("Decide", data) for data in answers))
    let_in = [
        data for data, meaning in zip(answers, found, strict=True) if meaning[0] == "outcome" and meaning[1] in LETS_IN
    ]
    assert [data for data in let_in if not admits(data)] == []
    assert let_in, "some mutations are harmless; if none was let in the comparison compares nothing"
