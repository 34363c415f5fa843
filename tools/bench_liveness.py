"""How often attacks pass for life and people do not: dummies and pictures of them before the real landmarks, the real
matcher and the judge of liveness, at 30 frames a second.

An attack counts only where it was detected and matched; of people only those who matched count, too. What the camera
asks for is done by whoever reads it, the operators of attacks included. Parameters are fixed on the people and seeds of
the tuning set; figures to be quoted come from the report set. Dummies show that the machinery works: a site tries real
prints on its own PCs.
"""

from __future__ import annotations

import argparse
import functools
import json
import multiprocessing
import os
import random
import statistics
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from faced.config import LogonConfig
from faced.dummy import Act, Challenge, Identity, id_photo
from faced.dummy.occasion import Occasion, SeedSet, artefact, attacks, living
from faced.dummy.species import Species
from faced.landmarks.observe import FrameReport, Observation, Observer, observe_photo
from faced.landmarks.predictor import Predictor
from faced.liveness import challenge as liveness
from faced.liveness.judge import LivenessJudge, LivenessPolicy, LivenessState, LivenessVerdict
from faced.recognition.calibration import OperatingPoint
from faced.recognition.decision import Decision, Matcher
from faced.recognition.error_rates import upper95
from faced.recognition.metric import Metric
from faced.recognition.template import FaceTemplate, Sample, Source

FPS = 30.0
#: An attempt ends after so many seconds; the match must come within the first ones.
ATTEMPT_S, MATCH_S = LogonConfig().attempt_timeout_s, 4.0
TRIES = 3
_FMR = 0.01
_DAY = 20_000
#: Presentations that are tried for each that has to count, at most.
_SPARE = 2
_TOOLBOX = 10
_DUMMY_ACT = {
    liveness.Challenge.TURN_LEFT: Challenge.LEFT,
    liveness.Challenge.TURN_RIGHT: Challenge.RIGHT,
    liveness.Challenge.LOOK_UP: Challenge.UP,
    liveness.Challenge.LOOK_DOWN: Challenge.DOWN,
    liveness.Challenge.BLINK_TWICE: Challenge.BLINK,
    liveness.Challenge.OPEN_MOUTH: Challenge.MOUTH,
}

Image = NDArray[np.uint8]


class Judge(Protocol):
    """What is used of :class:`faced.liveness.judge.LivenessJudge`."""

    def see(self, sight: Observation) -> bool: ...
    def lost(self) -> None: ...
    def frame(self, timestamp_s: float, digest: bytes) -> None: ...
    def cue(self, name: str, value: float, timestamp_s: float) -> None: ...
    def begin(self, now_s: float) -> liveness.Challenge | None: ...
    def verdict(self, now_s: float) -> LivenessVerdict: ...


@dataclass(frozen=True)
class Result:
    """One presentation.

    :param passed: taken for life without deny cues, and ``passed_cues`` with them.
    :param asked: the requests that were shown, in order.
    :param rule: what denied; empty if nothing did.
    :param accept_s: seconds from the first request to live.
    """

    occasion: Occasion
    matched: bool
    passed: bool = False
    passed_cues: bool = False
    asked: tuple[str, ...] = ()
    rule: str = ""
    accept_s: float | None = None
    frames: int = 0


@dataclass
class Sitter:
    """Who is before the camera: the film that is drawn as far as somebody looks, and what is done about requests."""

    occasion: Occasion
    identity: Identity
    acts: tuple[Act, ...] = ()
    shown: LivenessVerdict | None = None
    requests: int = 0

    def __post_init__(self) -> None:
        self._film = self._made()

    def __len__(self) -> int:
        return len(self._film)

    def __getitem__(self, index: int) -> Image:
        return self._film[index]

    def prompted(self, verdict: LivenessVerdict, now_s: float) -> bool:
        """Read the screen; True if there is something new on it."""
        if verdict == self.shown:
            return False
        self.shown = verdict
        if verdict.state is not LivenessState.ASK or verdict.challenge is None:
            return False
        if verdict.further:
            self.acts = self.occasion.further(self.acts, now_s)
        else:
            self.requests += 1
            answer = self.occasion.answer(_DUMMY_ACT[verdict.challenge], now_s, self.requests)
            self.acts = (*self.acts, answer)
        self._film = self._made()
        return True

    def _made(self) -> Any:
        return self.occasion.clip(self.identity, ATTEMPT_S, FPS, self.acts)


