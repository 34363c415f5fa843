"""What the gates make of covered faces and of bare ones, and what spectacles put on or taken off cost; on dummy staff.

A covered frame that passes would be judged and could cost its person a try; a bare one that is refused makes them wait.
"""

from __future__ import annotations

import argparse
import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

# One thread, as in the daemon's unit; read when the libraries load.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import cv2
import numpy as np

from faced.dummy import Cloth, Expression, Identity, Light, Pose, Sensor, Worn, id_photo, render_frame, roster
from faced.landmarks.observe import FrameReport, Observer, observe_photo
from faced.landmarks.predictor import Predictor
from faced.landmarks.quality import Reason
from faced.recognition.calibration import OperatingPoint
from faced.recognition.decision import Matcher
from faced.recognition.metric import Metric
from faced.recognition.template import FaceTemplate, Sample, Source

COVERED: dict[str, Worn] = {
    **{f"mask, {cloth}": Worn(mask=True, cloth=cloth) for cloth in Cloth if cloth is not Cloth.WOOL},
    **{f"mask below the nose, {c}": Worn(below_nose=True, cloth=c) for c in (Cloth.SURGICAL, Cloth.WHITE, Cloth.BLACK)},
    **{f"scarf, {cloth}": Worn(scarf=True, cloth=cloth) for cloth in (Cloth.WOOL, Cloth.WHITE, Cloth.BLACK)},
    "hand": Worn(hand=True),
    "dark glasses": Worn(sunglasses=True),
    "half of the lenses glaring": Worn(glare=0.5),
    "lenses glaring": Worn(glare=0.7),
    "lenses white": Worn(glare=0.9),
}
BARE: dict[str, dict[str, Any]] = {
    "bare": {},
    "spectacles": {"worn": Worn(glasses=True)},
    "smile": {"expression": Expression(smile=0.8)},
    "mouth open": {"expression": Expression(jaw=0.4)},
}
LIGHTS = (Light(), Light(left=0.8, up=0.3, front=0.6), Light(left=-0.5, up=0.4, lamp=0.5, room=0.3))
SENSORS = (Sensor(), Sensor(balance_bgr=(0.88, 1.0, 1.1)), Sensor(noise=0.02, balance_bgr=(1.1, 1.0, 0.9)))
#: Reasons that speak of something before the face.
COVER = (Reason.COVERED, Reason.TOO_BRIGHT)
SCORED_FRAMES, FEWEST_FRAMES = 6, 5


@dataclass
class Tally:
    """What was said of one kind of picture."""

    reasons: Counter[str]

    def line(self) -> dict[str, Any]:
        total = self.reasons.total()
        return {
            "pictures": total,
            "usable": round(self.reasons["usable"] / total, 3),
            "called_covered": round(sum(self.reasons[reason] for reason in COVER) / total, 3),
            "reasons": dict(self.reasons.most_common()),
        }


def frames(predictor: Predictor, seed: int, options: dict[str, Any]) -> Iterator[FrameReport]:
    """Three frames of one dummy, each by itself: other pose, distance, light and white balance."""
    identity, rng = Identity(seed), np.random.default_rng([29, seed])
    for number, (light, sensor) in enumerate(zip(LIGHTS, SENSORS, strict=True)):
        yaw, pitch, roll = (float(value) for value in rng.normal(0, (4, 3, 2.5)))
        pose = Pose(yaw, pitch, roll, distance_cm=float(rng.uniform(50, 80)))
        picture = render_frame(identity, pose, light=light, sensor=sensor, seed=number, **options)
        yield Observer(predictor).observe(picture, 0.0)


def coverings(predictor: Predictor, people: int) -> dict[str, Any]:
    """Per kind of covering and of bare face, and per kind of picture: usable share and the reasons given."""
    result: dict[str, Any] = {}
    kinds: dict[str, dict[str, Any]] = {**BARE, **{name: {"worn": worn} for name, worn in COVERED.items()}}
    for name, options in kinds.items():
        frame, photo = Tally(Counter()), Tally(Counter())
        for seed in roster(people):
            frame.reasons.update(str(report.reason or "usable") for report in frames(predictor, seed, options))
            if "expression" not in options:
                picture = id_photo(Identity(seed), worn=options.get("worn", Worn()))
                photo.reasons[str(observe_photo(predictor, picture).reason or "usable")] += 1
        result[name] = {"frame": frame.line()} | ({"photo": photo.line()} if photo.reasons else {})
    return result


def spectacles(predictor: Predictor, people: int) -> dict[str, Any]:
    """Photo and sitting with and without spectacles: the scores of the person's own six frames, and those accepted."""
    metric, point = Metric.shipped(), OperatingPoint.shipped()
    found: dict[tuple[bool, bool], list[tuple[float, bool]]] = {}
    unusable: Counter[str] = Counter()
    for seed in roster(people):
        identity = Identity(seed)
        sittings = {worn: _sitting(predictor, identity, worn) for worn in (False, True)}
        for enrolled in (False, True):
            seen = observe_photo(predictor, id_photo(identity, worn=Worn(glasses=enrolled))).observation
            if seen is None:
                unusable[f"photo {'with' if enrolled else 'without'}"] += 1
                continue
            template = FaceTemplate((Sample.from_points(seen.points, seen.spread, Source.PHOTO, 0),))
            for worn, reports in sittings.items():
                matcher = Matcher(metric, point, template)
                for report in reports:
                    if report.reason is None and report.observation is not None:
                        matcher.add(report.observation.points, report.observation.spread)
                verdict = matcher.verdict()
                if verdict.frames < FEWEST_FRAMES:
                    unusable[f"sitting {'with' if worn else 'without'}, photo {'with' if enrolled else 'without'}"] += 1
                    continue
                found.setdefault((enrolled, worn), []).append((verdict.score, verdict.score > verdict.threshold))
    words = {False: "without", True: "with"}
    rows = {
        f"photo {words[enrolled]}, sitting {words[worn]}": {
            "sittings": len(scores),
            "score_median_nats": round(float(np.median([score for score, _accepted in scores])), 2),
            "below_threshold": sum(not accepted for _score, accepted in scores),
        }
        for (enrolled, worn), scores in sorted(found.items())
    }
    return {"fmr": point.fmr, "unusable": dict(unusable), **rows}


def _sitting(predictor: Predictor, identity: Identity, worn: bool) -> list[FrameReport]:
    rng = np.random.default_rng([31, identity.seed])
    observer = Observer(predictor)
    reports = []
    for number in range(SCORED_FRAMES):
        yaw, pitch, roll = (float(value) for value in rng.normal(0, (2.5, 2, 1.5)))
        picture = render_frame(identity, Pose(yaw, pitch, roll), worn=Worn(glasses=worn), seed=number)
        reports.append(observer.observe(picture, number / 15))
    return reports


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--only", choices=("coverings", "spectacles"))
    options = parser.parse_args()
    cv2.setNumThreads(1)
    predictor = Predictor.load()
    parts = {"coverings": coverings, "spectacles": spectacles}
    result = {name: part(predictor, options.people) for name, part in parts.items() if options.only in (None, name)}
    if options.json:
        print(json.dumps(result, indent=1))
        return
    for name, kinds in result.get("coverings", {}).items():
        for picture, line in kinds.items():
            print(f"{name:30} {picture:5} usable {line['usable']:.3f} of {line['pictures']:3}  {line['reasons']}")
    for name, line in result.get("spectacles", {}).items():
        print(f"{name}: {line}")


if __name__ == "__main__":
    main()
