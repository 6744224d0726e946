"""How many jobs run at a time: never more than workers, whatever the queue hands out."""

import threading
from itertools import groupby
from pathlib import Path

import pytest

from indexer.jobs.job import JobState
from indexer.jobs.queue import IndexJobs
from indexer.pipeline import STEPS
from tests.job_fakes import HeldIndexer, ended, looking, queue_in, until


@pytest.fixture(autouse=True)
def counting_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """The queue's own count, which comes late where threads start late, never comes: it hands out every job."""
    monkeypatch.setattr("dbos._core.ActiveWorkflowById.count_for_queue", lambda *_: 0)


def test_with_one_worker_no_two_jobs_run_and_the_others_are_told_as_queued(tmp_path: Path) -> None:
    indexer = HeldIndexer()
    names = [f"{number}.mp4" for number in range(4)]
    indexer.held.update(names)
    with queue_in(tmp_path, indexer) as jobs:
        ids = [jobs.enqueue(Path(name)) for name in names]
        looking(jobs, ids[0])
        until(lambda: len(jobs._runs.waiting()) == 3, "the wait of all others")
        assert jobs.running_here() == {ids[0]}
        told = [jobs.job(job_id) for job_id in ids]
        assert [job.state for job in told] == ["running", "queued", "queued", "queued"]
        assert [job.position for job in told] == [None, 1, 2, 3]
        assert [job.started_at is None for job in told] == [False, True, True, True]
        assert [job.id for job in jobs.page(9, state=JobState.RUNNING).jobs] == ids[:1]
        assert [job.id for job in jobs.page(9, state=JobState.QUEUED).jobs] == ids[:0:-1]
        assert jobs.cancel(ids[2]).state is JobState.CANCELLED
        for name in names:
            indexer.held.discard(name)
        assert [ended(jobs, job_id).state for job_id in ids] == ["done", "done", "cancelled", "done"]
    stages = [line.split()[0] for line in indexer.log]
    assert stages == [name for name in ("0.mp4", "1.mp4", "3.mp4") for _ in STEPS]


def test_unfinished_jobs_are_taken_up_one_by_one_after_a_restart(tmp_path: Path) -> None:
    """Two ran, and two had been handed out and waited, when the process ended; the next has one worker."""
    indexer = HeldIndexer()
    names = [f"{number}.mp4" for number in range(4)]
    indexer.held.update(names[:2])
    jobs = IndexJobs(indexer, f"sqlite:///{tmp_path / 'jobs.sqlite'}", "local", 2)  # type: ignore[arg-type]
    with jobs.running():
        ids = [jobs.enqueue(Path(name)) for name in names]
        for job_id in ids[:2]:
            looking(jobs, job_id)
        until(lambda: len(jobs._runs.waiting()) == 2, "the wait of the others")
    indexer.held.clear()
    until(lambda: not any(thread.name.startswith("dbos-executor") for thread in threading.enumerate()), "their end")
    before = len(indexer.log)
    with queue_in(tmp_path, indexer) as jobs:
        assert [ended(jobs, job_id).state for job_id in ids] == ["done"] * 4
    in_turn = [name for name, _ in groupby(line.split()[0] for line in indexer.log[before:])]
    assert sorted(in_turn) == names
