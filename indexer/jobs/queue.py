"""Indexing as durable work: one workflow a video, on a queue, resumed at its step after a crash.

DBOS keeps the state of every workflow beside the catalog; the steps keep what they made in the video's
work folder. Several processes on one PostgreSQL database share the queue.
"""

import contextvars
import logging
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from indexer.intake.addition import Addition, Origin
from indexer.jobs.deaths import Deaths
from indexer.jobs.ends import tell_end
from indexer.jobs.feed import JobFeed
from indexer.jobs.job import Job, JobState, crash_text
from indexer.jobs.keeper import Keeper
from indexer.jobs.kept import Kept
from indexer.jobs.known_jobs import WORKFLOW, KnownJobs
from indexer.jobs.patience import while_away, while_full
from indexer.jobs.runs import RunProgress, Runs
from indexer.outcome import Outcome, Status
from indexer.pipeline import STEPS, Cancelled, Indexer, Stopped
from retrieval.errors import (
    INTERNAL_ERROR,
    ConflictError,
    MomentsError,
    StorageError,
    StorageFullError,
    WorkerDiedError,
    system_text,
)
from retrieval.log_context import working_for
from retrieval.storage.database import queue_errors
from retrieval.storage.records import Failure
from retrieval.storage.room import is_full_disk

if TYPE_CHECKING:
    from dbos import DBOS, WorkflowStatus

T = TypeVar("T")

QUEUE = "index"
PIPELINE_VERSION = "1"
"""Workflows are resumed only by the same version: raise it when the steps or their artefacts change."""

_POLL_S = 0.1
_STOP_PATIENCE_S = 3.0
_RECENT = timedelta(seconds=5)
"""What began or ended so long ago may be news; clocks of several machines differ by less."""

_log = logging.getLogger(__name__)


class IndexingFailed(Exception):  # noqa: N818
    """How a workflow ends whose file could not be indexed; its argument is the outcome."""


class IndexingCrashed(Exception):  # noqa: N818
    """How a step and its workflow end on an error that nobody foresaw; its argument is the short text of it."""


