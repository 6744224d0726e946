"""The jobs of a queue, read: by the process that works on them, or by any other."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from indexer.jobs.job import STATUSES, Job, JobPage, JobState, crash_text, job_of
from indexer.jobs.runs import Runs
from retrieval.errors import CursorError, NotFoundError, StorageError
from retrieval.storage import cursors

if TYPE_CHECKING:
    from dbos import DBOSClient, WorkflowStatus

WORKFLOW = "index_video"


class KnownJobs(ABC):
    """What is known of the jobs of a queue; ``runs`` are those that run in this process."""

    def __init__(self, runs: Runs) -> None:
        self._runs = runs

    @abstractmethod
    def _rows(self, **conditions: Any) -> "list[WorkflowStatus]":
        """The rows of the queue that meet the conditions."""

    def job(self, job_id: str) -> Job:
        """What is known of a job. Raises NotFoundError for an id that was never given out."""
        rows = self._rows(workflow_ids=[job_id]) if "\0" not in job_id else []
        if not rows:
            raise NotFoundError(f"no job {job_id!r}")
        return self._jobs(rows)[0]

    def some(self, job_ids: Collection[str]) -> list[Job]:
        """What is known of these jobs; ids that were never given out are left out."""
        return self._jobs(self._rows(workflow_ids=sorted(job_ids))) if job_ids else []

    def ended_after(self, moment: datetime) -> list[Job]:
        """Jobs that ended then or later, wherever they ran."""
        return [job for job in self._jobs(self._rows(completed_after=moment.isoformat())) if job.is_over]

    def unfinished(self) -> tuple[Job, ...]:
        """Jobs that wait or run, oldest first."""
        return tuple(self._jobs(self._rows(status=["PENDING", "ENQUEUED"])))

    def page(self, limit: int, *, state: JobState | None = None, cursor: str | None = None) -> JobPage:
        """At most ``limit`` jobs, newest first, from the ``next_cursor`` of the page before."""
        before, key = cursors.decode(cursor) if cursor is not None else (None, "0")
        # Of the jobs of one moment, so many went before: the queue sorts by time alone.
        skipped = _count(key)
        statuses = {status for status, known in STATUSES.items() if state in (None, known)}
        if state is JobState.QUEUED and self._runs.waiting():
            statuses.add("PENDING")
        rows = self._rows(
            status=sorted(statuses),
            end_time=before.isoformat() if before else None,
            offset=skipped,
            limit=limit + 1,
            sort_desc=True,
        )
        jobs = self._jobs(rows[:limit])
        told = tuple(job for job in jobs if state in (None, job.state))
        if len(rows) <= limit:
            return JobPage(told, None)
        last = jobs[-1].created_at
        same = sum(job.created_at == last for job in jobs) + (skipped if before == last else 0)
        return JobPage(told, cursors.encode(last, str(same)))

    def _jobs(self, rows: "Collection[WorkflowStatus]") -> list[Job]:
        waiting = list(self._runs.waiting())
        if any(STATUSES[row.status] is JobState.QUEUED for row in rows):
            queued = self._rows(status=["ENQUEUED"], load_input=False, load_output=False)
            waiting += [row.workflow_id for row in queued if row.workflow_id not in waiting]
        here = self._runs.progress()
        positions = {job_id: number for number, job_id in enumerate(waiting, start=1) if job_id not in here}
        return [job_of(row, here.get(row.workflow_id), positions.get(row.workflow_id)) for row in rows]


class _SeenJobs(KnownJobs):
    """The jobs as the queue's database has them; none of them runs here."""

    def __init__(self, client: "DBOSClient") -> None:
        super().__init__(Runs(lambda _job_id: None, 0))
        self._client = client

    def _rows(self, **conditions: Any) -> "list[WorkflowStatus]":
        with _read():
            return self._client.list_workflows(name=WORKFLOW, **conditions)


@contextmanager
def seen_jobs(database_url: str) -> Iterator[KnownJobs]:
    """The jobs of a queue that is there, for who only looks. Raises StorageError if it cannot be read."""
    import dbos

    with _read():
        client = dbos.DBOSClient(system_database_url=database_url, retry_connection_errors=False)
    try:
        yield _SeenJobs(client)
    finally:
        client.destroy()


@contextmanager
def _read() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        raise StorageError(f"the queue cannot be read: {crash_text(error)}") from error


def _count(key: str) -> int:
    if not (key.isascii() and key.isdecimal() and len(key) < 10):
        raise CursorError(f"{key!r} is no place in a list of jobs; give the next_cursor of the page before")
    return int(key)
