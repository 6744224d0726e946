"""From a score curve over neighbouring windows to the span of a moment."""

from collections.abc import Sequence
from dataclasses import dataclass

from retrieval.domain import Span


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


def find_peaks(curve: Sequence[Scored], *, level: float = 0.0, keep: float = 0.5, valley: float = 0.6) -> list[Peak]:
    """Disjoint stretches around the curve's peaks, best first.

    ``curve`` is in time order. A stretch keeps to its shot, takes in windows whose score is at least
    ``keep`` of the way from ``level`` (what the library gets at large) up to the peak, and ends at a
    watershed: where the curve has risen by more than ``valley`` from a dip. Watershed boundaries from
    frozen embeddings beat sliding windows (arXiv 2211.02178).
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
                sum(strongest) / len(strongest),
            )
        )
    return sorted(peaks, key=lambda peak: (-peak.score, peak.span.start_s))