def attempt(
    sitter: Sitter,
    observe: Callable[[Image, float], FrameReport],
    matcher: Callable[[], Matcher],
    judge: Judge,
    with_cues: Judge | None = None,
) -> Result:
    """One attempt from the first frame to the decision.

    :param judge: knows no cues; what it asks is what is answered. ``with_cues`` sees the same and what
        the pixels around the face say.
    """
    judges = [judge] if with_cues is None else [judge, with_cues]
    matching, matched, track = matcher(), False, 0
    asked: list[str] = []
    asked_s: float | None = None
    verdict = LivenessVerdict(LivenessState.WAITING)
    index = -1
    for index in range(len(sitter)):
        now_s = index / FPS
        if not matched and now_s > MATCH_S and not asked:
            break
        report = observe(sitter[index], now_s)
        for one in judges:
            one.frame(now_s, report.digest)
        broken = report.track != track and index > 0
        track = report.track
        if broken:
            for one in judges:
                one.lost()
        if report.observation is not None:
            broken = not all([one.see(report.observation) for one in judges]) or broken
            for name, value in report.cues if with_cues is not None else ():
                with_cues.cue(name, value, now_s)
        if broken:
            matching, matched = matcher(), False
        if not matched and report.reason is None and report.observation is not None:
            matching.add(report.observation.points, report.observation.spread)
            if matching.verdict().decision is Decision.NO_MATCH:
                break
            if matching.verdict().decision is Decision.MATCH:
                matched = True
                for one in judges:
                    one.begin(now_s)
        if matched or asked:
            verdicts = [one.verdict(now_s) for one in judges]
            verdict = verdicts[0]
            if sitter.prompted(verdict, now_s):
                asked.append("further" if verdict.further else str(verdict.challenge))
                asked_s = now_s if asked_s is None else asked_s
            if verdict.state in (LivenessState.LIVE, LivenessState.NOT_LIVE):
                break
    live = verdict.state is LivenessState.LIVE
    return Result(
        sitter.occasion,
        matched=matched or bool(asked),
        passed=live,
        passed_cues=live and judges[-1].verdict(now_s).state is LivenessState.LIVE,
        asked=tuple(asked),
        rule=verdict.rule,
        accept_s=now_s - asked_s if live and asked_s is not None else None,
        frames=index + 1,
    )


def counted(results: Sequence[Result], *, cues: bool) -> dict[str, Any]:
    """Figures of one species; only what matched counts."""
    counting = [one for one in results if one.matched]
    passed = sum(one.passed_cues if cues else one.passed for one in counting)
    n = len(counting)
    share = passed / n if n else 0.0
    return {
        "n": n,
        "presented": len(results),
        "people": len({one.occasion.person for one in counting}),
        "passed": passed,
        "iapar_upper95": round(upper95(passed, n), 4),
        "window_of_3": round(1 - (1 - share) ** TRIES, 4),
        "denied_by": dict(Counter(one.rule for one in counting if one.rule)),
    }


def toolbox(ten: Callable[[int, int], Sequence[Result]]) -> dict[str, Any]:
    """The rule of the Common Criteria biometric toolbox for one artefact: ten presentations, none or one may pass; two
    mean ten more, which must all be refused; three fail.

    :param ten: the results of presentations from the one number to the other.
    """
    results = [*ten(0, _TOOLBOX)]
    if sum(one.passed for one in results) == 2:
        results += ten(_TOOLBOX, 2 * _TOOLBOX)
    passed, n = sum(one.passed for one in results), len(results)
    matched = sum(one.matched for one in results)
    return {
        "n": n,
        "matched": matched,
        "passed": passed,
        # Presentations that never came as far as the liveness check say nothing about it.
        "verdict": ("pass" if passed <= (1 if n == _TOOLBOX else 2) else "fail") if matched else "nothing matched",
    }


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    options = _options(arguments)
    # Each process has a processor of its own.
    with multiprocessing.get_context("spawn").Pool(options.jobs, cv2.setNumThreads, (1,)) as pool:

        def present(occasions: Iterable[Occasion]) -> list[Result]:
            return list(_told(pool.imap_unordered(_watched, [(one, options.challenges) for one in occasions])))

        people = present(living(options.set, options.live))
        species, boxes = {}, {}
        for kind in options.species:
            species[kind] = _enough(kind, options.set, options.per_species, present)
            if options.toolbox:
                tool = functools.partial(artefact, options.set, kind)
                boxes[str(kind)] = toolbox(lambda first, end, tool=tool: present(tool(first, end)))  # type: ignore[misc]
    report = _report(options, species, people, boxes)
    if options.json:
        print(json.dumps(report))
    else:
        _print(report)
    return 0


def _enough(
    kind: Species, which: SeedSet, count: int, present: Callable[[Sequence[Occasion]], list[Result]]
) -> list[Result]:
    """Presentations until so many have matched, or twice as many were tried."""
    plan = attacks(which, kind, _SPARE * count)
    results: list[Result] = []
    while plan and (missing := count - sum(one.matched for one in results)) > 0:
        results += present(plan[:missing])
        plan = plan[missing:]
    return results


