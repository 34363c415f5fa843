"""Makes faced/dummy/roster.json: which dummies' landmarks dlib finds steadily between ID photo and webcam.

A seed is difficult if no face is found in its photo or in one of eight near-frontal frames, if a frame's inner points
(17 to 67) lie further than the limit from the photo's after a similarity alignment, if shut eyes do not look shut to
the predictor, or if the photo does not pass the gates of enrolment. Fewer frames let seeds through on which the
predictor changes its mind with the noise of the picture.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import sys
from pathlib import Path

import cv2
import dlib
import numpy as np
from numpy.typing import NDArray

from faced.dummy import Expression, Identity, Light, Pose, id_photo, render_frame
from faced.dummy.photo import encode_jpeg
from faced.dummy.roster import ROSTER_FILE
from faced.dummy.scene import SHUT
from faced.enrolment.photo import decode_photo
from faced.landmarks.observe import observe_photo
from faced.landmarks.predictor import Predictor
from faced.landmarks.quality import Reason

PREDICTOR = Path("/usr/share/dlib/shape_predictor_68_face_landmarks.dat")
LIMIT_PERCENT_OF_EYE_DISTANCE = 2.5
LIMIT_OF_SHUT_TO_OPEN = 0.70
SITTINGS = (
    (Pose(yaw_deg=2, pitch_deg=1), Light()),
    (Pose(yaw_deg=-3, roll_deg=2), Light(left=-0.5, up=0.4)),
    (Pose(pitch_deg=-2, roll_deg=-1, distance_cm=56), Light(left=0.0, up=0.8, front=0.7)),
    (Pose(), Light()),
)
NOISES = (0, 1)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--first-seed", type=int, default=1000)
    parser.add_argument("--examine", type=int, default=240)
    parser.add_argument("--predictor", type=Path, default=PREDICTOR)
    parser.add_argument("--out", type=Path, default=ROSTER_FILE)
    arguments = parser.parse_args()
    find = Landmarks(arguments.predictor)
    difficult = []
    for seed in range(arguments.first_seed, arguments.first_seed + arguments.examine):
        identity = Identity(seed)
        worst = disagreement_percent(identity, find)
        blink = 1.0 if worst > LIMIT_PERCENT_OF_EYE_DISTANCE else blink_share(identity, find)
        refused = None if blink > LIMIT_OF_SHUT_TO_OPEN else find.refusal(id_photo(identity))
        if blink > LIMIT_OF_SHUT_TO_OPEN or refused is not None:
            difficult.append(seed)
            why = refused or f"{worst:.1f} % apart, shut eyes {blink:.2f} of open ones"
            print(f"{seed}: {why}", file=sys.stderr)
    record = {
        "first_seed": arguments.first_seed,
        "examined": arguments.examine,
        "limit_percent_of_eye_distance": LIMIT_PERCENT_OF_EYE_DISTANCE,
        "limit_of_shut_to_open": LIMIT_OF_SHUT_TO_OPEN,
        "predictor_sha256": hashlib.sha256(arguments.predictor.read_bytes()).hexdigest(),
        "difficult": difficult,
    }
    arguments.out.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    print(f"{len(difficult)} of {arguments.examine} are difficult", file=sys.stderr)
    return 0


class Landmarks:
    """dlib's detector and predictor on one picture."""

    def __init__(self, predictor: Path) -> None:
        self._detector = dlib.get_frontal_face_detector()
        self._predictor = dlib.shape_predictor(str(predictor))
        self._enrolment = Predictor.load(predictor)

    def refusal(self, photo: NDArray[np.uint8]) -> Reason | None:
        """Which gate the photo does not pass, as the file that the personnel section would have."""
        return observe_photo(self._enrolment, decode_photo(encode_jpeg(photo))).reason

    def __call__(self, picture: NDArray[np.uint8]) -> NDArray[np.float64] | None:
        """(68, 2) px of the most certain face, or None."""
        grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
        boxes, scores, _kinds = self._detector.run(grey, 0, 0.0)
        if not boxes:
            return None
        shape = self._predictor(grey, boxes[int(np.argmax(scores))])
        return np.array([(shape.part(index).x, shape.part(index).y) for index in range(68)], float)


def disagreement_percent(identity: Identity, find: Landmarks) -> float:
    """How far a frame's inner points lie from the photo's, in percent of the outer eye corners' distance.

    The worst frame's, or the first that is beyond the limit.
    """
    photo = find(id_photo(identity))
    if photo is None:
        return np.inf
    worst = 0.0
    eyes = float(np.linalg.norm(photo[36] - photo[45]))
    for noise, (pose, light) in itertools.product(NOISES, SITTINGS):
        frame = find(render_frame(identity, pose, light=light, seed=noise))
        if frame is None:
            return np.inf
        worst = max(worst, float(_residual(frame[17:], photo[17:]).mean()) / eyes * 100)
        if worst > LIMIT_PERCENT_OF_EYE_DISTANCE:
            break
    return worst


def blink_share(identity: Identity, find: Landmarks) -> float:
    """The eye aspect ratio of shut eyes, relative to that of open ones."""
    opened, shut = (find(render_frame(identity, expression=expression)) for expression in (Expression(), SHUT))
    if opened is None or shut is None:
        return np.inf
    return _openness(shut) / _openness(opened)


def _openness(points: NDArray[np.float64]) -> float:
    ratios = []
    for eye in (points[36:42], points[42:48]):
        heights = np.linalg.norm(eye[1] - eye[5]) + np.linalg.norm(eye[2] - eye[4])
        ratios.append(heights / (2 * np.linalg.norm(eye[0] - eye[3])))
    return float(np.mean(ratios))


def _residual(points: NDArray[np.float64], onto: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,) distances left after the best similarity transform, by complex least squares."""
    one, other = (p[:, 0] + 1j * p[:, 1] for p in (points - points.mean(0), onto - onto.mean(0)))
    turn = np.vdot(one, other) / np.vdot(one, one)
    return np.abs(one * turn - other)


if __name__ == "__main__":
    raise SystemExit(main())
