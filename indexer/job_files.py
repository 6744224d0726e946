"""The file that came for a job, and the video that the library notes it as: described, kept, dropped."""

import logging
import shutil
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from indexer.intake.addition import Addition
from indexer.intake.identify import IdentifiedFile, by_its_bytes
from indexer.media.indexed_file import gone_paths
from indexer.outcome import Outcome
from retrieval.errors import MediaError, MomentsError, PathNotAllowedError
from retrieval.storage.library import Library
from retrieval.storage.records import VideoEdit, VideoRecord, VideoStatus

_log = logging.getLogger(__name__)


def record_of(source: IdentifiedFile) -> VideoRecord:
    """What the file itself says, as a new video has it."""
    return VideoRecord(
        id=source.video_id,
        content_hash=source.content_hash,
        path=source.path,
        title=Path(source.path).stem,
        size_bytes=source.size_bytes,
        modified_ns=source.modified_ns,
        duration_s=source.duration_s,
        width=source.width,
        height=source.height,
        recorded_at=source.recorded_at,
        files=(source.file,),
    )


def describe(library: Library, video: VideoRecord, addition: Addition) -> None:
    """Write the title that the user gave, and the tags beside those that are there."""
    if addition.title is not None:
        library.catalog.edit(video.id, VideoEdit(frozenset({"title"}), title=addition.title))
    if addition.tags:
        tags = (*video.tags, *addition.tags)
        library.catalog.edit(video.id, VideoEdit(frozenset({"tags"}), tags=tags))


def drop_copies(library: Library, video: VideoRecord, path: str) -> None:
    """Of a video that came by upload or from an address again, keep the file that came last."""
    folder = library.folder
    if folder.owns(Path(path)):
        copies = [other for other in video.paths if other != path and folder.owns(Path(other))]
        for copy in copies:
            library.forget_copy(video.id, copy)


def drop(library: Library, job_id: str) -> None:
    """Delete the file that came for a job, if one did and it is in no indexed video's use."""
    own = library.folder.files_of(job_id)
    for file in list(own.iterdir()) if own.is_dir() else ():
        for video in library.catalog.at_path(str(file)):
            if video.status is VideoStatus.INDEXED:
                return
            if video.paths == (str(file),):
                library.remove_video(video.id)
            else:
                library.forget_copy(video.id, str(file))
    shutil.rmtree(own, ignore_errors=True)


def keep_failure(
    library: Library, job_id: str, addition: Addition, failed: Outcome, source: IdentifiedFile | None = None
) -> Outcome:
    """The outcome with the video that the failure is shown with; of what could not be read, there is none.

    A file that came for the job is kept with its video, to be tried again or removed.
    """
    try:
        return _keep_failure(library, job_id, addition, failed, source)
    except Exception as error:  # noqa: BLE001  whatever is wrong with the library, the job tells of its failure
        told = failed.failure.code if failed.failure else None
        if not isinstance(error, MomentsError) or error.code != told:
            _log.warning("the failure of %s is not noted in the library: %r", failed.path, error)
        return failed


def _keep_failure(
    library: Library, job_id: str, addition: Addition, failed: Outcome, source: IdentifiedFile | None
) -> Outcome:
    failure = failed.failure
    assert failure is not None
    if source is None:
        failed = replace(failed, path=_came_to(library, job_id) or failed.path)
        with suppress(MediaError, PathNotAllowedError):
            source = by_its_bytes(Path(failed.path), library.roots)
    content = None if source is None else record_of(source)
    known = None if content is None else library.catalog.get(content.id)
    video = library.catalog.note_failure(
        failed.path, failure, content, forget=() if known is None else gone_paths(known)
    )
    library.sweep()
    if video is None:
        drop(library, job_id)
        return failed
    if content is not None and video.id == content.id:
        describe(library, video, addition)
        drop_copies(library, video, failed.path)
    return replace(failed, video_id=video.id)


def _came_to(library: Library, job_id: str) -> str | None:
    """The file that came for a job, whole; one that is being fetched is hidden."""
    return next(map(str, library.folder.files_of(job_id).glob("[!.]*")), None)
