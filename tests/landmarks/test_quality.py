"""Every gate, one at a time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from faced.landmarks.measures import Measures
from faced.landmarks.pose import Pose
from faced.landmarks.quality import PHOTO, WEBCAM, Gates, Reason, judge

GOOD = Measures(grey=120, burnt=0.0, sharpness=0.1, openness=0.3, iris=0.85, eye_light=0.7, eye_dark=0.1, cover=0.0)
STRAIGHT = Pose(0, 2, 0)


def verdict(
    measures: Measures = GOOD,
    pose: Pose = STRAIGHT,
    *,
    gates: Gates = WEBCAM,
    iod_px: float = 60,
    iod_share: float = 0.1,
    spread: float = 0.003,
    inside: bool = True,
    usual_openness: float | None = None,
) -> Reason | None:
    return judge(
        measures,
        pose=pose,
        iod_px=iod_px,
        iod_share=iod_share,
        spread=spread,
        inside=inside,
        gates=gates,
        usual_openness=usual_openness,
    )


@pytest.mark.parametrize("gates", [WEBCAM, PHOTO])
def test_a_good_face_passes(gates: Gates) -> None:
    assert verdict(gates=gates) is None


@pytest.mark.parametrize("gates", [WEBCAM, PHOTO])
@pytest.mark.parametrize(
    ("measures", "reason"),
    [
        (replace(GOOD, grey=15), Reason.TOO_DARK),
        (replace(GOOD, burnt=0.5), Reason.TOO_BRIGHT),
        (replace(GOOD, sharpness=0.02), Reason.BLURRED),
        (replace(GOOD, cover=2.0), Reason.COVERED),
        (replace(GOOD, eye_light=0.15), Reason.COVERED),
        (replace(GOOD, eye_dark=0.5), Reason.TOO_BRIGHT),
        (replace(GOOD, openness=0.1), Reason.EYES_CLOSED),
        (replace(GOOD, openness=0.2, iris=0.4), Reason.EYES_CLOSED),
    ],
)
def test_a_measure_beyond_its_limit_is_the_reason(measures: Measures, reason: Reason, gates: Gates) -> None:
    assert verdict(measures, gates=gates) is reason


@pytest.mark.parametrize(
    ("pose", "reason"),
    [
        (Pose(25, 0, 0), Reason.TURNED_RIGHT),
        (Pose(-25, 0, 0), Reason.TURNED_LEFT),
        (Pose(0, -25, 0), Reason.LOOKING_UP),
        (Pose(0, 30, 0), Reason.LOOKING_DOWN),
        (Pose(0, 0, 30), Reason.TILTED),
        (Pose(0, 0, -30), Reason.TILTED),
    ],
)
def test_a_turned_head_is_told_which_way_it_is_turned(pose: Pose, reason: Reason) -> None:
    assert verdict(pose=pose) is reason


def test_size_place_and_spread_have_their_reasons() -> None:
    assert verdict(iod_px=25) is Reason.TOO_FAR
    assert verdict(iod_share=0.25) is Reason.TOO_NEAR
    assert verdict(inside=False) is Reason.OUT_OF_PICTURE
    assert verdict(spread=0.02) is Reason.UNSTEADY


def test_a_webcam_at_seventy_centimetres_is_near_enough() -> None:
    assert verdict(iod_px=41, iod_share=41 / 640) is None


def test_narrow_eyes_are_open_eyes_where_an_iris_shows() -> None:
    assert verdict(replace(GOOD, openness=0.17, iris=0.8)) is None


def test_glare_is_only_spoken_of_where_the_eyes_seem_open() -> None:
    washed_out = replace(GOOD, iris=0.4, eye_dark=0.5)
    assert verdict(washed_out) is Reason.TOO_BRIGHT
    assert verdict(replace(washed_out, openness=0.2)) is Reason.EYES_CLOSED


def test_an_eye_is_closed_when_it_is_much_less_open_than_usual() -> None:
    half = replace(GOOD, openness=0.25, iris=0.7)
    assert verdict(half, usual_openness=0.28) is None
    assert verdict(half, usual_openness=0.42) is Reason.EYES_CLOSED


def test_what_a_person_should_mend_first_is_said_first() -> None:
    far_and_dark = replace(GOOD, grey=10, sharpness=0.01)
    assert verdict(far_and_dark, iod_px=20, spread=0.05) is Reason.TOO_FAR
    assert verdict(far_and_dark, spread=0.05) is Reason.TOO_DARK


def test_a_mask_is_named_even_where_it_makes_the_head_seem_turned_and_a_doubt_is_not() -> None:
    assert verdict(replace(GOOD, cover=2.0), Pose(25, 0, 0)) is Reason.COVERED
    assert verdict(replace(GOOD, cover=1.2), Pose(25, 0, 0)) is Reason.TURNED_RIGHT
    assert verdict(replace(GOOD, cover=1.2)) is Reason.COVERED


def test_every_number_that_is_not_one_is_refused() -> None:
    nan = float("nan")
    assert verdict(pose=Pose(nan, 0, 0)) is not None
    assert verdict(spread=nan) is not None
    assert verdict(replace(GOOD, cover=nan)) is not None


def test_reasons_are_their_own_words_on_the_wire() -> None:
    assert f"{Reason.EYES_CLOSED}" == "eyes_closed"
