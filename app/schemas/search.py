"""Bodies of searches."""

from dataclasses import replace
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from app.schemas.body import Body
from retrieval.domain import Lane, Span
from retrieval.query import MAX_LIMIT, Clip, GroupBy, Query, Term, VideoFilter, parse_term


class ClipBody(Body):
    """A stretch of an indexed video."""

    video_id: Annotated[str, Field(min_length=1, description="Id, path or file name of the video.")]
    start_s: float
    end_s: float

    def to_clip(self) -> Clip:
        """The clip that this body means. Raises InputError."""
        return Clip(self.video_id, Span(self.start_s, self.end_s))


class QueryBody(Body):
    """What is looked for: `text`, more like a clip (`like`), or both; and steps that follow (`then`)."""

    text: Annotated[str | None, Field(description="A description of the moment.")] = None
    like: Annotated[ClipBody | None, Field(description="A clip to find more like; itself is left out.")] = None
    text_share: Annotated[
        float, Field(ge=0, le=1, description="How much the text weighs against a clip or a file.")
    ] = 0.5
    then: Annotated[list[str], Field(description="Steps that follow one another.")] = []
    within_s: Annotated[float, Field(description="Seconds from the end of one step to the next.")] = 30.0
    not_: Annotated[list[str], Field(alias="not", description="What must not be there.")] = []

    def steps(self, with_file: bool) -> tuple[Term, ...]:
        """Terms in order; with a file, the first belongs to it and may be without words."""
        then = tuple(parse_term(text) for text in self.then)
        if self.text is None and self.like is None and not with_file:
            return then
        words = Term("") if self.text is None else parse_term(self.text)
        like = self.like.to_clip() if self.like is not None else None
        return (replace(words, like=like, text_share=self.text_share), *then)


class FilterBody(Body):
    """Which videos, and which part of each, are searched."""

    video_id: Annotated[list[str], Field(description="Ids, paths or file names of videos.")] = []
    path: Annotated[str | None, Field(description="A glob that paths must match.")] = None
    tag: Annotated[list[str], Field(description="Tags that videos must all have.")] = []
    start_s: Annotated[float | None, Field(description="Nothing before this second.")] = None
    end_s: Annotated[float | None, Field(description="Nothing after this second.")] = None


class OptionsBody(Body):
    """How to search with a file: a search that need not have words."""

    query: QueryBody = QueryBody()
    lanes: Annotated[list[Lane] | None, Field(description="Lanes to search; all if left out.")] = None
    weights: Annotated[dict[Lane, float] | None, Field(description="How much each lane counts.")] = None
    filter: FilterBody = FilterBody()
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = 10
    group_by: Annotated[GroupBy, Field(description="Of what the answer has one moment.")] = GroupBy.SHOT
    cursor: Annotated[str | None, Field(description="The `next_cursor` of the page before.")] = None
    explain: Annotated[bool, Field(description="Say why each moment has its rank.")] = False

    def to_query(self, *, with_file: bool = False) -> Query:
        """The query that this body means. Raises QueryError or InputError."""
        during = None
        if self.filter.start_s is not None or self.filter.end_s is not None:
            end_s = float("inf") if self.filter.end_s is None else self.filter.end_s
            during = Span(self.filter.start_s or 0.0, end_s)
        return Query(
            steps=self.query.steps(with_file),
            exclude=tuple(parse_term(text) for text in self.query.not_),
            within_s=self.query.within_s,
            lanes=frozenset(Lane if self.lanes is None else self.lanes),
            weights=self.weights,
            where=VideoFilter(tuple(self.filter.video_id), self.filter.path, tuple(self.filter.tag), during),
            limit=self.limit,
            group_by=self.group_by,
            cursor=self.cursor,
            explain=self.explain,
        )


class SearchBody(OptionsBody):
    """A search."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"query": {"text": "someone writing on a whiteboard"}, "limit": 5}]},
    )

    query: QueryBody


def search_json(query: Query) -> dict[str, Any]:
    """The body that means ``query``: what a command sends to a server."""
    first, *rest = query.steps
    like = first.like and {
        "video_id": first.like.video,
        "start_s": first.like.span.start_s,
        "end_s": first.like.span.end_s,
    }
    during = query.where.during
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
        "filter": {
            "video_id": list(query.where.video_ids),
            "path": query.where.path_glob,
            "tag": list(query.where.tags),
            "start_s": during.start_s if during else None,
            "end_s": during.end_s if during and during.end_s != float("inf") else None,
        },
        "limit": query.limit,
        "group_by": query.group_by,
        "cursor": query.cursor,
        "explain": query.explain,
    }


def _scoped(term: Term) -> str:
    return term.text if term.lane is None else f"{term.lane}: {term.text}"
