"""What one site's faces have in common, taken out before they are compared, and the site's own impostors.

A threshold set on press photos lets in several times as many strangers where one camera, one room and one way of taking
ID photos make everybody alike in the same directions. The mean latent vector of the people enrolled at the site removes
that. It is computed at the enrolment station, in memory, over the templates at hand.

::

    version u8 (1) | metric id 32 bytes | people u32 | dimensions u16 | count u8
    | dimensions x i16 (1/4 latent unit) | count x (fmr f64 | score f64 | pairs u32)

Integers and floats are little-endian.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from faced.errors import MetricError
from faced.i18n import _
from faced.recognition.alignment import Floats
from faced.recognition.calibration import FEWEST_PAIRS_ABOVE, FMRS
from faced.recognition.evidence import Evidence, stacked
from faced.recognition.metric import Metric
from faced.recognition.template import FaceTemplate
from faced.recognition.trials import threshold_at

VERSION = 1
#: Fewer people are not yet a site: their mean would say more about them than about it.
FEWEST_PEOPLE = 7

_HEADER = struct.Struct("<B32sIHB")
_THRESHOLD = struct.Struct("<ddI")
_CENTRE = np.dtype("<i2")
#: The mean of few people is drawn towards that of the training set: n / (n + 3) of it counts.
_PRIOR_PEOPLE = 3
#: Coarse on purpose: the means before and after one more person give that person away only with an error of
#: people x step x 0.4, which from 10 people on is more than what two photos of a person differ by (1).
_STEP = 0.25
#: The impostors of that many people are compared; the mean is of all.
_COMPARED = 200


@dataclass(frozen=True)
class SiteThreshold:
    """The score (nats) that a share ``fmr`` of the pairs of different enrolled people exceeds, and how many pairs."""

    fmr: float
    score: float
    pairs: int

    def __post_init__(self) -> None:
        if not (0 < self.fmr < 1 and math.isfinite(self.score) and self.pairs > 0):
            raise MetricError(_("A site calibration holds impossible numbers; calibrate the site again."))


@dataclass(frozen=True, eq=False)
class SiteCalibration:
    """The common part of a site's faces for one metric: ``centre`` is (d,), to be subtracted from latent vectors."""

    metric_id: bytes
    people: int
    centre: Floats = field(repr=False)
    thresholds: tuple[SiteThreshold, ...]

    def __post_init__(self) -> None:
        if len(self.metric_id) != 32 or self.people < FEWEST_PEOPLE or self.centre.ndim != 1:
            raise MetricError(_("A site calibration needs {count} or more people.").format(count=FEWEST_PEOPLE))
        if not np.isfinite(self.centre).all() or np.abs(self.centre).max(initial=0) > _STEP * np.iinfo(_CENTRE).max:
            raise MetricError(_("A site calibration holds impossible numbers; calibrate the site again."))

    @classmethod
    def over(cls, metric: Metric, templates: Sequence[FaceTemplate]) -> SiteCalibration:
        """Calibrate for the people whose templates these are, one each.

        :raises MetricError: fewer than :data:`FEWEST_PEOPLE`.
        """
        if len(templates) < FEWEST_PEOPLE:
            raise MetricError(_("A site calibration needs {count} or more people.").format(count=FEWEST_PEOPLE))
        everybody = stacked([template.evidence(metric) for template in templates])
        centre = common_part(everybody.latent)
        chosen = np.unique(np.linspace(0, len(everybody) - 1, min(len(everybody), _COMPARED)).astype(np.intp))
        impostor = _impostors(metric, everybody, chosen)
        thresholds = tuple(
            SiteThreshold(fmr, threshold_at(impostor, fmr), len(impostor))
            for fmr in FMRS
            if fmr * len(impostor) >= FEWEST_PAIRS_ABOVE
        )
        return cls(metric.id, len(everybody), np.rint(centre / _STEP) * _STEP, thresholds)

    def threshold(self, fmr: float) -> float | None:
        """The score to exceed for that false match rate among the site's own people; None if too few were compared."""
        return next((entry.score for entry in self.thresholds if math.isclose(entry.fmr, fmr)), None)

    def encode(self) -> bytes:
        """The one binary form (see the module's text)."""
        header = _HEADER.pack(VERSION, self.metric_id, self.people, len(self.centre), len(self.thresholds))
        centre = np.rint(self.centre / _STEP).astype(_CENTRE).tobytes()
        return header + centre + b"".join(_THRESHOLD.pack(e.fmr, e.score, e.pairs) for e in self.thresholds)

    @classmethod
    def decode(cls, data: bytes) -> SiteCalibration:
        """Read what :meth:`encode` wrote and nothing else.

        :raises MetricError: another version or length, or impossible numbers.
        """
        if len(data) < _HEADER.size:
            raise MetricError(_("These bytes are not a site calibration of a known version."))
        version, metric_id, people, dimensions, count = _HEADER.unpack_from(data)
        end = _HEADER.size + dimensions * _CENTRE.itemsize
        if version != VERSION or len(data) != end + count * _THRESHOLD.size:
            raise MetricError(_("These bytes are not a site calibration of a known version."))
        centre = np.frombuffer(data, _CENTRE, dimensions, _HEADER.size).astype(np.float64) * _STEP
        thresholds = tuple(SiteThreshold(*entry) for entry in _THRESHOLD.iter_unpack(data[end:]))
        return cls(metric_id, people, centre, thresholds)


def common_part(latent: Floats) -> Floats:
    """(d,) what people of one site, one row each of (n, d), have in common; of few people less is believed."""
    common: Floats = latent.sum(axis=0) / (len(latent) + _PRIOR_PEOPLE)
    return common


def _impostors(metric: Metric, everybody: Evidence, chosen: np.ndarray[tuple[int], np.dtype[np.intp]]) -> Floats:
    """Scores of all pairs of the chosen, each pair centred without its own two people, as strangers will be."""
    total = everybody.latent.sum(axis=0)
    count = len(everybody) - 2 + _PRIOR_PEOPLE
    scores = []
    for place, one in enumerate(chosen[:-1]):
        others = everybody.rows(chosen[place + 1 :])
        centre = (total - everybody.latent[one] - others.latent) / count
        enrolled = Evidence(
            everybody.latent[one] - centre,
            np.repeat(everybody.precision[one, None], len(others), axis=0),
            np.repeat(everybody.samples[one, None], len(others)),
        )
        scores.append(metric.score_of_pairs(enrolled, others.centred(centre)))
    return np.concatenate(scores)
