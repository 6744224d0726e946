"""Indexing as durable work: one workflow a video, on a queue, resumed at its step after a crash.

DBOS keeps the state of every workflow beside the catalog; the steps keep what they made in the video's
work folder. Several processes on one PostgreSQL database share the queue.
"""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from indexer.pipeline import Indexer, Outcome
from retrieval.errors import NotFoundError

if TYPE_CHECKING:
    from dbos import DBOS, WorkflowHandle

T = TypeVar("T")

QUEUE = "index"
WORKFLOW = "index_video"
PIPELINE_VERSION = "1"
"""Workflows are resumed only by the same version: raise it when the steps or their artefacts change."""

_POLL_S = 0.1
_log = logging.getLogger(__name__)


class JobState(StrEnum):
    """How far a job is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


_STATES: Mapping[str, JobState] = {
    "ENQUEUED": JobState.QUEUED,
    "DELAYED": JobState.QUEUED,
    "PENDING": JobState.RUNNING,
    "SUCCESS": JobState.DONE,
}


@dataclass(frozen=True, slots=True)
class Job:
    """One file on its way into the index.

    ``stage`` and ``share`` are known while it runs here; ``crash`` is an error that nobody foresaw.
    """

    id: str
    path: str
    state: JobState
    stage: str | None = None
    share: float = 0.0
    outcome: Outcome | None = None
    crash: str | None = None


class IndexJobs:
    """The queue of this data folder or database, worked off by this process while the block is open."""

    def __init__(self, indexer: Indexer, database_url: str, executor_id: str, workers: int) -> None:
        self._indexer = indexer
        self._database_url = database_url
        self._executor_id = executor_id
        self._workers = workers
        self._progress: dict[str, tuple[str, float]] = {}
        self._lock = threading.Lock()
        self._dbos: type[DBOS] | None = None

    def start(self) -> None:
        """Take up the queue, and what a killed process left of it."""
        import dbos

        logging.getLogger("dbos").setLevel(logging.CRITICAL)
        dbos.DBOS(
            config={
                "name": "moments",
                "system_database_url": self._database_url,
                "application_version": PIPELINE_VERSION,
                "executor_id": self._executor_id,
                "log_level": "CRITICAL",
                "console_log_level": "CRITICAL",
                "enable_otlp": False,
            }
        )

        @dbos.DBOS.workflow(name=WORKFLOW)
        def index_video(path: str) -> dict[str, Any]:
            return self._index_video(path)

        self._workflow = index_video
        dbos.DBOS.launch()
        dbos.DBOS.register_queue(QUEUE, worker_concurrency=self._workers, polling_interval_sec=_POLL_S)
        self._dbos = dbos.DBOS

    def stop(self) -> None:
        """Let go of the queue; what is not done is resumed by the next process that takes it up."""
        if self._dbos is not None:
            self._dbos.destroy(destroy_registry=True)
            self._dbos = None

    @contextmanager
    def running(self) -> Iterator["IndexJobs"]:
        """The queue, started for the block."""
        self.start()
        try:
            yield self
        finally:
            self.stop()

    def _index_video(self, path: str) -> dict[str, Any]:
        """The workflow. Errors of the media are outcomes, so that a broken file is not retried for ever."""
        from dbos import DBOS

        job_id = DBOS.workflow_id or path

        def report(stage: str, share: float) -> None:
            with self._lock:
                self._progress[job_id] = (stage, share)

        def step(name: str, run: Callable[[], T]) -> T:
            report(name, 0.0)
            return DBOS.run_step({"name": name}, run)

        try:
            return self._indexer.index(Path(path), step, report).as_dict()
        except Exception:
            _log.exception("indexing %s failed unexpectedly", path)
            raise
        finally:
            with self._lock:
                self._progress.pop(job_id, None)

    def unfinished(self) -> tuple[Job, ...]:
        """Jobs that wait or run, oldest first."""
        assert self._dbos is not None
        rows = self._dbos.list_workflows(status=["PENDING", "ENQUEUED"], name=WORKFLOW)
        return tuple(self._job(row) for row in rows)

    def enqueue(self, path: Path) -> str:
        """Put a file on the queue and return the job's id; a file that waits or runs already keeps its job."""
        assert self._dbos is not None
        for job in self.unfinished():
            if job.path == str(path):
                return job.id
        handle: WorkflowHandle[dict[str, Any]] = self._dbos.enqueue_workflow(QUEUE, self._workflow, str(path))
        return handle.get_workflow_id()

    def job(self, job_id: str) -> Job:
        """What is known of a job. Raises NotFoundError for an id that was never given out."""
        assert self._dbos is not None
        row = self._dbos.get_workflow_status(job_id)
        if row is None or row.name != WORKFLOW:
            raise NotFoundError(f"no job {job_id!r}")
        return self._job(row)

    def _job(self, row: Any) -> Job:
        state = _STATES.get(row.status, JobState.FAILED)
        outcome = Outcome.from_dict(row.output) if state is JobState.DONE else None
        if outcome is not None and outcome.failure is not None:
            state = JobState.FAILED
        with self._lock:
            stage, share = self._progress.get(row.workflow_id, (None, 0.0))
        path = row.input["args"][0] if row.input else ""
        crash = f"{type(row.error).__name__}: {row.error}" if row.error else None
        return Job(row.workflow_id, path, state, stage, share, outcome, crash)