def _told(results: Iterator[Result]) -> Iterator[Result]:
    for one in results:
        kind = one.occasion.species or "live"
        outcome = "not matched" if not one.matched else "passed" if one.passed else f"denied ({one.rule})"
        print(f"{kind} {one.occasion.person}: {' '.join(one.asked)} {outcome}, {one.frames} frames", file=sys.stderr)
        yield one


def _watched(task: tuple[Occasion, int]) -> Result:
    occasion, challenges = task
    identity = _person(occasion.person)
    template = _template(occasion.person)
    if template is None:
        return Result(occasion, matched=False)
    predictor, metric, point = _instruments()
    observer = Observer(predictor)
    chance = f"{occasion.species} {occasion.person} {occasion.seed}"
    plain, strict = (
        LivenessJudge(LivenessPolicy(challenges=challenges, deny_cues=deny), random.Random(chance))  # noqa: S311 - repeatable
        for deny in (False, True)
    )
    return attempt(
        Sitter(occasion, identity), observer.observe, lambda: Matcher(metric, point, template), plain, strict
    )


@functools.cache
def _instruments() -> tuple[Predictor, Metric, OperatingPoint]:
    return Predictor.load(), Metric.shipped(), OperatingPoint.shipped(_FMR)


@functools.lru_cache(maxsize=8)
def _person(seed: int) -> Identity:
    return Identity(seed)


@functools.lru_cache(maxsize=64)
def _template(person: int) -> FaceTemplate | None:
    report = observe_photo(_instruments()[0], id_photo(_person(person)))
    if report.reason is not None or report.observation is None:
        return None
    seen = report.observation
    return FaceTemplate((Sample.from_points(seen.points, seen.spread, Source.PHOTO, _DAY),))


def _report(
    options: argparse.Namespace,
    species: Mapping[Species, Sequence[Result]],
    people: Sequence[Result],
    boxes: Mapping[str, Any],
) -> dict[str, Any]:
    matched = [one for one in people if one.matched]
    refused = [one for one in matched if not one.passed]
    accept_s = sorted(one.accept_s for one in matched if one.accept_s is not None)
    return {
        "set": str(options.set),
        "challenges": options.challenges,
        "species": {str(kind): counted(results, cues=False) for kind, results in species.items()},
        "species_with_cues": {str(kind): counted(results, cues=True) for kind, results in species.items()},
        "bpcer": _share(len(refused), len(matched)),
        "bpcer_upper95": round(upper95(len(refused), len(matched)), 4) if matched else None,
        "bpcer_with_cues": _share(sum(not one.passed_cues for one in matched), len(matched)),
        "live_n": len(matched),
        "live_presented": len(people),
        "live_people": len({one.occasion.person for one in matched}),
        "live_denied_by": dict(Counter(one.rule or "undecided" for one in refused)),
        "accept_s_median": round(statistics.median(accept_s), 2) if accept_s else None,
        "accept_s_p95": round(accept_s[round(0.95 * (len(accept_s) - 1))], 2) if accept_s else None,
        "toolbox": dict(boxes),
    }


def _share(count: int, of: int) -> float | None:
    return round(count / of, 4) if of else None


def _print(report: Mapping[str, Any]) -> None:
    print(f"{report['set']} set, {report['challenges']} challenge(s); only what was detected and matched counts")
    for kind, row in report["species"].items():
        with_cues = report["species_with_cues"][kind]["passed"]
        box = report["toolbox"].get(kind)
        verdict = f"; toolbox {box['passed']} of {box['n']}: {box['verdict']}" if box else ""
        print(
            f"{kind:20} {row['passed']:3} of {row['n']:3} passed (IAPAR < {100 * row['iapar_upper95']:.1f} %), "
            f"with deny cues {with_cues}; {row['n']} of {row['presented']} matched; "
            f"three tries {100 * row['window_of_3']:.0f} %{verdict}"
        )
    if report["live_n"]:
        print(
            f"people: BPCER {100 * report['bpcer']:.1f} % of {report['live_n']} "
            f"(< {100 * report['bpcer_upper95']:.1f} %), with deny cues {100 * report['bpcer_with_cues']:.1f} %; "
            f"accepted {report['accept_s_median']} s after the request (median), p95 {report['accept_s_p95']} s; "
            f"refused by {report['live_denied_by']}"
        )


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", type=SeedSet, choices=list(SeedSet), default=SeedSet.REPORT, help="people and seeds")
    parser.add_argument(
        "--species", type=Species, action="append", choices=list(Species), help="may be repeated (all of them)"
    )
    parser.add_argument("--per-species", type=int, default=43, help="presentations that must count (43)")
    parser.add_argument("--live", type=int, default=200, help="presentations of people (200)")
    parser.add_argument("--challenges", type=int, default=1, help="what is asked for (1)")
    parser.add_argument("--no-toolbox", dest="toolbox", action="store_false", help="without the ten of one artefact")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (as many as processors)")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args(arguments)
    options.species = options.species or list(Species)
    return options


if __name__ == "__main__":
    sys.exit(main())
