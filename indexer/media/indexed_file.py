"""The file of a video, as long as it is the one that was indexed."""

import os
import stat
import threading
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from io import FileIO
from pathlib import Path

from indexer.media.probe import hash_of
from retrieval.errors import (
    ConflictError,
    MediaError,
    MissingFileError,
    PathNotAllowedError,
    VideoFileChangedError,
    VideoFileGoneError,
)
from retrieval.storage.catalog import Catalog
from retrieval.storage.media_roots import ANYWHERE, MediaRoots
from retrieval.storage.records import VideoFile, VideoRecord, VideoStatus

_HASHING = threading.Lock()
"""Players ask for a file many times at once: one of them hashes it, the others have its answer."""

_MOST_HASHES = 4096
_hashes: dict[tuple[int, ...], str] = {}


class FileState(StrEnum):
    """What has become of a file since it was indexed."""

    SAME = "same"
    CHANGED = "changed"
    OUTSIDE = "outside"
    """It leads, by now, out of the folders whose files may be read."""
    GONE = "gone"


def open_indexed_file(catalog: Catalog, record: VideoRecord, roots: MediaRoots = ANYWHERE) -> FileIO:
    """The content of the video, open: the first of its files that is still what was indexed.

    Raises VideoFileChangedError if there is none and something else lies at one of its paths, else PathNotAllowedError
    if one leads out of the roots by now, else VideoFileGoneError; ConflictError for a video that failed: it may be any
    file.
    """
    if record.status is VideoStatus.FAILED:
        raise ConflictError(f"{record.path} could not be indexed, and is not shown: it may be no video at all")
    return _opened(catalog, record, roots)


def indexed_file(catalog: Catalog, record: VideoRecord, roots: MediaRoots = ANYWHERE) -> Path:
    """Where the content of the video lies, of one that failed, too; raises what ``open_indexed_file`` does."""
    with _opened(catalog, record, roots) as file:
        return Path(str(file.name))


def _opened(catalog: Catalog, record: VideoRecord, roots: MediaRoots) -> FileIO:
    changed: VideoFileChangedError | None = None
    outside: PathNotAllowedError | None = None
    gone = VideoFileGoneError(f"{record.path} does not exist any more")
    for file in files_of(record):
        try:
            opened = roots.opened(Path(file.path))
        except PathNotAllowedError as error:
            outside = outside or error
            continue
        except MissingFileError:
            continue
        except MediaError as error:
            gone = VideoFileGoneError(error.message)
            continue
        try:
            if _is_same(catalog, record, file, opened):
                return opened
            changed = changed or _changed(record, file, os.fstat(opened.fileno()))
        except BaseException:
            opened.close()
            raise
        opened.close()
    raise changed or outside or gone


def files_of(record: VideoRecord) -> tuple[VideoFile, ...]:
    """The files of the video; of one that shares its path with a newer one, how that was when it was read."""
    return record.files or (VideoFile(record.path, record.size_bytes, record.modified_ns),)


def state_of(catalog: Catalog, record: VideoRecord, file: VideoFile, roots: MediaRoots = ANYWHERE) -> FileState:
    """Whether the file still has the content of the video: by its size and time, and by its hash if only those differ.

    A time that is found to mean nothing is noted, so that a large file is read once.
    """
    try:
        with roots.opened(Path(file.path)) as opened:
            return FileState.SAME if _is_same(catalog, record, file, opened) else FileState.CHANGED
    except PathNotAllowedError:
        return FileState.OUTSIDE
    except (MediaError, OSError):
        return FileState.GONE


def _is_same(catalog: Catalog, record: VideoRecord, file: VideoFile, opened: FileIO) -> bool:
    now = os.fstat(opened.fileno())
    if now.st_size != file.size_bytes:
        return False
    if now.st_mtime_ns == file.modified_ns:
        return True
    with _HASHING:
        is_same = _hash(opened, now) == record.content_hash
    if is_same:
        catalog.note_time(record.id, replace(file, modified_ns=now.st_mtime_ns))
    return is_same


def gone_paths(record: VideoRecord) -> tuple[str, ...]:
    """Where the content of the video lies no more, for there is no file."""
    return tuple(file.path for file in record.files if file_now(file.path) is None)


def file_now(path: str) -> VideoFile | None:
    """The file as it is now; None if there is none."""
    try:
        about = Path(path).stat()
    except (OSError, ValueError):
        return None
    return VideoFile(path, about.st_size, about.st_mtime_ns) if stat.S_ISREG(about.st_mode) else None


def _hash(file: FileIO, now: os.stat_result) -> str:
    """The content's hash, remembered for as long as the file, its size and its time stay."""
    key = (now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns)
    if key not in _hashes:
        if len(_hashes) >= _MOST_HASHES:
            _hashes.clear()
        _hashes[key] = hash_of(file)
    return _hashes[key]


def _changed(record: VideoRecord, file: VideoFile, now: os.stat_result) -> VideoFileChangedError:
    difference = f"it was written since {_day(file.modified_ns)}"
    if now.st_size != file.size_bytes:
        difference = f"{now.st_size} bytes instead of {file.size_bytes}"
    return VideoFileChangedError(
        f"{file.path} is not the file that was indexed as {record.id} any more ({difference}); "
        "run `moments index` on it to take up what lies there now"
    )


def _day(modified_ns: int) -> str:
    return datetime.fromtimestamp(modified_ns / 1e9, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
