"""Clips that players have asked for, kept for the next time; the longest unused go when space runs out."""

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from weakref import WeakValueDictionary

from retrieval.atomic import replacing, sweep_drafts


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
                with replacing(path) as draft:
                    make(draft)
                self._evict(folder, path)
        return path

    def _evict(self, folder: Path, newest: Path) -> None:
        with self._guard:
            sweep_drafts(folder)
            about = {path: path.stat() for path in folder.glob("[!.]*")}
            kept_bytes = 0
            for path in sorted(about, key=lambda path: (path == newest, about[path].st_atime), reverse=True):
                kept_bytes += about[path].st_size
                if path != newest and kept_bytes > self._limit_bytes:
                    path.unlink(missing_ok=True)
