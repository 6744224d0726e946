"""Who works on a shared queue, so that what a dead worker held is taken up by another."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock


@contextmanager
def registered(folder: Path, worker: str) -> Iterator[None]:
    """This process counts as alive, under this name of its own, for the block: it holds a lock that dies with it."""
    folder.mkdir(parents=True, exist_ok=True)
    for lock in folder.glob("*.lock"):
        with proven_dead(folder, lock.stem) as is_dead:
            if is_dead:
                lock.unlink(missing_ok=True)
    with filelock.FileLock(_lock_of(folder, worker), thread_local=False):
        yield


@contextmanager
def proven_dead(folder: Path, worker: str) -> Iterator[bool]:
    """Whether that worker's process has ended; while the block runs, nobody else finds the same."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(_lock_of(folder, worker), thread_local=False)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


def _lock_of(folder: Path, worker: str) -> Path:
    return folder / f"{worker}.lock"
