"""What this process is working on: how far each job is, and which of them are to stop."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from indexer.intake.addition import Addition
from indexer.jobs.pace import Pace, overall_share, weights_of
from indexer.pipeline import Cancelled, Stopped


@dataclass(frozen=True, slots=True)
class RunProgress:
    """How far a running job is: ``share`` of its ``stage``, ``whole`` of everything.

    ``speed_x`` is seconds of video done per second, ``remaining_s`` an estimate; None until they can be told.
    """

    started_at: datetime
    stage: str | None = None
    share: float = 0.0
    whole: float = 0.0
    speed_x: float | None = None
    remaining_s: float | None = None
    duration_s: float | None = None
    video_id: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The progress as the queue keeps it."""
        return asdict(self) | {"started_at": self.started_at.isoformat()}

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> "RunProgress":
        """What ``as_dict`` made of it."""
        return cls(**{**value, "started_at": datetime.fromisoformat(value["started_at"])})


class Runs:
    """The jobs that run in this process, ``most`` at a time.

    ``changed`` is told the id of each that moves on; any thread may ask.
    """

    def __init__(self, changed: Callable[[str], None], most: int) -> None:
        self._changed = changed
        self._most = most
        self._lock = threading.Condition()
        self._waiting: list[str] = []
        self._called_off: set[str] = set()
        self._progress: dict[str, RunProgress] = {}
        self._weights: dict[str, Mapping[str, float]] = {}
        self._paces: dict[str, Pace] = {}
        self._cancelled: set[str] = set()
        self._is_stopping = False

    def begin(self, job_id: str, addition: Addition, started_at: datetime | None) -> None:
        """Wait until fewer than ``most`` jobs run, then count as one of them.

        The queue hands out jobs by a count of its own that comes late where the machine is busy.
        ``started_at`` is when an earlier process began the job, if one did. Raises Cancelled or Stopped.
        """
        with self._lock:
            self._waiting.append(job_id)
            try:
                self._lock.wait_for(lambda: self._is_stopping or job_id in self._called_off or self._has_turn(job_id))
                if self._is_stopping:
                    raise Stopped(f"the process ends before job {job_id} began")
                if job_id in self._called_off:
                    raise Cancelled(f"job {job_id} was cancelled")
            finally:
                self._waiting.remove(job_id)
                self._called_off.discard(job_id)
                self._lock.notify_all()
            self._progress[job_id] = RunProgress(started_at or datetime.now(UTC))
            self._weights[job_id] = weights_of(addition)
        self._changed(job_id)

    def _has_turn(self, job_id: str) -> bool:
        is_next = self._waiting[0] == job_id and len(self._progress) < self._most
        # A job that is tried again may still be stopping where it ran before.
        return is_next and job_id not in self._progress

    def end(self, job_id: str) -> None:
        """The job runs no more."""
        with self._lock:
            for of_jobs in (self._progress, self._weights, self._paces):
                of_jobs.pop(job_id, None)
            self._cancelled.discard(job_id)
            self._lock.notify_all()
        self._changed(job_id)

    @property
    def is_stopping(self) -> bool:
        """Whether this process begins no job any more, and ends those that it has."""
        return self._is_stopping

    def waiting(self) -> tuple[str, ...]:
        """Ids of the jobs that the queue handed to this process while it has no room for them, the next first."""
        with self._lock:
            return tuple(self._waiting)

    def enter(self, job_id: str, stage: str) -> None:
        """The job comes to a stage, or passes through one that an earlier process did. Raises as ``report``."""
        self._move(job_id, stage, 0.0, is_work=False)

    def report(self, job_id: str, stage: str, share: float) -> None:
        """The job is at ``share`` of ``stage``. Raises Cancelled or Stopped if it is to end."""
        self._move(job_id, stage, share, is_work=True)

    def _move(self, job_id: str, stage: str, share: float, *, is_work: bool) -> None:
        now_s = time.monotonic()
        with self._lock:
            if self._is_stopping:
                raise Stopped(f"the process ends that runs job {job_id}")
            if job_id in self._cancelled:
                raise Cancelled(f"job {job_id} was cancelled")
            whole = overall_share(stage, share, self._weights[job_id])
            # What was done before this run began is no work of its own: its pace starts with its first.
            if (pace := self._paces.get(job_id)) is not None:
                self._paces[job_id] = pace = pace.seen(now_s, whole)
            elif is_work:
                self._paces[job_id] = pace = Pace.start(now_s, whole)
            known = self._progress[job_id]
            self._progress[job_id] = replace(
                known,
                stage=stage,
                share=min(max(share, 0.0), 1.0),
                whole=whole,
                speed_x=pace.speed_x(known.duration_s) if pace else None,
            )
        self._changed(job_id)

    def found(self, job_id: str, video_id: str, duration_s: float | None) -> None:
        """The job's video is known, and how long it says it is."""
        with self._lock:
            self._progress[job_id] = replace(self._progress[job_id], video_id=video_id, duration_s=duration_s)
        self._changed(job_id)

    def cancel(self, job_ids: set[str]) -> None:
        """Stop those of the jobs that run here, at their next report, and those that wait to."""
        with self._lock:
            self._cancelled |= job_ids & self._progress.keys()
            self._called_off |= job_ids & set(self._waiting)
            self._lock.notify_all()

    def stop(self) -> None:
        """End all that runs or waits here, without a trace: what runs, at its next report."""
        with self._lock:
            self._is_stopping = True
            self._lock.notify_all()

    def progress(self) -> dict[str, RunProgress]:
        """How far the jobs that run here are, by id."""
        now_s = time.monotonic()
        with self._lock:
            return {
                job_id: replace(known, remaining_s=_whole(self._paces[job_id].remaining_s(now_s)))
                if job_id in self._paces
                else known
                for job_id, known in self._progress.items()
            }


def _whole(seconds: float | None) -> float | None:
    # An estimate; to the fraction it would be news every time that somebody looks.
    return None if seconds is None else float(round(seconds))
