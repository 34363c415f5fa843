"""Frames: what is drawn is what a face detector and a landmark predictor see."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from faced.dummy import Cloth, Expression, Identity, Pose, Worn, render_frame
from faced.dummy.scene import DIM_LIGHT, DIM_WEBCAM, GLARING_LIGHT, SHUT, SIDE_LIGHT
from tests.dummy.conftest import Eyes, eye_distance, openness


def nose_offset(points: NDArray[np.float64]) -> float:
    """How far the tip of the nose is to the right, in the picture, of the middle between the eyes."""
    return float(points[30, 0] - (points[36, 0] + points[45, 0]) / 2) / eye_distance(points)


def face_brightness(picture: NDArray[np.uint8], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean of the right and the left half of the face in the picture, where it was seen in good light."""
    left, top = points.min(0).astype(int)
    right, bottom = points.max(0).astype(int)
    middle = (left + right) // 2
    return np.array([picture[top:bottom, left:middle].mean(), picture[top:bottom, middle:right].mean()])


@pytest.fixture(scope="module")
def straight(somebody: Identity) -> NDArray[np.uint8]:
    return render_frame(somebody)


@pytest.fixture(scope="module")
def points(straight: NDArray[np.uint8], eyes: Eyes) -> NDArray[np.float64]:
    return eyes.points(straight)


def test_a_frame_is_a_webcams(straight: NDArray[np.uint8]) -> None:
    assert straight.shape == (480, 640, 3)
    assert straight.dtype == np.uint8


def test_the_seed_is_the_noise_only(somebody: Identity, straight: NDArray[np.uint8]) -> None:
    other = render_frame(somebody, seed=1)
    assert not np.array_equal(other, straight)
    assert np.abs(other.astype(int) - straight).mean() < 8


def test_turning_to_ones_own_left_moves_the_nose_right_in_the_picture(
    somebody: Identity, eyes: Eyes, points: NDArray[np.float64]
) -> None:
    left = nose_offset(eyes.points(render_frame(somebody, Pose(yaw_deg=15))))
    right = nose_offset(eyes.points(render_frame(somebody, Pose(yaw_deg=-15))))
    assert left > nose_offset(points) + 0.08
    assert right < nose_offset(points) - 0.08


def test_looking_down_lowers_the_nose(somebody: Identity, eyes: Eyes) -> None:
    def drop(pitch_deg: float) -> float:
        seen = eyes.points(render_frame(somebody, Pose(pitch_deg=pitch_deg)))
        return float(seen[30, 1] - (seen[36, 1] + seen[45, 1]) / 2) / eye_distance(seen)

    assert drop(12) > drop(-12) + 0.08


def test_roll_tilts_the_eyes_as_it_says(somebody: Identity, eyes: Eyes) -> None:
    seen = eyes.points(render_frame(somebody, Pose(roll_deg=8)))
    # Rows grow downwards: the eye that is right in the picture, the person's left, has risen.
    tilt = np.degrees(np.arctan2(seen[36, 1] - seen[45, 1], seen[45, 0] - seen[36, 0]))
    assert tilt == pytest.approx(8, abs=2.5)


def test_half_the_distance_doubles_the_face(somebody: Identity, eyes: Eyes) -> None:
    near = eye_distance(eyes.points(render_frame(somebody, Pose(distance_cm=45))))
    far = eye_distance(eyes.points(render_frame(somebody, Pose(distance_cm=90))))
    assert near / far == pytest.approx(2, rel=0.1)


def test_shut_eyes_are_seen_as_shut(somebody: Identity, eyes: Eyes, points: NDArray[np.float64]) -> None:
    shut = eyes.points(render_frame(somebody, expression=SHUT))
    assert openness(shut) < 0.72 * openness(points)


def test_an_open_mouth_is_seen_as_open(somebody: Identity, eyes: Eyes, points: NDArray[np.float64]) -> None:
    def gap(seen: NDArray[np.float64]) -> float:
        return float(seen[66, 1] - seen[62, 1]) / eye_distance(seen)

    assert gap(eyes.points(render_frame(somebody, expression=Expression(jaw=0.5)))) > gap(points) + 0.1


