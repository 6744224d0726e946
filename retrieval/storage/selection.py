"""Which videos of the catalog a filter means: one reading of it for searches, lists and references."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from retrieval.path_text import composed, readable, spellings
from retrieval.speaker_names import name_key
from retrieval.storage import paths, references
from retrieval.storage.records import VideoStatus
from retrieval.storage.tables import SpokenLanguageRow, TagRow, VideoRow, VoiceRow
from retrieval.video_filter import VideoFilter

NEWEST_FIRST = (VideoRow.created_at.desc(), VideoRow.id.desc())


@dataclass(frozen=True, slots=True)
class Match:
    """A video that a filter means, and the path by which it does: the first of those that match."""

    video_id: str
    path: str
    created_at: datetime


def ids(session: Session, where: VideoFilter, status: VideoStatus | None) -> frozenset[str]:
    """Ids of the videos that the filter means.

    Raises VideoNotFoundError for a video that is asked for by name and does not exist, InputError for a name that
    several have.
    """
    statement = paths.with_paths(select(paths.PATH, VideoRow.id)).where(*_conditions(session, where, status))
    named_so = [(path, video_id) for path, video_id in session.execute(statement)]
    return frozenset(references.matching(where.path_globs, named_so))


def page(
    session: Session,
    where: VideoFilter,
    limit: int,
    *,
    status: VideoStatus | None,
    failed: bool,
    words: str,
    after: tuple[datetime, str] | None,
) -> list[Match]:
    """At most ``limit`` videos that the filter means, newest first, after the one of this time of creation and id.

    With ``failed``, only those whose last indexing failed. ``words`` must all stand in the title or in the path that
    matches. Raises as ``ids``.
    """
    # Only what asks for paths waits for all of them.
    by_path = bool(where.paths or where.path_globs or words)
    path = paths.PATH if by_path else VideoRow.path
    title = func.coalesce(VideoRow.given_title, VideoRow.title)
    statement: Select[*tuple[Any, ...]] = select(VideoRow.id, path, VideoRow.created_at, title)
    statement = statement.where(*_conditions(session, where, status), *_listed(failed, after)).order_by(*NEWEST_FIRST)
    if by_path:
        statement = paths.with_paths(statement).order_by(VideoRow.path != paths.PATH, paths.PATH)
    else:
        statement = statement.limit(limit)
    found = [
        (path, Match(video_id, path, created_at))
        for video_id, path, created_at, called in session.execute(statement)
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


def _conditions(session: Session, where: VideoFilter, status: VideoStatus | None) -> list[ColumnElement[bool]]:
    """The filter in SQL, all of it but globs, in a statement that is ``with_paths`` if it asks for whole ones."""
    conditions: list[ColumnElement[bool]] = [] if status is None else [VideoRow.status == status.value]
    if where.video_ids:
        conditions.append(VideoRow.id.in_(named(session, where.video_ids)))
    if where.paths:
        conditions.append(paths.PATH.in_(spellings(where.paths)))
    if wanted := set(map(composed, where.tags)):
        # One look for all of them: a condition for each would be an expression too deep for SQLite.
        tagged = select(TagRow.video_id).where(TagRow.name.in_(wanted)).group_by(TagRow.video_id)
        conditions.append(VideoRow.id.in_(tagged.having(func.count() == len(wanted))))
    if enough := set(map(composed, where.any_tags)):
        conditions.append(VideoRow.id.in_(select(TagRow.video_id).where(TagRow.name.in_(enough))))
    if where.languages:
        spoken = select(SpokenLanguageRow.video_id).where(SpokenLanguageRow.language.in_(where.languages))
        conditions.append(VideoRow.id.in_(spoken))
    if where.speakers:
        speaking = select(VoiceRow.video_id).where(VoiceRow.name_key.in_([name_key(name) for name in where.speakers]))
        conditions.append(VideoRow.id.in_(speaking))
    if where.recorded is not None:
        recorded_at = func.coalesce(VideoRow.given_recorded_at, VideoRow.recorded_at)
        if where.recorded.start is not None:
            conditions.append(recorded_at >= where.recorded.start)
        if where.recorded.end is not None:
            conditions.append(recorded_at < where.recorded.end)
    return conditions


def _listed(failed: bool, after: tuple[datetime, str] | None) -> list[ColumnElement[bool]]:
    """Only videos that ``failed``, if so asked, older than the one of this time of creation and id."""
    conditions: list[ColumnElement[bool]] = []
    if failed:
        conditions += [VideoRow.error_code.is_not(None), VideoRow.status != VideoStatus.REMOVING.value]
    if after is not None:
        created_at, video_id = after
        same_time = and_(VideoRow.created_at == created_at, VideoRow.id < video_id)
        conditions.append(or_(VideoRow.created_at < created_at, same_time))
    return conditions
