"""Scores that mean the same for every window and query."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from retrieval.calibration import LibraryLevel, Logistic, above_level, library_level, standardise_by_bank


def test_a_window_that_everything_matches_does_not_win() -> None:
    """Window 0 lies near every description, window 1 near this query alone."""
    similarities = np.array([0.6, 0.5], np.float32)
    bank = np.array([[0.5, 0.6, 0.7], [0.1, 0.2, 0.3]], np.float32)
    hub, match = standardise_by_bank(similarities, bank)
    assert match > hub


@given(st.floats(0.1, 5.0), st.floats(-0.5, 0.5))
def test_standardised_scores_ignore_scale_and_offset_of_a_window(scale: float, offset: float) -> None:
    similarities = np.array([0.4, 0.1], np.float32)
    bank = np.array([[0.1, 0.2, 0.4], [0.3, 0.0, 0.1]], np.float32)
    plain = standardise_by_bank(similarities, bank)
    moved = standardise_by_bank(
        (similarities * scale + offset).astype(np.float32), (bank * scale + offset).astype(np.float32)
    )
    assert np.allclose(plain, moved, atol=1e-2)


def test_an_empty_library_has_the_prior_level() -> None:
    level = library_level(np.zeros(0, np.float32))
    assert level.mean == 0.0
    assert level.deviation == 1.0


def test_a_large_library_sets_its_own_level() -> None:
    scores = np.random.default_rng(1).normal(2.0, 0.5, 100_000).astype(np.float32)
    level = library_level(scores)
    assert abs(level.mean - 2.0) < 0.05
    assert abs(level.deviation - 0.5) < 0.1
    assert np.allclose(above_level(np.array([level.mean], np.float32), level), 0.0, atol=1e-6)


@given(st.floats(-50, 50), st.floats(-50, 50))
def test_probability_rises_with_the_score(one: float, other: float) -> None:
    logistic = Logistic(1.3, -4.0)
    low, high = sorted((one, other))
    assert 0.0 <= logistic.probability(low) <= logistic.probability(high) <= 1.0


def test_above_level_counts_deviations() -> None:
    assert above_level(np.array([5.0], np.float32), LibraryLevel(1.0, 2.0))[0] == 2.0