def test_dim_light_is_dark_and_glaring_light_is_white(
    somebody: Identity, straight: NDArray[np.uint8], points: NDArray[np.float64]
) -> None:
    usual = face_brightness(straight, points).mean()
    dim = render_frame(somebody, light=DIM_LIGHT, sensor=DIM_WEBCAM)
    assert face_brightness(dim, points).mean() < 0.3 * usual
    glaring = render_frame(somebody, light=GLARING_LIGHT)
    assert face_brightness(glaring, points).mean() > 1.4 * usual


def test_light_from_the_side_leaves_half_of_the_face_dark(somebody: Identity, points: NDArray[np.float64]) -> None:
    away, towards = face_brightness(render_frame(somebody, light=SIDE_LIGHT), points)
    assert away < 0.5 * towards


def lower_face(points: NDArray[np.float64]) -> tuple[slice, slice]:
    """Rows and columns around the mouth."""
    mouth = points[48:68]
    (left, top), (right, bottom) = mouth.min(0).astype(int), mouth.max(0).astype(int)
    return slice(top, bottom), slice(left, right)


@pytest.mark.parametrize("worn", [Worn(mask=True), Worn(hand=True)], ids=["mask", "hand"])
def test_a_mask_and_a_hand_hide_the_mouth_but_not_the_eyes(
    worn: Worn, somebody: Identity, straight: NDArray[np.uint8], points: NDArray[np.float64]
) -> None:
    covered = render_frame(somebody, worn=worn)
    change = np.abs(covered.astype(int) - straight).mean(2)
    mouth = lower_face(points)
    row = int(points[17:27, 1].min())
    brow_and_eye = slice(row - 6, int(points[37, 1])), slice(int(points[36, 0]), int(points[39, 0]))
    assert (change[mouth] > 10).mean() > 0.5
    assert (change[brow_and_eye] > 25).mean() < 0.05


def test_spectacles_have_rims_and_glare_whitens_the_lenses(somebody: Identity, points: NDArray[np.float64]) -> None:
    bare, glasses, glare = (
        render_frame(somebody, worn=worn) for worn in (Worn(glasses=False), Worn(glasses=True), Worn(glare=1.0))
    )
    (left, top), (right, bottom) = points[36:48].min(0).astype(int), points[36:48].max(0).astype(int)
    area = slice(top - 12, bottom + 18), slice(left - 8, right + 8)
    rims = np.abs(glasses[area].astype(int) - bare[area]).max(2) > 25
    assert 0.02 < rims.mean() < 0.4
    eye = slice(int(points[37, 1]), int(points[41, 1]) + 1), slice(int(points[36, 0]), int(points[39, 0]))
    assert glare[eye].mean() > 1.5 * bare[eye].mean()


def test_a_slipped_mask_and_a_scarf_hide_the_mouth_but_not_the_nose(
    somebody: Identity, straight: NDArray[np.uint8], points: NDArray[np.float64]
) -> None:
    nose = slice(int(points[28, 1]), int(points[30, 1])), slice(int(points[31, 0]), int(points[35, 0]))
    for worn in (Worn(below_nose=True), Worn(scarf=True, cloth=Cloth.WOOL)):
        change = np.abs(render_frame(somebody, worn=worn).astype(int) - straight).mean(2)
        assert (change[lower_face(points)] > 10).mean() > 0.8
        assert (change[nose] > 25).mean() < 0.05


def test_a_mask_has_the_colour_of_its_cloth(somebody: Identity, points: NDArray[np.float64]) -> None:
    white, black = (render_frame(somebody, worn=Worn(mask=True, cloth=cloth)) for cloth in (Cloth.WHITE, Cloth.BLACK))
    mouth = lower_face(points)
    assert white[mouth].mean() > 120 > 60 > black[mouth].mean()


def test_dark_lenses_hide_the_eyes(
    somebody: Identity, straight: NDArray[np.uint8], points: NDArray[np.float64]
) -> None:
    dark = render_frame(somebody, worn=Worn(sunglasses=True))
    eye = slice(int(points[37, 1]), int(points[41, 1]) + 1), slice(int(points[36, 0]), int(points[39, 0]))
    assert dark[eye].mean() < 0.4 * straight[eye].mean()
