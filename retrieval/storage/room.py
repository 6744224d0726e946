"""Room on the disk: asked for before it is used, since memory-mapped files that find none end the whole process."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from retrieval.errors import MomentsError, StorageFullError
from retrieval.storage.folder import is_full

RESERVE_BYTES = 100_000_000
RESERVE_SHARE = 0.05
"""Left free for the database, for removing things and for other programs; of a small disk only so much of it."""


_SAID = ("database or disk is full", "No space left on device", "Disk quota exceeded", "SQLITE_IOERR_SHMSIZE")
"""What libraries say of a full disk where they do not pass on the system's error."""


def require_room(
    folder: Path, size_bytes: int, what: str, *, of_reserve: bool = False, promised_bytes: int = 0
) -> None:
    """Raises StorageFullError if ``what``, which takes ``size_bytes``, does not fit where ``folder`` lies.

    What makes room later, as removing does, may use up the reserve. ``promised_bytes`` are free as yet, but not for
    this.
    """
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    disk = shutil.disk_usage(there)
    reserved = 0 if of_reserve else int(min(RESERVE_BYTES, RESERVE_SHARE * disk.total))
    if disk.free - reserved - promised_bytes < size_bytes:
        promised = f", and {_megabytes(promised_bytes)} MB promised to files on their way" if promised_bytes else ""
        raise StorageFullError(
            f"{folder}: the disk is full: {what} takes about {_megabytes(size_bytes)} MB; {_megabytes(disk.free)} MB "
            f"are free, of which {_megabytes(reserved)} MB are kept in reserve{promised}; make room, or choose another "
            "folder with MOMENTS_DATA_DIR"
        )


def is_full_disk(error: BaseException) -> bool:
    """Whether the error, or one that it came of, is a disk with no room, in whoever's words."""
    seen: BaseException | None = error
    while seen is not None:
        # What an error of a database quotes of the statement may say anything.
        told = getattr(seen, "orig", None) or seen
        if isinstance(seen, StorageFullError) or (isinstance(seen, OSError) and is_full(seen)):
            return True
        if not isinstance(seen, MomentsError | OSError) and says_full(told):
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def says_full(error: object) -> bool:
    """Whether a library that has no kind of error for it means a disk with no room."""
    said = f"{error} {getattr(error, 'sqlite_errorname', '')}"
    return any(words in said for words in _SAID)


@contextmanager
def full_disk_errors(where: object, what: str) -> Iterator[None]:
    """Raises the errors of a full disk as StorageFullError, which names ``what`` is written; others pass."""
    try:
        yield
    except Exception as error:
        if isinstance(error, StorageFullError) or not is_full_disk(error):
            raise
        raise StorageFullError(f"{where}: the disk is full: no space left for {what}") from error


def _megabytes(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:,.0f}"
