"""Train the metric of the package: metric.npz, its thresholds and its model card.

The metric is trained on all people of the file. Thresholds and the figures of the model card come from
cross-validation over the folds of the same file, on people that were not in training. The same file, NumPy and number
of BLAS threads (OMP_NUM_THREADS=1) give the same bytes; otherwise the last digits and the metric's id differ.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import faced.recognition
from faced.errors import FacedError
from faced.recognition import accuracy, calibration, trials
from faced.recognition.faces import GATE_SPREAD, FaceSet
from faced.recognition.metric import Metric
from faced.recognition.training import Recipe, Weighing, train

FMRS = (1e-1, 1e-2, 1e-3)
CARD_LAYOUTS = ((1, 1), (1, 3), (1, 5), (3, 3), (3, 5))

CARD = """# Model card: metric.npz

Written by `tools/train_metric.py`; do not edit by hand.

* **What it does**: from similarity-aligned coordinates of dlib's 68 landmarks to a log-likelihood ratio "the same
  person" against "two people". PLDA in {dimensions} dimensions; every sample has a precision of its own in every
  dimension; people are {kinds} kinds ({numbers} numbers). It sees no picture and keeps no person.
* **Metric id** (SHA-256 over the numbers): `{metric_id}`
* **Trained on**: landmark coordinates of {people} unnamed people in {samples} public press photos (other days, light
  and expression), each the mean of 36 predictor calls on a four times enlarged crop. No picture was used in training.
* **Training set** (SHA-256 over points and people):
  `{digest}`;
  `tools/benchmark_recognition.py` says `seen_in_training` for it.
* **Predictor**: dlib's 68-point predictor (iBUG 300-W). The points of another predictor lie elsewhere on the face: do
  not use this metric for them.

## Measured

Cross-validated over {folds} folds: people in training and test are disjoint; thresholds are those of the pooled
impostor scores. Near-frontal is |yaw| < 15 and |pitch| < 12 degrees; gated is a spread of at most {gate} as well, on
both sides. "e x p" is e enrolment photos against p other photos of the person, ten random draws. EER and FNMR in per
cent; in brackets 95 % intervals (bootstrap over people, {resamples} resamples).

{table}

## What each part gave

Cross-validated as above, near-frontal, EER · FNMR at 1e-2 · at 1e-3 in per cent. The last row is the metric of this
package; each row has what the rows above it have.

{ladder}

## Thresholds (operating_points.json)

From the near-frontal set without the spread gate, because more people are in it. A false match rate has a threshold
only for layouts in which at least {fewest} different pairs of people are expected above it. The last column is the
upper end of the 95 % interval over people of the false match rate at that very score.

{points}

## Limits

* Frames of one sitting are not photos of different days: fused frames of a webcam gain less than "1 x 5" says. One ID
  photo against one sitting lies nearer to "1 x 1".
* **Thresholds do not travel.** In one room with one camera, a threshold set on press photos had a false match rate
  several times higher until the mean of the site was subtracted. A site must measure its own impostors:
  `faced/recognition/site.py` does both. Without such a calibration the next stricter threshold is used.
* People of the same sex, age and origin are harder to tell apart than random pairs; relatives and twins were not
  measured. How sex, age and origin are represented in the training set is not known: the people are unnamed.
* Another camera distance (perspective), an open mouth and a turned head cost accuracy.
* A false match rate of 1 % admits one in a hundred strangers who already know the password. It is a second factor and
  must never be the only one.

## Everything that was tried

A table polished by choice is worth nothing: these are all variants that were scored on the same folds, the failures
too, {variants} of them. The shipped recipe is the simplest of the best; differences of 0.5 points of EER are ties.
Since the choice was made by looking at these folds, their figures are a little optimistic. EER · FNMR at 1e-2 · at
1e-3 in per cent; "sketch" are those of the study before this package, "here" those of this package's own code.

{tried}

Training on the tested people too, which is cheating and shows the bound of such models, gives 5.7 · 17 · 38 (1 x 1),
3.8 · 11 · 30 (gated) and 0.46 · 0.4 · 2.5 (3 x 3). What is missing is people: with a quarter, half and all of them
1 x 1 is 9.1 · 31 · 53, 8.2 · 26 · 49 and 7.1 · 21 · 44.

## Licence

