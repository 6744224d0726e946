"""The file of a video, as long as it is the one that was indexed."""

import stat
import threading
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from indexer.probe import content_hash
from retrieval.errors import MediaError, VideoFileChangedError, VideoFileGoneError
from retrieval.storage.catalog import Catalog
from retrieval.storage.records import VideoFile, VideoRecord

_HASHING = threading.Lock()
"""Players ask for a file many times at once: one of them hashes it, the others have its answer."""


class FileState(StrEnum):
    """What has become of a file since it was indexed."""

    SAME = "same"
    CHANGED = "changed"
    GONE = "gone"


def indexed_file(catalog: Catalog, record: VideoRecord) -> Path:
    """Where the content of the video lies: the first of its files that is still what was indexed.

    Raises VideoFileChangedError if there is none and something else lies at one of its paths, else
    VideoFileGoneError.
    """
    states = {}
    for file in files_of(record):
        states[file.path] = state = state_of(catalog, record, file)
        if state is FileState.SAME:
            return Path(file.path)
    changed = next((file for file in files_of(record) if states[file.path] is FileState.CHANGED), None)
    if changed is None:
        raise VideoFileGoneError(f"{record.path} does not exist any more")
    raise VideoFileChangedError(
        f"{changed.path} is not the file that was indexed as {record.id} any more ({_difference(changed)}); "
        "run `moments index` on it to take up what lies there now"
    )


def files_of(record: VideoRecord) -> tuple[VideoFile, ...]:
    """The files of the video; of one that shares its path with a newer one, how that was when it was read."""
    return record.files or (VideoFile(record.path, record.size_bytes, record.modified_ns),)


def state_of(catalog: Catalog, record: VideoRecord, file: VideoFile) -> FileState:
    """Whether the file still has the content of the video: by its size and time, and by its hash if only those differ.

    A time that is found to mean nothing is noted, so that a large file is read once.
    """
    now = file_now(file.path)
    if now is None:
        return FileState.GONE
    if now.size_bytes != file.size_bytes:
        return FileState.CHANGED
    if now.modified_ns == file.modified_ns:
        return FileState.SAME
    try:
        with _HASHING:
            is_same = _hash(now.path, now.size_bytes, now.modified_ns) == record.content_hash
    except (MediaError, OSError):
        return FileState.GONE
    if is_same:
        catalog.note_time(record.id, replace(file, modified_ns=now.modified_ns))
    return FileState.SAME if is_same else FileState.CHANGED


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


@lru_cache(maxsize=4096)
def _hash(path: str, _size_bytes: int, _modified_ns: int) -> str:
    """The content's hash, remembered for as long as size and time stay."""
    return content_hash(Path(path))


def _difference(file: VideoFile) -> str:
    now = file_now(file.path)
    if now is not None and now.size_bytes != file.size_bytes:
        return f"{now.size_bytes} bytes instead of {file.size_bytes}"
    return f"it was written since {_day(file.modified_ns)}"


def _day(modified_ns: int) -> str:
    return datetime.fromtimestamp(modified_ns / 1e9, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
