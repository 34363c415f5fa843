from __future__ import annotations

import pytest

from faced.recognition import accuracy, calibration
from faced.recognition.calibration import OperatingPoint
from faced.recognition.metric import Metric
from faced.recognition.training import train
from tests.recognition.population import PLAIN, face_set


@pytest.fixture(scope="session")
def trained() -> Metric:
    """A metric that knows the drawn population well."""
    return train(face_set(400, 4), PLAIN)


@pytest.fixture(scope="session")
def operating_point(trained: Metric) -> OperatingPoint:
    """One in a hundred, measured on people that the metric has not seen."""
    exam = accuracy.Exam(trained, face_set(120, 6, seed=20))
    found = accuracy.measure([exam], [(1, 1), (1, 3), (3, 1), (3, 3)], gated=False)
    return OperatingPoint(0.01, trained.id, "drawn people", tuple(calibration.measured(found, 0.01)))
