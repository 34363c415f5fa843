"""Made-up faces as the shipped metric sees them: the same seed is the same person."""

from __future__ import annotations

from typing import Any

import numpy as np

from faced.recognition.calibration import OperatingPoint
from faced.recognition.metric import Metric
from faced.recognition.template import FaceTemplate, Sample, Source

METRIC = Metric.shipped()
POINT = OperatingPoint.shipped()


def face(seed: int) -> np.ndarray[Any, Any]:
    """A made-up face, (68, 2): far from any other seed's, as the metric sees it."""
    rng = np.random.default_rng(seed)
    return np.asarray(METRIC.reference * 100 + rng.normal(0, 1.0, (68, 2)), np.float32)


def template(seed: int = 1, source: Source = Source.CAMERA) -> bytes:
    return FaceTemplate((Sample.from_points(face(seed), 0.001, source, 20000),)).encode()
