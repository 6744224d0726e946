"""Jobs in this process: how far they are, lists, cancelling, trying again, news."""

import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from app.contract.jobs import JobAnswer
from indexer.intake.addition import Addition, Origin
from indexer.jobs.job import Job, JobState
from indexer.jobs.queue import IndexJobs
from indexer.pipeline import STEPS
from retrieval.errors import MOST_CHARACTERS, ConflictError, CursorError, NotFoundError
from retrieval.storage.cursors import encode
from retrieval.storage.records import Failure
from tests.job_fakes import LENGTH_S, Heard, HeldIndexer, ended, looking, queue_in, until

BEFORE_LOOK = (STEPS["identify"] + STEPS["decode"]) / sum(STEPS.values())


@pytest.fixture(scope="module")
def indexer() -> HeldIndexer:
    return HeldIndexer()


@pytest.fixture(scope="module")
def jobs(module_path: Path, indexer: HeldIndexer) -> Iterator[IndexJobs]:
    with queue_in(module_path, indexer) as opened:
        yield opened


@pytest.fixture
def name(indexer: HeldIndexer) -> Iterator[str]:
    """A file that stays in ``look`` as long as the test lasts."""
    held = f"{uuid.uuid4().hex}.mp4"
    indexer.held.add(held)
    yield held
    indexer.held.discard(held)


def test_a_running_job_tells_how_far_it_is(jobs: IndexJobs, indexer: HeldIndexer, name: str) -> None:
    job = looking(jobs, jobs.add(Addition(f"/videos/{name}", title="My talk")))
    progress = job.progress
    assert progress is not None
    assert (job.state, job.title, job.path, job.video_id) == ("running", "My talk", f"/videos/{name}", "0" * 16)
    assert (progress.stage, progress.share, job.duration_s) == ("look", 0.5, LENGTH_S)
    assert progress.whole == pytest.approx(BEFORE_LOOK + STEPS["look"] / 2 / sum(STEPS.values()))
    indexer.held.discard(name)
    done = ended(jobs, job.id)
    assert (done.state, done.video_id, done.duration_s, done.crash) == ("done", "0" * 16, LENGTH_S, None)
    assert done.ended_at is not None
    assert done.started_at is not None
    assert done.progress is not None
    assert done.progress.stage == "publish"
    assert done.progress.speed_x is not None
    assert done.progress.speed_x > 0


def test_what_waits_knows_its_place(jobs: IndexJobs, name: str) -> None:
    looking(jobs, jobs.enqueue(Path(name)))
    waiting = [jobs.enqueue(Path(f"{number}-{name}")) for number in (1, 2)]
    assert {jobs.job(job_id).position for job_id in waiting} == {1, 2}
    assert {jobs.job(job_id).state for job_id in waiting} == {JobState.QUEUED}
    jobs.cancel(waiting[0])
    assert jobs.job(waiting[1]).position == 1
    jobs.cancel(waiting[1])


def test_a_failed_file_is_an_outcome_and_a_surprise_a_crash(
    jobs: IndexJobs, indexer: HeldIndexer, caplog: pytest.LogCaptureFixture
) -> None:
    bad = ended(jobs, jobs.enqueue(Path("bad.mp4")))
    assert bad.state is JobState.FAILED
    assert bad.crash is None
    assert bad.outcome is not None
    assert bad.outcome.failure is not None
    assert bad.outcome.failure.code == "not_media"
    with caplog.at_level("CRITICAL"):
        crashed = ended(jobs, jobs.enqueue(Path("crash.mp4")))
    assert crashed.state is JobState.FAILED
    assert crashed.crash == "RuntimeError: out of cheese"
    assert crashed.outcome is None
    said = "crash.mp4: indexing failed unexpectedly: RuntimeError: out of cheese"
    assert indexer.failed[crashed.id] == ("crash.mp4", Failure("internal_error", said))


