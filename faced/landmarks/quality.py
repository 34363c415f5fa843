"""Whether a frame or photo is good enough to be judged, and if not, the one thing to do about it.

A gate is a limit on one measure of a face. Photos and webcams have limits of their own.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from faced.landmarks.measures import Measures
from faced.landmarks.pose import Pose


class Reason(enum.StrEnum):
    """Why a frame is not judged. Turns are the person's own: turned_left is a face turned to its own left."""

    NO_FACE = "no_face"
    SEVERAL_FACES = "several_faces"
    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    TOO_FAR = "too_far"
    TOO_NEAR = "too_near"
    TURNED_LEFT = "turned_left"
    TURNED_RIGHT = "turned_right"
    LOOKING_UP = "looking_up"
    LOOKING_DOWN = "looking_down"
    TILTED = "tilted"
    BLURRED = "blurred"
    UNSTEADY = "unsteady"
    COVERED = "covered"
    EYES_CLOSED = "eyes_closed"
    OUT_OF_PICTURE = "out_of_picture"


@dataclass(frozen=True)
class Gates:
    """The limits of a kind of picture.

    ``iod_px`` between the eye centres; ``iod_share`` the same by the width of the picture; angles in degrees;
    ``spread`` in box widths; the others as in :class:`faced.landmarks.measures.Measures`.
    """

    min_grey: float
    max_burnt: float
    min_iod_px: float
    max_iod_share: float
    max_yaw_deg: float
    max_up_deg: float
    max_down_deg: float
    max_roll_deg: float
    min_sharpness: float
    max_spread: float
    min_openness: float
    min_eye_light: float
    max_eye_dark: float
    max_cover: float


#: A person at a desk, 32-85 cm from a 640x480 webcam above the screen. A spread of 0.015 is that of one
#: press photo in fifty; smaller ones are weighed by the matcher, not refused here.
WEBCAM = Gates(
    min_grey=34,
    max_burnt=0.3,
    min_iod_px=32,
    max_iod_share=0.15,
    max_yaw_deg=15,
    max_up_deg=14,
    max_down_deg=20,
    max_roll_deg=20,
    min_sharpness=0.05,
    max_spread=0.015,
    min_openness=0.13,
    min_eye_light=0.30,
    max_eye_dark=0.25,
    max_cover=1.0,
)
#: A staff-ID photo: posed, lit, and worth taking again. Nineteen in twenty press photos have a smaller spread.
PHOTO = Gates(
    min_grey=40,
    max_burnt=0.3,
    min_iod_px=40,
    max_iod_share=1.0,
    max_yaw_deg=12,
    max_up_deg=12,
    max_down_deg=18,
    max_roll_deg=15,
    min_sharpness=0.05,
    max_spread=0.010,
    min_openness=0.13,
    min_eye_light=0.30,
    max_eye_dark=0.22,
    max_cover=1.0,
)

#: A mouth is hidden beyond doubt: no lips and another tint below than above.
SURELY_COVERED = 1.5

#: An eye is closed when it is this much less open than the same person's eyes in the frames before ...
CLOSED_RELATIVE = 0.62
#: ... or is hardly open and shows no iris. Narrow eyes are as little open, but dark inside.
NARROW_OPENNESS = 0.24
MIN_IRIS = 0.66


def judge(
    measures: Measures,
    *,
    pose: Pose,
    iod_px: float,
    iod_share: float,
    spread: float,
    inside: bool,
    gates: Gates,
    usual_openness: float | None = None,
) -> Reason | None:
    """The first gate that a face does not pass, in the order in which a person can do something about it.

    :param iod_share: ``iod_px`` by the width of the picture.
    :param inside: whether the whole face is in the picture.
    :param usual_openness: of this person's eyes in earlier frames, where there were enough.
    :return: None for a usable face.
    """
    # Written as what a good face fulfils, so that a number that is none (NaN) is refused.
    fulfilled = (
        (inside, Reason.OUT_OF_PICTURE),
        (iod_px >= gates.min_iod_px, Reason.TOO_FAR),
        (iod_share <= gates.max_iod_share, Reason.TOO_NEAR),
        (measures.grey >= gates.min_grey, Reason.TOO_DARK),
        (measures.burnt <= gates.max_burnt, Reason.TOO_BRIGHT),
        # A mask moves the points that the pose is told from: say what to mend, not where to look.
        (measures.cover <= SURELY_COVERED, Reason.COVERED),
        (measures.eye_light >= gates.min_eye_light, Reason.COVERED),
        (pose.yaw_deg <= gates.max_yaw_deg, Reason.TURNED_RIGHT),
        (pose.yaw_deg >= -gates.max_yaw_deg, Reason.TURNED_LEFT),
        (pose.pitch_deg >= -gates.max_up_deg, Reason.LOOKING_UP),
        (pose.pitch_deg <= gates.max_down_deg, Reason.LOOKING_DOWN),
        (abs(pose.roll_deg) <= gates.max_roll_deg, Reason.TILTED),
        (measures.sharpness >= gates.min_sharpness, Reason.BLURRED),
        (measures.cover <= gates.max_cover, Reason.COVERED),
        (_eyes_open(measures, gates, usual_openness), Reason.EYES_CLOSED),
        # Glare on spectacles: open eyes without anything dark in them.
        (measures.eye_dark <= gates.max_eye_dark, Reason.TOO_BRIGHT),
        (spread <= gates.max_spread, Reason.UNSTEADY),
    )
    return next((reason for good, reason in fulfilled if not good), None)


def _eyes_open(measures: Measures, gates: Gates, usual_openness: float | None) -> bool:
    iris_shows = measures.openness >= NARROW_OPENNESS or measures.iris >= MIN_IRIS
    as_usual = usual_openness is None or measures.openness >= CLOSED_RELATIVE * usual_openness
    return measures.openness >= gates.min_openness and iris_shows and as_usual
