"""The trained metric: from 68 points to the log-likelihood ratio "the same person" against "two different people".

Two-covariance PLDA (Ioffe 2006; Brümmer & de Villiers 2010): an aligned shape is a person's mean plus noise, both
Gaussian. In the latent space the noise has unit variance and the people have the variances ``psi``, dimension by
dimension, so that everything is closed form and exact for any number of fused samples.
"""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from faced.errors import MetricError
from faced.i18n import _
from faced.recognition.alignment import POINTS, Floats, align
from faced.recognition.evidence import Evidence

#: The method this file implements; a file of another method is refused, not guessed at.
METHOD = 1
_SHIPPED = Path(__file__).with_name("metric.npz")
_MOST_BYTES = 1 << 20
_MOST_DIMENSIONS = 2 * POINTS - 4
#: Rows of the (m, k, d) block of :meth:`Metric.llr` are taken so that a block stays below this many numbers.
_BLOCK = 4_000_000


@dataclass(frozen=True, eq=False, repr=False)
class Metric:
    """A linear metric with d dimensions.

    ``reference``: (68, 2) the shape all faces are aligned to. ``mean``: (136,) the mean aligned shape.
    ``transform``: (136, d) from the aligned shape to the latent space. ``psi``: (d,) variance between people, largest
    first, where the variance within a person is 1. ``trained_on``: the digest of the training set
    (:attr:`faced.recognition.faces.FaceSet.digest`), so that a benchmark can say that it has seen these faces.
    """

    reference: Floats
    mean: Floats
    transform: Floats
    psi: Floats
    trained_on: bytes = bytes(32)

    def __post_init__(self) -> None:
        dimensions = len(self.psi)
        shapes = (self.reference.shape, self.mean.shape, self.transform.shape, self.psi.shape)
        expected = ((POINTS, 2), (2 * POINTS,), (2 * POINTS, dimensions), (dimensions,))
        if shapes != expected or not 1 <= dimensions <= _MOST_DIMENSIONS:
            raise MetricError(_("The trained metric has arrays of the wrong shape; install it again."))
        if len(self.trained_on) != 32:
            raise MetricError(_("The trained metric does not say what it was trained on; install it again."))
        if not all(np.isfinite(array).all() for array in self._arrays().values()) or not (self.psi > 0).all():
            raise MetricError(_("The trained metric holds impossible numbers; install it again."))

    @classmethod
    def shipped(cls) -> Metric:
        """The metric of this package (MODEL_CARD.md says what it was trained on).

        :raises MetricError: it is missing or damaged.
        """
        return cls.load(_SHIPPED)

    @classmethod
    def load(cls, path: Path) -> Metric:
        """Read a metric that :meth:`save` wrote.

        :raises MetricError: missing, damaged, too large, or of another method.
        """
        try:
            if path.stat().st_size > _MOST_BYTES:
                raise MetricError(
                    _("{name} is too large for a trained metric; install it again.").format(name=path.name)
                )
            with np.load(path, allow_pickle=False) as file:
                method = file["method"]
                arrays = {name: file[name] for name in ("reference", "mean", "transform", "psi")}
                trained_on = file["trained_on"].tobytes()
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            text = _("The trained metric {name} is missing or damaged; install it again.")
            raise MetricError(text.format(name=path.name)) from error
        if method.shape != () or method.dtype.kind != "i" or int(method) != METHOD:
            text = _("The trained metric {name} is of another method than this version knows; install it again.")
            raise MetricError(text.format(name=path.name))
        if any(array.dtype != np.float64 for array in arrays.values()):
            raise MetricError(_("The trained metric has arrays of the wrong shape; install it again."))
        return cls(**arrays, trained_on=trained_on)

    def save(self, path: Path) -> None:
        """Write the metric as an uncompressed npz; the same metric gives the same bytes."""
        with path.open("wb") as file:
            trained_on = np.frombuffer(self.trained_on, np.uint8)
            np.savez(file, allow_pickle=False, method=np.int64(METHOD), trained_on=trained_on, **self._arrays())

    @property
    def id(self) -> bytes:
        """SHA-256 (32 bytes) over the numbers; scores of metrics with different ids must not be compared."""
        digest = hashlib.sha256(b"faced metric %d" % METHOD)
        for name, array in sorted(self._arrays().items()):
            digest.update(f"{name}{array.shape}".encode() + np.ascontiguousarray(array, dtype="<f8").tobytes())
        return digest.digest()

    def project(self, points: NDArray[np.floating]) -> Floats:
        """Latent vectors of faces, free of position, size and rotation.

        :param points: (n, 68, 2), px or any other unit.
        :return: (n, d).
        :raises MetricError: another form, or a value that is not finite.
        """
        aligned = align(points, self.reference).reshape(-1, 2 * POINTS)
        return (aligned - self.mean) @ self.transform

    def evidence(self, points: NDArray[np.floating], spread: NDArray[np.floating]) -> Evidence:
        """What each sample says, and how much it weighs: this method weighs every sample alike.

        :param points: (n, 68, 2), px or any other unit.
        :param spread: (n,) mean standard deviation of the predictor calls / box width.
        :raises MetricError: another form, or a value that is not finite.
        """
        latent = self.project(points)
        steadiness = np.asarray(spread, dtype=np.float64)
        if steadiness.shape != (len(latent),) or not np.isfinite(steadiness).all() or (steadiness < 0).any():
            raise MetricError("The spread of a face is not a number from 0; the frame must not be judged.")
        return Evidence(latent, np.ones((len(latent), 1)), np.ones(len(latent)))

    def llr(self, enrol: Floats, probe: Floats, n_enrol: float | Floats = 1.0, n_probe: float | Floats = 1.0) -> Floats:
        """Log-likelihood ratio of each enrolled person against each probe, in nats; symmetric in its two sides.

        :param enrol: (m, d) means of the latent vectors of m people.
        :param probe: (k, d) means of the latent vectors of k probes.
        :param n_enrol: how many samples each mean is worth: a number, (m, 1) or (m, d).
        :param n_probe: the same, a number, (k, 1) or (k, d).
        :return: (m, k).
        :raises MetricError: another form, or a value that is not finite.
        """
        left, a = self._sums(enrol, n_enrol)
        right, b = self._sums(probe, n_probe)
        score = -self._alone(left, a)[:, None] - self._alone(right, b)[None]
        if a.shape[0] == 1 and b.shape[0] == 1:
            # Everybody has the same number of samples: the (m, k, d) block collapses to one matrix product.
            share = self.psi / (1.0 + self.psi * (a + b))
            score -= 0.5 * np.log1p(self.psi * (a + b)).sum()
            score += 0.5 * ((left**2 * share).sum(axis=1)[:, None] + (right**2 * share).sum(axis=1)[None])
            score += (left * share) @ right.T
        else:
            rows = max(1, _BLOCK // max(1, right.size))
            a = np.broadcast_to(a, left.shape)
            for start in range(0, len(left), rows):
                part = slice(start, start + rows)
                both = a[part, None] + b
                joint = left[part, None] + right
                share = self.psi / (1.0 + self.psi * both)
                score[part] += 0.5 * (joint**2 * share - np.log1p(self.psi * both)).sum(axis=-1)
        if not np.isfinite(score).all():
            raise MetricError("A score is not a finite number; the frame must not be judged.")
        return score

    def score(self, enrol: Evidence, probe: Evidence) -> Floats:
        """:meth:`llr` of pooled evidence: (m, k), one row a person, one column a probe."""
        return self.llr(enrol.latent, probe.latent, enrol.precision, probe.precision)

    def _sums(self, mean: Floats, count: float | Floats) -> tuple[Floats, Floats]:
        latent = np.asarray(mean, dtype=np.float64)
        weight = np.asarray(count, dtype=np.float64)
        weight = weight.reshape(1, 1) if weight.ndim == 0 else weight
        if latent.ndim != 2 or latent.shape[1] != len(self.psi) or not np.isfinite(latent).all():
            raise MetricError("Expected latent vectors of this metric.")
        if weight.ndim != 2 or len(weight) not in (1, len(latent)) or weight.shape[1] not in (1, len(self.psi)):
            raise MetricError("Expected one weight a row, or one for each dimension.")
        if not np.isfinite(weight).all() or not (weight > 0).all():
            raise MetricError("A number of samples must be above 0.")
        if len(weight) > 1 and (weight == weight[:1]).all():
            weight = weight[:1]
        return latent * weight, weight

    def _alone(self, total: Floats, weight: Floats) -> Floats:
        """Log evidence of one side by itself, without the terms that cancel: (m,)."""
        scaled = self.psi * weight
        value: Floats = 0.5 * (total**2 * self.psi / (1.0 + scaled) - np.log1p(scaled)).sum(axis=1)
        return value

    def _arrays(self) -> dict[str, Floats]:
        return {"reference": self.reference, "mean": self.mean, "transform": self.transform, "psi": self.psi}
