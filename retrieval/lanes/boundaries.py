"""From a score curve over neighbouring windows to the span of a moment."""

from collections.abc import Sequence
from dataclasses import dataclass

from retrieval.domain import SoundEvent, Span


@dataclass(frozen=True, slots=True)
class Scored:
    """One window of a curve: its span, the shot it lies in and its calibrated score."""

    span: Span
    shot_ordinal: int
    score: float


@dataclass(frozen=True, slots=True)
class Peak:
    """A stretch of the curve around a peak; ``score`` is that of the best windows of the stretch."""

    span: Span
    peak_s: float
    score: float


def _grow(curve: Sequence[Scored], taken: Sequence[bool], top: int, floor: float, valley: float) -> tuple[int, int]:
    """First and last window of the basin around ``top``: above the floor, up to the next watershed."""
    first = last = top
    for step in (-1, 1):
        lowest = curve[top].score
        at = top
        while True:
            following = at + step
            if not 0 <= following < len(curve) or taken[following]:
                break
            if curve[following].shot_ordinal != curve[top].shot_ordinal:
                break
            score = curve[following].score
            lowest = min(lowest, score)
            if score < floor or score - lowest > valley:
                break
            at = following
        if step < 0:
            first = at
        else:
            last = at
    return first, last


def find_peaks(
    curve: Sequence[Scored], *, level: float = 0.0, keep: float = 0.5, valley: float = 0.6, doubt: float = 0.0
) -> list[Peak]:
    """Disjoint stretches around the curve's peaks, best first.

    ``curve`` is in time order. A stretch keeps to its shot, takes in windows whose score is at least
    ``keep`` of the way from ``level`` (what the library gets at large) up to the peak, and ends at a
    watershed: where the curve has risen by more than ``valley`` from a dip. Watershed boundaries from
    frozen embeddings beat sliding windows (arXiv 2211.02178). Scores are drawn towards ``level`` as if by
    ``doubt`` further windows: one window may be high by accident, several in a row hardly.
    """
    peaks: list[Peak] = []
    taken = [False] * len(curve)
    for top in sorted(range(len(curve)), key=lambda index: (-curve[index].score, index)):
        if taken[top]:
            continue
        best = curve[top].score
        floor = level + keep * (best - level) if best > level else best
        first, last = _grow(curve, taken, top, floor, valley)
        for index in range(first, last + 1):
            taken[index] = True
        scores = sorted((curve[index].score for index in range(first, last + 1)), reverse=True)
        strongest = scores[: max(1, (len(scores) + 1) // 2)]
        peaks.append(
            Peak(
                Span(curve[first].span.start_s, curve[last].span.end_s),
                (curve[top].span.start_s + curve[top].span.end_s) / 2,
                (sum(strongest) + doubt * level) / (len(strongest) + doubt),
            )
        )
    return sorted(peaks, key=lambda peak: (-peak.score, peak.span.start_s))


def snapped(span: Span, peak_s: float, events: Sequence[SoundEvent], reach_s: float) -> Span:
    """The span from the onset to the end of the sound at its peak, where that sound fills most of it.

    An edge moves inwards only, by at most ``reach_s``. A short sound in a longer stretch leaves it as it
    is: a sneeze is easier to find with the second before it.
    """
    around = Span(peak_s - reach_s / 2, peak_s + reach_s / 2)
    heard = max(events, key=lambda event: (event.span.overlap_s(around) * event.score, event.label), default=None)
    if heard is None or heard.span.overlap_s(around) <= 0:
        return span
    same = [event.span for event in events if event.label == heard.label and event.span.overlap_s(span) > 0]
    if sum(event.overlap_s(span) for event in same) < span.duration_s / 2:
        return span
    onset_s, end_s = min(event.start_s for event in same), max(event.end_s for event in same)
    start_s = onset_s if span.start_s < onset_s <= span.start_s + reach_s else span.start_s
    stop_s = end_s if span.end_s - reach_s <= end_s < span.end_s else span.end_s
    return Span(start_s, stop_s) if stop_s > start_s else span
