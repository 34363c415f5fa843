"""Species of attacks: what is before the camera obeys like its operator, and is no more than it is."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from faced.dummy import Act, Challenge, Identity, id_photo
from faced.dummy.handling import Hand, handled
from faced.dummy.species import REPLAYS, Species, present
from tests.dummy.conftest import Eyes, difference, eye_distance, openness

FPS = 10.0
LEFT = Act(Challenge.LEFT, 0.4)
RIGHT = Act(Challenge.RIGHT, 0.4)
BLINK = Act(Challenge.BLINK, 0.4)
#: When a turn is at its farthest, and the middle of the first blink; frames.
TURNED, SHUT = 12, 7


def planar_residual(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """What a homography of the inner points cannot explain between two frames, in percent of the eye distance."""
    plane, _inliers = cv2.findHomography(one[17:], other[17:], 0)
    mapped = np.c_[one[17:], np.ones(51)] @ plane.T
    return float(np.linalg.norm(mapped[:, :2] / mapped[:, 2:] - other[17:], axis=1).mean()) / eye_distance(other) * 100


def eye_width(points: NDArray[np.float64], first: int) -> float:
    return float(np.linalg.norm(points[first] - points[first + 3]))


@pytest.mark.parametrize("species", Species)
def test_every_species_is_seen_as_its_victim(species: Species, somebody: Identity, eyes: Eyes) -> None:
    film = present(species, somebody, 2, 0.2, FPS)
    assert not film.truth.live
    # A head of another shape is at most as like the photo as landmarks of one person on two days are.
    limit = 6.5 if species is Species.FOREIGN_HEAD or species in REPLAYS else 5.0
    assert difference(eyes.points(film[0]), eyes.points(id_photo(somebody))) < limit


@pytest.mark.parametrize("species", Species)
def test_an_attack_is_the_same_each_time_and_another_with_another_seed(species: Species, somebody: Identity) -> None:
    one, again, other = (present(species, somebody, seed, 0.3, FPS)[2] for seed in (2, 2, 3))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("species", Species)
def test_what_comes_before_an_act_does_not_depend_on_it(species: Species, somebody: Identity) -> None:
    idle, obeying = (present(species, somebody, 3, 1.0, FPS, acts) for acts in ((), (RIGHT,)))
    assert np.array_equal(idle[3], obeying[3])


def test_a_sheet_on_a_stick_is_turned_to_the_asked_side(somebody: Identity, eyes: Eyes) -> None:
    for act, side in ((LEFT, 1), (RIGHT, -1)):
        film = present(Species.STICK_PRINT, somebody, 1, 2.0, FPS, [act])
        assert film.truth.yaw_deg[TURNED] * side > 12
        left, right = (eye_width(eyes.points(film[TURNED]), first) for first in (42, 36))
        # The side that is turned away is farther and so smaller.
        assert (right - left) * side > 0


def test_a_solid_head_turns_with_depth_and_a_sheet_without(somebody: Identity, eyes: Eyes) -> None:
    residual = {}
    for species in (Species.FOREIGN_HEAD, Species.REPLAY_CHOSEN, Species.FLAT_PRINT, Species.TABLET_STILL):
        film = present(species, somebody, 4, 2.0, FPS, [LEFT])
        residual[species] = planar_residual(eyes.points(film[1]), eyes.points(film[TURNED]))
    flat = max(residual[Species.FLAT_PRINT], residual[Species.TABLET_STILL])
    deep = min(residual[Species.FOREIGN_HEAD], residual[Species.REPLAY_CHOSEN])
    assert flat < 0.6 * deep, residual


def test_real_eyes_blink_through_a_print_and_printed_ones_do_not(somebody: Identity, eyes: Eyes) -> None:
    share = {}
    for species in (Species.CUT_EYES_PRINT, Species.FOREIGN_HEAD):
        film = present(species, somebody, 1, 1.6, FPS, [BLINK])
        share[species] = openness(eyes.points(film[SHUT])) / openness(eyes.points(film[2]))
    assert share[Species.CUT_EYES_PRINT] < 0.8 < share[Species.FOREIGN_HEAD], share


def test_a_film_on_a_tablet_blinks_as_the_person_did(somebody: Identity, eyes: Eyes) -> None:
    film = present(Species.REPLAY_CHOSEN, somebody, 1, 1.6, FPS, [BLINK])
    assert film.truth.blinks_s[0] == pytest.approx(SHUT / FPS)
    assert openness(eyes.points(film[SHUT])) < 0.75 * openness(eyes.points(film[2]))


def test_what_lies_behind_the_holes_is_another_person(somebody: Identity) -> None:
    films = [present(Species.CUT_EYES_PRINT, somebody, 1, 0.8, FPS, acts) for acts in ((), (BLINK,))]
    changed = np.abs(films[0][SHUT].astype(int) - films[1][SHUT].astype(int)).max(axis=2) > 25
    rows, columns = np.nonzero(changed)
    assert len(rows) > 50
    # Only the eyes blink: the sheet around them stays as it is.
    assert np.ptp(rows) < 60 and np.ptp(columns) < 160


def test_a_chosen_film_shows_what_is_asked_and_others_do_not(somebody: Identity) -> None:
    chosen, neutral = (
        present(species, somebody, 5, 2.0, FPS, [LEFT]).truth.yaw_deg
        for species in (Species.REPLAY_CHOSEN, Species.REPLAY_NEUTRAL)
    )
    assert chosen[TURNED] - chosen[0] > 10
    assert abs(neutral[TURNED] - neutral[0]) < 8


def test_films_that_cannot_be_wound_act_by_themselves(somebody: Identity) -> None:
    turning, blinking, everything = (
        present(species, somebody, 6, 16.0, FPS).truth
        for species in (Species.REPLAY_TURNING, Species.REPLAY_BLINKING, Species.REPLAY_RANDOM)
    )
    assert {act.challenge for act in turning.acts} == {Challenge.LEFT, Challenge.RIGHT}
    assert {act.challenge for act in blinking.acts} == {Challenge.BLINK}
    assert {act.challenge for act in everything.acts} == set(Challenge) - {Challenge.SMILE}
    asked = present(Species.REPLAY_RANDOM, somebody, 6, 16.0, FPS, [LEFT]).truth
    assert (asked.acts, asked.asked) == (everything.acts, (LEFT,))


@pytest.mark.parametrize("species", Species)
def test_the_truth_says_what_was_asked_for_whether_it_is_done_or_not(species: Species, somebody: Identity) -> None:
    assert present(species, somebody, 1, 0.2, FPS, [BLINK]).truth.asked == (BLINK,)
    assert present(species, somebody, 1, 0.2, FPS).truth.asked == ()


@pytest.mark.parametrize("asked", Challenge)
def test_a_hand_does_something_about_every_request_and_then_comes_back(asked: Challenge) -> None:
    time = np.arange(0, 4, 0.05)
    still = Hand(yaw_deg=0, pitch_deg=0, roll_deg=0, slide_cm=0, reach=0)
    moved = handled(still, np.random.default_rng(0), time, [Act(asked, 1.0)])
    tracks = np.stack([moved.yaw_deg, moved.pitch_deg, moved.nearer - 1, moved.bend_per_dm])
    assert np.abs(tracks[:, time <= 1.0]).max() < 1e-9
    assert np.abs(tracks).max() > 0.1
    assert np.abs(tracks[:, time >= 3.05]).max() < 1e-9