def test_of_a_long_crash_the_log_has_all_and_everyone_else_a_little(
    jobs: IndexJobs, caplog: pytest.LogCaptureFixture, module_path: Path
) -> None:
    with caplog.at_level("ERROR"):
        crashed = ended(jobs, jobs.enqueue(Path("crash-long.mp4")))
    assert crashed.crash is not None
    assert len(crashed.crash) <= MOST_CHARACTERS
    assert crashed.crash.startswith("RuntimeError: out of cheese and wine")
    assert crashed.crash.endswith("and wine")
    assert "450,027 characters in all: see the log" in crashed.crash
    assert len(JobAnswer.of(crashed).model_dump_json()) < 2 * MOST_CHARACTERS
    assert " and wine" * 50_000 in caplog.text
    for table in ("workflow_output", "operation_outputs"):
        with closing(sqlite3.connect(module_path / "jobs.sqlite")) as kept:
            (longest,) = kept.execute(f"SELECT max(length(error)) FROM {table}").fetchone()
        assert 0 < longest < 5 * MOST_CHARACTERS


def test_a_cancelled_job_stops_where_it_is(jobs: IndexJobs, indexer: HeldIndexer, name: str) -> None:
    job_id = jobs.enqueue(Path(name))
    looking(jobs, job_id)
    assert jobs.cancel(job_id).state is JobState.CANCELLED
    until(lambda: job_id not in jobs.running_here(), "the stop")
    assert f"{name} listen" not in indexer.log
    job = jobs.job(job_id)
    assert job.state is JobState.CANCELLED
    assert job.ended_at is not None
    with pytest.raises(ConflictError, match="is cancelled: only one that waits or runs"):
        jobs.cancel(job_id)


def test_a_job_that_is_cancelled_while_it_waits_never_runs(jobs: IndexJobs, indexer: HeldIndexer, name: str) -> None:
    running = jobs.enqueue(Path(name))
    looking(jobs, running)
    waiting = jobs.enqueue(Path(f"next-{name}"))
    assert jobs.cancel(waiting).state is JobState.CANCELLED
    assert waiting in indexer.dropped
    jobs.cancel(running)
    assert ended(jobs, jobs.enqueue(Path(f"last-{name}"))).state is JobState.DONE
    assert not [line for line in indexer.log if line.startswith("next-")]


def test_a_cancelled_job_is_tried_again_from_its_first_step(jobs: IndexJobs, indexer: HeldIndexer, name: str) -> None:
    job_id = jobs.enqueue(Path(name))
    looking(jobs, job_id)
    jobs.cancel(job_id)
    until(lambda: job_id not in jobs.running_here(), "the stop")
    indexer.held.discard(name)
    assert jobs.retry(job_id).state is JobState.QUEUED
    assert ended(jobs, job_id).state is JobState.DONE
    assert [line.split()[1] for line in indexer.log if line.startswith(name)] == ["identify", "decode", "look", *STEPS]


def test_only_what_failed_or_was_cancelled_is_tried_again(jobs: IndexJobs, name: str, tmp_path: Path) -> None:
    done = ended(jobs, jobs.enqueue(Path(f"good-{name}")))
    with pytest.raises(ConflictError, match="is done: only one that failed or was cancelled"):
        jobs.retry(done.id)
    bad = ended(jobs, jobs.enqueue(Path(f"bad-{name}")))
    assert jobs.retry(bad.id).outcome is None
    assert ended(jobs, bad.id).state is JobState.FAILED
    gone = ended(jobs, jobs.add(Addition(str(tmp_path / f"bad-{name}"), Origin.UPLOAD)))
    with pytest.raises(ConflictError, match="upload it again"):
        jobs.retry(gone.id)


def test_an_id_that_was_given_before_keeps_its_job(jobs: IndexJobs, name: str) -> None:
    job_id = str(uuid.uuid4())
    assert jobs.add(Addition(f"good-{name}", Origin.UPLOAD), job_id) == job_id
    assert jobs.add(Addition(f"good-{name}", Origin.UPLOAD), job_id) == job_id
    assert ended(jobs, job_id).state is JobState.DONE


