"""The thread beside the jobs of this process: writes how far they are, and hears what others want of them."""

import logging
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

from indexer.jobs.runs import RunProgress, Runs
from indexer.jobs.workers import proven_dead, registered

ROUND_S = 1.0
LOOK_FOR_DEAD_S = 10.0

_log = logging.getLogger(__name__)


class KeptJobs(Protocol):
    """What of the queue the keeper needs: the queue starts the keeper, and so is not imported here."""

    def keep_progress(self, job_id: str, progress: RunProgress) -> None: ...

    def cancelled_among(self, job_ids: Sequence[str]) -> set[str]: ...

    def running_by_worker(self) -> dict[str, list[str]]: ...

    def resume(self, job_ids: Sequence[str]) -> None: ...


class Keeper:
    """Every second: progress of the jobs that run here is kept, those that were cancelled elsewhere stop.

    With ``workers_dir``, jobs of workers that have died go back on the queue.
    """

    def __init__(self, jobs: KeptJobs, runs: Runs, worker: str, workers_dir: Path | None) -> None:
        self._jobs = jobs
        self._runs = runs
        self._worker = worker
        self._workers_dir = workers_dir
        self._ending = threading.Event()
        self._alive = ExitStack()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        if self._workers_dir is not None:
            self._alive.enter_context(registered(self._workers_dir, self._worker))
        self._thread = threading.Thread(target=self._run, name="job-keeper", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._ending.set()
        if self._thread is not None:
            self._thread.join()
        self._alive.close()

    def _run(self) -> None:
        looked_s = 0.0
        while not self._ending.wait(ROUND_S):
            try:
                running = self._runs.progress()
                for job_id, progress in running.items():
                    self._jobs.keep_progress(job_id, progress)
                if held := [*running, *self._runs.waiting()]:
                    self._runs.cancel(self._jobs.cancelled_among(held))
                if self._workers_dir is not None and time.monotonic() - looked_s > LOOK_FOR_DEAD_S:
                    self._revive(self._workers_dir)
                    looked_s = time.monotonic()
            except Exception as error:  # noqa: BLE001  a database that is away for a moment must not end the thread
                _log.warning("the queue does not answer: %s", error)

    def _revive(self, workers_dir: Path) -> None:
        for worker, job_ids in self._jobs.running_by_worker().items():
            if worker != self._worker:
                with proven_dead(workers_dir, worker) as is_dead:
                    if is_dead:
                        _log.warning("worker %s has died; its jobs go on elsewhere", worker)
                        self._jobs.resume(job_ids)
