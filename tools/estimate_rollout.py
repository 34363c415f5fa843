"""How many of the staff will be refused on day one, when they are known from one ID photo alone.

From labelled press photos of other days (--data), cross-validated by person: one photo is enrolled, three others are
the tries of the first morning. How alike the tries of one morning are is not known, so the answer is a bracket: the
lower end takes them as different as photos of three days, the upper end as all alike, so that the first one decides.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from faced.errors import FacedError
from faced.recognition import accuracy
from faced.recognition.accuracy import Exam
from faced.recognition.calibration import OperatingPoint
from faced.recognition.faces import FaceSet

TRIES = 3
#: Limits for the spread of the enrolment photo, box widths: what PHOTO refuses, then the steadiest 75 % and 50 %.
PHOTO_SPREADS = (0.010, 0.0043, 0.0034)
FMRS = (1e-2, 1e-3)
_DRAWS = 20
_RESAMPLES = 1000


@dataclass(frozen=True)
class Estimate:
    """Shares of 1. ``photos_refused`` of near-frontal ones; the ends of the bracket with their 95 % intervals."""

    fmr: float
    photo_spread: float
    photos_refused: float
    people: int
    three_tries: float
    three_tries_interval: tuple[float, float]
    one_try: float
    one_try_interval: tuple[float, float]


def main(arguments: list[str] | None = None) -> int:
    options = _options(arguments)
    try:
        exams = accuracy.cross_validation(FaceSet.load(options.data))
        found = [estimate(exams, OperatingPoint.shipped(fmr), spread) for fmr in FMRS for spread in PHOTO_SPREADS]
    except FacedError as error:
        print(f"estimate_rollout: {error}", file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps([asdict(one) for one in found]))
        return 0
    print("| FMR | ID photos with a spread up to | photos refused | people measured | refused after 3 tries, day one |")
    print("|---|---|---|---|---|")
    for one in found:
        low, high = one.three_tries_interval[0], one.one_try_interval[1]
        print(
            f"| {one.fmr:g} | {one.photo_spread:g} | {100 * one.photos_refused:.0f} % | {one.people} | "
            f"{100 * one.three_tries:.0f}-{100 * one.one_try:.0f} % [{100 * low:.0f}-{100 * high:.0f}] |"
        )
    return 0


def estimate(exams: Sequence[Exam], point: OperatingPoint, photo_spread: float) -> Estimate:
    """:param photo_spread: the limit for the enrolled photo; tries are gated as the webcam gates frames."""
    threshold = point.threshold(1, 1)
    one_try, three_tries = [], []
    refused = seen = 0
    rng = np.random.default_rng(0)
    for exam in exams:
        faces = exam.faces
        frontal = faces.near_frontal()
        enrollable = frontal & (faces.spreads <= photo_spread)
        refused, seen = refused + int((frontal & ~enrollable).sum()), seen + int(frontal.sum())
        evidence = exam.metric.evidence(faces.points, faces.spreads)
        for person in np.unique(faces.person[enrollable]):
            own = np.flatnonzero(frontal & (faces.person == person))
            if len(own) < 1 + TRIES:
                continue
            missed = []
            for _draw in range(_DRAWS):
                photo = rng.choice(np.flatnonzero(enrollable & (faces.person == person)))
                tries = rng.permutation(own[own != photo])[:TRIES]
                score = exam.metric.score(evidence.rows(np.array([photo])), evidence.rows(tries))[0]
                missed.append(score <= threshold)
            one_try.append(float(np.mean([tries[0] for tries in missed])))
            three_tries.append(float(np.mean([tries.all() for tries in missed])))
    return Estimate(
        fmr=point.fmr,
        photo_spread=photo_spread,
        photos_refused=round(refused / seen, 4),
        people=len(one_try),
        three_tries=round(float(np.mean(three_tries)), 4),
        three_tries_interval=_interval(np.array(three_tries), rng),
        one_try=round(float(np.mean(one_try)), 4),
        one_try_interval=_interval(np.array(one_try), rng),
    )


def _interval(of_people: NDArray[np.float64], rng: np.random.Generator) -> tuple[float, float]:
    """95 % bootstrap over people."""
    rows = rng.integers(0, len(of_people), (_RESAMPLES, len(of_people)))
    low, high = np.percentile(of_people[rows].mean(axis=1), [2.5, 97.5])
    return round(float(low), 4), round(float(high), 4)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="npz: points, person, spread, yaw, pitch, fold")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
