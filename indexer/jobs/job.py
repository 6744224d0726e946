"""One job as it is told: a value, made from the row that the queue keeps of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from indexer.intake.addition import Addition, Origin
from indexer.jobs.kept import Kept
from indexer.jobs.runs import RunProgress
from indexer.outcome import Outcome
from retrieval.errors import shortened
from retrieval.path_text import composed

if TYPE_CHECKING:
    from dbos import WorkflowStatus


class JobState(StrEnum):
    """How far a job is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


FINAL = frozenset({JobState.DONE, JobState.FAILED, JobState.CANCELLED})

STATUSES: Mapping[str, JobState] = {
    "ENQUEUED": JobState.QUEUED,
    "DELAYED": JobState.QUEUED,
    "PENDING": JobState.RUNNING,
    "SUCCESS": JobState.DONE,
    "ERROR": JobState.FAILED,
    "MAX_RECOVERY_ATTEMPTS_EXCEEDED": JobState.FAILED,
    "CANCELLED": JobState.CANCELLED,
}
"""What the queue calls each state."""


@dataclass(frozen=True, slots=True)
class Job:
    """One video on its way into the index.

    ``progress`` is there once it has run, ``position`` while it waits (1 is next); ``crash`` is an error that
    nobody foresaw.
    """

    id: str
    addition: Addition
    state: JobState
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    progress: RunProgress | None = None
    position: int | None = None
    outcome: Outcome | None = None
    crash: str | None = None

    @property
    def is_over(self) -> bool:
        return self.state in FINAL

    @property
    def path(self) -> str:
        """Where the file lies; an address as long as it is not fetched."""
        return self.outcome.path if self.outcome is not None else self.addition.where

    @property
    def title(self) -> str:
        """What the user calls it, or else what its file is called."""
        if self.addition.title is not None:
            return composed(self.addition.title)
        is_address = self.addition.origin is Origin.URL and self.path == self.addition.where
        return self.path.rsplit("/", 1)[-1] or self.path if is_address else composed(Path(self.path).stem)

    @property
    def video_id(self) -> str | None:
        if self.outcome is not None:
            return self.outcome.video_id
        told = self.progress.video_id if self.progress is not None else None
        return told or self.addition.video

    @property
    def duration_s(self) -> float | None:
        if self.outcome is not None and self.outcome.duration_s is not None:
            return self.outcome.duration_s
        return self.progress.duration_s if self.progress is not None else None


@dataclass(frozen=True, slots=True)
class JobPage:
    """Some jobs, newest first, and where the next ones start; ``next_cursor`` is None at the end."""

    jobs: tuple[Job, ...]
    next_cursor: str | None


def job_of(row: "WorkflowStatus", progress: RunProgress | None, position: int | None) -> Job:
    """The job that a row of the queue stands for.

    ``progress`` is what this process knows of it, ``position`` its place among those that wait.
    """
    assert row.created_at is not None, "a row that is in the queue has been created"
    state = STATUSES[row.status]
    if state is JobState.RUNNING and position is not None:
        state = JobState.QUEUED  # handed to a worker that has no room for it yet
    ended = state in FINAL
    told = outcome_of(row)
    if told is not None and told.failure is not None:
        state = JobState.FAILED
    path, addition = (*row.input["args"], None)[:2] if row.input else ("", None)
    progress = progress or Kept.from_dict(row.attributes).progress
    begun_at = _time(row.dequeued_at) if row.dequeued_at else None
    return Job(
        row.workflow_id,
        Addition.from_dict(addition) if addition else Addition(path),
        state,
        _time(row.created_at),
        progress.started_at if progress else begun_at if state is not JobState.QUEUED else None,
        _time(row.completed_at) if ended and row.completed_at else None,
        progress,
        position if state is JobState.QUEUED else None,
        told,
        _crash_of(row.error) if row.error and told is None else None,
    )


def crash_text(error: BaseException) -> str:
    """What is told of an error that nobody foresaw; all of it is in the log."""
    return shortened(f"{type(error).__name__}: {error}")


def _crash_of(error: BaseException) -> str:
    return shortened(str(error)) if type(error).__name__ == "IndexingCrashed" else crash_text(error)


def outcome_of(row: "WorkflowStatus") -> Outcome | None:
    """What became of the file: what the workflow returned, or what it failed with."""
    if row.status == "SUCCESS":
        assert row.output is not None, "a workflow that succeeds returns what became of its file"
        return Outcome.from_dict(row.output)
    if row.error is not None and type(row.error).__name__ == "IndexingFailed":
        return Outcome.from_dict(row.error.args[0])
    return None


def _time(epoch_ms: int) -> datetime:
    return datetime.fromtimestamp(epoch_ms / 1000, UTC)