The numbers were made by this project and come under the licence of this package. The press photos are public research
material, are not part of the package and cannot be rebuilt from it; whether their terms reach a metric trained on
coordinates was not reviewed by a lawyer. dlib's predictor was trained on iBUG 300-W, whose terms exclude commercial
use; it is not shipped here, and whoever installs it decides on that.
"""


#: From the reference to the shipped recipe, one part after the other.
LADDER = {
    "PLDA, 80 dimensions": Recipe(80, mirrored=False, weighing=Weighing.NOTHING, kinds=1),
    "116 dimensions": Recipe(mirrored=False, weighing=Weighing.NOTHING, kinds=1),
    "mirror images as more people": Recipe(weighing=Weighing.NOTHING, kinds=1),
    "precision from the spread": Recipe(weighing=Weighing.SPREAD, kinds=1),
    "precision from 20 features, by dimension": Recipe(kinds=1),
    "four kinds of people": Recipe(),
}
LADDER_LAYOUTS = (("1x1", 1, 1, False), ("1x1 gated", 1, 1, True), ("1x5 gated", 1, 5, True), ("3x3", 3, 3, False))
VARIANTS = Path(__file__).with_name("metric_variants.json")


def main(arguments: list[str] | None = None) -> int:
    options = _options(arguments)
    try:
        faces = FaceSet.load(options.data)
        exams = accuracy.cross_validation(faces)
        metric = train(faces)
        ungated = accuracy.measure(exams, calibration.LAYOUTS, gated=False)
        points = {fmr: calibration.measured(ungated, fmr) for fmr in calibration.FMRS}
        ladder = "" if options.no_ladder else _ladder(faces, exams)
        card = _card(faces, exams, metric, points, ladder, options.resamples)
    except FacedError as error:
        print(f"train_metric: {error}", file=sys.stderr)
        return 1
    people = ungated[1, 1].people
    measured_on = f"near-frontal press photos of {people} people, cross-validated"
    document = calibration.document(metric, measured_on, points)
    metric.save(options.out / "metric.npz")
    (options.out / "operating_points.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    (options.out / "MODEL_CARD.md").write_text(card, encoding="utf-8")
    print(f"{options.out}: metric {metric.id.hex()[:16]}, {faces.people} people, {len(faces)} samples")
    return 0


def _card(
    faces: FaceSet,
    exams: list[accuracy.Exam],
    metric: Metric,
    points: dict[float, list[calibration.Threshold]],
    ladder: str,
    resamples: int,
) -> str:
    variants = json.loads(VARIANTS.read_text(encoding="utf-8"))
    return CARD.format(
        dimensions=metric.dimensions,
        numbers=metric.size,
        kinds=len(metric.population.share),
        ladder=ladder,
        variants=len(variants),
        tried=_variants_table(variants),
        metric_id=metric.id.hex(),
        people=faces.people,
        samples=len(faces),
        digest=faces.digest.hex(),
        folds=len(exams),
        gate=GATE_SPREAD,
        resamples=resamples,
        fewest=calibration.FEWEST_PAIRS_ABOVE,
        table=_accuracy_table(exams, resamples),
        points=_points_table(points),
    )


def _ladder(faces: FaceSet, shipped: list[accuracy.Exam]) -> str:
    rows = []
    for name, recipe in LADDER.items():
        exams = shipped if recipe == Recipe() else accuracy.cross_validation(faces, recipe)
        row = {"where": "", "name": name}
        for column, enrol, probe, gated in LADDER_LAYOUTS:
            scores = accuracy.measure(exams, [(enrol, probe)], gated=gated)[enrol, probe]
            if scores.people >= trials.FEWEST_PEOPLE:
                rates = trials.rates(scores, FMRS[1:])
                row[column] = [round(100 * rate, 2) for rate in (rates.eer, *rates.fnmr)]
        rows.append(row)
    return _table(rows, ["name"])


def _variants_table(variants: list[dict[str, Any]]) -> str:
    return _table(variants, ["where", "name"])


def _table(rows: list[dict[str, Any]], texts: list[str]) -> str:
    columns = [column for column, *_layout in LADDER_LAYOUTS]
    lines = ["| " + " | ".join([*texts, *columns]) + " |", "|---" * (len(texts) + len(columns)) + "|"]
    for row in rows:
        cells = [" · ".join(f"{rate:.3g}" for rate in row[column]) if row.get(column) else "-" for column in columns]
        lines.append("| " + " | ".join([*(str(row[text]) for text in texts), *cells]) + " |")
    return "\n".join(lines)


def _accuracy_table(exams: list[accuracy.Exam], resamples: int) -> str:
    lines = [
        "| set | e x p | people | EER | FNMR at 1e-1 | FNMR at 1e-2 | FNMR at 1e-3 |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, gated in (("near-frontal", False), ("near-frontal gated", True)):
        for (enrol, probe), scores in accuracy.measure(exams, CARD_LAYOUTS, gated=gated).items():
            if scores.people < trials.FEWEST_PEOPLE:
                continue
            rates = trials.rates(scores, FMRS)
            intervals = trials.intervals(scores, FMRS, resamples)
            cells = [
                f"{100 * value:.1f} [{100 * low:.1f}-{100 * high:.1f}]"
                for value, (low, high) in zip((rates.eer, *rates.fnmr), intervals, strict=True)
            ]
            lines.append(f"| {name} | {enrol} x {probe} | {scores.people} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _points_table(points: dict[float, list[calibration.Threshold]]) -> str:
    lines = ["| FMR | e x p | score | people | pairs | comparisons | FMR up to |", "|---|---|---|---|---|---|---|"]
    for fmr, entries in points.items():
        for entry in entries:
            lines.append(
                f"| {fmr:g} | {entry.enrol} x {entry.probe} | {entry.score:.2f} | {entry.people} | {entry.pairs} "
                f"| {entry.comparisons} | {entry.fmr_high:.2g} |"
            )
    return "\n".join(lines)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="npz: points, person, spread, yaw, pitch, fold")
    parser.add_argument(
        "--out",
        type=Path,
        default=Path(faced.recognition.__file__).parent,
        help="folder; the package itself if not given",
    )
    parser.add_argument("--no-ladder", action="store_true", help="leave out what each part gave: six trainings less")
    parser.add_argument("--resamples", type=int, default=300, help="of the people, for the intervals of the model card")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
