"""Which videos of the catalog a filter means: one reading of it for searches, lists and references."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from retrieval.path_text import composed, readable, spellings
from retrieval.storage import paths, references
from retrieval.storage.records import VideoStatus
from retrieval.storage.tables import TagRow, VideoRow
from retrieval.video_filter import VideoFilter

NEWEST_FIRST = (VideoRow.created_at.desc(), VideoRow.id.desc())


@dataclass(frozen=True, slots=True)
class Match:
    """A video that a filter means, and the path by which it does: the first of those that match."""

    video_id: str
    created_at: datetime
    path: str


def matches(
    session: Session,
    where: VideoFilter,
    *,
    status: VideoStatus | None = None,
    failed: bool = False,
    words: str = "",
    after: tuple[datetime, str] | None = None,
    limit: int | None = None,
) -> list[Match]:
    """The videos that the filter means, newest first, after the one of this time of creation and id.

    With ``failed``, only those whose last indexing failed. ``words`` must all stand in the title or in the path that
    matches. Raises VideoNotFoundError for a video that is asked for by name and does not exist, InputError for a name
    that several have.
    """
    conditions = [*_conditions(where), *_listed(status, failed, after)]
    if where.video_ids:
        conditions.append(VideoRow.id.in_(named(session, where.video_ids)))
    title = func.coalesce(VideoRow.given_title, VideoRow.title)
    # Only what asks for paths waits for all of them.
    by_path = bool(where.paths or where.path_globs or words)
    path = paths.PATH if by_path else VideoRow.path
    statement: Select[*tuple[Any, ...]] = select(VideoRow.id, VideoRow.created_at, path, title)
    statement = statement.where(*conditions).order_by(*NEWEST_FIRST)
    if by_path:
        statement = paths.with_paths(statement).order_by(VideoRow.path != paths.PATH, paths.PATH)
    else:
        statement = statement.limit(limit)
    found = [
        (path, Match(video_id, created_at, path))
        for video_id, created_at, path, called in session.execute(statement)
        if references.has_words(f"{called} {path}", words)
    ]
    first: dict[str, Match] = {}
    for match in references.matching(where.path_globs, found):
        first.setdefault(match.video_id, match)
    return list(first.values())[:limit]


def named(session: Session, wanted: Collection[str]) -> frozenset[str]:
    """Ids of the videos that these references mean, each an id, the start of one, a path or the end of one.

    Raises VideoNotFoundError if one means nothing, InputError if one means several.
    """
    texts = {readable(reference): reference for reference in wanted}
    ids = frozenset(session.scalars(select(VideoRow.id).where(VideoRow.id.in_(texts))))
    others = [reference for text, reference in texts.items() if text not in ids]
    videos = paths.named_paths(session) if others else []
    return ids | {references.resolve(reference, videos) for reference in others}


def _conditions(where: VideoFilter) -> list[ColumnElement[bool]]:
    """What SQL can say of the filter: all of it but names and globs."""
    conditions: list[ColumnElement[bool]] = []
    if where.paths:
        conditions.append(paths.PATH.in_(spellings(where.paths)))
    if wanted := set(map(composed, where.tags)):
        # One look for all of them: a condition for each would be an expression too deep for SQLite.
        tagged = select(TagRow.video_id).where(TagRow.name.in_(wanted)).group_by(TagRow.video_id)
        conditions.append(VideoRow.id.in_(tagged.having(func.count() == len(wanted))))
    if enough := set(map(composed, where.any_tags)):
        conditions.append(VideoRow.id.in_(select(TagRow.video_id).where(TagRow.name.in_(enough))))
    if where.recorded is not None:
        recorded_at = func.coalesce(VideoRow.given_recorded_at, VideoRow.recorded_at)
        if where.recorded.start is not None:
            conditions.append(recorded_at >= where.recorded.start)
        if where.recorded.end is not None:
            conditions.append(recorded_at < where.recorded.end)
    return conditions


def _listed(status: VideoStatus | None, failed: bool, after: tuple[datetime, str] | None) -> list[ColumnElement[bool]]:
    """Only videos of the status, that ``failed`` if so asked, older than the one of this time of creation and id."""
    conditions: list[ColumnElement[bool]] = [] if status is None else [VideoRow.status == status.value]
    if failed:
        conditions += [VideoRow.error_code.is_not(None), VideoRow.status != VideoStatus.REMOVING.value]
    if after is not None:
        created_at, video_id = after
        same_time = and_(VideoRow.created_at == created_at, VideoRow.id < video_id)
        conditions.append(or_(VideoRow.created_at < created_at, same_time))
    return conditions