class IndexJobs(KnownJobs):
    """The queue of this data folder or database.

    While it is open, this process works off ``workers`` jobs at a time; with 0 it only hands them out.
    ``workers_dir`` is where the processes that share a queue show that they are alive, None if it is not shared.
    """

    def __init__(
        self, indexer: Indexer, database_url: str, executor_id: str, workers: int, workers_dir: Path | None = None
    ) -> None:
        self._indexer = indexer
        self._database_url = database_url
        self._executor_id = executor_id
        self._workers = workers
        self.feed = JobFeed(self._news)
        super().__init__(Runs(self.feed.poke, workers))
        self._is_letting_go = False
        self._deaths = Deaths(self._kept, self._keep_when_there_is_room)
        self._keeper = Keeper(self, self._runs, executor_id, workers_dir if workers else None)
        self._dbos: type[DBOS] | None = None

    def start(self) -> None:
        """Take up the queue, and what a killed process left of it."""
        import dbos

        log = logging.getLogger("dbos")
        log.setLevel(logging.CRITICAL)
        # It keeps the one that it made for the standard error of an earlier start, which may be closed by now.
        log.handlers.clear()
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
        def index_video(path: str, addition: dict[str, Any] | None = None) -> dict[str, Any]:
            return self._index_video(path, addition)

        self._workflow = index_video
        if not self._workers:
            dbos.DBOS.listen_queues([])
        # Jobs of an earlier process may begin before the launch is over.
        self._dbos = dbos.DBOS
        dbos.DBOS.launch()
        if self._workers:
            dbos.DBOS.register_queue(QUEUE, worker_concurrency=self._workers, polling_interval_sec=_POLL_S)
        self._keeper.start()

    def stop(self) -> None:
        """Let go of the queue; what is not done is resumed by the next process that takes it up."""
        if self._dbos is not None:
            self.let_go()
            self._runs.stop()
            self.feed.close()
            self._keeper.stop()
            deadline_s = time.monotonic() + _STOP_PATIENCE_S
            while self.running_here() and time.monotonic() < deadline_s:
                time.sleep(0.02)
            self._dbos.destroy(destroy_registry=True)
            self._dbos = None

    def let_go(self) -> None:
        """This process is about to end: the jobs that it is in the middle of are to go on where they are."""
        self._is_letting_go = True
        try:
            self._deaths.let_go()
        except Exception as error:  # noqa: BLE001  a database that is away must not keep anybody from stopping
            _log.warning("the queue does not answer: %s", error)

    @contextmanager
    def running(self) -> Iterator["IndexJobs"]:
        """The queue, started for the block."""
        self.start()
        try:
            yield self
        finally:
            self.stop()

    def _index_video(self, path: str, addition: dict[str, Any] | None) -> dict[str, Any]:
        """The workflow, with one line of the log at its end."""
        from dbos import DBOS, error

        job_id = DBOS.workflow_id or path
        asked = Addition.from_dict(addition) if addition else Addition(path)
        began_s = time.monotonic()

        def tell(ended: Outcome | JobState) -> None:
            tell_end(asked, ended, time.monotonic() - began_s)

        with working_for(job_id=job_id):
            try:
                outcome = self._work_off(job_id, asked)
            except IndexingFailed as failed:
                tell(Outcome.from_dict(failed.args[0]))
                raise
            except IndexingCrashed:
                tell(JobState.FAILED)
                raise
            except error.DBOSWorkflowCancelledError:
                tell(JobState.CANCELLED)
                raise
            tell(outcome)
            return outcome.as_dict()

    def _work_off(self, job_id: str, asked: Addition) -> Outcome:
        """What became of the file. Errors of the media end the job, so that a broken file is not retried for ever."""
        from dbos import DBOS, error

        path = asked.where

        def step(name: str, run: Callable[[], T]) -> T:
            self._runs.enter(job_id, name)
            patient = partial(while_away, run, partial(self._runs.enter, job_id, name))
            try:
                return DBOS.run_step({"name": name}, lambda: self._short_of_crashes(patient))
            except (error.DBOSWorkflowCancelledError, error.DBOSWorkflowConflictIDError) as lost:
                if _outside(lambda: self.cancelled_among([job_id])):
                    raise Cancelled(f"job {job_id} was cancelled") from lost
                raise

        earlier = _outside(lambda: self.job(job_id)).progress
        try:
            self._runs.begin(job_id, asked, earlier.started_at if earlier else None)
        except Cancelled as cancelled:
            raise error.DBOSWorkflowCancelledError(str(cancelled)) from cancelled
        waiting = partial(self._runs.report, job_id, next(iter(STEPS)), 0.0)
        try:
            with self._deaths.working(job_id, path, waiting):
                outcome = self._indexer.index(
                    job_id,
                    asked,
                    step,
                    lambda stage, share: self._runs.report(job_id, stage, share),
                    lambda video_id, duration_s: self._runs.found(job_id, video_id, duration_s),
                )
        except WorkerDiedError as died:
            outcome = self._failed(job_id, asked, Failure(died.code, died.message))
        except Cancelled as cancelled:
            raise error.DBOSWorkflowCancelledError(str(cancelled)) from cancelled
        except Exception as crash:
            self._stop_short(crash)
            if is_full_disk(crash):
                full = StorageFullError(f"{path}: the disk is full: {crash_text(crash)}")
                _log.warning("%s", full.message)
                outcome = self._failed(job_id, asked, Failure(full.code, full.message))
                raise IndexingFailed(outcome.as_dict()) from crash
            _log.exception("indexing %s failed unexpectedly", path)
            crashed = _crashed(crash)
            self._failed(job_id, asked, Failure(INTERNAL_ERROR, f"{path}: indexing failed unexpectedly: {crashed}"))
            raise crashed from crash
        finally:
            try:
                if not self._runs.is_stopping:
                    self._keep_when_there_is_room(job_id, Kept(progress=self._runs.progress()[job_id]))
            finally:
                self._runs.end(job_id)
        if outcome.failure is not None:
            raise IndexingFailed(outcome.as_dict())
        return outcome

    def _failed(self, job_id: str, addition: Addition, failure: Failure) -> Outcome:
        return self._indexer.keep_failure(
            job_id, addition, Outcome(addition.where, None, Status.FAILED, failure=failure)
        )

    def _short_of_crashes(self, run: Callable[[], T]) -> T:
        """What ``run`` returns; the queue keeps what it raises, so that is short."""
        try:
            return run()
        except Cancelled:
            raise
        except Exception as error:
            self._stop_short(error)
            if isinstance(error, MomentsError):
                raise
            if is_full_disk(error):
                raise StorageFullError(f"the disk is full: {crash_text(error)}") from error
            raise _crashed(error) from error

    def _stop_short(self, error: Exception) -> None:
        """Raise Stopped if this process ends: what fails now may fail of that, and is tried again in another."""
        if self._is_letting_go or self._runs.is_stopping:
            raise Stopped(f"the process ended: {error}") from error

    def enqueue(self, path: Path) -> str:
        """Put a file on the queue and return the job's id; a file that waits or runs already keeps its job."""
        return self.add(Addition(str(path)))

    def add(self, addition: Addition, job_id: str | None = None) -> str:
        """Put a video on the queue and return the job's id, the given one if there is one.

        A path that waits or runs already keeps its job, but for one that would not index it again where that is
        asked for; so does an id that is known. Raises InputError or
        UrlNotAllowedError for an address that cannot be fetched from.
        """
        return self._put(addition, job_id, self._waiting_for([addition]))

    def add_all(self, additions: Sequence[Addition]) -> dict[str, Addition]:
        """Put videos on the queue, as ``add`` does each; the additions by the ids of their jobs."""
        waiting = self._waiting_for(additions)
        return {self._put(addition, None, waiting): addition for addition in additions}

    def _waiting_for(self, additions: Sequence[Addition]) -> Sequence[Job]:
        """The jobs that wait or run, where any of these may be one of them."""
        return self.unfinished() if any(one.origin is Origin.PATH for one in additions) else ()

    def _put(self, addition: Addition, job_id: str | None, waiting: Sequence[Job]) -> str:
        import dbos

        self._indexer.check(addition)
        for job in waiting if addition.origin is Origin.PATH else ():
            known = job.addition
            is_same = known.origin is Origin.PATH and known.where == addition.where
            if is_same and known.covers(addition):
                return job.id
        job_id = job_id or str(uuid.uuid4())
        with queue_errors("another job"), dbos.SetWorkflowID(job_id):
            self._open.enqueue_workflow(QUEUE, self._workflow, addition.where, addition.as_dict())
        self.feed.poke(job_id)
        return job_id

    def cancel(self, job_id: str) -> Job:
        """The job, cancelled; if it runs, it stops at its next report. Raises ConflictError if it is over."""
        job = self.job(job_id)
        if job.is_over:
            raise ConflictError(f"job {job_id} is {job.state}: only one that waits or runs can be cancelled")
        with queue_errors(f"the end of job {job_id}"):
            self._open.cancel_workflow(job_id)
        self._runs.cancel({job_id})
        cancelled = self.job(job_id)
        if cancelled.state is not JobState.CANCELLED:
            raise ConflictError(f"job {job_id} is {cancelled.state}: it ended before it could be cancelled")
        if job.state is JobState.QUEUED:
            self._indexer.drop(job_id)
            with working_for(job_id=job_id):
                tell_end(job.addition, JobState.CANCELLED, 0.0)
        self.feed.poke(job_id)
        return cancelled

    def retry(self, job_id: str) -> Job:
        """The job, on the queue again from its first step. Raises ConflictError unless it failed or was cancelled."""
        job = self.job(job_id)
        if job.state not in (JobState.FAILED, JobState.CANCELLED):
            raise ConflictError(f"job {job_id} is {job.state}: only one that failed or was cancelled can be retried")
        if job.addition.origin is Origin.UPLOAD and not Path(job.addition.where).exists():
            raise ConflictError(f"job {job_id}: its file was deleted when it {job.state}; upload it again")
        with queue_errors(f"job {job_id}, again"):
            self._open.update_workflow_attributes(job_id, None)
            self._open.rewind_workflow(job_id, queue_name=QUEUE)
        self.feed.poke(job_id)
        return self.job(job_id)

    def resume(self, job_ids: Sequence[str]) -> None:
        """Put jobs on the queue again, at the step they were in, whose process has died."""
        for job_id in job_ids:
            self._open.resume_workflow(job_id, queue_name=QUEUE)

    def keep_progress(self, job_id: str, progress: RunProgress) -> None:
        """Write how far the job is, for other processes and for later."""
        self._keep(job_id, Kept(progress=progress))

    def _kept(self, job_id: str) -> Kept:
        """What is kept with a job beside its row."""
        rows = _outside(lambda: self._rows(workflow_ids=[job_id], load_input=False, load_output=False))
        return Kept.from_dict(rows[0].attributes if rows else None)

    def _keep_when_there_is_room(self, job_id: str, kept: Kept) -> None:
        """As ``_keep``; on a full disk, when there is room: before, nobody could be told how the job ends, either."""
        while_full(lambda: self._keep(job_id, kept), lambda: self._is_letting_go)

    def _keep(self, job_id: str, kept: Kept) -> None:
        _outside(lambda: self._open.update_workflow_attributes(job_id, kept.as_dict(), merge=True))

    def running_here(self) -> set[str]:
        """Ids of the jobs that this process is working on."""
        return set(self._runs.progress())

    def running_by_worker(self) -> dict[str, list[str]]:
        """Ids of the jobs that run, by the worker that they run in."""
        found: dict[str, list[str]] = {}
        for row in self._rows(status="PENDING", load_input=False, load_output=False):
            found.setdefault(row.executor_id or "", []).append(row.workflow_id)
        return found

    def cancelled_among(self, job_ids: Sequence[str]) -> set[str]:
        """Those of the jobs that are cancelled."""
        rows = self._rows(workflow_ids=list(job_ids), status="CANCELLED", load_input=False, load_output=False)
        return {row.workflow_id for row in rows}

    def _news(self, job_ids: set[str]) -> list[Job]:
        """Jobs that run, that began or ended a moment ago, and these."""
        since = (datetime.now(UTC) - _RECENT).isoformat()
        rows = [
            *self._rows(status="PENDING"),
            *self._rows(start_time=since),
            *self._rows(completed_after=since),
            *(self._rows(workflow_ids=sorted(job_ids)) if job_ids else ()),
        ]
        return self._jobs({row.workflow_id: row for row in rows}.values())

    def _rows(self, **conditions: Any) -> "list[WorkflowStatus]":
        with queue_errors("its answer"):
            return self._open.list_workflows(name=WORKFLOW, **conditions)

    @property
    def _open(self) -> "type[DBOS]":
        assert self._dbos is not None
        return self._dbos


def _crashed(crash: Exception) -> IndexingCrashed | StorageError:
    if isinstance(crash, OSError):  # a folder that is gone or may not be written to: no fault of the program
        return StorageError(system_text(crash))
    return crash if isinstance(crash, IndexingCrashed) else IndexingCrashed(crash_text(crash))


def _outside(call: Callable[[], T]) -> T:
    """What ``call`` returns; the queue does not take it for a step of the workflow that asks."""
    return contextvars.Context().run(call)
