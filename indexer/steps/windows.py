"""Windows, the units of the index: each shot cut evenly into stretches of about two seconds."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise

from retrieval.domain import Shot, Span, Window


def cut_windows(shots: Sequence[Shot], length_s: float = 2.0, uneventful: Sequence[Span] = ()) -> tuple[Window, ...]:
    """Windows that cover the shots without gaps or overlap and never cross a cut.

    All windows of a shot are equally long, as near to ``length_s`` as whole numbers allow; but each ``uneventful``
    stretch, in order, is one window, and what lies between two is divided as a shot is. Neighbours share the very
    same float, so that no instant falls between them.
    """
    windows: list[Window] = []
    ends_s = [stretch.end_s for stretch in uneventful]
    for shot in shots:
        edges = [shot.span.start_s]
        for stretch in uneventful[bisect_right(ends_s, shot.span.start_s) :]:
            if stretch.start_s >= shot.span.end_s:
                break
            edges += _divided(edges[-1], max(stretch.start_s, shot.span.start_s), length_s)
            edges.append(min(stretch.end_s, shot.span.end_s))
        edges += _divided(edges[-1], shot.span.end_s, length_s)
        for first_s, last_s in pairwise(edges):
            windows.append(Window(len(windows), shot.ordinal, Span(first_s, last_s)))
    return tuple(windows)


def _divided(start_s: float, end_s: float, length_s: float) -> Iterator[float]:
    """Where each of the windows between the two ends; none if there is nothing between them."""
    if end_s > start_s:
        count = max(1, round((end_s - start_s) / length_s))
        yield from (start_s + (end_s - start_s) * step / count for step in range(1, count))
        yield end_s


def frames_of_windows(
    windows: Sequence[Window], shots: Sequence[Shot], times_s: Sequence[float]
) -> tuple[tuple[int, ...], ...]:
    """For each window the indexes into ``times_s`` (ascending) of the frames that show it.

    A window in which no frame was kept looks like the last frame before it in the same shot; failing
    that, like the first one after it in the shot, and in a shot without any, like the nearest frame.
    Empty only if there are no frames at all.
    """
    return tuple(_frames_of(window.span, shots[window.shot_ordinal].span, times_s) for window in windows)


def _frames_of(window: Span, shot: Span, times_s: Sequence[float]) -> tuple[int, ...]:
    first, last = bisect_left(times_s, window.start_s), bisect_left(times_s, window.end_s)
    if first < last:
        return tuple(range(first, last))
    if not times_s:
        return ()
    if first > 0 and times_s[first - 1] >= shot.start_s:
        return (first - 1,)
    if first < len(times_s) and times_s[first] < shot.end_s:
        return (first,)
    return (min(range(len(times_s)), key=lambda index: abs(times_s[index] - window.start_s)),)
