"""The real predictor and a few dummies, once for all tests of the room."""

from __future__ import annotations

import pytest

from faced.dummy import Identity
from faced.landmarks.predictor import Predictor


@pytest.fixture(scope="session")
def predictor() -> Predictor:
    return Predictor.load()


@pytest.fixture(scope="session")
def people() -> tuple[Identity, ...]:
    """Four of the roster: two with spectacles, light and dark skin."""
    return tuple(Identity(seed) for seed in (1000, 1003, 1007, 1011))
