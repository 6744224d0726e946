"""How likely what must not be there is at the moments that were found: nowhere else does it matter.

The vectors there are fetched once per lane, however many things are unwanted.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from math import inf
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from retrieval.answer.explanation import Ranking
from retrieval.answer.lane_spaces import LaneSpaces, none_readable
from retrieval.asking.query import Term
from retrieval.asking.query_vectors import QueryVectors
from retrieval.domain import Gone, Lane, LaneWeight, Span, joined
from retrieval.encoders.base import EncoderSpec
from retrieval.errors import VectorsDamagedError, go_on_unless
from retrieval.lanes.backgrounds import Backgrounds
from retrieval.lanes.calibration import Floats
from retrieval.lanes.candidate import Candidate
from retrieval.lanes.lane_table import LANES, Unit, line_lanes
from retrieval.lanes.lines import lines_like
from retrieval.lanes.windows import Background, window_chances
from retrieval.storage.contents import Contents
from retrieval.storage.records import VideoRecord
from retrieval.storage.vectors import Hit, Places, VectorFilter, VectorStore

if TYPE_CHECKING:
    from retrieval.encoders.profiles import Encoders
    from retrieval.storage.library import Library

Found = Sequence[tuple[float, Candidate]]

LOOKED_AT_S = 10_000.0
"""So much of the library is looked at for what is unwanted, the best moments first."""
HARDLY_THERE = 0.01
"""What must not be there takes nothing away where it is less likely than this."""
LEAST_SHARED = 0.3
"""Of the shorter of moment and unwanted thing: less in common is chance."""
_AT_ONCE = 256
"""Moments that are held against everything unwanted at once: what that takes in memory has a limit."""


@dataclass(frozen=True, slots=True)
class Spots:
    """Where something may be: ids of videos (n,), spans (n, 2) in seconds, and how likely (n,)."""

    videos: NDArray[np.str_]
    spans_s: NDArray[np.float64]
    chances: Floats

    @classmethod
    def of(cls, videos: Sequence[str], spans: Sequence[Span], chances: Sequence[float] | Floats) -> "Spots":
        spans_s = np.asarray([(span.start_s, span.end_s) for span in spans], np.float64).reshape(-1, 2)
        return cls(np.asarray(videos, np.str_), spans_s, np.asarray(chances, np.float32))

    def likely(self, chances: Floats) -> "Spots":
        """The same places with these chances, less where there is hardly one."""
        kept = chances >= HARDLY_THERE
        return Spots(self.videos[kept], self.spans_s[kept], chances[kept])

    def __add__(self, other: "Spots") -> "Spots":
        """All of these places, and of those."""
        return Spots(
            np.concatenate([self.videos, other.videos]),
            np.concatenate([self.spans_s, other.spans_s]),
            np.concatenate([self.chances, other.chances]),
        )

    def at(self, moments: "Spots") -> Floats:
        """The likeliest (m,) that shares enough time with each of the moments."""
        best = np.zeros(len(moments.videos), np.float32)
        for video in np.unique(self.videos):
            mine, theirs = np.flatnonzero(self.videos == video), np.flatnonzero(moments.videos == video)
            starts_s, ends_s = self.spans_s[mine].T
            for begin in range(0, len(theirs), _AT_ONCE):
                some = theirs[begin : begin + _AT_ONCE]
                from_s, to_s = moments.spans_s[some, :1], moments.spans_s[some, 1:]
                shared_s = np.minimum(ends_s, to_s) - np.maximum(starts_s, from_s)
                least_s = LEAST_SHARED * np.minimum(ends_s - starts_s, to_s - from_s)
                there = (shared_s > 0) & (shared_s > least_s)
                best[some] = np.where(there, self.chances[mine], 0.0).max(axis=1)
        return best


@dataclass(slots=True)
class Excluded:
    """One thing that must not be there, the lanes it is looked for in, and where it may be by lane.

    ``unread`` are the lanes that could not be searched, with why.
    """

    term: Term
    weights: Mapping[Lane, LaneWeight]
    spots: dict[Lane, Spots] = field(default_factory=dict)
    unread: dict[Lane, str] = field(default_factory=dict)

    def chances_at(self, moments: Spots) -> NDArray[np.float64]:
        """How likely (m,) it is at each of the moments, in any lane: ``fusion.fuse`` for all of them at once."""
        miss = np.ones(len(moments.videos), np.float64)
        for lane, spots in self.spots.items():
            chances = spots.at(moments).astype(np.float64)
            odds = self.weights[lane].value * chances / np.maximum(1e-9, 1.0 - chances)
            miss *= 1.0 - odds / (1.0 + odds)
        return 1.0 - miss


def places_of(found: Found) -> Places:
    """Where the moments lie, those that touch as one; of the best of them, as far as ``LOOKED_AT_S`` reaches."""
    spans: dict[str, list[Span]] = {}
    looked_at_s = 0.0
    for _, candidate in found:
        if looked_at_s > LOOKED_AT_S:
            break
        spans.setdefault(candidate.video_id, []).append(candidate.span)
        looked_at_s += candidate.span.duration_s
    return tuple((video_id, joined(those)) for video_id, those in spans.items())


def without(found: Found, excluded: Sequence[Excluded]) -> list[tuple[float, Candidate]]:
    """Moments whose score falls by how likely each of the unwanted is to be there, best first."""
    if not excluded:
        return list(found)
    spans = [candidate.span for _, candidate in found]
    moments = Spots.of([candidate.video_id for _, candidate in found], spans, [score for score, _ in found])
    kept = np.ones(len(found), np.float64)
    for one in excluded:
        kept *= 1.0 - one.chances_at(moments)
    lowered = [(score * float(share), candidate) for (score, candidate), share in zip(found, kept, strict=True)]
    return sorted(lowered, key=lambda pair: -pair[0])


class Unwanted:
    """Looks for what must not be there; safe to share between threads."""

    def __init__(self, library: "Library", encoders: "Encoders", backgrounds: Backgrounds) -> None:
        self._library = library
        self._encoders = encoders
        self._backgrounds = backgrounds

    def look_for(
        self,
        store: VectorStore,
        excluded: Sequence[Excluded],
        vectors: QueryVectors,
        places: Places,
        spaces: LaneSpaces,
        gone: Gone,
    ) -> None:
        """Note where each thing that must not be there may be, in each of its lanes that can be read.

        Raises VectorsDamagedError or EncoderMismatchError if one has none, and HungUpError.
        """
        damaged = set(spaces.lost)
        for lane in LANES:
            those = [one for one in excluded if lane in one.weights]
            if those:
                go_on_unless(gone)
            # They are words.
            unread = spaces.why_not(lane, for_example=False)
            try:
                for space in spaces.of(lane, for_example=False) if those and unread is None else ():
                    self._look_in(store, lane, space, those, vectors, places)
            except VectorsDamagedError as error:
                unread = error.message
                damaged.add(lane)
            if unread is not None:
                for one in those:
                    one.unread[lane] = unread
        for one in excluded:
            if len(one.unread) == len(one.weights):
                raise none_readable(one.unread, damaged & one.unread.keys())

    def _look_in(
        self,
        store: VectorStore,
        lane: Lane,
        space: str,
        excluded: Sequence[Excluded],
        vectors: QueryVectors,
        places: Places,
    ) -> None:
        vector_of = partial(vectors.of, lane)
        match LANES[lane].unit:
            case Unit.LINE:
                spec, contents = self._encoders.spec(lane), self._library.catalog.contents
                look_in_lines(store, spec, excluded, vector_of, places, contents)
            case Unit.WINDOW:
                background = self._backgrounds.of(store, lane, space, for_example=False)
                look_in_windows(lane, store, space, excluded, vector_of, background, places)

    def lines_in(
        self, store: VectorStore, excluded: Sequence[Excluded], vectors: QueryVectors, video: VideoRecord
    ) -> list[Ranking]:
        """For each thing that must not be there the lines of the video that are like it, wherever they are."""
        lines: dict[Term, list[Candidate]] = {one.term: [] for one in excluded}
        whole = ((video.id, (Span(0.0, inf),)),)
        for lane in line_lanes():
            those = [one for one in excluded if lane in one.spots]
            spec, contents = self._encoders.spec(lane), self._library.catalog.contents
            found = look_in_lines(store, spec, those, partial(vectors.of, lane), whole, contents)
            for term, candidates in found.items():
                lines[term] += candidates
        return [Ranking(one.term, one.weights, lines[one.term], ()) for one in excluded]


def look_in_windows(
    lane: Lane,
    store: VectorStore,
    space: str,
    excluded: Sequence[Excluded],
    vector_of: Callable[[Term], NDArray[np.float32]],
    background: Background,
    places: Places,
) -> None:
    """Note where each thing may be seen or heard at these places."""
    hits = _hits(store, space, places)
    if not hits:
        return
    spots = Spots.of([hit.video_id for hit in hits], [hit.span for hit in hits], [0.0] * len(hits))
    vectors = np.stack([hit.vector for hit in hits if hit.vector is not None])
    keys = [(hit.video_id, hit.ordinal) for hit in hits]
    queries = np.stack([vector_of(one.term) for one in excluded])
    for one, chances in zip(excluded, window_chances(lane, queries, vectors, keys, background), strict=True):
        there = spots.likely(chances)
        one.spots[lane] = one.spots[lane] + there if lane in one.spots else there


def look_in_lines(
    store: VectorStore,
    spec: EncoderSpec,
    excluded: Sequence[Excluded],
    vector_of: Callable[[Term], NDArray[np.float32]],
    places: Places,
    contents: Contents,
) -> Mapping[Term, Sequence[Candidate]]:
    """Note where each thing may be said or written at these places; the lines that are like it."""
    if not excluded:
        return {}
    hits = _hits(store, spec.space, places)
    terms = [one.term for one in excluded]
    like = lines_like(spec, terms, [vector_of(term) for term in terms], hits, contents)
    for one, candidates in zip(excluded, like, strict=True):
        likely = [candidate for candidate in candidates if candidate.lanes[spec.lane] >= HARDLY_THERE]
        one.spots[spec.lane] = Spots.of(
            [candidate.video_id for candidate in likely],
            [candidate.span for candidate in likely],
            [candidate.lanes[spec.lane] for candidate in likely],
        )
    return dict(zip(terms, like, strict=True))


def _hits(store: VectorStore, space: str, places: Places) -> Sequence[Hit]:
    return store.fetch(space, VectorFilter(places=places), int(LOOKED_AT_S)) if places else ()
