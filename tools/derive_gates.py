"""Where data put the gates of photos and of webcams: what each refuses of good faces, and of those it is there for.

With --data (npz of landmarks of real photos: points, person, spread, yaw, pitch, fold) the spread of real photos, too,
and what a stricter gate for enrolment photos refuses and what it gains, cross-validated over people (two minutes).
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# One thread, as in the daemon's unit; read when the libraries load.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import cv2
import numpy as np
from numpy.typing import NDArray

from faced.dummy import Expression, Identity, Light, Pose, Sensor, Worn, id_photo, render_frame, roster
from faced.landmarks.averaging import frame_average, photo_average, settled
from faced.landmarks.detector import FaceDetector
from faced.landmarks.measures import inter_ocular_px, measure
from faced.landmarks.pose import pose_of
from faced.landmarks.predictor import Predictor
from faced.landmarks.quality import PHOTO, WEBCAM, Gates
from faced.recognition.accuracy import cross_validation
from faced.recognition.faces import FaceSet
from faced.recognition.trials import threshold_at

Picture = NDArray[np.uint8]
SHUT = Expression(left_lid=1.0, right_lid=1.0)
PHOTO_GATES = (1.0, 0.02, 0.015, 0.012, 0.010, 0.008, 0.0065, 0.0055, 0.0044, 0.0034)
FMRS = (1e-2, 1e-3)


@dataclass(frozen=True)
class Gate:
    """A limit: its field in :class:`Gates`, the sign that makes larger mean better, the number it is compared with, and
    a picture of a face that it should refuse."""

    field: str
    sign: int
    number: str
    bad: dict[str, Any]


GATES = (
    Gate("min_grey", 1, "grey", {"sensor": Sensor(gain=0.2, noise=0.02)}),
    Gate("max_burnt", -1, "burnt", {"light": Light(lamp=4.0, room=2.0)}),
    Gate("min_iod_px", 1, "iod_px", {"pose": Pose(distance_cm=110.0)}),
    Gate("max_iod_share", -1, "iod_share", {"pose": Pose(distance_cm=30.0)}),
    Gate("max_yaw_deg", -1, "turn_deg", {"pose": Pose(yaw_deg=22.0)}),
    Gate("max_up_deg", -1, "up_deg", {"pose": Pose(pitch_deg=-22.0)}),
    Gate("max_down_deg", -1, "down_deg", {"pose": Pose(pitch_deg=24.0)}),
    Gate("max_roll_deg", -1, "tilt_deg", {"pose": Pose(roll_deg=25.0)}),
    Gate("min_sharpness", 1, "sharpness", {"sensor": Sensor(blur_px=3.5)}),
    Gate("max_spread", -1, "spread", {"worn": Worn(hand=True)}),
    Gate("min_openness", 1, "openness", {"expression": SHUT}),
    Gate("min_eye_light", 1, "eye_light", {"worn": Worn(sunglasses=True)}),
    Gate("max_eye_dark", -1, "eye_dark", {"worn": Worn(glare=0.7)}),
    Gate("max_cover", -1, "cover", {"worn": Worn(mask=True)}),
)


def numbers(predictor: Predictor, picture: Picture, *, photo: bool) -> dict[str, float] | None:
    """All that a gate looks at, of the largest face; None where none is found."""
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False)
    found = FaceDetector.shared().detect(grey)
    if not found:
        return None
    box = settled(predictor, grey, found[0])
    averaged = photo_average(predictor, grey, box) if photo else frame_average(predictor, grey, box, 10, 0)
    pose, iod_px = pose_of(averaged.points), inter_ocular_px(averaged.points)
    return {
        **vars(measure(picture, grey, averaged, box)),
        "iod_px": iod_px,
        "iod_share": iod_px / picture.shape[1],
        "turn_deg": abs(pose.yaw_deg),
        "up_deg": -pose.pitch_deg,
        "down_deg": pose.pitch_deg,
        "tilt_deg": abs(pose.roll_deg),
        "spread": averaged.spread,
    }


def good_frames(seed: int) -> Iterator[Picture]:
    """A person at a desk in three lights, at three distances, within a few degrees of straight."""
    rng, lights = np.random.default_rng([37, seed]), (Light(), Light(left=0.8, up=0.3, front=0.6), Light(lamp=0.45))
    for number, light in enumerate(lights):
        yaw, pitch, roll = (float(value) for value in rng.normal(0, (3, 3, 2.5)))
        pose = Pose(yaw, pitch, roll, distance_cm=float(rng.uniform(45, 85)))
        yield render_frame(Identity(seed), pose, light=light, seed=number)


def bad_frame(seed: int, options: dict[str, Any]) -> Picture:
    """A webcam's frame with the fault."""
    return render_frame(Identity(seed), **options)


