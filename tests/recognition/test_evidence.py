from __future__ import annotations

import numpy as np
import pytest

from faced.recognition.evidence import Evidence, effective, stacked


def evidence(latent: list[list[float]], precision: list[list[float]] | None = None) -> Evidence:
    weight = np.array(precision) if precision else np.ones((len(latent), 1))
    return Evidence(np.array(latent), weight, np.ones(len(latent)))


def test_pooling_independent_samples_adds_their_precisions() -> None:
    pooled = evidence([[1.0, 0.0], [3.0, 2.0]]).pooled()
    assert pooled.latent.tolist() == [[2.0, 1.0]]
    assert pooled.precision.tolist() == [[2.0]]
    assert pooled.samples.tolist() == [2.0]


def test_a_sample_of_three_times_the_precision_counts_three_times() -> None:
    pooled = evidence([[0.0], [4.0]], [[1.0], [3.0]]).pooled()
    assert pooled.latent.tolist() == [[3.0]]
    assert pooled.precision.tolist() == [[4.0]]


def test_precisions_may_differ_by_dimension() -> None:
    pooled = evidence([[0.0, 0.0], [4.0, 4.0]], [[1.0, 3.0], [3.0, 1.0]]).pooled()
    assert pooled.latent.tolist() == [[3.0, 1.0]]


def test_groups_are_pooled_row_by_row() -> None:
    rows = evidence([[0.0], [2.0], [10.0], [20.0]])
    assert rows.pooled(np.array([[0, 1], [2, 3]])).latent.tolist() == [[1.0], [15.0]]


def test_frames_of_one_sitting_never_count_for_more_than_the_inverse_of_their_correlation() -> None:
    frames = evidence([[1.0]] * 1000)
    pooled = frames.pooled(correlation=0.5)
    assert 1.9 < pooled.samples[0] < 2.0
    assert pooled.precision[0, 0] == pooled.samples[0]


def test_a_single_sample_counts_as_one_whatever_the_correlation() -> None:
    assert evidence([[1.0]]).pooled(correlation=1.0).samples.tolist() == [1.0]


@pytest.mark.parametrize(
    ("samples", "correlation", "worth"), [(1, 0.5, 1.0), (4, 0.0, 4.0), (4, 1.0, 1.0), (3, 0.5, 1.5)]
)
def test_effective_number_of_samples(samples: float, correlation: float, worth: float) -> None:
    assert effective(samples, correlation) == worth


def test_centring_moves_the_latent_vectors_only() -> None:
    moved = evidence([[1.0, 2.0]]).centred(np.array([1.0, 1.0]))
    assert moved.latent.tolist() == [[0.0, 1.0]]
    assert moved.precision.tolist() == [[1.0]]


def test_stacking_keeps_the_order() -> None:
    both = stacked([evidence([[1.0]]), evidence([[2.0], [3.0]])])
    assert both.latent.tolist() == [[1.0], [2.0], [3.0]]
    assert len(both) == 3
