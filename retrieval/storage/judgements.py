"""What people say of moments that searches returned: right or wrong, kept until they say otherwise."""

import math
from datetime import UTC, datetime

from sqlalchemy import Engine, Select, and_, or_, select

from retrieval.asking.query import parse_term
from retrieval.domain import Lane, Span
from retrieval.errors import CursorError, InputError, NotFoundError, VideoNotFoundError
from retrieval.storage import cursors
from retrieval.storage.database import reading, writing
from retrieval.storage.records import Judgement, JudgementPage
from retrieval.storage.tables import JudgementRow, VideoRow

_ID_DIGITS = 18
_PAST_END_S = 0.1
"""How far a span may go past the end of its video: lengths are rounded on the way to a person."""


class Judgements:
    """The verdicts on moments of indexed videos; they go when their video goes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, query: str, video_id: str, span: Span, is_right: bool, lane: Lane | None = None) -> Judgement:
        """The verdict as stored, in the place of an earlier one on the same query, video and span.

        Times count to the millisecond. Raises QueryError for words that cannot be searched for,
        VideoNotFoundError, InputError for a span that does not lie in the video.
        """
        parse_term(query)
        span = Span(round(span.start_s, 3), round(span.end_s, 3))
        with writing(self._engine) as session:
            video = session.get(VideoRow, video_id)
            if video is None:
                raise VideoNotFoundError(f"there is no video {video_id} in the catalog")
            _check_span(span, video)
            moment = {
                "query": _one_line(query),
                "video_id": video_id,
                "start_s": span.start_s,
                "end_s": span.end_s,
            }
            row = session.scalar(select(JudgementRow).filter_by(**moment))
            if row is None:
                row = JudgementRow(**moment)
                session.add(row)
            row.lane = lane.value if lane else None
            row.is_right = is_right
            row.created_at = datetime.now(UTC)
            session.flush()
            return _judgement_of(row)

    def remove(self, judgement_id: int) -> None:
        """Forget the verdict. Raises NotFoundError if there is none of that id."""
        with writing(self._engine) as session:
            row = session.get(JudgementRow, judgement_id)
            if row is None:
                raise NotFoundError(f"there is no judgement {judgement_id}; GET /v1/judgements lists those there are")
            session.delete(row)

    def all(self, query: str | None = None, video_id: str | None = None) -> list[Judgement]:
        """Verdicts, oldest first; only those on this query and video where given."""
        return self._read(_selected(query, video_id))

    def page(
        self, limit: int, *, cursor: str | None = None, query: str | None = None, video_id: str | None = None
    ) -> JudgementPage:
        """At most ``limit`` verdicts, oldest first, from the ``next_cursor`` of the page before."""
        statement = _selected(query, video_id).limit(limit + 1)
        if cursor is not None:
            created_at, judgement_id = _place(cursor)
            same_time = and_(JudgementRow.created_at == created_at, JudgementRow.id > judgement_id)
            statement = statement.where(or_(JudgementRow.created_at > created_at, same_time))
        found = self._read(statement)
        page = found[:limit]
        more = len(found) > limit
        return JudgementPage(tuple(page), cursors.encode(page[-1].created_at, str(page[-1].id)) if more else None)

    def _read(self, statement: Select[JudgementRow]) -> list[Judgement]:
        with reading(self._engine) as session:
            return [_judgement_of(row) for row in session.scalars(statement)]


def _selected(query: str | None, video_id: str | None) -> Select[JudgementRow]:
    statement = select(JudgementRow).order_by(JudgementRow.created_at, JudgementRow.id)
    if query is not None:
        statement = statement.where(JudgementRow.query == _one_line(query))
    if video_id is not None:
        statement = statement.where(JudgementRow.video_id == video_id)
    return statement


def _place(cursor: str) -> tuple[datetime, int]:
    created_at, key = cursors.decode(cursor)
    if not key.isdecimal() or len(key) > _ID_DIGITS:
        raise CursorError(f"{cursor!r} is no cursor; give the next_cursor of the page before")
    return created_at, int(key)


def _one_line(query: str) -> str:
    return " ".join(query.split())


def _check_span(span: Span, video: VideoRow) -> None:
    end_s = math.inf if video.duration_s is None else video.duration_s
    if not (0 <= span.start_s < span.end_s < math.inf and span.end_s <= end_s + _PAST_END_S):
        allowed = "0 <= from < to" if video.duration_s is None else f"0 <= from < to <= {end_s:.3f}"
        raise InputError(
            f"no moment of {video.path} goes from {span.start_s:g} s to {span.end_s:g} s; allowed is {allowed}"
        )


def _judgement_of(row: JudgementRow) -> Judgement:
    return Judgement(
        id=row.id,
        query=row.query,
        video_id=row.video_id,
        span=Span(row.start_s, row.end_s),
        lane=Lane(row.lane) if row.lane else None,
        is_right=row.is_right,
        created_at=row.created_at,
    )
