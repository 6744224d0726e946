"""A queue in this process whose work the test holds in its hands."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from indexer.intake.addition import Addition
from indexer.jobs.job import Job
from indexer.jobs.queue import IndexJobs
from indexer.outcome import Outcome, Status
from indexer.pipeline import STEPS, ReportIdentity, ReportStage, Step
from retrieval.errors import NotMediaError
from retrieval.storage.records import Failure

PATIENCE_S = 60.0
LENGTH_S = 60.0


def until(happened: Callable[[], bool], what: str = "it", patience_s: float = PATIENCE_S) -> None:
    """Wait for something that takes a moment."""
    deadline = time.monotonic() + patience_s
    while not happened():
        assert time.monotonic() < deadline, f"{what} did not happen in {patience_s} s"
        time.sleep(0.01)


class HeldIndexer:
    """Goes through all steps; in ``look`` it reports over and over until the test lets go of the file's name.

    ``bad*`` is no media, ``crash*`` an error that nobody foresaw, which ``*long*`` tells of in half a megabyte;
    ``log`` has what was run, ``dropped`` ids, and ``failed`` what ended outside ``index``.
    """

    def __init__(self) -> None:
        self.held: set[str] = set()
        self.log: list[str] = []
        self.dropped: list[str] = []
        self.failed: dict[str, tuple[str, Failure | None]] = {}

    def check(self, addition: Addition) -> None:
        """Every address will do."""

    def drop(self, job_id: str) -> None:
        self.dropped.append(job_id)

    def keep_failure(self, job_id: str, addition: Addition, failed: Outcome) -> Outcome:
        """There is no library to keep it in."""
        self.failed[job_id] = addition.where, failed.failure
        return failed

    def index(
        self,
        job_id: str,  # noqa: ARG002
        addition: Addition,
        step: Step,
        report: ReportStage,
        found: ReportIdentity,
    ) -> Outcome:
        name = Path(addition.where).name
        if name.startswith("bad"):
            error = NotMediaError(f"{name} is not a media file")
            return Outcome(addition.where, None, Status.FAILED, failure=Failure(error.code, error.message))

        def run(stage: str) -> None:
            self.log.append(f"{name} {stage}")
            if stage == "identify":
                found("0" * 16, LENGTH_S)
            if stage == "look" and name.startswith("crash"):
                raise RuntimeError("out of cheese" + name.count("long") * " and wine" * 50_000)
            while stage == "look" and name in self.held:
                report("look", 0.5)
                time.sleep(0.01)

        for stage in STEPS:
            step(stage, lambda stage=stage: run(stage))  # type: ignore[misc]
        return Outcome(addition.where, "0" * 16, Status.INDEXED, duration_s=LENGTH_S, seconds=1.0, windows=30)


@contextmanager
def queue_in(folder: Path, indexer: HeldIndexer, workers: int = 1) -> Iterator[IndexJobs]:
    """The queue, working, on SQLite in ``folder``."""
    jobs = IndexJobs(indexer, f"sqlite:///{folder / 'jobs.sqlite'}", "local", workers)  # type: ignore[arg-type]
    try:
        with jobs.running():
            yield jobs
    finally:
        indexer.held.clear()


def ended(jobs: IndexJobs, job_id: str) -> Job:
    """The job, once it is over."""
    until(lambda: jobs.job(job_id).is_over, "the end")
    return jobs.job(job_id)


def looking(jobs: IndexJobs, job_id: str) -> Job:
    """The job, once it is held in ``look``."""

    def is_there() -> bool:
        progress = jobs.job(job_id).progress
        return progress is not None and progress.share == 0.5

    until(is_there, "look")
    return jobs.job(job_id)


class Heard:
    """What a feed told, from its own thread."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []
        self.is_over = threading.Event()

    def __call__(self, job: Job | None) -> None:
        if job is None:
            self.is_over.set()
        else:
            self.jobs.append(job)
