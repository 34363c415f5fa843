"""What the landmarks room costs and what its gates let through, on dummy staff.

Dummies show that the machinery works; how often real staff pass a gate is told by `facectl evaluate` at the site.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

# One thread, as in the daemon's unit; read when the libraries load.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import cv2
import numpy as np
from numpy.typing import NDArray

from faced.dummy import (
    Expression,
    Identity,
    Light,
    Pose,
    Sensor,
    Worn,
    clip,
    encode_jpeg,
    id_photo,
    nobody,
    render_frame,
)
from faced.dummy.roster import roster
from faced.landmarks.detector import FaceDetector
from faced.landmarks.observe import FrameReport, Observer, observe_photo
from faced.landmarks.predictor import Predictor

FRAMES = 6
DECISION_FRAMES = 6
SITTINGS = 5

Pictures = Iterator[NDArray[np.uint8]]


def frames(seed: int, seconds: float = FRAMES / 15, **options: Any) -> Pictures:
    """A short sitting of one dummy."""
    return iter(clip(Identity(seed), seed=seed, seconds=seconds, fps=15.0, blinks_s=(), **options))


def stills(seed: int, **options: Any) -> Pictures:
    """A few frames of one dummy who holds still."""
    identity = Identity(seed)
    return (render_frame(identity, seed=number, **options) for number in range(3))


#: Condition: (what the gates should say, None for usable; the pictures of one dummy).
CONDITIONS: dict[str, tuple[set[str] | None, Callable[[int], Pictures]]] = {
    "ordinary": (None, frames),
    "lamp from the left": (None, lambda seed: frames(seed, light=Light(left=0.8, up=0.3, front=0.6))),
    "glasses": (None, lambda seed: frames(seed, worn=Worn(glasses=True))),
    "at 90 cm": (None, lambda seed: frames(seed, distance_cm=90.0)),
    "dim and noisy": (None, lambda seed: frames(seed, sensor=Sensor(gain=0.5, noise=0.03))),
    "smiling": (None, lambda seed: stills(seed, expression=Expression(smile=0.8))),
    "dark": ({"too_dark", "no_face"}, lambda seed: frames(seed, sensor=Sensor(gain=0.15, noise=0.02))),
    "glaring": ({"too_bright", "unsteady", "no_face"}, lambda seed: frames(seed, light=Light(lamp=2.4, room=1.2))),
    "nobody": ({"no_face"}, lambda seed: iter(nobody(seed, seconds=0.3))),
    "two people": ({"several_faces"}, lambda seed: frames(seed, beside=Identity(seed + 1))),
    "surgical mask": ({"covered", "no_face", "unsteady"}, lambda seed: frames(seed, worn=Worn(mask=True))),
    "hand": ({"covered", "no_face", "unsteady"}, lambda seed: frames(seed, worn=Worn(hand=True))),
    "turned left": ({"turned_left", "no_face"}, lambda seed: stills(seed, pose=Pose(yaw_deg=28.0))),
    "turned right": ({"turned_right", "no_face"}, lambda seed: stills(seed, pose=Pose(yaw_deg=-28.0))),
    "blurred": ({"blurred", "unsteady"}, lambda seed: stills(seed, sensor=Sensor(blur_px=3.5))),
    "eyes closed": ({"eyes_closed"}, lambda seed: stills(seed, expression=Expression(left_lid=1.0, right_lid=1.0))),
    "at 140 cm": ({"too_far", "no_face"}, lambda seed: stills(seed, pose=Pose(distance_cm=140.0))),
    "at 25 cm": ({"too_near", "out_of_picture", "no_face"}, lambda seed: stills(seed, pose=Pose(distance_cm=25.0))),
}


def sitting(predictor: Predictor, pictures: Pictures) -> list[FrameReport]:
    """The reports of one sitting at 15 frames a second."""
    observer = Observer(predictor)
    return [observer.observe(picture, index / 15) for index, picture in enumerate(pictures)]


def conditions(predictor: Predictor, people: int, only: str | None) -> dict[str, Any]:
    """Per condition: frames, the share seen, usable and rightly answered, and the reasons given."""
    result = {}
    for name, (expected, pictures) in CONDITIONS.items():
        if only not in (None, name):
            continue
        reports = [r for seed in roster(people) for r in sitting(predictor, pictures(seed))]
        reasons = Counter(str(report.reason or "usable") for report in reports)
        right = reasons["usable"] if expected is None else sum(reasons[reason] for reason in expected)
        result[name] = {
            "frames": len(reports),
            "seen": round(sum(report.observation is not None for report in reports) / len(reports), 3),
            "usable": round(reasons["usable"] / len(reports), 3),
            "as_expected": round(right / len(reports), 3),
            "reasons": dict(reasons.most_common()),
        }
    return result


def photos(predictor: Predictor, people: int) -> dict[str, Any]:
    """ID photos: usable share, reasons, quartiles of the spread, CPU of one with and without decoding its file."""
    files = [np.frombuffer(encode_jpeg(id_photo(Identity(seed))), np.uint8) for seed in roster(people)]
    reports, cpu_ms, decode_ms = [], [], []
    for file in files:
        start = time.process_time()
        picture = np.asarray(cv2.imdecode(file, cv2.IMREAD_COLOR), np.uint8)
        decode_ms.append((time.process_time() - start) * 1e3)
        reports.append(observe_photo(predictor, picture))
        cpu_ms.append((time.process_time() - start) * 1e3)
    spreads = [report.observation.spread for report in reports if report.observation]
    return {
        "photos": people,
        "cpu_ms": round(float(np.median(cpu_ms)), 1),
        "of_which_decoding_ms": round(float(np.median(decode_ms)), 1),
        "spread_quartiles": [round(float(value), 4) for value in np.percentile(spreads, (25, 50, 75))],
        "reasons": dict(Counter(str(report.reason or "usable") for report in reports).most_common()),
    }


def speed(predictor: Predictor) -> list[dict[str, Any]]:
    """CPU per frame at several numbers of calls, and how many calls stand behind a decision.

    A sitting is two seconds long. The lowest mean of :data:`SITTINGS` sittings counts: what other programs do to the
    cache is no property of this one. For the same reason each row says what one detection in a whole frame cost then.
    """
    pictures = list(frames(roster(1)[0], seconds=2.0))
    grey = cv2.cvtColor(pictures[0], cv2.COLOR_BGR2GRAY).astype(np.uint8)
    rows = []
    for calls in (4, 6, 10, 12, 20):
        sittings, detections, every = [], [], []
        for _sitting in range(SITTINGS):
            start = time.process_time()
            FaceDetector.shared().detect(grey)
            detections.append((time.process_time() - start) * 1e3)
            observer = Observer(predictor, calls=calls)
            reports, cpu_ms = [], []
            for index, picture in enumerate(pictures):
                start = time.process_time()
                reports.append(observer.observe(picture, index / 15))
                cpu_ms.append((time.process_time() - start) * 1e3)
            sittings.append(float(np.mean(cpu_ms)))
            every += cpu_ms
        usable = [report.observation for report in reports if report.reason is None and report.observation]
        rows.append(
            {
                "calls": calls,
                "cpu_ms_mean": round(min(sittings), 1),
                "cpu_ms_median_sitting": round(float(np.median(sittings)), 1),
                "cpu_ms_95": round(float(np.percentile(every, 95)), 1),
                "detection_ms": round(min(detections), 1),
                "mean_by_detection": round(min(sittings) / min(detections), 2),
                "calls_behind_a_decision": sum(observation.calls for observation in usable[:DECISION_FRAMES]),
            }
        )
    return rows


def resident_mb() -> float:
    """Resident memory of this process."""
    fields = Path("/proc/self/statm").read_text(encoding="ascii").split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--only", choices=CONDITIONS, help="one condition, no speed, no photos")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    before_mb = resident_mb()
    start = time.process_time()
    predictor = Predictor.load()
    Observer(predictor).observe(np.zeros((480, 640, 3), np.uint8), 0.0)
    result: dict[str, Any] = {
        "memory_mb": {"libraries": round(before_mb), "with_detector_and_predictor": round(resident_mb())},
        "start_cpu_s": round(time.process_time() - start, 2),
    }
    if options.only is None:
        result |= {"speed": speed(predictor), "photos": photos(predictor, options.people)}
    result["conditions"] = conditions(predictor, options.people, options.only)
    if options.json:
        print(json.dumps(result, indent=1))
        return
    for key in ("memory_mb", "start_cpu_s", "photos"):
        print(f"{key}: {result.get(key, '-')}")
    for row in result.get("speed", ()):
        print("  ".join(f"{key} {value}" for key, value in row.items()))
    for name, row in result["conditions"].items():
        print(f"{name:20} seen {row['seen']:.3f}  as expected {row['as_expected']:.3f}  {row['reasons']}")


if __name__ == "__main__":
    main()
