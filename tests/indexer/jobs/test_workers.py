"""Several processes on one queue: workers that show they are alive, and what becomes of a dead one's jobs."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.cli.main import cli
from app.open_queue import open_jobs
from app.settings import Settings
from indexer.jobs import keeper
from indexer.jobs.job import JobState
from indexer.jobs.queue import IndexJobs
from indexer.jobs.workers import proven_dead, registered
from retrieval.errors import InputError
from retrieval.storage.library import Library
from tests.job_fakes import HeldIndexer, until
from tests.places import ROOT
from tests.postgres import NEEDS_POSTGRES, own_postgres

WORKER = """
import sys, time
from pathlib import Path
from indexer.jobs.queue import IndexJobs
from tests.job_fakes import HeldIndexer

indexer = HeldIndexer()
indexer.held = {"held.mp4"}
with IndexJobs(indexer, sys.argv[1], sys.argv[2], 1, Path(sys.argv[3])).running():
    print("ready", flush=True)
    time.sleep(120)
"""


@pytest.fixture
def queue_url() -> Iterator[str]:
    """A database of its own for the queue."""
    with own_postgres("queue", made=False) as url:
        yield url


@contextmanager
def worker(url: str, name: str, workers_dir: Path) -> Iterator["subprocess.Popen[str]"]:
    """A worker in a process of its own, which never finishes a file called held.mp4."""
    root = ROOT
    command = [sys.executable, "-c", WORKER, url, name, str(workers_dir)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        try:
            yield process
        finally:
            process.kill()


def test_a_worker_is_dead_when_its_process_is_and_not_before(tmp_path: Path) -> None:
    with registered(tmp_path, "one"):
        with proven_dead(tmp_path, "one") as is_dead:
            assert not is_dead
        with proven_dead(tmp_path, "two") as is_dead, proven_dead(tmp_path, "two") as is_dead_for_others:
            assert is_dead
            assert not is_dead_for_others
    with proven_dead(tmp_path, "one") as is_dead:
        assert is_dead


@NEEDS_POSTGRES
def test_a_process_that_hands_out_work_follows_and_cancels_it(queue_url: str, tmp_path: Path) -> None:
    jobs = IndexJobs(HeldIndexer(), queue_url, "server", 0, tmp_path)  # type: ignore[arg-type]
    with worker(queue_url, "worker", tmp_path), jobs.running():
        job_id = jobs.enqueue(Path("held.mp4"))
        until(lambda: (known := jobs.job(job_id).progress) is not None and known.stage == "look", "progress")
        assert jobs.running_here() == set()
        assert jobs.running_by_worker() == {"worker": [job_id]}
        jobs.cancel(job_id)
        other = jobs.enqueue(Path("good.mp4"))
        until(lambda: jobs.job(other).state is JobState.DONE, "the next file")
        assert jobs.job(job_id).state is JobState.CANCELLED


@NEEDS_POSTGRES
def test_the_jobs_of_a_dead_worker_go_on_in_another(
    queue_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "LOOK_FOR_DEAD_S", 0.5)
    indexer = HeldIndexer()
    with worker(queue_url, "doomed", tmp_path) as doomed:
        with IndexJobs(indexer, queue_url, "server", 0, tmp_path).running() as server:  # type: ignore[arg-type]
            job_id = server.enqueue(Path("held.mp4"))
            until(lambda: (known := server.job(job_id).progress) is not None and known.stage == "look", "look")
        os.kill(doomed.pid, signal.SIGKILL)
        doomed.wait()
    with IndexJobs(indexer, queue_url, "heir", 1, tmp_path).running() as heir:  # type: ignore[arg-type]
        until(lambda: heir.job(job_id).state is JobState.DONE, "the end elsewhere")
    assert indexer.log[0] == "held.mp4 look"


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({}, "needs MOMENTS_DATABASE_URL=postgresql://"),
        (
            {"MOMENTS_DATABASE_URL": "sqlite:///x.sqlite", "MOMENTS_QDRANT_URL": "http://q"},
            "needs MOMENTS_DATABASE_URL",
        ),
        ({"MOMENTS_DATABASE_URL": "postgresql://m@h/m"}, "needs MOMENTS_QDRANT_URL: vectors in the data folder"),
        (
            {
                "MOMENTS_DATABASE_URL": "postgresql://m@h/m",
                "MOMENTS_QDRANT_URL": "http://q",
                "MOMENTS_INDEX_WORKERS": "0",
            },
            "does nothing",
        ),
    ],
)
def test_a_worker_says_what_it_lacks(environment: dict[str, str], says: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["--data-dir", str(tmp_path / "data"), "worker"], env=environment)
    assert isinstance(result.exception, InputError)
    assert says in result.exception.message
    assert not (tmp_path / "data").exists()


def test_a_server_without_workers_of_its_own_needs_a_queue_that_others_can_reach(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, index_workers=0)
    with (
        Library(settings, "test") as library,
        pytest.raises(InputError, match="MOMENTS_INDEX_WORKERS is 0"),
        open_jobs(library, settings),
    ):
        pass
