"""Where the contents of videos lie: a path has one content, and a content may lie at several paths."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from pathlib import PurePath
from typing import Any

from sqlalchemy import Select, delete, exists, func, select, text
from sqlalchemy.orm import Session

from retrieval.errors import VideoFileChangedError
from retrieval.path_text import composed, readable
from retrieval.storage.records import VideoFile, VideoStatus
from retrieval.storage.rows import file_of
from retrieval.storage.tables import TagRow, VideoPathRow, VideoRow

PATH = func.coalesce(VideoPathRow.path, VideoRow.path)
"""In a statement that is ``with_paths``: one path of the video; before it is indexed, where it is taken from."""

_HAS_PATHS = exists().where(VideoPathRow.video_id == VideoRow.id)


def with_paths(statement: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """The statement on videos, with a row for each path of a video."""
    return statement.outerjoin(VideoPathRow, VideoPathRow.video_id == VideoRow.id)


def lock_paths(session: Session) -> None:
    """Be the only one that writes paths until the transaction ends; SQLite has one writer anyway.

    PostgreSQL would let two claim a path at once that is nobody's yet, and fail the second.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE video_paths IN SHARE ROW EXCLUSIVE MODE"))


def files_of(session: Session, video_ids: Sequence[str]) -> dict[str, tuple[VideoFile, ...]]:
    """The files of each of these videos."""
    files: dict[str, list[VideoFile]] = defaultdict(list)
    for row in session.scalars(select(VideoPathRow).where(VideoPathRow.video_id.in_(video_ids))):
        files[row.video_id].append(file_of(row))
    return {video_id: tuple(found) for video_id, found in files.items()}


def named_paths(session: Session) -> list[tuple[str, str]]:
    """Every id with every path of it; a path that was claimed is named with its holder alone."""
    claimed: list[tuple[str, str]] = []
    others: list[tuple[str, str]] = []
    for video_id, held, path in session.execute(with_paths(select(VideoRow.id, VideoPathRow.path, VideoRow.path))):
        if held is not None:
            claimed.append((video_id, held))
        else:
            others.append((video_id, path))
    taken = {path for _, path in claimed}
    return claimed + [(video_id, path) for video_id, path in others if path not in taken]


def claim(session: Session, video: VideoRow, file: VideoFile, forget: Collection[str] = ()) -> None:
    """``file`` is the video's from now on, and those at the paths to ``forget`` no more.

    Whose file it was loses the path. A video without any path left is being removed, and what people wrote of it
    goes to the one that took its place: not its judgements, which are about seconds of another content.
    """
    displaced = _unclaimed_at(session, file.path, video.id)
    row = session.get(VideoPathRow, file.path)
    if row is None:
        row = VideoPathRow(path=file.path)
        session.add(row)
    elif row.video_id != video.id:
        displaced.append(row.video_id)
    row.video_id = video.id
    row.size_bytes, row.modified_ns = file.size_bytes, file.modified_ns
    row.sidecars = None if file.sidecars is None else dict(file.sidecars)
    session.flush()
    if gone := set(forget) - {file.path}:
        session.execute(
            delete(VideoPathRow).where(VideoPathRow.video_id == video.id, VideoPathRow.path.in_(sorted(gone)))
        )
    _keep_a_path(session, video)
    for other_id in displaced:
        other = session.get_one(VideoRow, other_id)
        if not _keep_a_path(session, other):
            other.status = VideoStatus.REMOVING.value
            _inherit(session, video, other)


def yield_path(session: Session, video: VideoRow, now: VideoFile) -> bool:
    """Whether another video holds the path since the file there is as it is ``now``.

    The video then stays where else it lies. Raises VideoFileChangedError if that is nowhere.
    """
    row = session.get(VideoPathRow, now.path)
    if row is None or row.video_id == video.id:
        return False
    if (row.size_bytes, row.modified_ns) != (now.size_bytes, now.modified_ns):
        return False
    if not _keep_a_path(session, video):
        raise VideoFileChangedError(
            f"{now.path} was replaced while it was being indexed; "
            f"what lies there now is in the library as {row.video_id}"
        )
    return True


def forget(session: Session, video: VideoRow, paths: Iterable[str]) -> None:
    """The video lies at these paths no more; the last path of a video stays."""
    kept = set(session.scalars(select(VideoPathRow.path).where(VideoPathRow.video_id == video.id)))
    gone = kept & set(paths)
    if gone and gone != kept:
        session.execute(delete(VideoPathRow).where(VideoPathRow.path.in_(sorted(gone))))
        _keep_a_path(session, video)


def _unclaimed_at(session: Session, path: str, but: str) -> list[str]:
    """Videos of this path that hold no path at all, but for those that are on their way."""
    done = (VideoStatus.INDEXED.value, VideoStatus.FAILED.value)
    statement = select(VideoRow.id).where(
        VideoRow.path == path, VideoRow.id != but, VideoRow.status.in_(done), ~_HAS_PATHS
    )
    return list(session.scalars(statement))


def _keep_a_path(session: Session, video: VideoRow) -> bool:
    """Whether the video has a path; the one that it goes by is one of those."""
    statement = select(VideoPathRow).where(VideoPathRow.video_id == video.id).order_by(VideoPathRow.path)
    rows = session.scalars(statement).all()
    if rows and video.path not in {row.path for row in rows}:
        first = rows[0]
        video.path, video.title = first.path, composed(readable(PurePath(first.path).stem))
        video.size_bytes, video.modified_ns = first.size_bytes, first.modified_ns
    return bool(rows)


def _inherit(session: Session, video: VideoRow, before: VideoRow) -> None:
    video.given_title = video.given_title or before.given_title
    video.given_recorded_at = video.given_recorded_at or before.given_recorded_at
    names = {
        owner: set(session.scalars(select(TagRow.name).where(TagRow.video_id == owner)))
        for owner in (video.id, before.id)
    }
    session.add_all(TagRow(video_id=video.id, name=name) for name in sorted(names[before.id] - names[video.id]))
