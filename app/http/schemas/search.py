"""Bodies of searches."""

from dataclasses import replace
from typing import Annotated, Any

from pydantic import Field

from app.http.schemas.body import Body
from app.http.schemas.filters import FilterBody, filter_json
from retrieval.asking.query import (
    MAX_CURSOR_CHARS,
    MAX_EXCLUDED,
    MAX_LIMIT,
    MAX_QUERY_CHARS,
    MAX_STEPS,
    Clip,
    GroupBy,
    Query,
    Term,
    parse_term,
)
from retrieval.domain import Lane, Span
from retrieval.path_text import readable
from retrieval.video_filter import MAX_REFERENCE_CHARS

Words = Annotated[str, Field(max_length=MAX_QUERY_CHARS)]


class ClipBody(Body):
    """A stretch of an indexed video."""

    video_id: Annotated[
        str, Field(min_length=1, max_length=MAX_REFERENCE_CHARS, description="Id, path or file name of the video.")
    ]
    start_s: float
    end_s: float

    def to_clip(self) -> Clip:
        """The clip that this body means. Raises InputError."""
        return Clip(self.video_id, Span(self.start_s, self.end_s))


class QueryBody(Body):
    """What is looked for: `text`, more like a clip (`like`), or both; and steps that follow (`then`)."""

    text: Annotated[Words | None, Field(description="A description of the moment.")] = None
    like: Annotated[ClipBody | None, Field(description="A clip to find more like; itself is left out.")] = None
    text_share: Annotated[
        float, Field(ge=0, le=1, description="How much the text weighs against a clip or a file.")
    ] = 0.5
    then: Annotated[
        list[Words],
        Field(max_length=MAX_STEPS, description=f"Steps that follow one another: {MAX_STEPS} in all, with the first."),
    ] = []
    within_s: Annotated[float, Field(gt=0, description="Seconds from the end of one step to the next.")] = 30.0
    not_: Annotated[
        list[Words], Field(alias="not", max_length=MAX_EXCLUDED, description="What must not be there.")
    ] = []

    @property
    def terms(self) -> int:
        """How many steps and exclusions there are."""
        return 1 + len(self.then) + len(self.not_)

    def steps(self, with_file: bool) -> tuple[Term, ...]:
        """Terms in order; with a file, the first belongs to it and may be without words."""
        then = tuple(parse_term(text) for text in self.then)
        if self.text is None and self.like is None and not with_file:
            return then
        words = Term("") if self.text is None else parse_term(self.text)
        like = self.like.to_clip() if self.like is not None else None
        return (replace(words, like=like, text_share=self.text_share), *then)


class OptionsBody(Body):
    """How to search with a file: a search that need not have words."""

    query: QueryBody = QueryBody()
    lanes: Annotated[
        list[Lane] | None, Field(max_length=len(Lane), description="Lanes to search; all if left out.")
    ] = None
    weights: Annotated[dict[Lane, float] | None, Field(description="How much each lane counts, 0 to 10.")] = None
    filter: FilterBody = FilterBody()
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = 10
    group_by: Annotated[GroupBy, Field(description="Of what the answer has one moment.")] = GroupBy.SHOT
    cursor: Annotated[
        str | None, Field(max_length=MAX_CURSOR_CHARS, description="The `next_cursor` of the page before.")
    ] = None
    explain: Annotated[bool, Field(description="Say why each moment has its rank.")] = False
    min_confidence: Annotated[float, Field(ge=0, le=1, description="Moments with less are left out.")] = 0.0
    correct: Annotated[
        bool, Field(description="Whether misspelt words are searched for as those that were probably meant.")
    ] = True

    def to_query(self, *, with_file: bool = False) -> Query:
        """The query that this body means. Raises QueryError or InputError."""
        return Query(
            steps=self.query.steps(with_file),
            exclude=tuple(parse_term(text) for text in self.query.not_),
            within_s=self.query.within_s,
            lanes=frozenset(Lane if self.lanes is None else self.lanes),
            weights=self.weights,
            where=self.filter.to_filter(),
            limit=self.limit,
            group_by=self.group_by,
            cursor=self.cursor,
            explain=self.explain,
            min_confidence=self.min_confidence,
            correct=self.correct,
        )


class SearchBody(OptionsBody):
    """A search."""

    query: QueryBody


SEARCH_EXAMPLES: dict[str, Any] = {
    "words": {
        "summary": "By words",
        "value": {"query": {"text": "someone writing on a whiteboard", "not": ["a laptop"]}, "limit": 5},
    },
    "steps": {
        "summary": "One thing after another",
        "value": {"query": {"then": ["sound: a dog barks", "a door slams"], "within_s": 10}},
    },
    "like": {
        "summary": "More like a clip",
        "value": {"query": {"like": {"video_id": "talk.mp4", "start_s": 12.5, "end_s": 17}}},
    },
    "filter": {
        "summary": "In some videos only",
        "value": {
            "query": {"text": "where she mentions the Q3 projections"},
            "lanes": ["speech", "screen"],
            "filter": {"path": "*/meetings/*", "tag": {"in": ["sales", "board"]}, "recorded_at": {"gte": "2026-01-01"}},
            "min_confidence": 0.5,
            "explain": True,
        },
    },
}


def search_json(query: Query) -> dict[str, Any]:
    """The body that means ``query``: what a command sends to a server."""
    first, *rest = query.steps
    like = first.like and {
        "video_id": readable(first.like.video),
        "start_s": first.like.span.start_s,
        "end_s": first.like.span.end_s,
    }
    return {
        "query": {
            "text": _scoped(first) or None,
            "like": like,
            "text_share": first.text_share,
            "then": [_scoped(step) for step in rest],
            "within_s": query.within_s,
            "not": [_scoped(term) for term in query.exclude],
        },
        "lanes": sorted(query.lanes),
        "weights": None if query.weights is None else dict(query.weights),
        "filter": filter_json(query.where),
        "limit": query.limit,
        "group_by": query.group_by,
        "cursor": query.cursor,
        "explain": query.explain,
        "min_confidence": query.min_confidence,
        "correct": query.correct,
    }


def _scoped(term: Term) -> str:
    return term.text if term.lane is None else f"{term.lane}: {term.text}"
