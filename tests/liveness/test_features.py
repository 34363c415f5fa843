"""Blinks and mouths, relative to the same person."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from faced.liveness.features import blinks, opened_mouth
from tests.liveness import scene
from tests.liveness.scene import Face, film

QUIET = 0.004


def closing(middle_s: float, length_s: float = 0.3) -> Callable[[float], float]:
    return lambda time_s: float(np.clip(1.6 * (1 - abs(time_s - middle_s) / (length_s / 2)), 0, 1))


def eyes(right: Callable[[float], float], left: Callable[[float], float] | None = None, **pose: float) -> list:
    left = left or right
    face = lambda time_s: Face(lids=(right(time_s), left(time_s)), **pose)  # noqa: E731
    return film(4.0, face, np.random.default_rng(3), QUIET)


def test_two_blinks_are_two() -> None:
    first, second = closing(1.5), closing(2.3)
    found = blinks(eyes(lambda t: max(first(t), second(t))))
    assert len(found) == 2
    assert found[0].start_s < 1.5 < found[0].end_s < found[1].start_s < 2.3 < found[1].end_s


@pytest.mark.parametrize("length_s", [0.15, 0.3, 0.5])
def test_blinks_of_usual_lengths_are_seen(length_s: float) -> None:
    assert len(blinks(eyes(closing(2.0, length_s)))) == 1


def test_open_eyes_do_not_blink() -> None:
    assert blinks(eyes(lambda _: 0.0)) == []


def test_a_wink_is_no_blink() -> None:
    assert blinks(eyes(closing(2.0), lambda _: 0.0)) == []


def test_eyes_that_stay_closed_do_not_blink() -> None:
    assert blinks(eyes(lambda t: float(t > 2.0))) == []
    assert blinks(eyes(lambda t: float(2.0 < t < 3.2))) == []


def test_a_half_closed_eye_is_no_blink() -> None:
    half = closing(2.0)
    assert blinks(eyes(lambda t: 0.2 * half(t))) == []


def test_narrow_eyes_blink_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    narrow = scene.HEAD.copy()
    narrow[[37, 38, 43, 44], 1] = -0.02
    narrow[[40, 41, 46, 47], 1] = 0.04
    monkeypatch.setattr(scene, "HEAD", narrow)
    assert len(blinks(eyes(closing(2.0)))) == 1


def test_a_mouth_that_opens_after_the_request_is_open() -> None:
    sights = film(3.0, lambda t: Face(gape=0.3 * float(t > 1.5)), np.random.default_rng(1), QUIET)
    assert opened_mouth(sights, 1.0)
    assert not opened_mouth([s for s in sights if s.timestamp_s < 1.5], 1.0)


def test_a_mouth_that_was_open_before_does_not_count() -> None:
    sights = film(3.0, lambda _: Face(gape=0.3), np.random.default_rng(1), QUIET)
    assert not opened_mouth(sights, 1.0)


def test_speaking_does_not_open_the_mouth_enough() -> None:
    sights = film(3.0, lambda t: Face(gape=0.05 * float(np.sin(9 * t) > 0)), np.random.default_rng(1), QUIET)
    assert not opened_mouth(sights, 1.0)


def test_without_sights_nothing_is_seen() -> None:
    assert blinks([]) == []
    assert not opened_mouth([], 0.0)
