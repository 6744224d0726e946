"""A query becomes moments: encode it, search every lane, calibrate, fuse, and show why.

The only file that knows the order of the steps.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from retrieval.answer.confidence import ABSTAIN_BELOW, why_too_low
from retrieval.answer.exclusions import Excluded, Unwanted, places_of, without
from retrieval.answer.explanation import Ranking, explain
from retrieval.answer.fusion import in_order, merge
from retrieval.answer.grouping import Group, grouped
from retrieval.answer.lost_lanes import LOST, in_words, lost_lanes, warnings_of
from retrieval.answer.moments import moment_of, with_names, with_sounds
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
from retrieval.lanes.lines import text_candidates
from retrieval.lanes.spoken import while_spoken
from retrieval.lanes.windows import window_candidates
from retrieval.storage.records import VideoRecord, VideoStatus, VideoWindow
from retrieval.storage.vectors import VectorFilter, VectorStore
from retrieval.video_filter import VideoFilter

if TYPE_CHECKING:
    from retrieval.encoders.profiles import Encoders
    from retrieval.storage.library import Library

STEP_DEPTH = 50


class SearchEngine:
    """Searches one library with the encoders of one profile; safe to share between threads."""

    def __init__(self, library: "Library", encoders: "Encoders") -> None:
        self.library = library
        self.encoders = encoders
        self._backgrounds = Backgrounds(library, encoders)
        self._unwanted = Unwanted(library, encoders, self._backgrounds)
        self._curves = Curves(encoders, self._backgrounds)
        self._spelling = QuerySpelling(library, encoders)

    def search(self, query: Query, gone: Gone = never) -> Answer:
        """The moments that answer ``query``, best first, or an honest nothing.

        Raises CursorError or CursorExpiredError for a cursor that asks for no page of this answer, HungUpError
        once ``gone``, which is asked between lanes, says so.
        """
        searched, where = self._scope(query.where)
        version = self._version(where)
        offset = offset_of(query, version)
        unknown = spoken_unknown(query.where, self.library.catalog)
        if searched.videos == 0:
            return Answer((), True, self._why_empty(query.where), searched, warnings=unknown)
        steps, found, unwanted, _ = self._rankings(query, where, gone)
        answer = self._page(query, steps, found, searched, offset, version)
        return replace(
            answer,
            corrected=_corrected(steps, unwanted),
            warnings=_warnings(steps, unwanted) + unknown,
        )

    def search_video(
        self, query: Query, video: VideoRecord, windows: Sequence[VideoWindow], gone: Gone = never
    ) -> tuple[Answer, tuple[CurvePoint, ...]]:
        """The first moments of one video that answer ``query``, and how likely each of its windows does.

        Of several steps the likeliest counts for a window. The query's own filter does not matter.
        """
        query = replace(query, where=VideoFilter((video.id,)), cursor=None)
        searched, where = self._scope(query.where)
        if searched.videos == 0:
            return Answer((), True, self._why_empty(query.where), searched), ()
        steps, found, unwanted, vectors = self._rankings(query, where, gone)
        answer = self._page(query, steps, found, searched, 0, self._version(where))
        answer = replace(
            answer,
            corrected=_corrected(steps, unwanted),
            warnings=_warnings(steps, unwanted),
        )
        with self.library.vectors() as store:
            curves = [self._curves.of(store, ranking, vectors, video, windows) for ranking in steps]
            there = self._unwanted.lines_in(store, unwanted, vectors, video)
            taken = [self._curves.of(store, ranking, vectors, video, windows) for ranking in there]
        return answer, curve_of(windows, curves, taken)

    def _rankings(
        self, query: Query, where: VectorFilter, gone: Gone
    ) -> tuple[list[Ranking], list[tuple[float, Candidate]], list[Excluded], QueryVectors]:
        """What is found for each step of the query, and for all in order less what must not be there.

        And what that was, and the vectors with which it was found.
        """
        go_on_unless(gone)
        with self.library.vectors() as store:
            lost = lost_lanes(self.library.catalog, store, self.encoders)
            steps = [with_clip(step, store, self.library.catalog, self.encoders) for step in query.steps]
            if query.correct:
                steps = [self._spelling.spelt(step) for step in steps]
            unwanted = [self._spelling.spelt(term) if query.correct else term for term in dict.fromkeys(query.exclude)]
            unwanted = list({(term.text, term.lane): term for term in unwanted}.values())
            go_on_unless(gone)
            vectors = QueryVectors(self.encoders, [*steps, *unwanted], query)
            rankings = [self._rank(store, step, query, vectors, where, lost, gone) for step in steps]
            found = rankings[0].found
            if len(steps) > 1:
                found = in_order([ranking.found[:STEP_DEPTH] for ranking in rankings], query.within_s)
            excluded = [Excluded(term, self._weights(term, query)) for term in unwanted]
            self._unwanted.look_for(store, excluded, vectors, places_of(found), lost, gone)
            return rankings, without(found, excluded), excluded, vectors

    def _page(
        self,
        query: Query,
        steps: Sequence[Ranking],
        found: Sequence[tuple[float, Candidate]],
        searched: Searched,
        offset: int,
        version: str,
    ) -> Answer:
        """The moments found after ``offset`` others, one per group."""
        if found and found[0][0] < query.min_confidence:
            return Answer((), True, why_too_low(found[0][0], query.min_confidence, "that is asked for"), searched)
        found = [(score, candidate) for score, candidate in found if score >= query.min_confidence]
        end = offset + query.limit
        contents = self.library.catalog.contents
        groups = grouped(found, query.group_by, contents, most=end + 1, good_score=ABSTAIN_BELOW)
        answer = self._answer(groups, offset, query, steps, searched)
        return replace(answer, next_cursor=cursor_at(end, query, version)) if len(groups) > end else answer

    def _version(self, where: VectorFilter) -> str:
        """Text that changes whenever what is searched, or what it is searched with, does."""
        models = [model.name for model in self.encoders.models()]
        return " ".join(
            [self.library.catalog.version(), *models, *sorted(where.video_ids or ()), *sorted(where.voices or ())]
        )

    def _scope(self, where: VideoFilter) -> tuple[Searched, VectorFilter]:
        """How much is searched, and the filter that keeps to it."""
        catalog = self.library.catalog
        if not where.in_words():
            totals = catalog.totals()
            return Searched(totals.videos, totals.duration_s), VectorFilter(during=where.during)
        ids = catalog.searched(where)
        records = catalog.get_many(ids)
        seconds = sum(record.duration_s or 0.0 for record in records.values())
        languages = frozenset(where.languages) if where.languages else None
        voices = frozenset(catalog.voice_keys(where.speakers)) if where.speakers else None
        return Searched(len(ids), seconds), VectorFilter(
            video_ids=ids, during=where.during, languages=languages, voices=voices
        )

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
        lost: frozenset[Lane],
        gone: Gone,
    ) -> Ranking:
        """Candidates of all lanes for one term, and fused; only videos that are wholly indexed.

        A lane whose vectors are lost or damaged is left out. Raises VectorsDamagedError if that leaves none, and
        HungUpError.
        """
        weights = self._weights(term, query)
        candidates: list[Candidate] = []
        unread = {lane: LOST for lane in weights if lane in lost}
        for lane in weights.keys() - lost:
            go_on_unless(gone)
            try:
                candidates += self._candidates(store, lane, term, vectors.of(lane, term), where)
            except VectorsDamagedError as error:
                unread[lane] = error.message
        if len(unread) == len(weights):
            raise VectorsDamagedError("; ".join(in_words(unread)))
        known = self.library.catalog.get_many({candidate.video_id for candidate in candidates})
        live = {video_id for video_id, record in known.items() if record.status is VideoStatus.INDEXED}
        candidates = [
            candidate for candidate in candidates if candidate.video_id in live and not _is_the_example(candidate, term)
        ]
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
        term: Term,
        vector: NDArray[np.float32],
        where: VectorFilter,
    ) -> list[Candidate]:
        contents = self.library.catalog.contents
        spec = self.encoders.spec(lane)
        match LANES[lane].unit:
            case Unit.LINE:
                return text_candidates(store, spec, term, vector, where, contents)
            case Unit.WINDOW:
                background = self._backgrounds.of(store, lane, for_example=lane in term.examples)
                return window_candidates(lane, store, spec.space, vector, background, where, contents)

    def _answer(
        self,
        groups: Sequence[Group],
        offset: int,
        query: Query,
        rankings: Sequence[Ranking],
        searched: Searched,
    ) -> Answer:
        """The page of moments after ``offset`` others, and whether even the best of all is no answer."""
        catalog = self.library.catalog
        page = groups[offset : offset + query.limit]
        records = catalog.get_many({group.best.video_id for group in page})
        page = [group for group in page if group.best.video_id in records]  # but for what was removed meanwhile
        moments = [
            moment_of(rank, group, records[group.best.video_id], query.where, [one.term.text for one in rankings])
            for rank, group in enumerate(page, start=offset + 1)
        ]
        moments = with_names(with_sounds(moments, catalog.contents), catalog.voices)
        if query.explain:
            reasons = [explain(group.score, group.best, rankings, catalog.contents) for group in page]
            moments = [replace(moment, explanation=reason) for moment, reason in zip(moments, reasons, strict=True)]
        if not moments:
            return Answer((), True, "nothing in the library comes near the query", searched)
        if groups[0].score < ABSTAIN_BELOW:
            reason = why_too_low(groups[0].score, ABSTAIN_BELOW, "that an answer needs")
            return Answer(tuple(moments), True, reason, searched)
        return Answer(tuple(moments), False, None, searched)


def _corrected(*rankings: Sequence[Ranking | Excluded]) -> tuple[Correction, ...]:
    """The words that were taken for others, each once."""
    return tuple(dict.fromkeys(one for some in rankings for ranking in some for one in ranking.term.corrected))


def _warnings(steps: Sequence[Ranking], unwanted: Sequence[Excluded]) -> tuple[str, ...]:
    return warnings_of([*(step.unread for step in steps), *(one.unread for one in unwanted)])


def _is_the_example(candidate: Candidate, term: Term) -> bool:
    """Whether the term's own clip was found, whose video is named by id once the search runs."""
    clip = term.like
    return clip is not None and clip.video == candidate.video_id and clip.span.overlap_s(candidate.span) > 0
