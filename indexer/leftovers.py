"""Deletes what killed processes left in the data folder."""

import shutil
import time
from pathlib import Path

from indexer.jobs.queue import IndexJobs
from retrieval.storage.library import Library

ORPHANED_S = 24 * 3600.0
"""A file that came for a job that failed is kept so long, for another try."""


SETTLED_S = 60.0


def sweep_files(library: Library, jobs: IndexJobs) -> None:
    """Delete what killed processes left: work of no job, and files that came a day ago and are no video's."""
    folder = library.folder
    unfinished = {job.id for job in jobs.unfinished()}
    for left in _entries(folder.path / "work"):
        # Not what is new: another worker may have begun since the queue was asked.
        if not unfinished and _age_s(left) > SETTLED_S:
            left.unlink(missing_ok=True) if left.is_file() else shutil.rmtree(left, ignore_errors=True)
    for came in _entries(folder.files_dir):
        is_old = _age_s(came) > ORPHANED_S
        if is_old and came.name not in unfinished and not any(library.catalog.at_path(str(f)) for f in came.iterdir()):
            shutil.rmtree(came, ignore_errors=True)


def _entries(parent: Path) -> list[Path]:
    return list(parent.iterdir()) if parent.is_dir() else []


def _age_s(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
