"""What a refused photo's text says, for each gate and in numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from faced.enrolment.refusal import photo_refused
from faced.landmarks.observe import Observation
from faced.landmarks.quality import PHOTO, Reason

SEEN = Observation(
    timestamp_s=0.0,
    points=np.zeros((68, 2), np.float32),
    spread=0.005,
    yaw_deg=0.0,
    pitch_deg=0.0,
    roll_deg=0.0,
    iod_px=90.0,
    box=(0.0, 0.0, 200.0, 200.0),
    calls=36,
)


@pytest.mark.parametrize(
    ("reason", "measured", "said"),
    [
        # Positive yaw is a nose that points to the left of the picture: the person's own right.
        (Reason.TURNED_LEFT, {"yaw_deg": -17.6}, "turned 18 degrees to its left"),
        (Reason.TURNED_RIGHT, {"yaw_deg": 17.6}, "turned 18 degrees to its right"),
        (Reason.LOOKING_UP, {"pitch_deg": -20.0}, "looks 20 degrees up"),
        (Reason.LOOKING_DOWN, {"pitch_deg": 25.2}, "looks 26 degrees down"),
        (Reason.TILTED, {"roll_deg": -21.0}, "tilted by 21 degrees"),
        (Reason.TOO_FAR, {"iod_px": 31.8}, "31 pixels between the eyes"),
    ],
)
def test_a_refusal_says_by_how_much(reason: Reason, measured: dict[str, float], said: str) -> None:
    refusal = photo_refused(reason, replace(SEEN, **measured))
    assert said in str(refusal)
    assert refusal.reason == reason.value


def test_a_number_just_beyond_its_limit_does_not_look_allowed() -> None:
    text = str(photo_refused(Reason.TURNED_LEFT, replace(SEEN, yaw_deg=-PHOTO.max_yaw_deg - 0.01)))
    assert f"{int(PHOTO.max_yaw_deg) + 1} degrees" in text
    text = str(photo_refused(Reason.TOO_FAR, replace(SEEN, iod_px=PHOTO.min_iod_px - 0.01)))
    assert f"{int(PHOTO.min_iod_px) - 1} pixels" in text


def test_a_small_face_on_a_large_picture_is_to_be_cut_out_not_to_be_larger() -> None:
    assert "Cut out head and shoulders" in str(photo_refused(Reason.TOO_FAR, replace(SEEN, iod_px=95.0)))


@pytest.mark.parametrize("reason", list(Reason))
def test_every_gate_says_why_and_what_to_do(reason: Reason) -> None:
    for seen in (None, SEEN):
        text = str(photo_refused(reason, seen))
        assert text.count(".") >= 2
        assert "Use " in text or "Cut " in text
