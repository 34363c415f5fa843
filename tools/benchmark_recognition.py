"""How well coordinates alone tell people apart: error rates on a file of labelled landmarks.

Without --cross-validate the metric of the package is measured, with it one that is trained inside the folds of the
file. Near-frontal faces only; "gated" leaves out unsteady ones too. All rates are in per cent, pooled over ten random
draws of enrolment and probe samples of one source; a layout that fewer than three people fill has no row.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from faced.errors import FacedError
from faced.recognition import accuracy, trials
from faced.recognition.faces import FaceSet
from faced.recognition.metric import Metric
from faced.recognition.trials import Trials

LAYOUTS = ((1, 1), (1, 3), (1, 5), (3, 3), (3, 5))
FMRS = {"1e-1": 1e-1, "1e-2": 1e-2, "1e-3": 1e-3}
KEYS = ("eer", *(f"fnmr_{name}" for name in FMRS))
#: With --one-site: half of the people give the mean that is subtracted from the others.
SITE_SETS = {"site-centred near-frontal": False, "site-centred all poses": True}
SETS = {"near-frontal": False, "near-frontal gated": True}


def main(arguments: list[str] | None = None) -> int:
    options = _options(arguments)
    try:
        result = benchmark(options.data, options.cross_validate, options.intervals, one_site=options.one_site)
    except FacedError as error:
        print(f"benchmark_recognition: {error}", file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps(result))
    else:
        _print_table(result)
    return 0


def benchmark(path: Path, cross_validate: bool, resamples: int = 0, *, one_site: bool = False) -> dict[str, Any]:
    """All that is printed, as one document.

    :param one_site: also with the site's mean subtracted; not together with ``cross_validate``.
    :param resamples: of the people, for 95 % intervals; 0 for none.
    """
    faces = FaceSet.load(path)
    result: dict[str, Any] = {
        "seen_in_training": False,
        "cross_validated": cross_validate,
        "people": faces.people,
        "samples": len(faces),
        "missing": [
            name
            for name, array in (("spread", faces.spread), ("yaw", faces.yaw_deg), ("pitch", faces.pitch_deg))
            if array is None
        ],
    }
    if cross_validate:
        exams = accuracy.cross_validation(faces)
    else:
        metric = Metric.shipped()
        exams = [accuracy.Exam(metric, faces)]
        result |= {"metric": metric.id.hex(), "seen_in_training": metric.trained_on == faces.digest}
    measured = {name: accuracy.measure(exams, LAYOUTS, gated=gated) for name, gated in SETS.items()}
    if one_site:
        for name, all_poses in SITE_SETS.items():
            measured[name] = accuracy.at_one_site(exams[0], LAYOUTS, all_poses=all_poses)
    result["rows"] = [row for name, scores in measured.items() for row in _rows(name, scores, resamples)]
    return result


def _rows(name: str, measured: dict[tuple[int, int], Trials], resamples: int) -> list[dict[str, Any]]:
    rows = []
    for (enrol, probe), scores in measured.items():
        if scores.people < trials.FEWEST_PEOPLE:
            continue
        row = {"set": name, "enrol": enrol, "probe": probe, "people": scores.people, "pairs": scores.pairs}
        rates = trials.rates(scores, list(FMRS.values()))
        row |= {key: round(100 * rate, 3) for key, rate in zip(KEYS, (rates.eer, *rates.fnmr), strict=True)}
        if resamples:
            for key, ends in zip(KEYS, trials.intervals(scores, list(FMRS.values()), resamples), strict=True):
                row[f"{key}_interval"] = [round(100 * end, 3) for end in ends]
        rows.append(row)
    return rows


def _print_table(result: dict[str, Any]) -> None:
    what = "cross-validated" if result["cross_validated"] else "shipped metric"
    print(f"{result['people']} people, {result['samples']} faces, {what}")
    if result["seen_in_training"]:
        print("The metric was TRAINED on these faces: the rates say nothing about other people.")
    if result["missing"]:
        print(f"No {', '.join(result['missing'])} in the file: faces are not gated by it.")
    print(f"{'set':<26}{'e x p':>6}{'people':>8}" + "".join(f"{name + ' %':>24}" for name in KEYS))
    for row in result["rows"]:
        cells = []
        for name in KEYS:
            interval = row.get(f"{name}_interval")
            cells.append(f"{row[name]:.2f}" + (f" [{interval[0]:.1f}-{interval[1]:.1f}]" if interval else ""))
        layout = f"{row['enrol']} x {row['probe']}"
        print(f"{row['set']:<26}{layout:>6}{row['people']:>8}" + "".join(f"{cell:>24}" for cell in cells))


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--data", type=Path, required=True, help="npz: points, person; optional spread, yaw, pitch, fold"
    )
    parser.add_argument("--cross-validate", action="store_true", help="train inside the folds of the file")
    parser.add_argument(
        "--one-site", action="store_true", help="the people are of one site: also with its mean subtracted"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument(
        "--intervals", type=int, default=0, metavar="N", help="95 %% intervals from N resamples of the people, e.g. 300"
    )
    options = parser.parse_args(arguments)
    if options.one_site and options.cross_validate:
        parser.error("--one-site measures the metric of the package; leave out --cross-validate")
    if options.intervals < 0:
        parser.error("--intervals must not be negative")
    return options


if __name__ == "__main__":
    sys.exit(main())
