"""Confidences that are true have next to no error, others have the one that they should."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.errors import InputError
from retrieval.evaluation.reliability import BINS, Forecast, Reliability, reliability, wilson

forecasts = st.lists(st.builds(Forecast, st.floats(0.0, 1.0), st.booleans()), min_size=1, max_size=60)


def measured(found: list[Forecast]) -> Reliability:
    row = reliability(found)
    assert row is not None
    return row


def drawn(said: float, right: float, count: int, seed: int = 0) -> list[Forecast]:
    outcomes = np.random.default_rng(seed).random(count) < right
    return [Forecast(said, bool(outcome)) for outcome in outcomes]


def test_the_figures_of_four_forecasts_are_those_worked_out_by_hand() -> None:
    """0.2 is 0.05 too sure on average and right never, 0.75 is right once of two."""
    row = measured([Forecast(0.75, True), Forecast(0.2, False), Forecast(0.75, False), Forecast(0.25, False)])
    assert (row.n, row.said, row.right) == (4, 0.4875, 0.25)
    assert row.ece == pytest.approx((2 * 0.225 + 2 * 0.25) / 4)
    assert row.brier == pytest.approx((0.2**2 + 0.25**2 + 0.25**2 + 0.75**2) / 4)
    assert [(one.low, one.high, one.n, one.said, one.right) for one in row.bins] == [
        (0.2, 0.3, 2, pytest.approx(0.225), 0.0),
        (0.7, 0.8, 2, 0.75, 0.5),
    ]


def test_nothing_said_has_no_reliability() -> None:
    assert reliability([]) is None


@pytest.mark.parametrize("confidence", [-0.01, 1.01, float("nan")])
def test_what_is_no_probability_is_refused(confidence: float) -> None:
    with pytest.raises(InputError, match="it must be from 0 to 1"):
        Forecast(confidence, True)


@pytest.mark.parametrize(
    ("confidence", "low"), [(0.0, 0.0), (0.1, 0.1), (0.3, 0.3), (0.7, 0.7), (0.9, 0.9), (1.0, 0.9)]
)
def test_a_bin_has_its_lower_bound_and_the_last_one_both(confidence: float, low: float) -> None:
    (only,) = measured([Forecast(confidence, True)]).bins
    assert only.low == low


@pytest.mark.parametrize("seed", range(5))
def test_true_confidences_stay_below_what_chance_gives(seed: int) -> None:
    """Ten thousand forecasts, each right as often as it says."""
    random_ = np.random.default_rng(seed)
    said = random_.random(10_000)
    row = measured([Forecast(float(p), bool(u < p)) for p, u in zip(said, random_.random(10_000), strict=True)])
    assert row.ece < row.ece_by_chance < 0.02
    assert row.brier == pytest.approx(1 / 6, abs=0.01)
    assert all(one.right_low <= one.said + 0.03 and one.said - 0.03 <= one.right_high for one in row.bins)


def test_a_few_true_confidences_have_an_error_that_chance_explains() -> None:
    """Of twenty groups of twelve forecasts at 70 % nearly all lie below, and yet none is near 0."""
    rows = [measured(drawn(0.7, 0.7, 12, seed)) for seed in range(20)]
    assert sum(row.ece <= row.ece_by_chance for row in rows) >= 18
    assert all(row.ece_by_chance > 0.15 for row in rows)


@pytest.mark.parametrize(("said", "right"), [(0.9, 0.5), (0.3, 0.8), (0.95, 0.75)])
def test_false_confidences_have_the_error_by_which_they_are_off(said: float, right: float) -> None:
    row = measured(drawn(said, right, 4_000))
    assert row.ece == pytest.approx(abs(said - right), abs=0.03)
    assert row.ece > 3 * row.ece_by_chance
    assert row.said - row.right == pytest.approx(said - right, abs=0.03)


def test_errors_of_two_bins_do_not_make_up_for_each_other() -> None:
    """Too sure above and too modest below by the same: the means agree, and the error stays."""
    row = measured([*drawn(0.8, 0.6, 4_000), *drawn(0.2, 0.4, 4_000)])
    assert row.said == pytest.approx(row.right, abs=0.02)
    assert row.ece == pytest.approx(0.2, abs=0.02)


def test_always_right_and_sure_is_perfect_and_always_wrong_and_sure_the_worst() -> None:
    best, worst = measured([Forecast(1.0, True)] * 5), measured([Forecast(1.0, False)] * 5)
    assert (best.ece, best.brier, best.ece_by_chance) == (0, 0, 0)
    assert (worst.ece, worst.brier) == (1, 1)


@given(forecasts, st.randoms(use_true_random=False))
def test_the_order_of_forecasts_does_not_matter(found: list[Forecast], rng: random.Random) -> None:
    shuffled = list(found)
    rng.shuffle(shuffled)
    assert reliability(shuffled) == reliability(found)


@given(forecasts, st.integers(2, 4))
def test_forecasts_that_all_come_several_times_weigh_as_they_did(found: list[Forecast], times: int) -> None:
    once, often = measured(found), measured(found * times)
    assert often.n == times * once.n
    assert often.ece == pytest.approx(once.ece)
    assert often.brier == pytest.approx(once.brier)
    assert [one.said for one in often.bins] == pytest.approx([one.said for one in once.bins])
    assert [one.right for one in often.bins] == pytest.approx([one.right for one in once.bins])


@given(forecasts)
def test_bins_hold_every_forecast_once_and_within_their_bounds(found: list[Forecast]) -> None:
    row = measured(found)
    assert sum(one.n for one in row.bins) == row.n == len(found)
    assert len(row.bins) <= BINS
    for one in row.bins:
        assert one.n > 0
        assert one.low - 1e-9 <= one.said <= one.high + 1e-9
        assert 0 <= one.right_low <= one.right + 1e-9
        assert one.right - 1e-9 <= one.right_high <= 1
    assert sum(one.n * one.said for one in row.bins) == pytest.approx(row.n * row.said)
    assert sum(one.n * one.right for one in row.bins) == pytest.approx(row.n * row.right)


@given(forecasts)
def test_errors_lie_between_the_gap_of_the_means_and_one(found: list[Forecast]) -> None:
    row = measured(found)
    assert abs(row.said - row.right) - 1e-9 <= row.ece <= 1
    # The root of the mean square is never below the mean.
    assert row.ece**2 <= row.brier + 1e-9
    assert 0 <= row.ece_by_chance <= 1


def test_more_forecasts_leave_chance_less_room() -> None:
    rooms = [measured(drawn(0.5, 0.5, count)).ece_by_chance for count in (10, 100, 1_000)]
    assert rooms[0] > 2 * rooms[1] > 4 * rooms[2]
    # Of 100 draws at one half the mean is off by 1.96 * 0.05 in one of twenty.
    assert rooms[1] == pytest.approx(0.098, abs=0.015)


def test_wilsons_interval_is_the_published_one() -> None:
    """Newcombe, Statistics in Medicine 17 (1998), table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29."""
    for right, n, low, high in [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611)]:
        assert wilson(right, n) == pytest.approx((low, high), abs=5e-5)
    assert wilson(1, 29) == pytest.approx((0.0061, 0.1718), abs=5e-5)


def test_the_dictionary_has_percent_and_errors() -> None:
    row = measured([Forecast(0.7, True), Forecast(0.7, False)]).as_dict()
    assert row == {
        "n": 2,
        "said": 70.0,
        "right": 50.0,
        "ece": 0.2,
        "ece_by_chance": 0.7,
        "brier": 0.29,
        "bins": [{"n": 2, "from": 70.0, "to": 80.0, "said": 70.0, "right": 50.0, "right_low": 9.5, "right_high": 90.5}],
    }
