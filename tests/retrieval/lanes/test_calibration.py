"""Scores that mean the same for every window and query, and what chance reaches."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.lanes.calibration import LEAST_SCALE, Extremes, best_mean, locally_scaled, neighbourhood

RNG_SEED = 1
USUAL = Extremes(3.0, 0.6)


def test_a_window_that_everything_matches_does_not_win() -> None:
    """Window 0 lies near every description, window 1 near this query alone."""
    similarities = np.array([0.5, 0.45], np.float32)
    bank = np.array([[0.5, 0.6, 0.7], [0.1, 0.2, 0.3]], np.float32)
    hub, match = locally_scaled(similarities, neighbourhood(bank))
    assert match > hub


def test_a_neighbourhood_is_the_mean_of_the_ten_nearest_descriptions() -> None:
    """Of the cosines 0 to 19 the ten largest have a mean of 14.5, whatever their order."""
    bank = np.random.default_rng(RNG_SEED).permuted(np.tile(np.arange(20, dtype=np.float32), (3, 1)), axis=1)
    assert neighbourhood(bank).tolist() == [14.5, 14.5, 14.5]


def test_the_best_of_a_short_row_are_all_of_it() -> None:
    assert best_mean(np.array([[1.0, 2.0], [3.0, 5.0]], np.float32), 10).tolist() == [1.5, 4.0]


def test_extremes_are_those_of_the_bank_s_best_scores() -> None:
    """The best of 1,000 scores of a normal distribution: Gumbel's of about 3.12 and 0.29."""
    best = np.random.default_rng(RNG_SEED).normal(size=(2_000, 1_000)).max(axis=1).astype(np.float32)
    found = Extremes.of(best, USUAL, windows=100_000, of_windows=100_000)
    assert found.location == pytest.approx(3.12, abs=0.05)
    assert found.scale == pytest.approx(0.29, abs=0.03)


def test_some_of_the_bank_that_is_there_moves_extremes_little() -> None:
    rng = np.random.default_rng(RNG_SEED)
    absent = rng.gumbel(2.0, 0.5, 150).astype(np.float32)
    present = np.where(np.arange(150) < 15, np.float32(9.0), absent)
    one, other = (Extremes.of(best, USUAL, 10_000, 10_000) for best in (absent, present))
    assert other.location == pytest.approx(one.location, abs=0.15)
    assert other.scale == pytest.approx(one.scale, abs=0.2)


def test_a_few_windows_tell_little_and_none_nothing() -> None:
    best = np.random.default_rng(RNG_SEED).gumbel(1.0, 0.3, 150).astype(np.float32)
    assert Extremes.of(np.zeros(0, np.float32), USUAL, 0, 0) == USUAL
    few, many = (Extremes.of(best, USUAL, count, count) for count in (3, 30_000))
    assert few.location == pytest.approx(USUAL.location, abs=0.25)
    assert many.location == pytest.approx(1.0, abs=0.1)


def test_more_windows_than_the_sample_reach_further_by_chance() -> None:
    best = np.random.default_rng(RNG_SEED).gumbel(2.0, 0.5, 5_000).astype(np.float32)
    sampled, ten_times = (Extremes.of(best, USUAL, 1_000_000, windows) for windows in (1_000_000, 10_000_000))
    assert ten_times.location - sampled.location == pytest.approx(0.5 * math.log(10), abs=0.05)


def test_a_bank_that_is_all_alike_does_not_make_small_differences_count() -> None:
    found = Extremes.of(np.full(150, 2.0, np.float32), USUAL, 1_000_000, 1_000_000)
    assert found.scale == pytest.approx(LEAST_SCALE, abs=1e-3)


def test_odds_rise_e_fold_with_each_scale_from_what_they_are_at_chance() -> None:
    law = Extremes(2.0, 0.5)
    assert law.probability(2.0, at_chance=0.0) == pytest.approx(0.5)
    assert law.probability(2.5, at_chance=-1.0) == pytest.approx(0.5)
    assert law.probabilities(np.array([2.0, 2.5], np.float32), -1.0).tolist() == pytest.approx(
        [law.probability(2.0, -1.0), 0.5]
    )


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_probability_rises_with_the_score(one: float, other: float) -> None:
    law = Extremes(3.0, 0.6)
    low, high = sorted((one, other))
    assert 0.0 <= law.probability(low, -0.75) <= law.probability(high, -0.75) <= 1.0
