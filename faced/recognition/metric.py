"""The trained metric: from 68 points to the log-likelihood ratio "one person" against "two people".

PLDA (Ioffe 2006; Brümmer & de Villiers 2010): an aligned shape is a person plus noise, both Gaussian. In the latent
space the noise of a usual sample has unit variance in every dimension, a better sample has less (:mod:`.noise`), and
people are distributed as :mod:`.population` says: everything is closed form and exact for any number of fused samples.
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
from faced.recognition.noise import NoiseModel, Senses
from faced.recognition.population import Population

#: The method this file implements; a file of another method is refused, not guessed at.
METHOD = 2
_SHIPPED = Path(__file__).with_name("metric.npz")
_MOST_BYTES = 1 << 20
_MOST_DIMENSIONS = 2 * POINTS - 4
_ARRAYS = ("reference", "mean", "transform", "psi", "pose", "coefficients", "share", "centre", "variance")


@dataclass(frozen=True, eq=False, repr=False)
class Metric:
    """A linear metric with d dimensions.

    ``reference``: (68, 2) the shape all faces are aligned to. ``mean``: (136,) the mean aligned shape.
    ``transform``: (136, d) from the aligned shape to the latent space. ``noise``: how much a sample weighs there.
    ``population``: people there. ``trained_on``: the digest of the training set
    (:attr:`faced.recognition.faces.FaceSet.digest`), so that a benchmark can say that it has seen these faces.
    """

    reference: Floats
    mean: Floats
    transform: Floats
    noise: NoiseModel
    population: Population
    trained_on: bytes = bytes(32)

    def __post_init__(self) -> None:
        dimensions = self.dimensions
        shapes = (self.reference.shape, self.mean.shape, self.transform.shape, self.population.centre.shape[1:])
        expected = ((POINTS, 2), (2 * POINTS,), (2 * POINTS, dimensions), (dimensions,))
        if shapes != expected or not 1 <= dimensions <= _MOST_DIMENSIONS:
            raise MetricError(_("The trained metric has arrays of the wrong shape; install it again."))
        if len(self.trained_on) != 32:
            raise MetricError(_("The trained metric does not say what it was trained on; install it again."))
        if not all(np.isfinite(array).all() for array in self._arrays().values()):
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
                if method.shape != () or method.dtype.kind != "i" or int(method) != METHOD:
                    text = _(
                        "The trained metric {name} is of another method than this version knows; install it again."
                    )
                    raise MetricError(text.format(name=path.name))
                arrays = {name: file[name] for name in _ARRAYS}
                trained_on = file["trained_on"].tobytes()
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            text = _("The trained metric {name} is missing or damaged; install it again.")
            raise MetricError(text.format(name=path.name)) from error
        if any(array.dtype != np.float64 for array in arrays.values()):
            raise MetricError(_("The trained metric has arrays of the wrong shape; install it again."))
        senses = Senses(arrays["transform"], arrays["psi"], arrays["pose"])
        return cls(
            arrays["reference"],
            arrays["mean"],
            arrays["transform"],
            NoiseModel(senses, arrays["coefficients"]),
            Population(arrays["share"], arrays["centre"], arrays["variance"]),
            trained_on,
        )

    def save(self, path: Path) -> None:
        """Write the metric as an uncompressed npz; the same metric gives the same bytes."""
        with path.open("wb") as file:
            trained_on = np.frombuffer(self.trained_on, np.uint8)
            np.savez(file, allow_pickle=False, method=np.int64(METHOD), trained_on=trained_on, **self._arrays())

    @property
    def dimensions(self) -> int:
        """Of the latent space."""
        return len(self.noise.senses.psi)

    @property
    def size(self) -> int:
        """How many numbers were learnt."""
        return sum(array.size for array in self._arrays().values())

    @property
    def id(self) -> bytes:
        """SHA-256 (32 bytes) over the numbers; scores of metrics with different ids must not be compared."""
        digest = hashlib.sha256(b"faced metric %d" % METHOD)
        for name, array in sorted(self._arrays().items()):
            digest.update(f"{name}{array.shape}".encode() + np.ascontiguousarray(array, dtype="<f8").tobytes())
        return digest.digest()

    def evidence(self, points: NDArray[np.floating], spread: NDArray[np.floating]) -> Evidence:
        """What each sample says of its person, and how much it weighs.

        :param points: (n, 68, 2), px or any other unit.
        :param spread: (n,) mean standard deviation of the predictor calls / box width.
        :raises MetricError: another form, or a value that is not finite.
        """
        aligned = align(points, self.reference).reshape(-1, 2 * POINTS)
        latent = (aligned - self.mean) @ self.transform
        steadiness = np.asarray(spread, dtype=np.float64)
        if steadiness.shape != (len(latent),) or not np.isfinite(steadiness).all() or (steadiness < 0).any():
            raise MetricError("The spread of a face is not a number from 0; the frame must not be judged.")
        return Evidence(latent, self.noise.precision(aligned, latent, steadiness), np.ones(len(latent)))

    def score(self, enrol: Evidence, probe: Evidence) -> Floats:
        """Log-likelihood ratio of pooled evidence in nats: (m, k), one row a person, one column a probe."""
        return self.population.llr(enrol.latent, probe.latent, enrol.precision, probe.precision)

    def score_of_pairs(self, enrol: Evidence, probe: Evidence) -> Floats:
        """The diagonal of :meth:`score`, (m,): each person against the probe of the same row."""
        return self.population.llr_of_pairs(enrol.latent, probe.latent, enrol.precision, probe.precision)

    def _arrays(self) -> dict[str, Floats]:
        senses, population = self.noise.senses, self.population
        values = (
            self.reference,
            self.mean,
            self.transform,
            senses.psi,
            senses.pose,
            self.noise.coefficients,
            population.share,
            population.centre,
            population.variance,
        )
        return dict(zip(_ARRAYS, values, strict=True))