def bad_photo(seed: int, options: dict[str, Any]) -> Picture | None:
    """The ID photo with the fault, where a studio can have it."""
    pose = options.get("pose", Pose())
    if not options.keys() <= {"worn", "pose"} or pose.distance_cm != Pose().distance_cm:
        return None
    in_studio = Pose(pose.yaw_deg, pose.pitch_deg, pose.roll_deg, distance_cm=160.0)
    return id_photo(Identity(seed), worn=options.get("worn", Worn()), pose=in_studio)


def gates_on_dummies(predictor: Predictor, people: int) -> dict[str, Any]:
    """For either kind of picture and each gate: limit, what good faces measure, and the shares that it refuses."""
    seeds = roster(people)
    good = {
        "webcam": [numbers(predictor, picture, photo=False) for seed in seeds for picture in good_frames(seed)],
        "photo": [numbers(predictor, id_photo(Identity(seed)), photo=True) for seed in seeds],
    }
    result: dict[str, Any] = {}
    for kind, gates in (("webcam", WEBCAM), ("photo", PHOTO)):
        result[kind] = {}
        for gate in GATES:
            drawn = (bad_frame(seed, gate.bad) if kind == "webcam" else bad_photo(seed, gate.bad) for seed in seeds)
            pictures = [picture for picture in drawn if picture is not None]
            bad = [numbers(predictor, picture, photo=kind == "photo") for picture in pictures]
            result[kind][gate.field] = _row(gate, gates, good[kind], bad)
    return result


def _row(gate: Gate, gates: Gates, good: list[dict[str, float] | None], bad: list[Any]) -> dict[str, Any]:
    limit = float(getattr(gates, gate.field))
    row: dict[str, Any] = {"limit": limit}
    for name, faces in (("good", good), ("bad", bad)):
        values = np.array([face[gate.number] for face in faces if face is not None])
        if len(values):
            row[name] = [round(float(value), 4) for value in np.percentile(values, (1, 50, 99))]
            row[f"{name}_refused"] = round(float((gate.sign * values < gate.sign * limit).mean()), 3)
    row["bad_without_a_face"] = sum(face is None for face in bad)
    return row


def spread_of_photos(path: Path) -> dict[str, Any]:
    """What a gate on the spread of enrolment photos refuses and gains, one photo against one probe.

    Probes pass the webcam's gate; thresholds are set for each gate at the same false match rate.
    """
    found: dict[float, tuple[list[NDArray[np.float64]], list[NDArray[np.float64]], list[int]]]
    found = {gate: ([], [], [0, 0, 0, 0]) for gate in PHOTO_GATES}
    everything = FaceSet.load(path)
    for exam in cross_validation(everything):
        faces = exam.faces.where(exam.faces.near_frontal())
        evidence = exam.metric.evidence(faces.points, faces.spreads)
        scores = exam.metric.score(evidence, evidence)
        same = faces.person[:, None] == faces.person[None]
        other_photo = ~np.eye(len(faces), dtype=bool)
        for gate, (own, strangers, counts) in found.items():
            enrolled = faces.spreads <= gate
            counted = enrolled[:, None] & (faces.spreads <= WEBCAM.max_spread)[None] & other_photo
            own.append(scores[counted & same])
            strangers.append(scores[counted & ~same])
            left = len(np.unique(faces.person[enrolled]))
            counts[:] = np.add(counts, [enrolled.sum(), len(faces), left, faces.people]).tolist()
    rows = []
    for gate, (own, strangers, (photos, all_photos, people, all_people)) in found.items():
        genuine, impostor = np.concatenate(own), np.concatenate(strangers)
        rows.append(
            {
                "max_spread": gate,
                "photos_refused": round(1 - photos / all_photos, 3),
                "people_without_a_photo": round(1 - people / all_people, 3),
                "genuine_pairs": len(genuine),
                **{f"fnmr_{fmr:g}": round(float((genuine <= threshold_at(impostor, fmr)).mean()), 3) for fmr in FMRS},
            }
        )
    near_frontal = everything.spreads[everything.near_frontal()]
    quantiles = {str(share): round(float(np.percentile(near_frontal, share)), 4) for share in (5, 25, 50, 75, 95, 98)}
    return {"photos": len(near_frontal), "spread_percentiles": quantiles, "gates": rows}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--people", type=int, default=20, help="dummies (20)")
    parser.add_argument("--data", type=Path, help="npz of landmarks of real photos")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    result: dict[str, Any] = {}
    if options.data is not None:
        result["spread"] = spread_of_photos(options.data)
    if options.people:
        result["dummies"] = gates_on_dummies(Predictor.load(), options.people)
    if options.json:
        print(json.dumps(result, indent=1))
        return
    for row in result.get("spread", {}).get("gates", ()):
        print("  ".join(f"{key} {value}" for key, value in row.items()))
    for kind, rows in result.get("dummies", {}).items():
        for name, row in rows.items():
            print(f"{kind:7}{name:15}" + "  ".join(f"{key} {value}" for key, value in row.items()))


if __name__ == "__main__":
    main()
