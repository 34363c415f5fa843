"""Whether a frame or photo is good enough to be judged, and if not, the one thing to do about it.

Every measure is a number of a single face; a gate is a limit on it. Photos and webcams have limits of their own.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from faced.landmarks.detector import Box
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

    ``*_grey`` 0-255; ``burnt`` share of the face's pixels that are saturated; ``iod_px`` between the eye centres;
    angles in degrees; ``sharpness``, ``spread``, ``openness`` and ``cover`` as in :class:`Measures`.
    """

    min_grey: float
    max_burnt: float
    min_iod_px: float
    max_iod_px: float
    max_yaw_deg: float
    max_pitch_up_deg: float
    max_pitch_down_deg: float
    max_roll_deg: float
    min_sharpness: float
    max_spread: float
    min_openness: float
    max_cover: float


WEBCAM = Gates(
    min_grey=45,
    max_burnt=0.35,
    min_iod_px=36,
    max_iod_px=200,
    max_yaw_deg=15,
    max_pitch_up_deg=14,
    max_pitch_down_deg=16,
    max_roll_deg=20,
    min_sharpness=0.0,
    max_spread=0.010,
    min_openness=0.14,
    max_cover=1.0,
)
PHOTO = Gates(
    min_grey=40,
    max_burnt=0.40,
    min_iod_px=40,
    max_iod_px=2000,
    max_yaw_deg=12,
    max_pitch_up_deg=12,
    max_pitch_down_deg=14,
    max_roll_deg=15,
    min_sharpness=0.0,
    max_spread=0.008,
    min_openness=0.15,
    max_cover=1.0,
)

#: A closed eye is this much less open than the same person's eye in the frames before.
CLOSED_RELATIVE = 0.62


@dataclass(frozen=True)
class Measures:
    """What the gates look at besides pose, size and spread.

    ``grey`` mean brightness of the face; ``burnt`` share of saturated pixels; ``openness`` height of the eyes by their
    width (mean of both); ``sharpness`` share of the face's contrast that is in its finest detail; ``cover`` evidence
    that something hides mouth and chin (0 none, above 1 sure).
    """

    grey: float
    burnt: float
    openness: float
    sharpness: float
    cover: float


def measure(image: NDArray[np.uint8], grey: NDArray[np.uint8], points: NDArray[np.float32], box: Box) -> Measures:
    """Measure one face.

    :param image: (h, w, 3) uint8 BGR; ``grey`` (h, w) uint8 of the same.
    :param points: (68, 2) px.
    """
    left, top = max(int(box.left), 0), max(int(box.top), 0)
    face = grey[top : int(box.top + box.height), left : int(box.left + box.width)]
    if face.size == 0:
        return Measures(0.0, 0.0, 0.0, 0.0, 0.0)
    return Measures(
        grey=float(face.mean()),
        burnt=float((face >= 250).mean()),
        openness=eye_openness(points),
        sharpness=_sharpness(face),
        cover=0.0,
    )


def inter_ocular_px(points: NDArray[np.float32]) -> float:
    """Distance between the centres of the eyes."""
    return float(np.linalg.norm(points[36:42].mean(axis=0) - points[42:48].mean(axis=0)))


def eye_openness(points: NDArray[np.float32]) -> float:
    """Height of the eye opening by its width, mean of both eyes (the eye aspect ratio of Soukupova and Cech, 2016)."""
    ratios = []
    for first in (36, 42):
        eye = points[first : first + 6]
        height = np.linalg.norm(eye[1] - eye[5]) + np.linalg.norm(eye[2] - eye[4])
        ratios.append(height / max(2 * float(np.linalg.norm(eye[0] - eye[3])), 1e-6))
    return float(np.mean(ratios))


def judge(
    measures: Measures,
    *,
    pose: Pose,
    iod_px: float,
    spread: float,
    inside: bool,
    gates: Gates,
    usual_openness: float | None = None,
) -> Reason | None:
    """The first gate that the face does not pass, in the order in which a person can do something about it.

    :param inside: whether the whole face is in the picture.
    :param usual_openness: of this person's eyes in earlier frames, where there were some.
    :return: None for a usable face.
    """
    closed = gates.min_openness if usual_openness is None else max(gates.min_openness, CLOSED_RELATIVE * usual_openness)
    rules = (
        (not inside, Reason.OUT_OF_PICTURE),
        (iod_px < gates.min_iod_px, Reason.TOO_FAR),
        (iod_px > gates.max_iod_px, Reason.TOO_NEAR),
        (measures.grey < gates.min_grey, Reason.TOO_DARK),
        (measures.burnt > gates.max_burnt, Reason.TOO_BRIGHT),
        (pose.yaw_deg > gates.max_yaw_deg, Reason.TURNED_RIGHT),
        (pose.yaw_deg < -gates.max_yaw_deg, Reason.TURNED_LEFT),
        (pose.pitch_deg < -gates.max_pitch_up_deg, Reason.LOOKING_UP),
        (pose.pitch_deg > gates.max_pitch_down_deg, Reason.LOOKING_DOWN),
        (abs(pose.roll_deg) > gates.max_roll_deg, Reason.TILTED),
        (measures.cover > gates.max_cover, Reason.COVERED),
        (measures.sharpness < gates.min_sharpness, Reason.BLURRED),
        (measures.openness < closed, Reason.EYES_CLOSED),
        (spread > gates.max_spread, Reason.UNSTEADY),
    )
    return next((reason for broken, reason in rules if broken), None)


def _sharpness(face: NDArray[np.uint8]) -> float:
    small = cv2.resize(face, (96, 96), interpolation=cv2.INTER_AREA).astype(np.float32)
    fine = small - cv2.GaussianBlur(small, (0, 0), 1.0)
    return float(fine.std() / max(float(small.std()), 1.0))
