"""A query becomes moments: encode it, search every lane, calibrate, fuse, and show why.

The only file that knows the order of the steps.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from retrieval.answer.confidence import ABSTAIN_BELOW, why_too_low
from retrieval.answer.exclusions import Excluded, Unwanted, places_of, without
from retrieval.answer.explanation import Ranking, explain
from retrieval.answer.fusion import in_order, merge
from retrieval.answer.grouping import Group, grouped
from retrieval.answer.lane_spaces import LaneSpaces, lane_spaces, none_readable, warnings_of
from retrieval.answer.moments import moment_of, with_names
from retrieval.answer.named import Named
from retrieval.answer.paging import cursor_at, offset_of
from retrieval.answer.spoken_unknown import spoken_unknown
from retrieval.answer.timeline import CurvePoint, Curves, curve_of
from retrieval.asking.examples import with_clip
from retrieval.asking.query import Query, Term, lane_weights, why_no_lane
from retrieval.asking.query_spelling import QuerySpelling
from retrieval.asking.query_vectors import QueryVectors
from retrieval.domain import (
    Answer,
    Correction,
    Gone,
    Lane,
    LaneWeight,
    Searched,
    never,
)
from retrieval.errors import InputError, VectorsDamagedError, go_on_unless
from retrieval.lanes.backgrounds import Backgrounds
from retrieval.lanes.candidate import Candidate
from retrieval.lanes.lane_table import LANES, Unit
from retrieval.lanes.lines import proving, text_candidates
from retrieval.lanes.outdated import Outdated, own_spaces
from retrieval.lanes.spoken import while_spoken
from retrieval.lanes.windows import window_candidates
from retrieval.storage.records import Made, VideoRecord, VideoStatus, VideoWindow
from retrieval.storage.vectors import VectorFilter, VectorStore
from retrieval.video_filter import VideoFilter

if TYPE_CHECKING:
    from retrieval.encoders.profiles import Encoders
    from retrieval.storage.library import Library

STEP_DEPTH = 50


@dataclass(frozen=True, slots=True)
class _Rankings:
    """What is found for each step of a query, and for all in order less what must not be there.

    And what that was, the vectors with which it was found, and the spaces in which.
    """

    steps: list[Ranking]
    found: list[tuple[float, Candidate]]
    unwanted: list[Excluded]
    vectors: QueryVectors
    spaces: LaneSpaces


@dataclass(frozen=True, slots=True)
class _Scope:
    """How much is searched, the filter that keeps to it, how that was made, and the catalog as it is."""

    searched: Searched
    where: VectorFilter
    made: Sequence[Made]
    version: str


class SearchEngine:
    """Searches one library with the encoders of one profile; safe to share between threads."""

    def __init__(self, library: "Library", encoders: "Encoders") -> None:
        self.library = library
        self.encoders = encoders
        self._backgrounds = Backgrounds(library, encoders)
        self._named = Named(encoders, self._backgrounds)
        self._unwanted = Unwanted(library, encoders, self._backgrounds)
        self._curves = Curves(self._backgrounds)
        self._spelling = QuerySpelling(library, encoders)
        self._made: tuple[str, Sequence[Made]] | None = None

    def search(self, query: Query, gone: Gone = never) -> Answer:
        """The moments that answer ``query``, best first, or an honest nothing.

        Raises CursorError or CursorExpiredError for a cursor that asks for no page of this answer, HungUpError
        once ``gone``, which is asked between lanes, says so.
        """
        scope = self._scope(query.where)
        searched, version = scope.searched, self._version(scope)
        offset = offset_of(query, version)
        unknown = spoken_unknown(query.where, self.library.catalog)
        if searched.videos == 0:
            return Answer((), True, self._why_empty(query.where), searched, warnings=unknown)
        ranked = self._rankings(query, scope, gone)
        answer = self._page(query, ranked, searched, offset, version)
        return replace(answer, corrected=_corrected(ranked), warnings=_warnings(ranked) + unknown)

    def search_video(
        self, query: Query, video: VideoRecord, windows: Sequence[VideoWindow], gone: Gone = never
    ) -> tuple[Answer, tuple[CurvePoint, ...]]:
        """The first moments of one video that answer ``query``, and how likely each of its windows does.

        Of several steps the likeliest counts for a window. The query's own filter does not matter.
        """
        query = replace(query, where=VideoFilter((video.id,)), cursor=None)
        scope = self._scope(query.where)
        if scope.searched.videos == 0:
            return Answer((), True, self._why_empty(query.where), scope.searched), ()
        ranked = self._rankings(query, scope, gone)
        answer = self._page(query, ranked, scope.searched, 0, self._version(scope))
        answer = replace(answer, corrected=_corrected(ranked), warnings=_warnings(ranked))
        with self.library.vectors() as store:
            curve = partial(self._curves.of, store, vectors=ranked.vectors, spaces=ranked.spaces, video=video)
            curves = [curve(ranking, windows=windows) for ranking in ranked.steps]
            there = self._unwanted.lines_in(store, ranked.unwanted, ranked.vectors, video)
            taken = [curve(ranking, windows=windows) for ranking in there]
        return answer, curve_of(windows, curves, taken)

    def _rankings(self, query: Query, scope: _Scope, gone: Gone) -> _Rankings:
        go_on_unless(gone)
        with self.library.vectors() as store:
            spaces = self._spaces(store, scope)
            steps = [with_clip(step, store, self.library.catalog, self.encoders) for step in query.steps]
            if query.correct:
                steps = [self._spelling.spelt(step) for step in steps]
            unwanted = [self._spelling.spelt(term) if query.correct else term for term in dict.fromkeys(query.exclude)]
            unwanted = list({(term.text, term.lane): term for term in unwanted}.values())
            go_on_unless(gone)
            vectors = QueryVectors(self.encoders, [*steps, *unwanted], query)
            rankings = [self._rank(store, step, query, vectors, scope.where, spaces, gone) for step in steps]
            found = rankings[0].found
            if len(steps) > 1:
                found = in_order([ranking.found[:STEP_DEPTH] for ranking in rankings], query.within_s)
            excluded = [Excluded(term, self._weights(term, query)) for term in unwanted]
            self._unwanted.look_for(store, excluded, vectors, places_of(found), spaces, gone)
            return _Rankings(rankings, without(found, excluded), excluded, vectors, spaces)

    def _page(
        self,
        query: Query,
        ranked: _Rankings,
        searched: Searched,
        offset: int,
        version: str,
    ) -> Answer:
        """The moments found after ``offset`` others, one per group."""
        found: Sequence[tuple[float, Candidate]] = ranked.found
        if found and found[0][0] < query.min_confidence:
            return Answer((), True, why_too_low(found[0][0], query.min_confidence, "that is asked for"), searched)
        found = [(score, candidate) for score, candidate in found if score >= query.min_confidence]
        end = offset + query.limit
        contents = self.library.catalog.contents
        groups = grouped(found, query.group_by, contents, most=end + 1, good_score=ABSTAIN_BELOW)
        answer = self._answer(groups, offset, query, ranked, searched)
        return replace(answer, next_cursor=cursor_at(end, query, version)) if len(groups) > end else answer

    def _version(self, scope: _Scope) -> str:
        """Text that changes whenever what is searched, or what it is searched with, does."""
        models, where = [model.name for model in self.encoders.models()], scope.where
        return " ".join([scope.version, *models, *sorted(where.video_ids or ()), *sorted(where.voices or ())])

    def _scope(self, where: VideoFilter) -> _Scope:
        catalog = self.library.catalog
        version = catalog.version()
        if not where.in_words():
            totals, made = catalog.totals(), self._made_of_all(version)
            searched = Searched(totals.videos, totals.duration_s, self._outdated(made))
            return _Scope(searched, VectorFilter(during=where.during), made, version)
        ids = catalog.searched(where)
        records, made = catalog.get_many(ids), catalog.made(ids)
        seconds = sum(record.duration_s or 0.0 for record in records.values())
        languages = frozenset(where.languages) if where.languages else None
        voices = frozenset(catalog.voice_keys(where.speakers)) if where.speakers else None
        kept = VectorFilter(video_ids=ids, during=where.during, languages=languages, voices=voices)
        return _Scope(Searched(len(ids), seconds, self._outdated(made)), kept, made, version)

    def _spaces(self, store: VectorStore, scope: _Scope) -> LaneSpaces:
        catalog = self.library.catalog
        spaces = lane_spaces(catalog, store, self.encoders, scope.made)
        if not spaces.lost:
            return spaces
        # The last video of a space that is dropped then may have moved since.
        return lane_spaces(catalog, store, self.encoders, catalog.made(scope.where.video_ids))

    def _made_of_all(self, version: str) -> Sequence[Made]:
        """How all indexed videos were made, kept as long as the catalog stays as it is."""
        kept = self._made
        if kept is None or kept[0] != version:
            self._made = kept = version, self.library.catalog.made()
        return kept[1]

    def _outdated(self, made: Sequence[Made]) -> int:
        return Outdated.of(made, own_spaces(self.encoders)).videos

    def _why_empty(self, where: VideoFilter) -> str:
        if self.library.catalog.totals().videos == 0:
            return "the library is empty; add videos with: moments index PATH"
        return f"no indexed video matches {' and '.join(where.in_words())}"

    def _rank(
        self,
        store: VectorStore,
        term: Term,
        query: Query,
        vectors: QueryVectors,
        where: VectorFilter,
        spaces: LaneSpaces,
        gone: Gone,
    ) -> Ranking:
        """Candidates of all lanes for one term, and fused; only videos that are wholly indexed.

        A lane whose vectors are lost, damaged or of other encoders is left out. Raises VectorsDamagedError or
        EncoderMismatchError if that leaves none, and HungUpError.
        """
        weights = self._weights(term, query)
        found_in: dict[tuple[Lane, str], list[Candidate]] = {}
        unread: dict[Lane, str] = {}
        damaged = set(spaces.lost & weights.keys())
        for lane in weights:
            go_on_unless(gone)
            is_example = lane in term.examples
            if why := spaces.why_not(lane, for_example=is_example):
                unread[lane] = why
                continue
            try:
                for space in spaces.of(lane, for_example=is_example):
                    found_in[lane, space] = self._candidates(
                        store, lane, space, term, vectors.of(lane, term), where, weights[lane]
                    )
            except VectorsDamagedError as error:
                unread[lane] = error.message
                damaged.add(lane)
        if len(unread) == len(weights):
            raise none_readable(unread, damaged)
        for lane in weights:
            if left := spaces.left_out(lane, for_example=lane in term.examples):
                unread.setdefault(lane, left)
        known = self.library.catalog.get_many({one.video_id for found in found_in.values() for one in found})
        live = {video_id: record for video_id, record in known.items() if record.status is VideoStatus.INDEXED}
        candidates = [candidate for candidate in _once(found_in, live) if not _is_the_example(candidate, term)]
        candidates = while_spoken(candidates, where, self.library.catalog.contents)
        found = merge(candidates, {lane: weight.value for lane, weight in weights.items()})
        return Ranking(term, weights, candidates, found, unread)

    def _weights(self, term: Term, query: Query) -> Mapping[Lane, LaneWeight]:
        """Those of the lanes that the term is searched in. Raises InputError if there are none."""
        weights = lane_weights(term, query.lanes, query.weights)
        if not weights:
            raise InputError(why_no_lane(term, query))
        return weights

    def _candidates(
        self,
        store: VectorStore,
        lane: Lane,
        space: str,
        term: Term,
        vector: NDArray[np.float32],
        where: VectorFilter,
        weight: LaneWeight,
    ) -> list[Candidate]:
        contents = self.library.catalog.contents
        match LANES[lane].unit:
            case Unit.LINE:
                found = text_candidates(store, self.encoders.spec(lane), term, vector, where, contents)
                return proving(found, lane, weight.proves)
            case Unit.WINDOW:
                background = self._backgrounds.of(store, lane, space, for_example=lane in term.examples)
                return window_candidates(lane, store, space, vector, background, where, contents)

    def _answer(
        self,
        groups: Sequence[Group],
        offset: int,
        query: Query,
        ranked: _Rankings,
        searched: Searched,
    ) -> Answer:
        """The page of moments after ``offset`` others, and whether even the best of all is no answer."""
        catalog = self.library.catalog
        page = groups[offset : offset + query.limit]
        records = catalog.get_many({group.best.video_id for group in page})
        page = [group for group in page if group.best.video_id in records]  # but for what was removed meanwhile
        moments = [
            moment_of(rank, group, records[group.best.video_id], query.where, [one.term.text for one in ranked.steps])
            for rank, group in enumerate(page, start=offset + 1)
        ]
        terms = [step.term for step in ranked.steps]
        moments = self._named.of(moments, terms, ranked.vectors, catalog.contents)
        moments = with_names(moments, catalog.voices)
        if query.explain:
            reasons = [explain(group.score, group.best, ranked.steps, catalog.contents) for group in page]
            moments = [replace(moment, explanation=reason) for moment, reason in zip(moments, reasons, strict=True)]
        if not moments:
            return Answer((), True, "nothing in the library comes near the query", searched)
        if groups[0].score < ABSTAIN_BELOW:
            reason = why_too_low(groups[0].score, ABSTAIN_BELOW, "that an answer needs")
            return Answer(tuple(moments), True, reason, searched)
        return Answer(tuple(moments), False, None, searched)


def _corrected(ranked: _Rankings) -> tuple[Correction, ...]:
    """The words that were taken for others, each once."""
    terms = [*(step.term for step in ranked.steps), *(one.term for one in ranked.unwanted)]
    return tuple(dict.fromkeys(one for term in terms for one in term.corrected))


def _once(found_in: Mapping[tuple[Lane, str], Sequence[Candidate]], live: Mapping[str, VideoRecord]) -> list[Candidate]:
    """The candidates in videos that are ``live``, once for each lane.

    While a video moves to another space, it is for moments in both: what its own space found counts, if anything.
    """
    spaces_of: dict[tuple[Lane, str], set[str]] = defaultdict(set)
    for (lane, space), found in found_in.items():
        for one in found:
            spaces_of[lane, one.video_id].add(space)

    def counts(lane: Lane, space: str, video: VideoRecord) -> bool:
        own = video.encoders.get(lane)
        return own == space or own not in spaces_of[lane, video.id]

    return [
        one
        for (lane, space), found in found_in.items()
        for one in found
        if one.video_id in live and counts(lane, space, live[one.video_id])
    ]


def _warnings(ranked: _Rankings) -> tuple[str, ...]:
    return warnings_of([*(step.unread for step in ranked.steps), *(one.unread for one in ranked.unwanted)])


def _is_the_example(candidate: Candidate, term: Term) -> bool:
    """Whether the term's own clip was found, whose video is named by id once the search runs."""
    clip = term.like
    return clip is not None and clip.video == candidate.video_id and clip.span.overlap_s(candidate.span) > 0
