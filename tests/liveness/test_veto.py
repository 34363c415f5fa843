"""Frames that no camera makes, and the marks of screens and prints."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from faced.liveness.rules import Rule
from faced.liveness.veto import CueWatch, FrameWatch


def watched(frames: Iterable[tuple[float, bytes]]) -> Rule | None:
    watch = FrameWatch()
    return next((rule for rule in (watch.frame(*frame) for frame in frames) if rule is not None), None)


def digest(number: int) -> bytes:
    return number.to_bytes(16, "big")


def test_a_camera_with_jitter_is_not_denied() -> None:
    rng = np.random.default_rng(0)
    times = np.cumsum(rng.uniform(0.02, 0.06, 400))
    assert watched((float(t), digest(k)) for k, t in enumerate(times)) is None


def test_a_late_frame_that_comes_twice_is_not_denied() -> None:
    assert watched((k / 30, digest(k // 2)) for k in range(200)) is None


def test_a_frozen_picture_is_denied() -> None:
    assert watched((k / 30, digest(min(k, 20))) for k in range(60)) is Rule.FROZEN


def test_a_film_in_a_loop_is_denied() -> None:
    assert watched((k / 30, digest(k % 45)) for k in range(90)) is Rule.REPEATED


def test_times_that_stand_still_or_run_back_are_denied() -> None:
    assert watched([(0.0, digest(0)), (0.0, digest(1))]) is Rule.TIMING
    assert watched([(1.0, digest(0)), (0.5, digest(1))]) is Rule.TIMING
    assert watched([(float("nan"), digest(0))]) is Rule.TIMING


def test_a_camera_faster_than_any_is_denied() -> None:
    assert watched((k / 1000, digest(k)) for k in range(60)) is Rule.TIMING


def cued(name: str, values: Iterable[float]) -> Rule | None:
    watch = CueWatch()
    return next((rule for rule in (watch.cue(name, value) for value in values) if rule is not None), None)


def test_a_cue_that_stays_at_its_limit_denies() -> None:
    assert cued("screen_bezel", [1.2] * 6) is Rule.SCREEN_CUE
    assert cued("print_edge", [1.0] * 6) is Rule.PRINT_CUE


def test_a_cue_that_flares_up_does_not() -> None:
    assert cued("screen_moire", [0.3, 0.2, 5.0, 0.1] * 20) is None


def test_one_or_two_values_do_not_deny() -> None:
    assert cued("screen_moire", [9.0] * 5) is None


def test_a_cue_that_is_no_number_denies() -> None:
    assert cued("screen_moire", [float("nan")] * 6) is Rule.SCREEN_CUE


def test_cues_are_watched_apart() -> None:
    watch = CueWatch()
    assert all(watch.cue(name, 1.5) is None for name in ("screen_bezel", "print_edge") for _ in range(3))
