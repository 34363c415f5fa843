"""What one attempt is worth: how alike the frames of a sitting are, what every look adds to the false match rate, and
what a lockout window of three tries lets in.

Two sources, each with what it lacks: photos that people posed for in one room (--data: real faces, but no films), and
dummy clips at 30 frames a second (films, but no real faces). Both are judged at the shipped thresholds with a
calibration of the site over other people.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from faced.dummy.roster import roster
from faced.errors import FacedError
from faced.recognition.accuracy import site_halves
from faced.recognition.alignment import Floats
from faced.recognition.calibration import OperatingPoint
from faced.recognition.decision import CERTAIN, MAX_FRAMES, MIN_FRAMES, Decision, looked
from faced.recognition.evidence import SITTING_CORRELATION, Evidence, effective, stacked
from faced.recognition.faces import FaceSet
from faced.recognition.metric import Metric
from faced.recognition.site import SiteCalibration
from tools.benchmark_staff import watch

TRIES = 3
_FPS = 30.0
_DRAWS = 10


@dataclass(frozen=True)
class Sittings:
    """Everybody's enrolment evidence by name, and evidence of the frames of each try, all centred on their site.

    ``tries``: (name, try) -> frames in order. ``first`` and ``last``: the number of frames at the first and the last
    look.
    """

    source: str
    enrolled: dict[int, Evidence]
    tries: dict[tuple[int, int], Evidence]
    first: int
    last: int


@dataclass(frozen=True)
class Row:
    """Shares of 1: ``fmr`` of the last look alone, ``far_every_look`` if each look had the same threshold,
    ``far_attempt`` of an attempt as it is decided, ``far_window`` of three attempts of one stranger.
    """

    source: str
    fmr_wanted: float
    strangers: int
    fmr: float
    far_every_look: float
    far_attempt: float
    far_window: float
    own: int
    frr_attempt: float
    early: float


def main(arguments: list[str] | None = None) -> int:
    options = _options(arguments)
    metric = Metric.shipped()
    try:
        sources = []
        if options.data is not None:
            sources.append(list(photos(metric, FaceSet.load(options.data))))
        if options.people:
            sources.append([clips(metric, options.people)])
        points = [OperatingPoint.shipped(fmr) for fmr in options.fmr]
        result = {
            "assumed_correlation": SITTING_CORRELATION,
            "effective_frames": {
                str(frames): round(effective(frames, SITTING_CORRELATION), 2) for frames in (MIN_FRAMES, MAX_FRAMES)
            },
            "correlation": {source[0].source: round(correlation(metric, source), 3) for source in sources if source},
            "rows": [asdict(row(metric, point, source)) for source in sources if source for point in points],
        }
    except FacedError as error:
        print(f"benchmark_attempts: {error}", file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps(result))
    else:
        _print(result)
    return 0


def photos(metric: Metric, faces: FaceSet) -> Iterator[Sittings]:
    """Near-frontal photos of people at one site: half of the people calibrate it, the others are compared.

    One photo is enrolled; of the rest each try gets as many as there are, at most three, as if they were frames.
    """
    counted = faces.near_frontal()
    evidence = metric.evidence(faces.points, faces.spreads)
    rng = np.random.default_rng(0)
    for centred, compared in site_halves(evidence, faces.person, counted, _DRAWS, rng):
        enrolled, tries = {}, {}
        for one in compared:
            rows = rng.permutation(np.flatnonzero(counted & (faces.person == one)))
            if len(rows) < 1 + 3 * TRIES - 2:
                continue
            enrolled[int(one)] = centred.rows(rows[:1])
            for number, part in enumerate(np.array_split(rows[1:], TRIES)):
                tries[int(one), number] = centred.rows(part)
        yield Sittings("photos of one room", enrolled, tries, first=1, last=3)


def clips(metric: Metric, people: int) -> Sittings:
    """Dummies, enrolled from their ID photo, before the webcam on three occasions."""
    staff = watch(roster(people), TRIES, seconds=1.0, fps=_FPS)
    site = SiteCalibration.over(metric, list(staff.templates.values()))
    enrolled = {one: template.evidence(metric).centred(site.centre) for one, template in staff.templates.items()}
    tries = {}
    for (one, occasion), seen in staff.sittings.items():
        frames = seen[:MAX_FRAMES]
        if len(frames) == MAX_FRAMES:
            points, spread = np.stack([frame.points for frame in frames]), np.array([frame.spread for frame in frames])
            tries[one, occasion] = metric.evidence(points, spread).centred(site.centre)
    return Sittings("dummy clips", enrolled, tries, first=MIN_FRAMES, last=MAX_FRAMES)


def correlation(metric: Metric, parts: Iterable[Sittings]) -> float:
    """The share of a frame's error that all frames of its sitting have in common.

    Dimensions count by what they tell of a person. For films the common part is what sittings of one person differ by;
    for photos of one room, which are one long sitting, what is missing to the unit variance of other days.
    """
    psi = metric.population.share @ metric.population.variance
    weight = psi / (1.0 + psi) / (psi / (1.0 + psi)).sum()
    found = []
    for part in parts:
        names = sorted({one for one, _number in part.tries})
        by_person = {one: [frames for (name, _), frames in part.tries.items() if name == one] for one in names}
        if part.source.startswith("dummy"):
            within = np.mean([frames.latent.var(axis=0, ddof=1) for frames in part.tries.values()], axis=0)
            means = [np.stack([frames.latent.mean(axis=0) for frames in each]) for each in by_person.values()]
            between = np.mean([each.var(axis=0, ddof=1) for each in means if len(each) > 1], axis=0)
            between = between - within / part.last
            found.append(float((between @ weight) / ((between + within) @ weight)))
        else:
            found.append(1.0 - float(_scatter([stacked(each) for each in by_person.values()]) @ weight))
    return float(np.mean(found))


def _scatter(people: list[Evidence]) -> Floats:
    """(d,) variance of samples around their person, in units of what their precision promises."""
    total = np.zeros(people[0].latent.shape[1])
    for one in people:
        weight = np.broadcast_to(one.precision, one.latent.shape)
        mean = (one.latent * weight).sum(axis=0) / weight.sum(axis=0)
        total += (weight * (one.latent - mean) ** 2).sum(axis=0)
    return np.asarray(total / sum(len(one) - 1 for one in people))


def row(metric: Metric, point: OperatingPoint, parts: Iterable[Sittings]) -> Row:
    """Every try against everybody's template, at the threshold of one photo on each side."""
    threshold = point.threshold(1, 1)
    own, strangers, windows = [], [], []
    for part in parts:
        window: dict[tuple[int, int], list[bool]] = {}
        for (visitor, _number), frames in part.tries.items():
            scores = _looks(metric, part, frames)
            for column, name in enumerate(part.enrolled):
                seen = _attempt(scores[:, column] - threshold)
                (own if name == visitor else strangers).append(seen)
                if name != visitor:
                    window.setdefault((visitor, name), []).append(seen.accepted)
        windows += [any(tries) for tries in window.values() if len(tries) == TRIES]
    return Row(
        source=next(iter(parts)).source,
        fmr_wanted=point.fmr,
        strangers=len(strangers),
        fmr=_share(seen.at_the_end for seen in strangers),
        far_every_look=_share(seen.at_any_look for seen in strangers),
        far_attempt=_share(seen.accepted for seen in strangers),
        far_window=_share(windows),
        own=len(own),
        frr_attempt=_share(not seen.accepted for seen in own),
        early=_share(seen.early for seen in own),
    )


