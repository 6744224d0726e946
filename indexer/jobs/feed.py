"""News of jobs for whoever listens: one thread asks the database, however many listen."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from indexer.jobs.job import Job

POLL_S = 0.2
"""How often the database is asked while somebody listens; what happens in this process is told at once."""

MIN_GAP_S = 0.2
"""A run reports many times a second; nobody needs to know as often."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class _Listener:
    hear: "Callable[[Job | None], None]"
    job_id: str | None


class JobFeed:
    """Tells listeners of every job that changes. ``read`` gives jobs that may have, and those with given ids."""

    def __init__(self, read: "Callable[[set[str]], list[Job]]") -> None:
        self._read = read
        self._condition = threading.Condition()
        self._listeners: set[_Listener] = set()
        self._poked: set[str] = set()
        self._closed = False
        self._thread: threading.Thread | None = None

    @contextmanager
    def listening(self, hear: "Callable[[Job | None], None]", job_id: str | None = None) -> Iterator[None]:
        """``hear`` gets each job that changes, or only the one named, in another thread; None when all is over."""
        listener = _Listener(hear, job_id)
        with self._condition:
            if self._closed:
                hear(None)
            self._listeners.add(listener)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="job-feed", daemon=True)
                self._thread.start()
            self._condition.notify()
        try:
            yield
        finally:
            with self._condition:
                self._listeners.discard(listener)

    def poke(self, job_id: str) -> None:
        """Something happened to this job."""
        with self._condition:
            if self._listeners:
                self._poked.add(job_id)
                self._condition.notify()

    def close(self) -> None:
        """Tell every listener that nothing more will come; wait for the thread."""
        with self._condition:
            self._closed = True
            listeners = tuple(self._listeners)
            self._condition.notify()
        for listener in listeners:
            listener.hear(None)
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        told: dict[str, Job] = {}
        while True:
            with self._condition:
                if not self._listeners:
                    told = {}
                    self._condition.wait_for(lambda: self._closed or self._listeners)
                elif not self._poked:
                    self._condition.wait(POLL_S)
                if self._closed:
                    return
                asked = self._poked | {listener.job_id for listener in self._listeners if listener.job_id}
                asked |= {job.id for job in told.values() if not job.is_over}
                self._poked = set()
            try:
                jobs = self._read(asked)
            except Exception as error:  # noqa: BLE001  nobody would hear of anything any more
                _log.warning("cannot follow the jobs: %s", error)
                with self._condition:
                    self._poked |= asked
                time.sleep(MIN_GAP_S)
                continue
            with self._condition:
                # With those who came meanwhile: what they looked at themselves may be older than this.
                listeners = tuple(self._listeners)
            for job in jobs:
                if told.get(job.id) != job:
                    for listener in listeners:
                        if listener.job_id in (None, job.id):
                            listener.hear(job)
            told = {job.id: job for job in jobs}
            time.sleep(MIN_GAP_S)
