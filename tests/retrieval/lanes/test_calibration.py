"""Scores that mean the same for every window and query."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.lanes.calibration import Logistic, Scale, locally_scaled, neighbourhood, scale_of, spread

RNG_SEED = 1


def test_a_window_that_everything_matches_does_not_win() -> None:
    """Window 0 lies near every description, window 1 near this query alone."""
    similarities = np.array([0.5, 0.45], np.float32)
    bank = np.array([[0.5, 0.6, 0.7], [0.1, 0.2, 0.3]], np.float32)
    hub, match = locally_scaled(similarities, neighbourhood(bank), scale_of(bank))
    assert match > hub


def test_a_neighbourhood_is_the_mean_of_the_ten_nearest_descriptions() -> None:
    """Of the cosines 0 to 19 the ten largest have a mean of 14.5, whatever their order."""
    bank = np.random.default_rng(RNG_SEED).permuted(np.tile(np.arange(20, dtype=np.float32), (3, 1)), axis=1)
    assert neighbourhood(bank).tolist() == [14.5, 14.5, 14.5]


@given(st.floats(0.1, 5.0))
def test_scores_ignore_the_scale_of_an_encoder(scale: float) -> None:
    rng = np.random.default_rng(RNG_SEED)
    bank = rng.normal(0, 0.1, (40, 12)).astype(np.float32)
    similarities = rng.normal(0, 0.1, 40).astype(np.float32)
    plain = locally_scaled(similarities, neighbourhood(bank), scale_of(bank))
    scaled = bank * np.float32(scale)
    again = locally_scaled(similarities * np.float32(scale), neighbourhood(scaled), scale_of(scaled))
    assert np.allclose(plain, again, atol=1e-3)


def test_the_bank_s_own_scores_have_mean_0_and_deviation_1() -> None:
    bank = np.random.default_rng(RNG_SEED).normal(0.2, 0.1, (60, 30)).astype(np.float32)
    reference, near = scale_of(bank), neighbourhood(bank)
    own = np.stack([locally_scaled(column, near, reference) for column in bank.T])
    assert abs(own.mean()) < 1e-4
    assert own.std() == pytest.approx(1.0, abs=1e-4)


def test_an_empty_library_has_the_plain_scale_and_spread() -> None:
    assert scale_of(np.zeros((0, 150), np.float32)) == Scale(0.0, 1.0)
    assert spread(np.zeros(0, np.float32)) == 1.0


def test_a_large_library_sets_its_own_spread_and_a_small_one_hardly() -> None:
    scores = np.random.default_rng(RNG_SEED).normal(2.0, 0.5, 100_000).astype(np.float32)
    assert spread(scores) == pytest.approx(0.5, abs=0.01)
    assert spread(scores[:5]) > 0.9


@given(st.floats(-50, 50), st.floats(-50, 50))
def test_probability_rises_with_the_score(one: float, other: float) -> None:
    logistic = Logistic(1.3, -4.0)
    low, high = sorted((one, other))
    assert 0.0 <= logistic.probability(low) <= logistic.probability(high) <= 1.0
