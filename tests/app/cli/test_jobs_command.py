"""`moments jobs`: beside a process that works, with a server, and when nothing runs."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.cli.commands import jobs as jobs_command
from app.cli.server_client import Server
from app.http.application import create_app
from app.settings import Settings
from indexer.intake.addition import Addition
from indexer.jobs.queue import IndexJobs
from retrieval.advice import ADVICE
from retrieval.settings import RetrievalSettings
from retrieval.storage.folder import LockName
from retrieval.storage.library import Library
from tests.browser import served
from tests.job_fakes import HeldIndexer, ended, looking, queue_in, until
from tests.places import ROOT
from tests.terminal import Call, moments


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "data"
    with Library(RetrievalSettings(data_dir=folder), "test"):
        yield folder


@pytest.fixture
def indexer() -> HeldIndexer:
    return HeldIndexer()


@pytest.fixture
def queue(data: Path, indexer: HeldIndexer) -> Iterator[IndexJobs]:
    with queue_in(data, indexer) as opened:
        yield opened


def listed(capsys: pytest.CaptureFixture[str], data: Path, *arguments: str) -> Call:
    return moments(capsys, "--data-dir", str(data), "jobs", *arguments)


def rows(call: Call) -> dict[str, list[str]]:
    """The lines of the table by their last word, which is the path."""
    return {line.split()[-1]: line.split() for line in call.out.splitlines()[1:]}


def test_without_any_job_it_says_how_to_add_one(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call = listed(capsys, data)
    assert (call.code, call.out) == (0, "No jobs yet. Add a video with:  moments index PATH\n")
    assert not (data / "jobs.sqlite").exists(), "who only looks makes no queue"
    assert listed(capsys, data, "nothing").code == 1


def test_every_state_is_told_with_how_far_it_is(
    data: Path, queue: IndexJobs, indexer: HeldIndexer, capsys: pytest.CaptureFixture[str]
) -> None:
    ended(queue, queue.enqueue(Path("/videos/good.mp4")))
    ended(queue, queue.enqueue(Path("/videos/bad.mp4")))
    ended(queue, queue.enqueue(Path("/videos/crash.mp4")))
    indexer.held.add("long.mp4")
    running = looking(queue, queue.enqueue(Path("/videos/long.mp4")))
    queue.enqueue(Path("/videos/next.mp4"))
    gone = queue.enqueue(Path("/videos/gone.mp4"))
    queue.cancel(gone)
    # Another process sees what the one that works has written of it, once a second.
    until(lambda: "look," in listed(capsys, data, "--state", "running").out, "the stage")

    told = listed(capsys, data)

    found = {Path(path).name: row[3:-1] for path, row in rows(told).items()}
    assert found["good.mp4"] == ["done", "indexed"]
    assert found["bad.mp4"] == ["failed", "not_media"]
    assert found["crash.mp4"] == ["failed", "internal_error"]
    assert found["next.mp4"][0] == "queued"
    assert found["gone.mp4"] == ["cancelled"]
    assert found["long.mp4"][:2] == ["running", "look,"]
    assert "2 of them failed; for the reason:  moments jobs ID" in told.errors
    assert running.id in told.out
    assert set(rows(listed(capsys, data, "--state", "failed"))) == {"/videos/bad.mp4", "/videos/crash.mp4"}


def test_one_job_is_told_in_full(data: Path, queue: IndexJobs, capsys: pytest.CaptureFixture[str]) -> None:
    bad = ended(queue, queue.enqueue(Path("/videos/bad\x1b[2J.mp4")))
    told = listed(capsys, data, bad.id)
    assert told.code == 0
    assert "/videos/bad\\x1b[2J.mp4" in told.out
    assert "not_media: bad\\x1b[2J.mp4 is not a media file" in told.out
    assert ADVICE["not_media"] in told.out
    crashed = ended(queue, queue.enqueue(Path("/videos/crash.mp4")))
    out = listed(capsys, data, crashed.id).out
    assert "internal_error: RuntimeError: out of cheese" in out
    assert ADVICE["internal_error"] in out
    unknown = listed(capsys, data, "nothing")
    assert (unknown.code, unknown.errors) == (1, "moments: no job 'nothing'\n")


def test_the_newest_come_first_and_all_only_if_asked(
    data: Path, queue: IndexJobs, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(5):
        ended(queue, queue.enqueue(Path(f"/videos/{number}.mp4")))
    some = moments(capsys, "--data-dir", str(data), "--json", "jobs", "--limit", "2").row
    assert [Path(job["path"]).name for job in some["jobs"]] == ["4.mp4", "3.mp4"]
    assert some["more"] is True
    every = moments(capsys, "--data-dir", str(data), "--json", "jobs", "--all").row
    assert (len(every["jobs"]), every["more"]) == (5, False)
    one = moments(capsys, "--data-dir", str(data), "--json", "jobs", every["jobs"][0]["job_id"]).row
    assert one == every["jobs"][0]


def test_a_queue_that_nobody_works_on_says_so(
    data: Path, indexer: HeldIndexer, capsys: pytest.CaptureFixture[str]
) -> None:
    with queue_in(data, indexer) as stopped:
        indexer.held.add("long.mp4")
        looking(stopped, stopped.enqueue(Path("/videos/long.mp4")))
    told = listed(capsys, data)
    assert "long.mp4" in told.out
    assert "nobody works on them now" in told.errors
    with Library(RetrievalSettings(data_dir=data), "test") as library, library.folder.hold(LockName.INDEX, "test"):
        assert "nobody works" not in listed(capsys, data).errors


def test_a_running_server_is_asked(
    data: Path, queue: IndexJobs, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Library(RetrievalSettings(data_dir=data), "test") as library:
        api = create_app(Settings(data_dir=data))
        api.state.library, api.state.jobs = library, queue
        done = ended(queue, queue.enqueue(Path("/videos/good.mp4")))
        ended(queue, queue.enqueue(Path("/videos/bad.mp4")))
        with served(api) as url:
            monkeypatch.setattr(jobs_command, "server_of", lambda _settings: Server(url))
            monkeypatch.setattr(jobs_command, "open_known_jobs", None)
            assert set(rows(listed(capsys, data))) == {"/videos/good.mp4", "/videos/bad.mp4"}
            assert set(rows(listed(capsys, data, "--state", "done"))) == {"/videos/good.mp4"}
            assert f"job {done.id}, done" in listed(capsys, data, done.id).out
            assert listed(capsys, data, "nothing").errors == "moments: no job 'nothing'\n"


def test_many_may_look_while_one_adds_and_works(data: Path, queue: IndexJobs) -> None:
    """In processes of their own: none of them fails, and none keeps the queue from working."""
    command = [sys.executable, "-m", "app.cli.main", "--data-dir", str(data), "--json", "jobs", "--all"]
    looking_on = [
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(3)
    ]
    ids: list[str] = []
    adding = threading.Thread(
        target=lambda: ids.extend(queue.add(Addition(f"/videos/{number}.mp4")) for number in range(20))
    )
    adding.start()
    for process in looking_on:
        out, errors = process.communicate(timeout=120)
        assert (process.returncode, errors) == (0, "")
        assert json.loads(out)["jobs"] is not None
    adding.join()
    assert {ended(queue, job_id).state for job_id in ids} == {"done"}