def test_jobs_are_listed_newest_first_page_by_page(jobs: IndexJobs, name: str) -> None:
    made = [jobs.enqueue(Path(f"{number}-{name}")) for number in range(5)]
    for job_id in made:
        ended(jobs, job_id)
    listed: list[Job] = []
    cursor = None
    while True:
        page = jobs.page(2, cursor=cursor)
        listed += page.jobs
        cursor = page.next_cursor
        if cursor is None:
            break
        assert len(page.jobs) == 2
    ids = [job.id for job in listed]
    assert len(set(ids)) == len(ids)
    assert set(made) <= set(ids)
    assert [job.created_at for job in listed] == sorted((job.created_at for job in listed), reverse=True)
    for state in JobState:
        assert jobs.page(100, state=state).jobs == tuple(job for job in listed if job.state is state)


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "MjAyNi0wMS0wMVQwMDowMDowMCBsYXN0", "ü", "AAAA"]
    + [encode(datetime(2026, 1, 1, tzinfo=UTC), key) for key in ("9" * 10, "9" * 5000, "²", "-1")],
)
def test_a_cursor_that_no_page_gave_is_refused(jobs: IndexJobs, cursor: str) -> None:
    with pytest.raises(CursorError):
        jobs.page(2, cursor=cursor)


def test_a_job_that_never_was_is_not_found(jobs: IndexJobs) -> None:
    for ask in (jobs.job, jobs.cancel, jobs.retry):
        with pytest.raises(NotFoundError, match="no job 'never'"):
            ask("never")


def test_an_id_that_no_database_keeps_is_not_looked_for(jobs: IndexJobs, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL refuses a NUL, which no id has."""
    monkeypatch.setattr(jobs, "_rows", lambda **_: pytest.fail("the database was asked"))
    for ask in (jobs.job, jobs.cancel, jobs.retry):
        with pytest.raises(NotFoundError, match=r"no job 'a\\x00b'"):
            ask("a\0b")


def test_the_feed_tells_of_every_change_until_it_ends(jobs: IndexJobs, indexer: HeldIndexer) -> None:
    held = f"{uuid.uuid4().hex}.mp4"
    indexer.held.add(held)
    everything, one, nothing = Heard(), Heard(), Heard()
    job_id = jobs.enqueue(Path(held))
    with (
        jobs.feed.listening(everything),
        jobs.feed.listening(one, job_id),
        jobs.feed.listening(nothing, "another job"),
    ):
        looking(jobs, job_id)
        until(lambda: any(job.progress and job.progress.stage == "look" for job in one.jobs), "news of look")
        other = jobs.enqueue(Path(f"good-{held}"))
        until(lambda: any(job.id == other for job in everything.jobs), "news of what waits")
        indexer.held.discard(held)
        until(lambda: any(job.id == other and job.is_over for job in everything.jobs), "news of the end")
    states = [job.state for job in one.jobs]
    assert {job.id for job in one.jobs} == {job_id}
    assert states[-1] == "done"
    assert {"running"} <= set(states[:-1]) <= {"queued", "running"}
    assert len([job for job in one.jobs if job.is_over]) == 1
    assert all(before != after for before, after in pairwise(one.jobs))
    assert nothing.jobs == []


def test_who_listens_hears_when_all_is_over(tmp_path: Path) -> None:
    heard, late = Heard(), Heard()
    feed_of = IndexJobs(HeldIndexer(), f"sqlite:///{tmp_path / 'jobs.sqlite'}", "local", 1).feed  # type: ignore[arg-type]
    with feed_of.listening(heard):
        feed_of.close()
    assert heard.is_over.is_set()
    with feed_of.listening(late):
        assert late.is_over.is_set()
