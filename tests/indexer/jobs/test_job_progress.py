"""Progress over all steps, speed and time left, as functions of what was seen."""

from hypothesis import given
from hypothesis import strategies as st

from indexer.intake.addition import Addition, Origin
from indexer.jobs.pace import FETCH_WEIGHT, Pace, overall_share, weights_of
from indexer.pipeline import FETCH, STEPS

SHARES = st.lists(st.floats(0.0, 1.0), min_size=2, max_size=20).map(sorted)


def test_the_whole_is_weighted_by_the_steps() -> None:
    total = sum(STEPS.values())
    assert overall_share("identify", 0.0) == 0.0
    assert overall_share("decode", 0.0) == STEPS["identify"] / total
    assert overall_share("decode", 0.5) == (STEPS["identify"] + STEPS["decode"] / 2) / total
    assert overall_share("publish", 1.0) == 1.0
    assert overall_share(None, 0.0) == overall_share("no such step", 0.7) == 0.0


def test_a_download_comes_before_all_steps() -> None:
    total = FETCH_WEIGHT + sum(STEPS.values())
    weights = weights_of(Addition("https://example.org/film.mp4", Origin.URL))
    assert overall_share(FETCH, 1.0, weights) == overall_share("identify", 0.0, weights) == FETCH_WEIGHT / total
    assert overall_share("publish", 1.0, weights) == 1.0


@given(st.sampled_from(list(STEPS)), st.floats(-1, 2), st.sampled_from(list(Origin)))
def test_the_whole_is_never_less_than_nothing_or_more_than_all(stage: str, share: float, origin: Origin) -> None:
    assert 0.0 <= overall_share(stage, share, weights_of(Addition("film.mp4", origin))) <= 1.0


def steady(seconds: int, per_s: float, start_share: float = 0.0) -> Pace:
    pace = Pace.start(100.0, start_share)
    for second in range(1, seconds + 1):
        pace = pace.seen(100.0 + second, start_share + second * per_s)
    return pace


def test_a_steady_run_is_told_exactly() -> None:
    pace = steady(30, 0.01)
    assert round(pace.speed_x(600.0) or 0, 6) == 6.0
    assert round(pace.remaining_s(130.0) or 0, 6) == 70.0
    assert round(pace.remaining_s(140.0) or 0, 6) == 60.0


def test_a_run_that_goes_on_after_a_kill_counts_its_own_work_only() -> None:
    pace = steady(10, 0.02, start_share=0.5)
    assert round(pace.speed_x(100.0) or 0, 6) == 2.0
    assert round(pace.remaining_s(110.0) or 0, 6) == 15.0


def test_nothing_is_told_before_something_is_seen() -> None:
    pace = Pace.start(5.0, 0.3)
    assert pace.speed_x(60.0) is None
    assert pace.remaining_s(6.0) is None
    assert steady(1, 0.001).remaining_s(101.0) is None
    assert steady(30, 0.01).speed_x(None) is None


def test_silence_does_not_look_like_the_end() -> None:
    assert (steady(30, 0.01).remaining_s(10_000.0) or 0) > 20.0


@given(SHARES)
def test_estimates_are_finite_and_not_negative(shares: list[float]) -> None:
    pace = Pace.start(0.0, shares[0])
    for second, share in enumerate(shares[1:], start=1):
        pace = pace.seen(float(second), share)
    remaining_s = pace.remaining_s(float(len(shares)))
    assert remaining_s is None or 0.0 <= remaining_s < 1e6
