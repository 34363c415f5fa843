"""Error rates with 95 % intervals in which people, not comparisons, are what is independent (ISO/IEC 19795-1).

Ten pictures of one person err together, so people are drawn with replacement (bootstrap). Where few people, or pairs of
people, have errors the bootstrap is too sure, and the upper end is at least Wilson's for their number. Where no error
was seen nothing is known of how errors cluster, and the rule of three holds: up to 3/N, with N people or pairs.
"""

from __future__ import annotations

import math
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
_Z = 1.96

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
    errors = np.bincount(owner, weights=np.asarray(wrong, np.float64)).astype(np.float64)
    times = _draws(len(everybody))
    shares = (times @ errors) / (times @ trials)
    return _proportion(errors, trials, len(everybody), shares)


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
    times = _draws(count)
    compared = ((times @ trials) * times).sum(axis=1)
    shares = ((times @ errors) * times).sum(axis=1)[compared > 0] / compared[compared > 0]
    upper = np.triu_indices(count, 1)
    return _proportion((errors + errors.T)[upper], (trials + trials.T)[upper], count, shares)


def equal_error_rate(trials: Trials) -> EqualErrorRate | None:
    """The equal error rate; None unless there are comparisons of both kinds."""
    if not len(trials.genuine) or not len(trials.impostor):
        return None
    ((low, high),) = intervals(trials, (), _EER_RESAMPLES)
    rate = rates(trials, ()).eer
    return EqualErrorRate(rate, trials.people, low, high if rate > 0 else max(high, min(1.0, 3.0 / trials.people)))


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


def upper95(errors: int, trials: int) -> float:
    """Upper end of the one-sided exact 95 % interval (Clopper-Pearson) of a share: the share at which so few errors
    would be seen 1 time in 20. For trials that are independent, or too few for anything better."""
    if errors >= trials:
        return 1.0
    low, high = 0.0, 1.0
    for _halving in range(50):
        middle = (low + high) / 2
        seen = sum(math.comb(trials, k) * middle**k * (1 - middle) ** (trials - k) for k in range(errors + 1))
        low, high = (middle, high) if seen > 0.05 else (low, middle)
    return high


def _draws(people: int) -> Floats:
    """(resamples, people): how often each person was drawn."""
    rng = np.random.default_rng(_SEED)
    drawn = rng.multinomial(people, np.full(people, 1.0 / people), size=_RESAMPLES)
    return drawn.astype(np.float64)


def _proportion(errors: Floats, trials: Floats, people: int, shares: Floats) -> Proportion:
    """:param errors: of each independent unit (person or pair); ``trials``: of each, 0 where there was none."""
    wrong, tried = float(errors.sum()), float(trials.sum())
    units, with_errors = int((trials > 0).sum()), int((errors > 0).sum())
    low, high = (float(end) for end in np.percentile(shares, [2.5, 97.5])) if len(shares) else (0.0, 1.0)
    if wrong == 0:
        low, high = 0.0, min(1.0, 3.0 / units)
    elif wrong == tried:
        low, high = max(0.0, 1.0 - 3.0 / units), 1.0
    else:
        # Of the units with errors, the share of trials that went wrong is as it was seen.
        each = wrong / tried / (with_errors / units)
        high = min(1.0, max(high, each * _wilson_high(with_errors, units)))
    return Proportion(int(wrong), int(tried), people, low, high)


def _wilson_high(count: int, of: int) -> float:
    """The upper end of Wilson's 95 % interval of a proportion."""
    square = _Z * _Z
    return (count + square / 2 + _Z * math.sqrt(count * (of - count) / of + square / 4)) / (of + square)
