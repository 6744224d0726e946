"""Clips that players have asked for, kept for the next time; the longest unused go when space runs out."""

import os
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from weakref import WeakValueDictionary

_ABANDONED_S = 24 * 3600.0
"""A draft that is older was left behind by a process that was killed."""


class ClipCache:
    """Files by name in one folder, of at most ``limit_bytes`` together, but for the newest."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._guard = threading.Lock()
        self._turns: WeakValueDictionary[str, threading.Lock] = WeakValueDictionary()

    def file(self, folder: Path, name: str, make: Callable[[Path], object]) -> Path:
        """The file of that name, which ``make`` writes if it is not there yet: once, however many ask."""
        path = folder / name
        with self._guard:
            turn = self._turns.setdefault(name, threading.Lock())
        with turn:
            try:
                # The time of change stays, by which players know the file again.
                os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns))
            except FileNotFoundError:
                folder.mkdir(parents=True, exist_ok=True)
                draft = folder / f".{uuid.uuid4().hex}{path.suffix}"
                try:
                    make(draft)
                    draft.replace(path)
                finally:
                    draft.unlink(missing_ok=True)
                self._evict(folder, path)
        return path

    def _evict(self, folder: Path, newest: Path) -> None:
        with self._guard:
            about = {path: path.stat() for path in folder.iterdir()}
            kept_bytes = 0
            for path in sorted(about, key=lambda path: (path == newest, about[path].st_atime), reverse=True):
                if path.name.startswith("."):
                    is_kept = about[path].st_mtime > time.time() - _ABANDONED_S
                else:
                    kept_bytes += about[path].st_size
                    is_kept = path == newest or kept_bytes <= self._limit_bytes
                if not is_kept:
                    path.unlink(missing_ok=True)
