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
    max_cover: float


#: A person at a desk, 35-90 cm from a 640x480 webcam above the screen.
WEBCAM = Gates(
    min_grey=34,
    max_burnt=0.3,
    min_iod_px=32,
    max_iod_share=0.19,
    max_yaw_deg=15,
    max_up_deg=14,
    max_down_deg=20,
    max_roll_deg=20,
    min_sharpness=0.05,
    max_spread=0.012,
    min_openness=0.13,
    max_cover=1.2,
)
#: A staff-ID photo: posed, lit, and worth taking again.
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
    max_cover=1.2,
)

#: An eye is closed when it is this much less open than the same person's eyes in the frames before ...
CLOSED_RELATIVE = 0.62
#: ... or is hardly open and shows no iris. Narrow eyes are as little open, but dark inside.
NARROW_OPENNESS = 0.24
MIN_IRIS = 0.62


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
    rules = (
        (not inside, Reason.OUT_OF_PICTURE),
        (iod_px < gates.min_iod_px, Reason.TOO_FAR),
        (iod_share > gates.max_iod_share, Reason.TOO_NEAR),
        (measures.grey < gates.min_grey, Reason.TOO_DARK),
        (measures.burnt > gates.max_burnt, Reason.TOO_BRIGHT),
        (pose.yaw_deg > gates.max_yaw_deg, Reason.TURNED_RIGHT),
        (pose.yaw_deg < -gates.max_yaw_deg, Reason.TURNED_LEFT),
        (pose.pitch_deg < -gates.max_up_deg, Reason.LOOKING_UP),
        (pose.pitch_deg > gates.max_down_deg, Reason.LOOKING_DOWN),
        (abs(pose.roll_deg) > gates.max_roll_deg, Reason.TILTED),
        (measures.sharpness < gates.min_sharpness, Reason.BLURRED),
        (measures.cover > gates.max_cover, Reason.COVERED),
        (_eyes_closed(measures, gates, usual_openness), Reason.EYES_CLOSED),
        (spread > gates.max_spread, Reason.UNSTEADY),
    )
    return next((reason for broken, reason in rules if broken), None)


def _eyes_closed(measures: Measures, gates: Gates, usual_openness: float | None) -> bool:
    narrow_without_iris = measures.openness < NARROW_OPENNESS and measures.iris < MIN_IRIS
    less_than_usual = usual_openness is not None and measures.openness < CLOSED_RELATIVE * usual_openness
    return measures.openness < gates.min_openness or narrow_without_iris or less_than_usual
