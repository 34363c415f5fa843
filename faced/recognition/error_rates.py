"""Error rates with 95 % intervals in which people, not comparisons, are what is independent (ISO/IEC 19795-1).

Ten pictures of one person err together, so people are drawn with replacement (bootstrap). Where no error was seen the
bootstrap sees none either; then the rule of three holds: up to 3/N, with N people or N different pairs of people.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faced.recognition.alignment import Floats
from faced.recognition.trials import Trials, intervals, rates

_RESAMPLES = 1000
_EER_RESAMPLES = 200
_SEED = 0
_CURVE_POINTS = 120

Counts = NDArray[np.integer] | NDArray[np.bool_]


@dataclass(frozen=True)
class Proportion:
    """A share of trials that went wrong, of so many people; ``low`` and ``high`` are its 95 % interval."""

    errors: int
    trials: int
    people: int
    low: float
    high: float

    @property
    def rate(self) -> float:
        """From 0 to 1."""
        return self.errors / self.trials


@dataclass(frozen=True)
class EqualErrorRate:
    """Where FMR and FNMR are alike, with its 95 % interval, over so many people."""

    rate: float
    people: int
    low: float
    high: float


def over_people(person: NDArray[np.integer], wrong: Counts) -> Proportion | None:
    """The share of trials that went wrong; each trial is of one person.

    :param person: (n,) whose trial it is.
    :param wrong: (n,) whether it went wrong.
    :return: None without a trial.
    """
    if not len(person):
        return None
    everybody, owner = np.unique(person, return_inverse=True)
    trials = np.bincount(owner).astype(np.float64)
    errors = np.bincount(owner, weights=np.asarray(wrong, np.float64))
    times = _draws(len(everybody))
    shares = (times @ errors) / (times @ trials)
    return _proportion(errors.sum(), trials.sum(), len(everybody), len(everybody), shares)


def over_pairs(one: NDArray[np.integer], other: NDArray[np.integer], wrong: Counts) -> Proportion | None:
    """The share of comparisons of different people that went wrong.

    A person drawn twice counts twice, a pair of people as often as the product of both.

    :param one: (n,) and ``other``: (n,) the two people.
    :return: None without a comparison.
    """
    if not len(one):
        return None
    everybody, numbers = np.unique(np.stack([one, other]), return_inverse=True)
    left, right = numbers.reshape(2, -1)
    count = len(everybody)
    trials, errors = np.zeros((count, count)), np.zeros((count, count))
    np.add.at(trials, (left, right), 1.0)
    np.add.at(errors, (left, right), np.asarray(wrong, np.float64))
    pairs = int(np.triu(trials + trials.T > 0, 1).sum())
    times = _draws(count)
    compared = ((times @ trials) * times).sum(axis=1)
    shares = ((times @ errors) * times).sum(axis=1)[compared > 0] / compared[compared > 0]
    return _proportion(errors.sum(), trials.sum(), count, pairs, shares)


def equal_error_rate(trials: Trials) -> EqualErrorRate | None:
    """The equal error rate; None unless there are comparisons of both kinds."""
    if not len(trials.genuine) or not len(trials.impostor):
        return None
    ((low, high),) = intervals(trials, (), _EER_RESAMPLES)
    return EqualErrorRate(rates(trials, ()).eer, trials.people, low, high)


def det_curve(trials: Trials) -> tuple[tuple[float, float], ...]:
    """Points (FMR, FNMR) of the detection error trade-off, from lenient to strict; no score leaves this function.

    Rates of 0 are left out: a curve cannot show them on its axes, nor the data prove them.
    """
    genuine, impostor = np.sort(trials.genuine), np.sort(trials.impostor)
    if not len(genuine) or not len(impostor):
        return ()
    scores = np.unique(np.concatenate([genuine, impostor]))
    fnmr = np.searchsorted(genuine, scores, side="right") / len(genuine)
    fmr = (len(impostor) - np.searchsorted(impostor, scores, side="right")) / len(impostor)
    shown = np.flatnonzero((fnmr > 0) & (fmr > 0) & (fnmr < 1) & (fmr < 1))
    # Even steps along the logarithm of the FMR, not along the scores: the strict end is what matters.
    steps = np.geomspace(fmr[shown].max(), fmr[shown].min(), _CURVE_POINTS) if len(shown) else ()
    chosen: Sequence[int] = sorted({int(shown[np.abs(fmr[shown] - step).argmin()]) for step in steps})
    return tuple((float(fmr[place]), float(fnmr[place])) for place in chosen)


def _draws(people: int) -> Floats:
    """(resamples, people): how often each person was drawn."""
    rng = np.random.default_rng(_SEED)
    drawn = rng.multinomial(people, np.full(people, 1.0 / people), size=_RESAMPLES)
    return drawn.astype(np.float64)


def _proportion(errors: float, trials: float, people: int, independent: int, shares: Floats) -> Proportion:
    low, high = (float(end) for end in np.percentile(shares, [2.5, 97.5])) if len(shares) else (0.0, 1.0)
    rule_of_three = min(1.0, 3.0 / independent)
    if errors == 0:
        low, high = 0.0, rule_of_three
    elif errors == trials:
        low, high = 1.0 - rule_of_three, 1.0
    return Proportion(int(errors), int(trials), people, low, high)