@dataclass(frozen=True)
class _Attempt:
    at_the_end: bool
    at_any_look: bool
    accepted: bool
    early: bool


def _looks(metric: Metric, part: Sittings, frames: Evidence) -> Floats:
    """(looks, people) the score after each look at the growing sitting."""
    everybody = stacked(list(part.enrolled.values()))
    counts = range(min(part.first, len(frames)), min(part.last, len(frames)) + 1)
    growing = [frames.rows(np.arange(count)).pooled(correlation=SITTING_CORRELATION) for count in counts]
    return metric.score(everybody, stacked(growing)).T


def _attempt(margins: NDArray[np.float64]) -> _Attempt:
    decisions = [looked(float(margin), last=look == len(margins) - 1) for look, margin in enumerate(margins)]
    first = next(look for look, decision in enumerate(decisions) if decision is not Decision.UNDECIDED)
    return _Attempt(
        at_the_end=bool(margins[-1] > 0),
        at_any_look=bool((margins > 0).any()),
        accepted=decisions[first] is Decision.MATCH,
        early=first < len(margins) - 1,
    )


def _share(events: Iterable[bool]) -> float:
    values = list(events)
    return round(sum(values) / max(len(values), 1), 5)


def _print(result: dict[str, object]) -> None:
    print(
        f"frames of a sitting count with a correlation of {result['assumed_correlation']}: {result['effective_frames']}"
    )
    print(f"measured correlation: {result['correlation']}")
    print(f"an early look asks for {CERTAIN:g} nats more than the last one")
    rows = result["rows"]
    assert isinstance(rows, list)  # noqa: S101 - made above
    for one in rows:
        print(
            f"{one['source']}, FMR {one['fmr_wanted']:g}: last look {100 * one['fmr']:.2f} %, every look alike "
            f"{100 * one['far_every_look']:.2f} %, attempt {100 * one['far_attempt']:.2f} %, window of {TRIES} tries "
            f"{100 * one['far_window']:.2f} % of {one['strangers']} tries of strangers; "
            f"FRR {100 * one['frr_attempt']:.2f} % of {one['own']}, {100 * one['early']:.0f} % decided early"
        )


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="npz: points, person, spread, yaw, pitch of people at one site")
    parser.add_argument("--people", type=int, default=20, help="dummies to watch (20; 0 for none)")
    parser.add_argument("--fmr", type=float, action="append", help="operating point; may be repeated (0.01 and 0.001)")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args(arguments)
    options.fmr = options.fmr or [0.01, 0.001]
    return options


if __name__ == "__main__":
    sys.exit(main())
