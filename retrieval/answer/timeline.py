"""How likely a query is to be answered at each window of one video: the score curve of its timeline."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from retrieval.answer.explanation import Ranking
from retrieval.answer.lane_spaces import LaneSpaces
from retrieval.asking.query_vectors import QueryVectors
from retrieval.domain import Lane, Span
from retrieval.lanes.backgrounds import Backgrounds
from retrieval.lanes.calibration import Floats
from retrieval.lanes.candidate import Candidate
from retrieval.lanes.lane_table import LANES, Unit, window_tuning
from retrieval.lanes.windows import Background, peaks
from retrieval.storage.records import VideoRecord, VideoWindow
from retrieval.storage.vectors import Hit, VectorFilter, VectorStore

MOST_KEPT_BYTES = 64 * 2**20
"""What the vectors of videos that were looked at may take up: some hours of each of several videos."""

LEAST_SHARED = 0.25
"""A line of speech or screen text is of a window with which it shares this much of the shorter of the two."""


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """One window, and the probability that it is what was meant, 0 to 1."""

    span: Span
    confidence: float


@dataclass(frozen=True, slots=True)
class WindowVectors:
    """The vectors (n, dim) of one video's windows in one space, and the windows' ordinals, ascending."""

    ordinals: tuple[int, ...]
    vectors: NDArray[np.float32]

    @classmethod
    def of(cls, hits: Sequence[Hit]) -> "WindowVectors":
        """Those of hits that came with their vectors."""
        pairs = [(hit.ordinal, hit.vector) for hit in hits if hit.vector is not None]
        vectors = np.stack([vector for _, vector in pairs]) if pairs else np.zeros((0, 0), np.float32)
        return cls(tuple(ordinal for ordinal, _ in pairs), vectors)


class KeptVectors:
    """The vectors of the last videos that were looked at, up to ``most_bytes``; safe to share between threads."""

    def __init__(self, most_bytes: int = MOST_KEPT_BYTES) -> None:
        self._most_bytes = most_bytes
        self._kept: OrderedDict[tuple[str, ...], WindowVectors] = OrderedDict()
        self._lock = Lock()

    def get(self, key: tuple[str, ...]) -> WindowVectors | None:
        """What was put there under this key, if it is still kept."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def put(self, key: tuple[str, ...], vectors: WindowVectors) -> None:
        """Keep the vectors in the place of those that were asked for longest ago."""
        with self._lock:
            self._kept[key] = vectors
            self._kept.move_to_end(key)
            while sum(kept.vectors.nbytes for kept in self._kept.values()) > self._most_bytes:
                self._kept.popitem(last=False)


class Curves:
    """Score curves of videos; safe to share between threads."""

    def __init__(self, backgrounds: Backgrounds) -> None:
        self._backgrounds = backgrounds
        self._kept = KeptVectors()

    def of(
        self,
        store: VectorStore,
        ranking: Ranking,
        vectors: QueryVectors,
        spaces: LaneSpaces,
        video: VideoRecord,
        windows: Sequence[VideoWindow],
    ) -> Floats:
        """Probability (n,) of one term at each window, fused over the lanes that were searched for it."""
        found: dict[Lane, Floats] = {}
        for lane in ranking.weights:
            match LANES[lane].unit:
                case Unit.LINE:
                    found[lane] = line_probabilities(lane, ranking.candidates, windows)
                case Unit.WINDOW:
                    is_example = lane in ranking.term.examples
                    space = video.encoders.get(lane)
                    if space is None or space not in spaces.of(lane, for_example=is_example):
                        found[lane] = np.zeros(len(windows), np.float32)
                        continue
                    vector, stored = vectors.of(lane, ranking.term), self._stored(store, space, video)
                    background = self._backgrounds.of(store, lane, space, for_example=is_example)
                    found[lane] = window_probabilities(lane, vector, stored, background, windows)
        return fused(found, {lane: weight.value for lane, weight in ranking.weights.items()})

    def _stored(self, store: VectorStore, space: str, video: VideoRecord) -> WindowVectors:
        """The vectors of the video's windows in a space, kept for the next query about it."""
        key = (space, video.id, str(video.indexed_at))
        kept = self._kept.get(key)
        if kept is None:
            kept = WindowVectors.of(store.fetch(space, VectorFilter(video_ids=frozenset({video.id})), video.windows))
            self._kept.put(key, kept)
        return kept


def window_probabilities(
    lane: Lane,
    query: NDArray[np.float32],
    stored: WindowVectors,
    background: Background,
    windows: Sequence[VideoWindow],
) -> Floats:
    """The lane's probability (n,) at each of these windows for a unit query vector (dim,).

    A window has the probability that a search gives to it, and no more than that of the stretch it lies in.
    """
    found = np.zeros(len(windows), np.float32)
    places = {kept.window.ordinal: place for place, kept in enumerate(windows)}
    known = [row for row, ordinal in enumerate(stored.ordinals) if ordinal in places]
    if not known:
        return found
    at = [places[stored.ordinals[row]] for row in known]
    scores = background.scores(query, stored.vectors[known], background.spread(query))
    scored = [windows[place] for place in at]
    starts_s = np.asarray([kept.window.span.start_s for kept in scored])
    capped = np.array(scores, np.float32)
    for peak in peaks(lane, scored, scores.tolist()):
        stretch = slice(*np.searchsorted(starts_s, [peak.span.start_s, peak.span.end_s]))
        capped[stretch] = np.minimum(capped[stretch], peak.score)
    found[at] = window_tuning(lane).probability.probabilities(capped)
    return found


def line_probabilities(lane: Lane, candidates: Sequence[Candidate], windows: Sequence[VideoWindow]) -> Floats:
    """The lane's probability (n,) at each of these windows: that of the best line there, 0 without any."""
    found = np.zeros(len(windows), np.float32)
    spans = [kept.window.span for kept in windows]
    starts_s = np.asarray([span.start_s for span in spans])
    ends_s = np.asarray([span.end_s for span in spans])
    for candidate in candidates:
        if lane not in candidate.lanes:
            continue
        first = int(np.searchsorted(ends_s, candidate.span.start_s, side="right"))
        last = int(np.searchsorted(starts_s, candidate.span.end_s, side="left"))
        for place in range(first, last):
            shorter_s = min(spans[place].duration_s, candidate.span.duration_s)
            if candidate.span.overlap_s(spans[place]) >= LEAST_SHARED * shorter_s:
                found[place] = max(found[place], candidate.lanes[lane])
    return found


def fused(lanes: Mapping[Lane, Floats], weights: Mapping[Lane, float]) -> Floats:
    """Probability (n,) that at least one lane is right; ``fusion.fuse`` for all windows at once."""
    miss = np.ones_like(next(iter(lanes.values())), dtype=np.float64)
    for lane, probabilities in lanes.items():
        exact = probabilities.astype(np.float64)
        odds = weights[lane] * exact / np.maximum(1e-9, 1.0 - exact)
        miss *= 1.0 - odds / (1.0 + odds)
    return np.asarray(1.0 - miss, np.float32)


def curve_of(
    windows: Sequence[VideoWindow], steps: Sequence[Floats], unwanted: Sequence[Floats]
) -> tuple[CurvePoint, ...]:
    """The points of the best step at each window, less what is unwanted there."""
    best = np.max(np.stack(steps), axis=0)
    for there in unwanted:
        best = best * (1.0 - there)
    return tuple(
        CurvePoint(kept.window.span, float(confidence)) for kept, confidence in zip(windows, best, strict=True)
    )
