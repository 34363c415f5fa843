"""What the real landmarks make of dummies and of their pictures: geometry is not all that a judge must stand."""

from __future__ import annotations

import functools

import pytest

from faced.dummy import Act, Clip, Identity, clip, roster
from faced.dummy import Challenge as Asked
from faced.dummy.species import Species, present
from faced.landmarks.observe import Observation, Observer
from faced.landmarks.predictor import Predictor
from faced.liveness.challenge import Challenge
from faced.liveness.features import blinks, opened_mouth
from faced.liveness.track import Track
from faced.liveness.turning import REACTION_S, Progress, judge_turn, natural_turn

FPS, SECONDS, ASKED_S, ACTED_S = 15.0, 2.2, 0.7, 1.0
ACTS = {
    Asked.LEFT: Challenge.TURN_LEFT,
    Asked.RIGHT: Challenge.TURN_RIGHT,
    Asked.UP: Challenge.LOOK_UP,
    Asked.DOWN: Challenge.LOOK_DOWN,
}


@functools.cache
def predictor() -> Predictor:
    return Predictor.load()


@functools.cache
def person() -> Identity:
    return Identity(roster(5)[4])


def watched(film: Clip) -> list[Observation]:
    observer, track = Observer(predictor()), Track()
    for index, picture in enumerate(film):
        seen = observer.observe(picture, index / FPS).observation
        if seen is not None:
            assert track.add(seen), f"the face was lost at {index / FPS:.2f} s"
    sights = [sight for sight in track if isinstance(sight, Observation)]
    assert len(sights) > 0.9 * len(film), "the face was hardly seen"
    return sights


def alive(asked: Asked, seconds: float = SECONDS, extent: float = 1.6) -> list[Observation]:
    acts = [Act(asked, ACTED_S, 2.0, extent)]
    return watched(clip(person(), 3, seconds, FPS, motion=0.4, blinks_s=(), acts=acts))


@pytest.mark.parametrize("asked", ACTS)
def test_a_person_who_turns_as_asked_is_done(asked: Asked) -> None:
    sights = alive(asked, 1.9)
    assert judge_turn([s for s in sights if s.timestamp_s < ACTED_S], ACTS[asked], ASKED_S) is Progress.NOTHING
    assert judge_turn(sights, ACTS[asked], ASKED_S) is Progress.DONE


def test_a_person_who_turns_too_little_shows_too_little() -> None:
    assert judge_turn(alive(Asked.LEFT, extent=0.7), Challenge.TURN_LEFT, ASKED_S) is Progress.FLAT


def test_a_person_who_blinks_twice_is_seen_to_but_shows_no_depth() -> None:
    sights = alive(Asked.BLINK)
    assert len([blink for blink in blinks(sights) if blink.start_s >= ASKED_S + REACTION_S]) == 2
    assert not natural_turn(sights)


def test_a_person_who_opens_the_mouth_is_seen_to_but_shows_no_depth() -> None:
    sights = alive(Asked.MOUTH)
    assert opened_mouth(sights, ASKED_S + REACTION_S)
    assert not natural_turn(sights)


@pytest.mark.parametrize(
    ("species", "asked"),
    [
        (Species.STICK_PRINT, Asked.RIGHT),
        (Species.MOVED_PRINT, Asked.LEFT),
        (Species.UPRIGHT_BENT_PRINT, Asked.UP),
        (Species.LEVEL_BENT_PRINT, Asked.DOWN),
    ],
)
def test_a_print_whose_operator_obeys_shows_no_depth(species: Species, asked: Asked) -> None:
    sights = watched(present(species, person(), 4, SECONDS, FPS, [Act(asked, ACTED_S, 2.0)]))
    for until in range(18, len(sights), 3):
        assert judge_turn(sights[:until], ACTS[asked], ASKED_S) is not Progress.DONE
        assert not natural_turn(sights[:until])


@pytest.mark.parametrize(("victim", "seed"), [(1080, 1026), (1168, 1057), (1198, 1067)])
def test_a_print_bent_as_round_as_a_head_shows_too_little_however_far_it_is_turned(victim: int, seed: int) -> None:
    """Those that come nearest: the predictor puts a nose where a head of that view would have one."""
    for asked, extent in ((Asked.LEFT, 1.0), (Asked.RIGHT, 1.5)):
        print_film = present(
            Species.UPRIGHT_BENT_PRINT, Identity(victim), seed, SECONDS, FPS, [Act(asked, ACTED_S, 2.0, extent)]
        )
        observer = Observer(predictor())
        seen = [observer.observe(picture, index / FPS).observation for index, picture in enumerate(print_film)]
        sights = [sight for sight in seen if sight is not None]
        for until in range(18, len(sights) + 1):
            assert judge_turn(sights[:until], ACTS[asked], ASKED_S) is not Progress.DONE


def test_eyes_that_blink_through_a_print_show_no_depth() -> None:
    sights = watched(present(Species.CUT_EYES_PRINT, person(), 4, SECONDS, FPS, [Act(Asked.BLINK, ACTED_S, 2.0)]))
    assert not natural_turn(sights)
