"""Jobs during which the process died that worked on them: noted with the job, and not tried for ever."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from indexer.jobs.kept import Kept
from retrieval.errors import WorkerDiedError

MOST_DEATHS = 2
"""A job that so many processes died of is not tried again by itself."""

_LOOK_UP_S = 0.5


class Deaths:
    """Counts, for each job, the processes that ended in the middle of it without a word.

    One that stops in order lets go of its jobs first, which is no death. ``read`` and ``write`` reach what is kept
    with a job for as long as the job is.
    """

    def __init__(self, read: Callable[[str], Kept], write: Callable[[str, Kept], None]) -> None:
        self._read = read
        self._write = write
        self._alone = threading.Lock()
        self._at_work: set[str] = set()
        self._is_stopping = False

    @contextmanager
    def working(self, job_id: str, name: str, waiting: Callable[[], None]) -> Iterator[None]:
        """The block is counted as a death if this process ends within it without a word.

        Of jobs at which a process died before, one runs at a time, so that of several that died together, the
        harmless ones are not taken for the guilty again; ``waiting`` is called meanwhile. Raises WorkerDiedError
        at once for one of which enough have died.
        """
        kept = self._read(job_id)
        deaths = (kept.deaths or 0) + bool(kept.at_work)
        self._write(job_id, Kept(deaths=deaths, at_work=False))
        if deaths >= MOST_DEATHS:
            raise WorkerDiedError(
                f"{name}: the process that indexed it died {deaths} times in the middle of it, last "
                f"{_where(kept)}; it is not tried again by itself. To try once more, index it again"
            )
        if deaths:
            while not self._alone.acquire(timeout=_LOOK_UP_S):
                waiting()
        try:
            if not self._is_stopping:
                self._at_work.add(job_id)
                self._write(job_id, Kept(at_work=True))
            yield
        finally:
            if deaths:
                self._alone.release()
            if job_id in self._at_work:
                self._at_work.discard(job_id)
                self._write(job_id, Kept(at_work=False))

    def let_go(self) -> None:
        """This process stops, in order: that it ends in the middle of its jobs is not their fault."""
        self._is_stopping = True
        for job_id in list(self._at_work):
            self._write(job_id, Kept(at_work=False))
            self._at_work.discard(job_id)


def _where(kept: Kept) -> str:
    stage = kept.progress.stage if kept.progress is not None else None
    return f"in step {stage}" if stage else "before its first step"
