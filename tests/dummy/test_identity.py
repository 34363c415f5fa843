"""Identities: a seed is a person, everywhere and always the same one."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from faced.dummy import Identity, Pose, render_frame
from faced.dummy.head import Part
from tests.dummy.conftest import Eyes, difference

SEED = 4242
PRINT_DIGESTS = f"""
import hashlib
from faced.dummy import Identity, clip, encode_jpeg, id_photo
person = Identity({SEED})
digest = hashlib.sha256(encode_jpeg(id_photo(person)))
digest.update(clip(person, 3, 1.0, 10)[7].tobytes())
print(digest.hexdigest())
"""


def digest_in_a_new_process() -> str:
    done = subprocess.run(
        [sys.executable, "-c", PRINT_DIGESTS], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]
    )
    return done.stdout.strip()


def test_the_same_seed_gives_the_same_bytes_in_every_process() -> None:
    first, second = digest_in_a_new_process(), digest_in_a_new_process()
    assert len(first) == hashlib.sha256().digest_size * 2
    assert first == second


def test_another_seed_is_another_person(somebody: Identity, another: Identity, eyes: Eyes) -> None:
    one = eyes.points(render_frame(somebody))
    same = eyes.points(render_frame(somebody, Pose(yaw_deg=2, pitch_deg=-1), seed=1))
    other = eyes.points(render_frame(another))
    assert difference(same, one) < difference(other, one) / 2


def test_the_look_seed_changes_the_looks_and_not_the_shape(somebody: Identity) -> None:
    dressed = Identity(somebody.seed, look_seed=77)
    assert np.array_equal(dressed.bare, somebody.bare)
    assert dressed.shape == somebody.shape
    assert not np.array_equal(dressed.looks.shirt, somebody.looks.shirt)
    assert not np.array_equal(dressed.paint, somebody.paint)


def test_a_larger_spread_makes_faces_differ_more() -> None:
    apart = [
        float(np.linalg.norm(Identity(SEED, spread).bare - Identity(SEED + 1, spread).bare)) for spread in (0.2, 0.9)
    ]
    assert apart[0] < apart[1]


def test_a_relative_lies_between_two_people(somebody: Identity, another: Identity) -> None:
    relative = Identity.blend(somebody, another, 0.3)
    distances = [float(np.linalg.norm(relative.bare - person.bare)) for person in (somebody, another)]
    whole = float(np.linalg.norm(somebody.bare - another.bare))
    assert distances == pytest.approx([0.3 * whole, 0.7 * whole], rel=0.001)
    assert np.allclose(Identity.blend(somebody, another, 0.0).bare, somebody.bare, atol=1e-5)
    assert relative.look_seed == somebody.look_seed


def test_lids_close_each_eye_on_its_own(somebody: Identity) -> None:
    weights = somebody.lids(left=1.0, right=0.0)
    assert weights["arkit/eyeBlinkLeft"] == somebody.lid_travel[Part.LEFT_EYE] > 0
    assert weights["arkit/eyeBlinkRight"] == 0
