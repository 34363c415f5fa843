"""From frames or a photo to observations: the door of this room. No pixel leaves it, only numbers."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from faced.landmarks.averaging import Averaged, frame_average, photo_average, settled
from faced.landmarks.detector import PYRAMID_STEP, Box, FaceDetector
from faced.landmarks.measures import Measures, inter_ocular_px, measure
from faced.landmarks.pose import Pose, pose_of
from faced.landmarks.predictor import Predictor
from faced.landmarks.quality import PHOTO, WEBCAM, Gates, Reason, judge
from faced.landmarks.surroundings import Cue, Surroundings, digest

DEFAULT_CALLS = 10
#: The detector looks at every fifth frame; in between the box follows the landmarks.
DETECT_EVERY = 5
#: Where a face is followed, the detector looks at a picture so much smaller that the face keeps this width, px.
_FOLLOWED_PX = 100.0
#: Detector score that is enough for a face where one was followed.
_DOUBTFUL = -0.4
#: A spread beyond this is not a face any more: look again at the next frame.
_LOST_SPREAD = 0.03
#: Brightness (0-255) of a whole picture below which "nobody there" means "no light".
_DARK_PICTURE = 30
#: Photos are reduced to this longest side first; every face that the gates admit keeps its detail.
_PHOTO_SIDE_PX = 1200
#: Frames with open eyes that an eye is compared with.
_REMEMBERED_EYES = 30
_FEWEST_EYES = 5


@dataclass(frozen=True)
class Observation:
    """One face in one frame.

    ``points`` (68, 2) float32 px, mean of ``calls`` predictor calls; ``spread`` mean standard deviation of a point over
    jittered boxes, in box widths; ``yaw_deg``, ``pitch_deg``, ``roll_deg`` as :class:`faced.landmarks.pose.Pose`;
    ``iod_px`` between the eye centres; ``box`` (left, top, width, height) px.
    """

    timestamp_s: float
    points: NDArray[np.float32]
    spread: float
    yaw_deg: float
    pitch_deg: float
    roll_deg: float
    iod_px: float
    box: tuple[float, float, float, float]
    calls: int


@dataclass(frozen=True)
class FrameReport:
    """What was seen in a frame.

    ``reason`` None means usable; a frame with a reason must not be judged, though its observation, where there is one,
    may guide the person and serve a prompted turn. ``track`` changes whenever the face was lost from view: observations
    of different tracks may be of different people. ``digest`` tells the frame from any other one of a camera; ``cues``
    are what the pixels around the face say of sheets and screens.
    """

    timestamp_s: float
    reason: Reason | None
    observation: Observation | None
    track: int = 0
    digest: bytes = b""
    cues: tuple[Cue, ...] = ()


class Observer:
    """Watches one sitting: detects, follows, averages, gates.

    :param predictor: shared by all observers.
    :param gates: the limits.
    :param calls: predictor calls per frame, at least 4.
    :param detector: None for the one of this process.
    """

    def __init__(
        self,
        predictor: Predictor,
        gates: Gates = WEBCAM,
        calls: int = DEFAULT_CALLS,
        *,
        detector: FaceDetector | None = None,
    ) -> None:
        self._predictor = predictor
        self._gates = gates
        self._calls = calls
        self._detector = detector or FaceDetector.shared()
        self._track = 0
        self._frames = 0
        self._box: Box | None = None
        self._crowded = False
        self._since_detection = 0
        self._openness: deque[float] = deque(maxlen=_REMEMBERED_EYES)
        self._surroundings = Surroundings()

    def reset(self) -> None:
        """Begin another sitting: nothing of the earlier one is used."""
        self._track += 1
        self._frames = 0
        self._surroundings.reset()
        self._forget()

    def observe(self, image: NDArray[np.uint8], timestamp_s: float) -> FrameReport:
        """Look at the next frame.

        :param image: (h, w, 3) uint8 BGR.
        """
        grey = _grey(image)
        track = self._track
        report = self._look(image, grey, timestamp_s)
        if report.track != track:
            self._surroundings.reset()
        seen = report.observation
        cues = () if seen is None else self._surroundings.look(grey, Box(*seen.box))
        return replace(report, digest=digest(image), cues=cues)

    def _look(self, image: NDArray[np.uint8], grey: NDArray[np.uint8], timestamp_s: float) -> FrameReport:
        turn, self._frames = self._frames, self._frames + 1
        if self._box is None or self._since_detection >= DETECT_EVERY:
            reason = self._detect(grey)
        else:
            reason = Reason.SEVERAL_FACES if self._crowded else None
        self._since_detection += 1
        if reason is not None or self._box is None:
            return FrameReport(timestamp_s, reason, None, self._track)
        averaged = frame_average(self._predictor, grey, self._box, self._calls, turn)
        observation = _observation(averaged, self._box, timestamp_s)
        reason = self._judged(measure(image, grey, averaged, self._box), observation, grey.shape)
        if observation.spread > _LOST_SPREAD:
            self._since_detection = DETECT_EVERY
        else:
            self._box = Box.around(averaged.points)
        return FrameReport(timestamp_s, reason, observation, self._track)

    def _forget(self) -> None:
        self._box = None
        self._crowded = False
        self._since_detection = 0
        self._openness.clear()

    def _detect(self, grey: NDArray[np.uint8]) -> Reason | None:
        before = self._box
        found = self._detector.detect(grey, scale=1.0 if before is None or self._crowded else _enough(before.width))
        if not found and before is not None:
            # A face that was there a moment ago and is blurred by its own motion has not left.
            doubtful = self._detector.detect(grey, threshold=_DOUBTFUL)
            found = [box for box in doubtful if _same_place(before, box)][:1]
        self._since_detection = 0
        self._crowded = len(found) > 1
        if not found:
            if before is not None:
                self._track += 1
            self._forget()
            return Reason.TOO_DARK if grey.mean() < _DARK_PICTURE else Reason.NO_FACE
        if before is not None and not _same_place(before, found[0]):
            self._track += 1
            self._openness.clear()
        if before is None or not _agree(before, found[0]):
            self._box = settled(self._predictor, grey, found[0])
        return Reason.SEVERAL_FACES if self._crowded else None

    def _judged(self, measures: Measures, observation: Observation, size: tuple[int, ...]) -> Reason | None:
        usual = float(np.median(self._openness)) if len(self._openness) >= _FEWEST_EYES else None
        reason = _reason(measures, observation, size, self._gates, usual)
        if reason is None:
            self._openness.append(measures.openness)
        return reason


def observe_photo(
    predictor: Predictor, image: NDArray[np.uint8], gates: Gates = PHOTO, *, detector: FaceDetector | None = None
) -> FrameReport:
    """Look at a still: 36 predictor calls on a four times enlarged crop.

    :param image: (h, w, 3) uint8 BGR of any size.
    :return: the report; points and box in px of ``image``, timestamp 0.
    """
    detector = detector or FaceDetector.shared()
    scale = min(1.0, _PHOTO_SIDE_PX / max(image.shape[:2]))
    if scale < 1:
        image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    grey = _grey(image)
    found = detector.detect(grey) or detector.detect(grey, enlarge=True)
    if not found:
        return FrameReport(0.0, Reason.TOO_DARK if grey.mean() < _DARK_PICTURE else Reason.NO_FACE, None)
    if len(found) > 1:
        return FrameReport(0.0, Reason.SEVERAL_FACES, None)
    box = settled(predictor, grey, found[0])
    averaged = photo_average(predictor, grey, box)
    observation = _observation(averaged, box, 0.0)
    reason = _reason(measure(image, grey, averaged, box), observation, grey.shape, gates, None)
    return FrameReport(0.0, reason, _scaled(observation, 1 / scale))


def _observation(averaged: Averaged, box: Box, timestamp_s: float) -> Observation:
    pose = pose_of(averaged.points)
    return Observation(
        timestamp_s=timestamp_s,
        points=averaged.points,
        spread=averaged.spread,
        yaw_deg=pose.yaw_deg,
        pitch_deg=pose.pitch_deg,
        roll_deg=pose.roll_deg,
        iod_px=inter_ocular_px(averaged.points),
        box=(box.left, box.top, box.width, box.height),
        calls=averaged.calls,
    )


def _scaled(observation: Observation, factor: float) -> Observation:
    if factor == 1:
        return observation
    left, top, width, height = (side * factor for side in observation.box)
    return replace(
        observation,
        # The centre of the first pixel stays at 0 when the pixels grow.
        points=((observation.points + 0.5) * factor - 0.5).astype(np.float32),
        iod_px=observation.iod_px * factor,
        box=(left, top, width, height),
    )


def _reason(
    measures: Measures, observation: Observation, size: tuple[int, ...], gates: Gates, usual_openness: float | None
) -> Reason | None:
    return judge(
        measures,
        pose=Pose(observation.yaw_deg, observation.pitch_deg, observation.roll_deg),
        iod_px=observation.iod_px,
        iod_share=observation.iod_px / size[1],
        spread=observation.spread,
        inside=_inside(observation.points, size),
        gates=gates,
        usual_openness=usual_openness,
    )


def _inside(points: NDArray[np.float32], size: tuple[int, ...]) -> bool:
    """Whether all landmarks lie in a picture of (height, width)."""
    height, width = size[:2]
    return bool((points >= 0).all() and (points[:, 0] <= width - 1).all() and (points[:, 1] <= height - 1).all())


def _enough(width_px: float) -> float:
    """How much a picture with a face of this width can be reduced: whole steps of the detector's own pyramid, so that
    it finds the face as it would in the whole picture."""
    steps = int(np.log(max(width_px / _FOLLOWED_PX, 1.0)) / np.log(1 / PYRAMID_STEP))
    return float(PYRAMID_STEP**steps)


def _same_place(followed: Box, detected: Box) -> bool:
    """Whether a detection can be the face that was followed: it overlaps by more than half of either width."""
    (x, y), (u, v) = followed.centre, detected.centre
    near = max(abs(x - u), abs(y - v)) < 0.5 * min(followed.width, detected.width)
    return near and 0.6 < detected.width / followed.width < 1.67


def _agree(followed: Box, detected: Box) -> bool:
    """Whether the followed box is as near to a detection as the detector's own boxes of one face are to each other."""
    (x, y), (u, v) = followed.centre, detected.centre
    return max(abs(x - u), abs(y - v)) < 0.15 * detected.width and 0.8 < detected.width / followed.width < 1.25


def _grey(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return cv2.cvtColor(image, cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False)
