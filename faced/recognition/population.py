"""People before a face is seen: which latent vectors are common, and what that makes of two that are alike.

In the latent space a sample is its person plus noise, of unit variance for a sample of precision 1. People are a
mixture of Gaussians with diagonal covariances, so that a likelihood is closed form and exact for any number of fused
samples: to be alike in a way in which many people are alike says little.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from faced.errors import MetricError
from faced.recognition.alignment import Floats

#: Rows of the (m, k, d) block of :meth:`Population.llr` are taken so that a block stays below this many numbers.
_BLOCK = 4_000_000


@dataclass(frozen=True, eq=False)
class Population:
    """K kinds of people in d dimensions.

    ``share``: (K,) of the people, sums to 1. ``centre``: (K, d) the mean person of a kind. ``variance``: (K, d) of
    people around it.
    """

    share: Floats
    centre: Floats
    variance: Floats

    def __post_init__(self) -> None:
        kinds, dimensions = self.centre.shape if self.centre.ndim == 2 else (0, 0)
        if not kinds or self.share.shape != (kinds,) or self.variance.shape != (kinds, dimensions):
            raise MetricError("A population needs a share, a centre and a variance of each kind of people.")
        if not (self.share > 0).all() or abs(self.share.sum() - 1.0) > 1e-6 or not (self.variance > 0).all():
            raise MetricError("A population with an impossible share or variance.")

    @classmethod
    def single(cls, variance: Floats) -> Population:
        """One kind of people around the origin: ``variance`` is (d,)."""
        return cls(np.ones(1), np.zeros((1, len(variance))), variance[None])

    def llr(self, enrol: Floats, probe: Floats, n_enrol: float | Floats = 1.0, n_probe: float | Floats = 1.0) -> Floats:
        """Log-likelihood ratio of each enrolled person against each probe, in nats; symmetric in its two sides.

        :param enrol: (m, d) means of the latent vectors of m people.
        :param probe: (k, d) means of the latent vectors of k probes.
        :param n_enrol: the precision of each mean: a number, (m, 1) or (m, d).
        :param n_probe: the same, a number, (k, 1) or (k, d).
        :return: (m, k).
        :raises MetricError: another form, or a value that is not finite.
        """
        left, a = self._checked(enrol, n_enrol)
        right, b = self._checked(probe, n_probe)
        if len(a) and len(b) and (a == a[:1]).all() and (b == b[:1]).all():
            alike = [self._joint_alike(kind, left, a[:1], right, b[:1]) for kind in self._kinds()]
            score = _log_sum(np.stack(alike))
        else:
            rows = max(1, _BLOCK // max(1, right.size))
            starts = range(0, len(left), rows)
            blocks = [self._joint(left[at : at + rows, None], a[at : at + rows, None], right, b) for at in starts]
            score = np.concatenate([np.zeros((0, len(right))), *blocks])
        return _finite(score - _log_sum(self._alone(left, a))[:, None] - _log_sum(self._alone(right, b)))

    def llr_of_pairs(self, enrol: Floats, probe: Floats, n_enrol: Floats, n_probe: Floats) -> Floats:
        """The diagonal of :meth:`llr`, (m,): each row of ``enrol`` against the same row of ``probe`` and no other.

        :raises MetricError: as :meth:`llr`, or sides of different lengths.
        """
        left, a = self._checked(enrol, n_enrol)
        right, b = self._checked(probe, n_probe)
        if len(left) != len(right):
            raise MetricError("Pairs need as many enrolled people as probes.")
        rows = max(1, _BLOCK // left.shape[1])
        parts = [slice(at, at + rows) for at in range(0, len(left), rows)]
        joint = np.concatenate([np.zeros(0), *(self._joint(left[p], a[p], right[p], b[p]) for p in parts)])
        return _finite(joint - _log_sum(self._alone(left, a)) - _log_sum(self._alone(right, b)))

    def _alone(self, mean: Floats, weight: Floats) -> Floats:
        """(K, m) log evidence of each mean by itself, share included, without the terms that cancel."""
        parts = []
        for share, centre, variance in zip(self.share, self.centre, self.variance, strict=True):
            spread = variance * weight
            distance = (mean - centre) ** 2 * weight
            parts.append(np.log(share) - 0.5 * (np.log1p(spread) + distance / (1.0 + spread)).sum(axis=1))
        return np.stack(parts)

    def _joint(self, left: Floats, a: Floats, right: Floats, b: Floats) -> Floats:
        """Log evidence of each pair as one person's, without the terms that cancel; the sides (..., d) broadcast."""
        weight = a + b
        apart = ((left - right) ** 2 * (a * b / weight)).sum(axis=-1)
        middle = left * a + right * b
        middle /= weight
        parts = []
        for share, centre, variance in self._kinds():
            spread = variance * weight
            # The distance of the pair's common mean from the kind's centre; both terms in one array.
            distance = (middle - centre) ** 2 * weight
            distance /= 1.0 + spread
            distance += np.log1p(spread)
            parts.append(np.log(share) - 0.5 * distance.sum(axis=-1))
        score: Floats = _log_sum(np.stack(parts)) - 0.5 * apart
        return score

    def _joint_alike(
        self, kind: tuple[float, Floats, Floats], left: Floats, a: Floats, right: Floats, b: Floats
    ) -> Floats:
        """(m, k) where all rows have the same precision: the block collapses to one matrix product."""
        share, centre, variance = kind
        spread = variance * (a + b)
        x, y = left - centre, right - centre
        # -0.5 * (a x^2 + b y^2 - (a x + b y)^2 variance / (1 + spread)), dimension by dimension
        pull = variance / (1.0 + spread)
        own = ((a - a * a * pull) * x**2).sum(axis=1)[:, None] + ((b - b * b * pull) * y**2).sum(axis=1)[None]
        return np.asarray(np.log(share) - 0.5 * np.log1p(spread).sum() - 0.5 * own + (x * (a * b * pull)) @ y.T)

    def _kinds(self) -> list[tuple[float, Floats, Floats]]:
        return [(float(self.share[k]), self.centre[k], self.variance[k]) for k in range(len(self.share))]

    def _checked(self, mean: Floats, count: float | Floats) -> tuple[Floats, Floats]:
        """The means (m, d) and their precisions (m, d)."""
        latent = np.asarray(mean, dtype=np.float64)
        weight = np.asarray(count, dtype=np.float64)
        weight = weight.reshape(1, 1) if weight.ndim == 0 else weight
        dimensions = self.centre.shape[1]
        if latent.ndim != 2 or latent.shape[1] != dimensions or not np.isfinite(latent).all():
            raise MetricError("Expected latent vectors of this metric.")
        if weight.ndim != 2 or len(weight) not in (1, len(latent)) or weight.shape[1] not in (1, dimensions):
            raise MetricError("Expected one weight a row, or one for each dimension.")
        if not np.isfinite(weight).all() or not (weight > 0).all():
            raise MetricError("A number of samples must be above 0.")
        return latent, np.broadcast_to(weight, latent.shape)


def _finite(score: Floats) -> Floats:
    if not np.isfinite(score).all():
        raise MetricError("A score is not a finite number; the frame must not be judged.")
    return score


def _log_sum(logs: Floats) -> Floats:
    """log of the sum of exp over the first axis."""
    most = logs.max(axis=0)
    total: Floats = most + np.log(np.exp(logs - most).sum(axis=0))
    return total
