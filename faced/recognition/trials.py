"""Genuine and impostor scores of a set of faces, and the error rates that follow (ISO/IEC 19795-1).

The protocol: e enrolment samples against p other samples of the same source, ten random draws a person, every enrolled
person against every probe; the people of a set were not in training.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faced.recognition.alignment import Floats
from faced.recognition.evidence import Evidence
from faced.recognition.metric import Metric

DRAWS = 10
#: Fewer people say nothing about impostors.
FEWEST_PEOPLE = 3
_SEED = 0
_DECIMALS = 9
#: The equal error rate is looked for among about that many impostor scores.
_EER_STEPS = 20_000


@dataclass(frozen=True, eq=False)
class Trials:
    """Scores of one comparison layout, in nats.

    ``genuine``: (g,), ``genuine_person``: (g,). ``impostor``: (i,), ``impostor_people``: (i, 2) enrolled and probe.
    """

    genuine: Floats
    genuine_person: NDArray[np.int64]
    impostor: Floats
    impostor_people: NDArray[np.int64]

    @property
    def people(self) -> int:
        return len(np.unique(self.genuine_person))

    @property
    def pairs(self) -> int:
        """Different unordered pairs of people among the impostor comparisons."""
        everybody = np.unique(self.genuine_person)
        low, high = np.sort(np.searchsorted(everybody, self.impostor_people), axis=1).T
        return len(np.unique(low * len(everybody) + high))


@dataclass(frozen=True)
class Rates:
    """Error rates as shares of 1: the equal error rate, and the FNMR at each FMR asked for."""

    eer: float
    fnmr: tuple[float, ...]


def run(
    metric: Metric, evidence: Evidence, person: NDArray[np.integer], counted: NDArray[np.bool_], enrol: int, probe: int
) -> Trials:
    """The scores of ``enrol`` samples against ``probe`` others; people with too few counted samples are left out.

    :param evidence: n rows of that metric, not pooled.
    :param person: (n,) whose face it is.
    :param counted: (n,) which samples passed the gates.
    """
    rng = np.random.default_rng(_SEED)
    owners = [int(name) for name in np.unique(person[counted])]
    samples = {owner: np.flatnonzero(counted & (person == owner)) for owner in owners}
    owners = [owner for owner in owners if len(samples[owner]) >= enrol + probe]
    parts: list[Trials] = []
    for _draw in range(DRAWS if len(owners) >= FEWEST_PEOPLE else 0):
        order = np.stack([rng.permutation(samples[owner])[: enrol + probe] for owner in owners])
        scores = metric.score(evidence.pooled(order[:, :enrol]), evidence.pooled(order[:, enrol:]))
        # The same two photos are drawn either way round; without this, rounding errors would split such ties and
        # move the equal error rate by 0.03 points from one BLAS to the next.
        scores = scores.round(_DECIMALS)
        same = np.eye(len(owners), dtype=bool)
        names = np.array(owners, dtype=np.int64)
        pairs = np.stack(np.broadcast_arrays(names[:, None], names[None]), axis=-1)
        parts.append(Trials(scores[same], names, scores[~same], pairs[~same]))
    return joined(parts)


def joined(parts: Sequence[Trials]) -> Trials:
    """The scores of all parts together, for instance of the folds of a cross-validation."""
    return Trials(
        np.concatenate([np.zeros(0), *(part.genuine for part in parts)]),
        np.concatenate([np.zeros(0, np.int64), *(part.genuine_person for part in parts)]),
        np.concatenate([np.zeros(0), *(part.impostor for part in parts)]),
        np.concatenate([np.zeros((0, 2), np.int64), *(part.impostor_people for part in parts)]),
    )


def threshold_at(impostor: Floats, fmr: float) -> float:
    """The score that at most that share of the impostor scores exceeds; a match must exceed it."""
    return float(np.sort(impostor)[::-1][min(len(impostor) - 1, int(fmr * len(impostor)))])


def rates(trials: Trials, fmrs: Sequence[float]) -> Rates:
    """Error rates of scores that hold at least one genuine and one impostor comparison."""
    genuine, impostor = np.sort(trials.genuine), np.sort(trials.impostor)
    fnmr = tuple(float((genuine <= threshold_at(impostor, fmr)).mean()) for fmr in fmrs)
    step = max(1, len(impostor) // _EER_STEPS)
    candidates = np.sort(np.concatenate([genuine, trials.impostor[::step]]))
    missed = np.searchsorted(genuine, candidates) / len(genuine)
    let_in = 1.0 - np.searchsorted(impostor, candidates) / len(impostor)
    nearest = int(np.argmin(np.abs(missed - let_in)))
    return Rates(float(missed[nearest] + let_in[nearest]) / 2.0, fnmr)


def intervals(trials: Trials, fmrs: Sequence[float], resamples: int) -> list[tuple[float, float]]:
    """95 % intervals of the equal error rate and of each FNMR, from people drawn with replacement (bootstrap).

    A person drawn twice counts twice, a pair of people as often as the product of both.
    """
    everybody, owner = np.unique(trials.genuine_person, return_inverse=True)
    enrolled, probed = np.searchsorted(everybody, trials.impostor_people).T
    low, high = np.argsort(trials.genuine), np.argsort(trials.impostor)
    genuine, impostor = trials.genuine[low], trials.impostor[high]
    owner, enrolled, probed = owner[low], enrolled[high], probed[high]
    below = np.searchsorted(impostor, genuine)
    rng = np.random.default_rng(_SEED)
    found = np.zeros((resamples, 1 + len(fmrs)))
    for row in found:
        times = np.bincount(rng.integers(0, len(everybody), len(everybody)), minlength=len(everybody))
        missed = _shares(times[owner])
        let_in = 1.0 - _shares(times[enrolled] * times[probed])
        nearest = int(np.argmin(np.abs(missed[1:] - let_in[below])))
        row[0] = (missed[1:][nearest] + let_in[below][nearest]) / 2.0
        # The lowest score that no more than the wanted share of impostors exceeds.
        cuts = impostor[np.searchsorted(-let_in[1:], -np.array(fmrs))]
        row[1:] = missed[np.searchsorted(genuine, cuts, side="right")]
    low_end, high_end = np.percentile(found, [2.5, 97.5], axis=0)
    return [(float(low_end[column]), float(high_end[column])) for column in range(found.shape[1])]


def _shares(times: NDArray[np.int64]) -> Floats:
    """Cumulative share of the sorted scores below each place: (n + 1,), from 0 to 1."""
    total = np.concatenate([[0.0], np.cumsum(times, dtype=np.float64)])
    shares: Floats = total / max(float(total[-1]), 1.0)
    return shares
