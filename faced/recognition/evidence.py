"""What a set of samples says about who it is: latent vectors and how much each one weighs.

Metrics that trust some samples (or some dimensions of a sample) more than others say so here, so that whoever fuses
and compares need not know the method.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faced.errors import MetricError
from faced.i18n import _
from faced.recognition.alignment import Floats

#: Correlation of the errors of samples of one sitting: same light, same camera, same distance, same mood. Rendered
#: staff show 0.55; people before webcams have not been measured. Frames of one sitting never count for more than two
#: photos of different days.
SITTING_CORRELATION = 0.5


def effective(samples: float, correlation: float) -> float:
    """How many independent samples that many equally correlated ones are worth (Kish's design effect).

    :param samples: 1 or more.
    :param correlation: of their errors, 0 (independent) to 1 (no news after the first).
    """
    return samples / (1.0 + (samples - 1.0) * correlation)


@dataclass(frozen=True, eq=False)
class Evidence:
    """Rows of latent vectors with their weights.

    ``latent``: (n, d), unit within-person variance in every dimension for a sample of precision 1.
    ``precision``: (n, 1) or (n, d); 1 is one typical training photo, 2 is as good as two of them of different days.
    ``samples``: (n,) how many independent samples were fused into the row, whatever their precision.
    """

    latent: Floats
    precision: Floats
    samples: Floats

    def __len__(self) -> int:
        return len(self.latent)

    def rows(self, which: NDArray[np.intp]) -> Evidence:
        """Some of the rows: ``which`` is (m,) row numbers."""
        return Evidence(self.latent[which], self.precision[which], self.samples[which])

    def centred(self, mean: Floats) -> Evidence:
        """The same evidence seen from another origin, for instance the mean of a site.

        :param mean: (d,), or (n, d) for another origin each row.
        :raises MetricError: another form.
        """
        if mean.shape not in (self.latent.shape, self.latent.shape[1:]):
            raise MetricError(_("This mean is not of the metric in use; calibrate the site again."))
        return Evidence(self.latent - mean, self.precision, self.samples)

    def pooled(self, groups: NDArray[np.intp] | None = None, correlation: float = 0.0) -> Evidence:
        """One row for each group of rows of one person, correlated ones counted for less than their number.

        :param groups: (m, k) row numbers; None pools all rows into one.
        :param correlation: of the errors inside a group, see :func:`effective`.
        """
        rows = np.arange(len(self))[None] if groups is None else groups
        news = effective(rows.shape[1], correlation) / rows.shape[1]
        weight = self.precision[rows]
        total = weight.sum(axis=1)
        latent = (self.latent[rows] * weight).sum(axis=1) / total
        return Evidence(latent, total * news, self.samples[rows].sum(axis=1) * news)


def stacked(parts: Sequence[Evidence]) -> Evidence:
    """The rows of all parts, in order; all parts come from one metric."""
    return Evidence(
        np.concatenate([part.latent for part in parts]),
        np.concatenate([part.precision for part in parts]),
        np.concatenate([part.samples for part in parts]),
    )
