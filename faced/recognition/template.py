"""What is kept of a face: a few shapes of 68 points, in one fixed binary form.

::

    version u8 (1) | count u8 (1..64) | count x sample
    sample: source u8 (1 photo, 2 camera) | spread u16 (1e-5 of the box width) | day u16 (since 1970-01-01)
            | 136 x i16 (x0 y0 x1 y1 ..., 1/32767 of the centroid size)

Integers are little-endian. A sample is centred and has a centroid size of 1, so position and size of the face in the
picture are not kept. One template has one encoding: what decodes encodes to the same bytes.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from faced.errors import TemplateFormatError
from faced.i18n import _
from faced.recognition.alignment import POINTS, normalised
from faced.recognition.evidence import SITTING_CORRELATION, Evidence, stacked
from faced.recognition.metric import Metric
from faced.recognition.source import Source as Source
from faced.recognition.wiping import wipe

VERSION = 1
MOST_SAMPLES = 64

_HEADER = struct.Struct("<BB")
_SAMPLE = struct.Struct("<BHH")
_COORDINATES = np.dtype("<i2")
_SAMPLE_BYTES = _SAMPLE.size + 2 * POINTS * _COORDINATES.itemsize
_UNIT = 1.0 / 32767.0
_SPREAD_UNIT = 1e-5
_MOST = 0xFFFF
#: Rounding moves a coordinate by half a unit, a centroid by no more, the size by less than 6 units; a shape that is
#: further off was not written by us.
_TOLERANCE = 8 * _UNIT


_CODES = {Source.PHOTO: 1, Source.CAMERA: 2}
_SOURCES = {code: source for source, code in _CODES.items()}


@dataclass(frozen=True, eq=False)
class Sample:
    """One observation of a face.

    ``points``: (68, 2) float32, centroid at the origin, centroid size 1; never shown. ``spread``: mean standard
    deviation of the predictor calls / box width. ``day``: days since 1970-01-01 (UTC).
    """

    points: NDArray[np.float32] = field(repr=False)
    spread: float
    source: Source
    day: int

    def __post_init__(self) -> None:
        points = np.array(self.points, dtype=np.float32)
        object.__setattr__(self, "points", points)
        points.setflags(write=False)
        if points.shape != (POINTS, 2) or not np.isfinite(points).all():
            raise TemplateFormatError("A sample needs 68 finite landmarks.")
        exact = points.astype(np.float64)
        if np.abs(exact.mean(axis=0)).max() > _TOLERANCE or abs(np.sqrt((exact**2).sum()) - 1.0) > _TOLERANCE:
            raise TemplateFormatError("A sample is not centred with a centroid size of 1.")
        if self.source not in _CODES:
            raise TemplateFormatError("A sample has an unknown source.")
        object.__setattr__(self, "source", Source(self.source))
        if not 0.0 <= self.spread <= _MOST * _SPREAD_UNIT:
            raise TemplateFormatError("The spread of a sample is outside 0 to 0.65535.")
        if not (isinstance(self.day, int) and 0 <= self.day <= _MOST):
            raise TemplateFormatError("The day of a sample is outside 1970-01-01 to 2149-06-06.")

    @classmethod
    def from_points(cls, points: NDArray[np.floating], spread: float, source: Source, day: int) -> Sample:
        """A sample from landmarks as observed: moved and scaled, not turned.

        :param points: (68, 2), px or any other unit.
        :raises MetricError: another form, or a value that is not finite.
        :raises TemplateFormatError: spread, source or day that cannot be kept.
        """
        return cls(normalised(np.asarray(points)[None])[0].astype(np.float32), float(spread), source, day)


@dataclass(frozen=True, eq=False)
class FaceTemplate:
    """All samples of one person that are kept, 1 to 64."""

    samples: tuple[Sample, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.samples) <= MOST_SAMPLES:
            raise TemplateFormatError(_("A template holds 1 to {most} samples.").format(most=MOST_SAMPLES))

    @property
    def confirmed(self) -> bool:
        """Whether somebody saw the person before the camera; known from photos alone, the template is provisional."""
        return any(sample.source is Source.CAMERA for sample in self.samples)

    def encode(self) -> bytes:
        """The one binary form of this template (see the module's text)."""
        parts = [_HEADER.pack(VERSION, len(self.samples))]
        for sample in self.samples:
            parts.append(_SAMPLE.pack(_CODES[sample.source], round(sample.spread / _SPREAD_UNIT), sample.day))
            parts.append(np.rint(sample.points.astype(np.float64) / _UNIT).astype(_COORDINATES).tobytes())
        return b"".join(parts)

    @classmethod
    def decode(cls, data: bytes) -> FaceTemplate:
        """Read what :meth:`encode` wrote and nothing else.

        :raises TemplateFormatError: another version, length, source, or a shape that is not centred and of unit size.
        """
        if len(data) < _HEADER.size:
            raise TemplateFormatError("These bytes are too short for a face template.")
        version, count = _HEADER.unpack_from(data)
        if version != VERSION:
            text = _("A face template of version {version}; this program knows version {known}.")
            raise TemplateFormatError(text.format(version=version, known=VERSION))
        if len(data) != _HEADER.size + count * _SAMPLE_BYTES:
            raise TemplateFormatError("A face template of the wrong length.")
        return cls(tuple(_sample(data, _HEADER.size + index * _SAMPLE_BYTES) for index in range(count)))

    def wipe(self) -> None:
        """Overwrite the coordinates; the template is of no use afterwards."""
        wipe(*(sample.points for sample in self.samples))

    def evidence(self, metric: Metric) -> Evidence:
        """All samples fused into one row; samples of one day and source are one sitting and count for less.

        :raises MetricError: as :meth:`Metric.evidence`.
        """
        points = np.stack([sample.points for sample in self.samples])
        each = metric.evidence(points, np.array([sample.spread for sample in self.samples]))
        sittings: dict[tuple[int, Source], list[int]] = {}
        for index, sample in enumerate(self.samples):
            sittings.setdefault((sample.day, sample.source), []).append(index)
        parts = [each.rows(np.array(rows)).pooled(correlation=SITTING_CORRELATION) for rows in sittings.values()]
        return stacked(parts).pooled()


def _sample(data: bytes, offset: int) -> Sample:
    code, spread, day = _SAMPLE.unpack_from(data, offset)
    if code not in _SOURCES:
        raise TemplateFormatError(f"A face template with a sample of unknown source {code}.")
    units = np.frombuffer(data, _COORDINATES, 2 * POINTS, offset + _SAMPLE.size)
    points = (units.astype(np.float64) * _UNIT).astype(np.float32).reshape(POINTS, 2)
    return Sample(points, spread * _SPREAD_UNIT, _SOURCES[code], day)
