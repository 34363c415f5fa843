"""The roster: steady faces for demonstrations, unsteady ones for refusals."""

from __future__ import annotations

import hashlib
import json

import pytest

from faced.dummy import Identity, id_photo, render_frame, roster
from faced.dummy.roster import ROSTER_FILE
from tests.dummy.conftest import PREDICTOR, Eyes, difference


def test_curated_and_difficult_seeds_are_all_that_were_examined() -> None:
    record = json.loads(ROSTER_FILE.read_text(encoding="utf-8"))
    difficult = len(record["difficult"])
    steady = roster(record["examined"] - difficult)
    everybody = sorted({*steady, *roster(difficult, difficult=True)})
    assert everybody == list(range(record["first_seed"], record["first_seed"] + record["examined"]))
    assert len(steady) >= 150


def test_the_roster_was_made_with_the_predictor_that_is_installed() -> None:
    record = json.loads(ROSTER_FILE.read_text(encoding="utf-8"))
    assert record["predictor_sha256"] == hashlib.sha256(PREDICTOR.read_bytes()).hexdigest()


@pytest.mark.parametrize("difficult", [False, True])
def test_asking_for_more_than_there_are_is_an_error(difficult: bool) -> None:
    with pytest.raises(ValueError, match="the roster has only"):
        roster(100_000, difficult=difficult)


def test_landmarks_are_steadier_on_curated_faces(eyes: Eyes) -> None:
    def worst(seeds: tuple[int, ...]) -> float:
        people = [Identity(seed) for seed in seeds]
        return max(difference(eyes.points(render_frame(p)), eyes.points(id_photo(p))) for p in people)

    assert worst(roster(3)) < 2.5 < worst(roster(2, difficult=True))
