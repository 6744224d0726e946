"""Windows, the units of the index: each shot cut evenly into stretches of about two seconds."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from retrieval.domain import Shot, Span, Window

UNEVENTFUL_S = 30.0
"""Where nothing comes for so long, there is nothing to tell one moment of it from another."""


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


def uneventful_stretches(
    times_s: NDArray[np.float64], heard_s: NDArray[np.float64], duration_s: float
) -> tuple[Span, ...]:
    """Where no new picture comes and nothing is heard for at least UNEVENTFUL_S, in [0, duration_s).

    ``times_s`` (n,) are the times of all pictures, ``heard_s`` (m, 2) where each stretch of sound starts and ends, both
    in any order. A picture that stands for so long is shown by the stretch that begins with it.
    """
    starts_s = np.concatenate((times_s, heard_s[:, 0]))
    order = np.argsort(starts_s, kind="stable")
    starts_s, ends_s = starts_s[order], np.concatenate((times_s, heard_s[:, 1]))[order]
    before_s = np.maximum.accumulate(np.concatenate(([0.0], ends_s)))
    after_s = np.minimum(np.concatenate((starts_s, [duration_s])), duration_s)
    return tuple(
        Span(float(before_s[index]), float(after_s[index]))
        for index in np.flatnonzero(after_s - before_s >= UNEVENTFUL_S)
    )


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
