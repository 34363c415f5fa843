"""ID photo against webcam from end to end, on dummy staff: how often one is refused or taken for another.

Each dummy is enrolled from one ID photo and then sits before the webcam on several occasions; every sitting is judged
against every template, without a calibration of the site, with one over everybody, and with one over all but the
two compared.
Dummies show that the machinery works; the rates of people come from tools/benchmark_recognition.py.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

from faced.dummy import Identity, clip, id_photo
from faced.dummy.roster import roster
from faced.errors import FacedError
from faced.landmarks.observe import Observation, Observer, observe_photo
from faced.landmarks.predictor import Predictor
from faced.recognition.calibration import OperatingPoint
from faced.recognition.decision import MAX_FRAMES, MIN_FRAMES, Decision, Matcher
from faced.recognition.metric import Metric
from faced.recognition.site import FEWEST_PEOPLE, SiteCalibration
from faced.recognition.template import FaceTemplate, Sample, Source

_FPS = 15.0
_DAY = 20_000


@dataclass(frozen=True)
class Staff:
    """What was seen of the dummies: templates by person, and the usable frames of (person, occasion)."""

    templates: dict[int, FaceTemplate]
    sittings: dict[tuple[int, int], list[Observation]]
    refused: dict[str, int]


class Site(StrEnum):
    """Over whom the site is calibrated: nobody, everybody (as in service), or everybody but the two compared."""

    NOBODY = "nobody"
    EVERYBODY = "everybody"
    OTHERS = "others"


@dataclass(frozen=True)
class Row:
    """Transactions: false rejections of ``own``, false acceptances of ``strangers``, frames until a match (mean)."""

    site: Site
    own: int
    rejected: int
    strangers: int
    accepted: int
    frames_to_match: float


def main(arguments: list[str] | None = None) -> int:
    options = _options(arguments)
    try:
        staff = watch(roster(options.people), options.occasions, options.seconds)
        metric, point = Metric.shipped(), OperatingPoint.shipped(options.fmr)
        rows = [judge(staff, metric, point, site) for site in Site]
    except FacedError as error:
        print(f"benchmark_staff: {error}", file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps({"fmr": options.fmr, "refused": staff.refused, "rows": [asdict(row) for row in rows]}))
        return 0
    print(f"{len(staff.templates)} enrolled, {len(staff.sittings)} sittings, FMR {options.fmr:g}")
    print(f"not used: {staff.refused}")
    for row in rows:
        print(
            f"calibrated over {row.site}: FRR {row.rejected}/{row.own}, "
            f"FAR {row.accepted}/{row.strangers} = {100 * row.accepted / max(row.strangers, 1):.2f} %, "
            f"{row.frames_to_match:.1f} frames to a match"
        )
    return 0


def watch(seeds: Sequence[int], occasions: int, seconds: float, fps: float = _FPS) -> Staff:
    """Enrol these dummies from their ID photos and let each sit before the webcam, on all processors."""
    with multiprocessing.get_context("spawn").Pool(os.cpu_count() or 1) as pool:
        seen = pool.starmap(_watch_one, [(seed, occasions, seconds, fps) for seed in seeds])
    templates = {seed: one.template for seed, one in zip(seeds, seen, strict=True) if one.template is not None}
    sittings = {
        (seed, occasion): frames
        for seed, one in zip(seeds, seen, strict=True)
        for occasion, frames in one.sittings.items()
    }
    return Staff(templates, sittings, dict(sum((one.refused for one in seen), Counter())))


@dataclass(frozen=True)
class _Seen:
    template: FaceTemplate | None
    sittings: dict[int, list[Observation]]
    refused: Counter[str]


def _watch_one(seed: int, occasions: int, seconds: float, fps: float) -> _Seen:
    predictor = Predictor.load()
    identity = Identity(seed)
    template = None
    sittings: dict[int, list[Observation]] = {}
    refused: Counter[str] = Counter()
    photo = observe_photo(predictor, id_photo(identity))
    if photo.reason is not None or photo.observation is None:
        refused[f"photo {photo.reason}"] += 1
    else:
        seen = photo.observation
        template = FaceTemplate((Sample.from_points(seen.points, seen.spread, Source.PHOTO, _DAY),))
    for occasion in range(1, occasions + 1):
        observer = Observer(predictor)
        usable = []
        for index, image in enumerate(clip(identity, occasion, seconds, fps)):
            report = observer.observe(image, index / fps)
            if report.reason is None and report.observation is not None:
                usable.append(report.observation)
            else:
                refused[f"frame {report.reason}"] += 1
        if len(usable) >= MIN_FRAMES:
            sittings[occasion] = usable
        else:
            refused["sitting of too few usable frames"] += 1
    return _Seen(template, sittings, refused)


def judge(staff: Staff, metric: Metric, point: OperatingPoint, site: Site) -> Row:
    """Judge every sitting against every template."""
    sites: dict[frozenset[int], SiteCalibration] = {}
    everybody = SiteCalibration.over(metric, list(staff.templates.values())) if site is Site.EVERYBODY else None
    rejected = accepted = own = strangers = 0
    frames = []
    for (visitor, _occasion), observations in staff.sittings.items():
        for person, template in staff.templates.items():
            pair = frozenset({visitor, person})
            if site is Site.OTHERS and pair not in sites:
                rest = [other for name, other in staff.templates.items() if name not in pair]
                sites[pair] = SiteCalibration.over(metric, rest)
            decision, used = _sequence(Matcher(metric, point, template, sites.get(pair, everybody)), observations)
            if person == visitor:
                own += 1
                rejected += decision is not Decision.MATCH
                if decision is Decision.MATCH:
                    frames.append(used)
            else:
                strangers += 1
                accepted += decision is Decision.MATCH
    return Row(site, own, rejected, strangers, accepted, sum(frames) / max(len(frames), 1))


def _sequence(matcher: Matcher, observations: list[Observation]) -> tuple[Decision, int]:
    """As a logon does it: decided at the first frame that decides; undecided to the end is no match."""
    for observation in observations[:MAX_FRAMES]:
        matcher.add(observation.points, observation.spread)
        verdict = matcher.verdict()
        if verdict.decision is not Decision.UNDECIDED:
            return verdict.decision, verdict.frames
    return Decision.NO_MATCH, len(observations)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=20, help="curated dummies (20)")
    parser.add_argument("--occasions", type=int, default=3, help="webcam clips of each (3)")
    parser.add_argument("--seconds", type=float, default=2.4, help="length of a clip at 15 frames a second (2.4)")
    parser.add_argument("--fmr", type=float, default=0.01, help="operating point (0.01)")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args(arguments)
    if options.people < FEWEST_PEOPLE + 2:
        parser.error(f"--people must be at least {FEWEST_PEOPLE + 2}")
    return options


if __name__ == "__main__":
    sys.exit(main())
