"""Room on the disk: asked for before it is used, since memory-mapped files that find none end the whole process."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from retrieval.errors import StorageFullError
from retrieval.storage.folder import is_full

RESERVE_BYTES = 100_000_000
RESERVE_SHARE = 0.05
"""Left free for the database, for removing things and for other programs; of a small disk only so much of it."""


def require_room(folder: Path, size_bytes: int, what: str, *, of_reserve: bool = False) -> None:
    """Raises StorageFullError if ``what``, which takes ``size_bytes``, does not fit where ``folder`` lies.

    What makes room later, as removing does, may use up the reserve.
    """
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    disk = shutil.disk_usage(there)
    reserved = 0 if of_reserve else int(min(RESERVE_BYTES, RESERVE_SHARE * disk.total))
    if disk.free - reserved < size_bytes:
        raise StorageFullError(
            f"{folder}: the disk is full: {what} takes about {_megabytes(size_bytes)} MB; {_megabytes(disk.free)} MB "
            f"are free, of which {_megabytes(reserved)} MB are kept in reserve; make room, or choose another folder "
            "with MOMENTS_DATA_DIR"
        )


@contextmanager
def full_disk_errors(folder: Path, what: str) -> Iterator[None]:
    """Raises the system's errors of a full disk as StorageFullError, which names ``what`` is written; others pass."""
    try:
        yield
    except OSError as error:
        if not is_full(error):
            raise
        raise StorageFullError(f"{folder}: the disk is full: no space left for {what}") from error


def _megabytes(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:,.0f}"
