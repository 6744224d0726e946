"""Servers of databases that go away in the middle, and come back."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest
from sqlalchemy import create_engine

from app.http.readiness import Warmup, checks
from indexer.intake.addition import Addition
from indexer.jobs.job import JobState
from indexer.outcome import Outcome
from indexer.pipeline import ReportIdentity, ReportStage, Step
from retrieval.errors import StorageAwayError, StorageError
from retrieval.storage.database import database_errors
from retrieval.storage.qdrant_server import ServerVectorStore
from tests.job_fakes import HeldIndexer, ended, queue_in, until


class Stranded(HeldIndexer):
    """A database is away in ``decode`` as long as ``is_away``."""

    def __init__(self) -> None:
        super().__init__()
        self.is_away = True

    def index(self, job_id: str, addition: Addition, step: Step, report: ReportStage, found: ReportIdentity) -> Outcome:
        def decode() -> None:
            self.log.append("asked")
            if self.is_away:
                raise StorageAwayError("the catalog cannot be used: connection refused")

        step("identify", lambda: None)
        step("decode", decode)
        return super().index(job_id, addition, step, report, found)


@pytest.fixture
def stranded(monkeypatch: pytest.MonkeyPatch) -> Stranded:
    monkeypatch.setattr("indexer.jobs.patience._AWAY_PAUSE_S", 0.05)
    return Stranded()


def test_a_job_waits_for_a_database_that_comes_back(tmp_path: Path, stranded: Stranded) -> None:
    with queue_in(tmp_path, stranded) as jobs:
        job_id = jobs.enqueue(Path("/videos/a.mp4"))
        until(lambda: stranded.log.count("asked") > 2, "another try")
        assert jobs.job(job_id).state is JobState.RUNNING
        stranded.is_away = False
        assert ended(jobs, job_id).state is JobState.DONE


def test_a_job_that_waits_for_a_database_can_be_cancelled_and_stopped(tmp_path: Path, stranded: Stranded) -> None:
    with queue_in(tmp_path, stranded) as jobs:
        first = jobs.enqueue(Path("/videos/a.mp4"))
        until(lambda: "asked" in stranded.log, "a try")
        jobs.cancel(first)
        until(lambda: not jobs.running_here(), "its end")
        stranded.log.clear()
        second = jobs.enqueue(Path("/videos/b.mp4"))
        until(lambda: "asked" in stranded.log, "a try")
    stranded.is_away = False
    with queue_in(tmp_path, stranded) as again:
        assert ended(again, second).state is JobState.DONE
        assert again.job(first).state is JobState.CANCELLED


@pytest.fixture
def port() -> int:
    """A port at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def test_who_is_away_is_told_from_what_is_wrong(port: int, tmp_path: Path) -> None:
    engine = create_engine(f"postgresql+psycopg://moments@127.0.0.1:{port}/moments")
    with pytest.raises(StorageAwayError), database_errors(engine), engine.connect():
        pass
    file = create_engine(f"sqlite:///{tmp_path}")
    with pytest.raises(StorageError) as raised, database_errors(file), file.connect():
        pass
    assert not isinstance(raised.value, StorageAwayError)
    with pytest.raises(StorageAwayError):
        ServerVectorStore.connect(f"http://127.0.0.1:{port}").spaces()


def test_the_queue_is_not_asked_for_whose_database_is_away() -> None:
    """Who asks it waits until it is there again, and each question of a probe would hold a thread."""

    def away() -> NoReturn:
        raise StorageAwayError("the catalog cannot be used")

    @contextmanager
    def vectors() -> Iterator[Any]:
        yield SimpleNamespace(spaces=list)

    library: Any = SimpleNamespace(require_in_place=away, vectors=vectors)
    jobs: Any = SimpleNamespace(unfinished=lambda: pytest.fail("the queue was asked"))
    found = {check.name: check.reason for check in checks(library, jobs, Warmup())}
    assert found == {
        "database": "the catalog cannot be used",
        "vectors": None,
        "queue": "the catalog cannot be used",
        "encoders": "not started",
    }
