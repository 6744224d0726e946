"""From score curves to spans."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from retrieval.boundaries import Scored, find_peaks
from retrieval.domain import Span


def curve(*scores: float, shots: tuple[int, ...] | None = None) -> list[Scored]:
    """Windows of 2 s with these scores, all in shot 0 unless said otherwise."""
    return [
        Scored(Span(2.0 * index, 2.0 * index + 2.0), shots[index] if shots else 0, score)
        for index, score in enumerate(scores)
    ]


def test_a_peak_takes_in_its_neighbours_above_the_floor() -> None:
    best = find_peaks(curve(0.0, 0.1, 3.8, 4.0, 3.9, 0.2, 0.0), keep=0.5)[0]
    assert best.span == Span(4.0, 10.0)
    assert best.peak_s == 7.0


def test_a_peak_never_leaves_its_shot() -> None:
    best = find_peaks(curve(4.0, 4.1, 4.0, 4.0, shots=(0, 0, 1, 1)))[0]
    assert best.span == Span(0.0, 4.0)


def test_a_valley_parts_two_peaks() -> None:
    spans = [peak.span for peak in find_peaks(curve(4.0, 3.9, 2.4, 3.9, 4.1), keep=0.5, valley=0.6)[:2]]
    assert Span(0.0, 6.0) in spans or Span(0.0, 4.0) in spans
    assert spans[0].overlap_s(spans[1]) == 0.0


def test_a_lone_window_is_its_own_peak() -> None:
    assert find_peaks(curve(-1.0))[0].span == Span(0.0, 2.0)


def test_no_windows_have_no_peaks() -> None:
    assert find_peaks([]) == []


@given(st.lists(st.tuples(st.floats(-3, 6), st.integers(0, 1)), max_size=40))
def test_peaks_cover_the_curve_once_within_shots_best_first(raw: list[tuple[float, int]]) -> None:
    shot, windows = 0, []
    for index, (score, cut) in enumerate(raw):
        shot += cut
        windows.append(Scored(Span(2.0 * index, 2.0 * index + 2.0), shot, score))
    peaks = find_peaks(windows)
    assert [peak.score for peak in peaks] == sorted((peak.score for peak in peaks), reverse=True)
    covered = sorted(peak.span for peak in peaks)
    assert sum(span.duration_s for span in covered) == 2.0 * len(windows)
    assert all(one.end_s <= other.start_s for one, other in pairwise(covered))
    for peak in peaks:
        inside = {w.shot_ordinal for w in windows if w.span.overlap_s(peak.span) > 0}
        assert len(inside) == 1
        assert peak.span.start_s <= peak.peak_s <= peak.span.end_s
