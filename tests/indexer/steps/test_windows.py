"""Windows cover every shot without gaps and never cross a cut."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from indexer.steps.windows import cut_windows, frames_of_windows
from retrieval.domain import Shot, Span

shot_lengths = st.lists(st.floats(0.02, 90.0), min_size=1, max_size=30)


def shots_of(lengths_s: list[float]) -> tuple[Shot, ...]:
    edges = [0.0]
    for length_s in lengths_s:
        edges.append(edges[-1] + length_s)
    return tuple(Shot(n, Span(*span)) for n, span in enumerate(pairwise(edges)))


@given(shot_lengths, st.floats(0.5, 10.0))
def test_windows_cover_the_video_without_gaps(lengths_s: list[float], length_s: float) -> None:
    shots = shots_of(lengths_s)
    windows = cut_windows(shots, length_s)
    assert windows[0].span.start_s == 0.0
    assert windows[-1].span.end_s == shots[-1].span.end_s
    assert all(one.span.end_s == two.span.start_s for one, two in pairwise(windows))
    assert all(window.span.duration_s > 0 for window in windows)
    assert [window.ordinal for window in windows] == list(range(len(windows)))


@given(shot_lengths, st.floats(0.5, 10.0))
def test_windows_lie_inside_their_shot_and_are_even(lengths_s: list[float], length_s: float) -> None:
    shots = shots_of(lengths_s)
    by_shot: dict[int, list[float]] = {}
    for window in cut_windows(shots, length_s):
        shot = shots[window.shot_ordinal].span
        assert shot.start_s <= window.span.start_s < window.span.end_s <= shot.end_s
        by_shot.setdefault(window.shot_ordinal, []).append(window.span.duration_s)
    for ordinal, durations_s in by_shot.items():
        assert max(durations_s) - min(durations_s) < 1e-6
        assert durations_s[0] < 1.5 * length_s + 1e-6
        assert len(durations_s) == 1 or durations_s[0] > length_s / 1.5 - 1e-6
        assert ordinal in range(len(shots))
    assert len(by_shot) == len(shots)


def test_a_video_without_shots_has_no_windows() -> None:
    assert cut_windows(()) == ()


def test_two_seconds_by_default() -> None:
    spans = [window.span for window in cut_windows(shots_of([5.0, 0.1]))]
    assert spans == [Span(0.0, 2.5), Span(2.5, 5.0), Span(5.0, 5.1)]


def test_a_window_without_frames_uses_the_last_one_before_it_in_its_shot() -> None:
    shots = shots_of([6.0, 4.0])
    frames = frames_of_windows(cut_windows(shots), shots, [0.0, 0.5, 7.0])
    #            0-2     2-4   4-6   6-8   8-10
    assert frames == ((0, 1), (1,), (1,), (2,), (2,))


def test_before_its_first_frame_a_shot_looks_like_that_frame() -> None:
    shots = shots_of([4.0, 4.0])
    assert frames_of_windows(cut_windows(shots), shots, [0.0, 6.5]) == ((0,), (0,), (1,), (1,))


def test_a_shot_without_frames_uses_the_nearest() -> None:
    shots = shots_of([2.0, 0.05, 2.0])
    assert frames_of_windows(cut_windows(shots), shots, [0.0, 2.1]) == ((0,), (1,), (1,))


def test_without_frames_no_window_has_any() -> None:
    shots = shots_of([3.0])
    assert frames_of_windows(cut_windows(shots), shots, []) == ((), ())


@given(shot_lengths, st.lists(st.floats(0.0, 1.0), min_size=1, max_size=60))
def test_every_frame_belongs_to_the_window_in_which_it_is_shown(lengths_s: list[float], places: list[float]) -> None:
    shots = shots_of(lengths_s)
    windows = cut_windows(shots)
    end_s = shots[-1].span.end_s
    times_s = sorted({place * end_s * 0.999 for place in places})
    assigned = frames_of_windows(windows, shots, times_s)
    assert all(assigned)
    for index, time_s in enumerate(times_s):
        window = next(w for w in windows if w.span.start_s <= time_s < w.span.end_s)
        assert index in assigned[window.ordinal]
