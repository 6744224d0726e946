"""Which video of the catalog a failure to index a file is shown with."""

from collections.abc import Collection
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from retrieval.path_text import readable
from retrieval.storage import paths
from retrieval.storage.records import Failure, VideoRecord, VideoStatus
from retrieval.storage.rows import video_values
from retrieval.storage.tables import VideoRow

_UNFINISHED = (VideoStatus.INDEXING.value, VideoStatus.FAILED.value)


def note(
    session: Session, path: str, failure: Failure, content: VideoRecord | None, forget: Collection[str]
) -> VideoRow | None:
    """The video that has the failure now, see ``Catalog.note_failure``; one that is being removed gets none."""
    there = _indexed_at(session, path)
    row = (None if content is None else session.get(VideoRow, content.id)) or there
    if row is None and content is not None:
        row = VideoRow(**video_values(content))
        session.add(row)
        session.flush()
    if row is None or row.status == VideoStatus.REMOVING.value:
        return None
    if row.status in _UNFINISHED:
        row.status = VideoStatus.FAILED.value
    row.error_code, row.error_message = failure.code, readable(failure.message)
    row.failed_at = datetime.now(UTC)
    if there is None and content is not None:
        # The path is its own, as that of an indexed video is: when something else is indexed there, this one goes.
        paths.claim(session, row, content.files[0], forget)
    return row


def _indexed_at(session: Session, path: str) -> VideoRow | None:
    """The indexed video that lies at the path, as far as it is known."""
    statement = paths.with_paths(select(VideoRow)).where(VideoRow.status == VideoStatus.INDEXED.value)
    statement = statement.where(paths.PATH.in_([path]))
    return session.scalars(statement.order_by(VideoRow.created_at.desc())).first()
