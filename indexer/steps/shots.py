"""Shots from a few numbers per frame: hard cuts by an adaptive threshold, fades through black."""

import numpy as np
from numpy.typing import NDArray

from indexer.media.cut_signal import BRIGHTNESS, STEP, STRIDE, STRIDE_FRAMES
from retrieval.domain import Shot, Span

# Figures are mean absolute luma differences of the small picture, 0 to 255. Measured: hard cuts have
# a strength of 4 to 60 (2.2 inside fast motion), the strongest motion without a cut 1.8.
CUT_STEP = 6.0
CUT_STRENGTH = 2.0
STEP_NOISE = 3.0
NEIGHBOURHOOD_S = 0.5
NEIGHBOURHOOD_FRAMES = 6
USUAL_PERCENTILE = 80
LASTING = 0.5

BLACK = 8.0
LIT = 24.0
LIT_WITHIN_S = 1.0
BLACK_LASTS_S = 0.15
BLACK_SHOT_S = 1.0
SUDDEN = 0.5


def find_shots(times_s: NDArray[np.float64], signal: NDArray[np.float32], duration_s: float) -> tuple[Shot, ...]:
    """Shots that cover [0, duration_s) without gaps; one shot where there is no cut, or no picture at all.

    ``times_s`` (n,) ascending; ``signal`` (n, 3) as ``SignalMeter`` measures it. A shot starts at the
    exact time of its first frame. A moment of black between two shots belongs to the one before.
    """
    if duration_s <= 0:
        return ()
    brightness = signal[:, BRIGHTNESS]
    black_runs = _black_runs(brightness)
    hidden = {start for start, end in black_runs if _is_pause(times_s, start, end)}
    cuts = set(_hard_cuts(times_s, signal)) - hidden
    cuts.update(end for start, end in black_runs if _is_fade(times_s, brightness, start, end))
    starts = [0.0, *(float(times_s[index]) for index in sorted(cuts) if 0 < times_s[index] < duration_s)]
    ends = [*starts[1:], duration_s]
    return tuple(Shot(n, Span(start, end)) for n, (start, end) in enumerate(zip(starts, ends, strict=True)))


def _hard_cuts(times_s: NDArray[np.float64], signal: NDArray[np.float32]) -> list[int]:
    """Frames that differ from the frame before far more than their neighbours do, and stay different."""
    cuts = []
    step = signal[:, STEP]
    for index in np.flatnonzero(step >= CUT_STEP):
        first = min(np.searchsorted(times_s, times_s[index] - NEIGHBOURHOOD_S), index - NEIGHBOURHOOD_FRAMES)
        last = max(np.searchsorted(times_s, times_s[index] + NEIGHBOURHOOD_S), index + NEIGHBOURHOOD_FRAMES)
        around = np.concatenate((step[max(1, first) : index], step[index + 1 : last + 1]))
        # A high percentile, not a mean: repeated frames (24 fps shown at 60) have no step at all,
        # and another cut close by must not hide this one.
        usual = float(np.percentile(around, USUAL_PERCENTILE)) if len(around) else 0.0
        if step[index] < CUT_STRENGTH * (usual + STEP_NOISE):
            continue
        # After a flash of one or two frames the picture is back to what it was three frames earlier.
        if signal[index : index + STRIDE_FRAMES, STRIDE].min() >= LASTING * step[index]:
            cuts.append(int(index))
    return cuts


def _black_runs(brightness: NDArray[np.float32]) -> list[tuple[int, int]]:
    """Stretches ``[start, end)`` of black frames."""
    edges = np.diff(np.concatenate(([False], brightness < BLACK, [False])).astype(np.int8))
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    return [(int(start), int(end)) for start, end in zip(starts, ends, strict=True)]


def _is_pause(times_s: NDArray[np.float64], start: int, end: int) -> bool:
    """Whether black is too short to be a shot of its own."""
    return end < len(times_s) and bool(times_s[end] - times_s[start] < BLACK_SHOT_S)


def _is_fade(times_s: NDArray[np.float64], brightness: NDArray[np.float32], start: int, end: int) -> bool:
    """Whether black stands between two lit pictures, and is no mere flash."""
    if start == 0 or end == len(times_s):
        return False
    first = np.searchsorted(times_s, times_s[start] - LIT_WITHIN_S)
    last = np.searchsorted(times_s, times_s[end] + LIT_WITHIN_S)
    # A high percentile, not the maximum, so that a flash near by does not count as light.
    before = np.percentile(brightness[first:start], USUAL_PERCENTILE)
    after = np.percentile(brightness[end:last], USUAL_PERCENTILE)
    if min(before, after) < LIT:
        return False
    lasts = times_s[end] - times_s[start] >= BLACK_LASTS_S
    gradual = brightness[start - 1] < SUDDEN * before or brightness[end] < SUDDEN * after
    return bool(lasts or gradual)
