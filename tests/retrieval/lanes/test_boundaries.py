"""From score curves to spans."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from retrieval.domain import SoundEvent, Span
from retrieval.lanes.boundaries import Scored, find_peaks, snapped


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


def event(start_s: float, end_s: float, label: str = "rain", score: float = 0.9) -> SoundEvent:
    return SoundEvent(Span(start_s, end_s), label, score)


def test_a_lasting_sound_moves_the_edges_to_its_onset_and_end() -> None:
    assert snapped(Span(4.0, 12.0), 7.0, [event(5.2, 10.9)], 2.0) == Span(5.2, 10.9)


def test_a_short_sound_leaves_the_stretch_around_it() -> None:
    assert snapped(Span(4.0, 8.0), 5.0, [event(4.8, 5.3, "sneeze")], 2.0) == Span(4.0, 8.0)


def test_another_sound_than_that_at_the_peak_moves_nothing() -> None:
    events = [event(4.5, 11.5, "rain", 0.6), event(0.0, 5.0, "speech", 1.0)]
    assert snapped(Span(4.0, 12.0), 8.0, events, 2.0) == Span(4.5, 11.5)
    assert snapped(Span(4.0, 12.0), 8.0, [], 2.0) == Span(4.0, 12.0)


@given(
    st.floats(0, 20),
    st.floats(0.5, 20),
    st.floats(0, 1),
    st.lists(st.tuples(st.floats(0, 40), st.floats(0.1, 20), st.sampled_from(["rain", "speech"])), max_size=6),
)
def test_snapping_never_leaves_the_stretch(
    start_s: float, length_s: float, share: float, raw: list[tuple[float, float, str]]
) -> None:
    span = Span(start_s, start_s + length_s)
    events = [event(begin, begin + length, label) for begin, length, label in raw]
    found = snapped(span, start_s + share * length_s, events, 2.0)
    assert span.start_s <= found.start_s < found.end_s <= span.end_s
    assert found.start_s - span.start_s <= 2.0
    assert span.end_s - found.end_s <= 2.0 + 1e-9
