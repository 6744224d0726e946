"""Files at which the whole process dies that indexes them: tried twice, and no third time by themselves."""

import asyncio
import json
import signal
import subprocess
import sys
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import dbos
import pytest
import uvicorn

from app.cli.commands.serve import _Server
from indexer.intake.addition import Addition
from indexer.jobs.deaths import MOST_DEATHS, Deaths
from indexer.jobs.job import JobState
from indexer.jobs.kept import Kept
from indexer.jobs.queue import IndexJobs
from indexer.outcome import Outcome
from indexer.pipeline import ReportIdentity, ReportStage, Step
from retrieval.errors import StorageError, WorkerDiedError
from tests.job_fakes import HeldIndexer, queue_in, until
from tests.places import ROOT

WORKER = """
import json, os, signal, sys, threading, time
from pathlib import Path
from indexer.jobs.queue import IndexJobs
from indexer.outcome import Outcome, Status

folder, workers, files = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3].split(",")

class DeadlyIndexer:
    def check(self, addition):
        pass

    def drop(self, job_id):
        pass

    def keep_failure(self, job_id, addition, failed):
        return failed

    def index(self, job_id, addition, step, report, found):
        name = Path(addition.where).name

        def run(stage):
            report(stage, 0.5)
            with (folder / "log").open("a") as out:
                out.write(f"{stage} {name}\\n")
            if (folder / f"hold {name}").exists():
                (folder / f"held {name} {os.getpid()}").touch()
                time.sleep(60)
            if (folder / f"kill at {name}").exists():
                time.sleep(1.0)  # so that all that run meanwhile die with it
                os.kill(os.getpid(), signal.SIGKILL)

        for stage in ("identify", "decode"):
            step(stage, lambda stage=stage: run(stage))
        return Outcome(addition.where, "0" * 16, Status.INDEXED, windows=1)

jobs = IndexJobs(DeadlyIndexer(), f"sqlite:///{folder / 'jobs.sqlite'}", "local", workers)

stopping = threading.Event()
# No more than this in the handler: it may interrupt the very question to the queue that its end has to wait for.
signal.signal(signal.SIGTERM, lambda *_: stopping.set())
with jobs.running():
    ids = [jobs.enqueue(Path(name)) for name in files]
    if "retry" in sys.argv:
        ids = [jobs.retry(sys.argv[-1]).id]
    while not all(jobs.job(job_id).is_over for job_id in ids):
        if stopping.wait(0.05):
            jobs.stop()
            os._exit(0)
    failures = [(job, job.outcome.failure) for job in map(jobs.job, ids)]
    print(json.dumps([[job.id, job.state, f and [f.code, f.message]] for job, f in failures]))
"""


class Machine:
    """A folder in which one process after another works off the same queue."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def start(self, files: str, *more: str, workers: int = 1) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-c", WORKER, str(self.folder), str(workers), files, *more],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )

    def run(self, files: str, *more: str, workers: int = 1) -> list[Any] | None:
        """What became of the files; None if the process was killed."""
        process = self.start(files, *more, workers=workers)
        out, _ = process.communicate(timeout=90)
        return json.loads(out) if process.returncode == 0 else None

    def hold(self, name: str) -> None:
        (self.folder / f"hold {name}").touch()

    def deadly(self, name: str) -> Path:
        kill = self.folder / f"kill at {name}"
        kill.touch()
        return kill


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_file_that_kills_its_process_twice_is_left_alone_and_the_next_goes_on(machine: Machine) -> None:
    deadly = machine.deadly("poison.mp4")
    assert machine.run("poison.mp4,good.mp4") is None
    assert machine.run("poison.mp4,good.mp4") is None

    told = machine.run("poison.mp4,good.mp4")

    assert told is not None
    (poison, state, (code, message)), (_, good, _) = told
    assert (state, code, good) == ("failed", "worker_died", "done")
    assert "poison.mp4: the process that indexed it died 2 times in the middle of it, last in step identify" in message
    assert (machine.folder / "log").read_text().count("identify poison.mp4") == 2

    deadly.unlink()
    again = machine.run("good.mp4", "retry", poison)
    assert again is not None
    assert again[0][1:] == ["done", None]


def test_to_stop_in_order_is_not_held_against_a_long_file(machine: Machine) -> None:
    machine.hold("long.mp4")
    for _ in range(MOST_DEATHS):
        process = machine.start("long.mp4")
        held = machine.folder / f"held long.mp4 {process.pid}"
        until(held.exists, "the work on the file")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    (machine.folder / "hold long.mp4").unlink()
    (told,) = machine.run("long.mp4") or []
    assert told[1:] == ["done", None]


def test_what_died_with_a_deadly_file_is_not_taken_for_it(machine: Machine) -> None:
    """Two at a time: both die, then one after the other is tried."""
    machine.deadly("poison.mp4")
    machine.hold("long.mp4")
    assert machine.run("long.mp4,poison.mp4", workers=2) is None
    (machine.folder / "hold long.mp4").unlink()
    told = None
    for _ in range(2):
        told = told or machine.run("long.mp4,poison.mp4", workers=2)
    assert told is not None
    assert [row[1] for row in told] == ["done", "failed"]


def test_a_queue_that_stops_ends_what_it_runs_and_another_goes_on(tmp_path: Path) -> None:
    indexer = HeldIndexer()
    indexer.held.add("long.mp4")
    jobs = IndexJobs(indexer, f"sqlite:///{tmp_path / 'jobs.sqlite'}", "local", 1)  # type: ignore[arg-type]
    with jobs.running():
        job_id = jobs.enqueue(Path("/videos/long.mp4"))
        until(lambda: "long.mp4 look" in indexer.log, "the work on the file")
    assert jobs.running_here() == set()
    assert indexer.dropped == []
    indexer.held.clear()
    with queue_in(tmp_path, indexer) as again:
        until(lambda: again.job(job_id).state is JobState.DONE, "the end of the job")
    assert indexer.log.count("long.mp4 decode") == 1


def test_a_job_may_go_on_before_the_queue_that_takes_it_up_is_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    indexer, launch = HeldIndexer(), dbos.DBOS.launch
    indexer.held.add("long.mp4")
    with queue_in(tmp_path, indexer) as jobs:
        job_id = jobs.enqueue(Path("/videos/long.mp4"))
        until(lambda: "long.mp4 look" in indexer.log, "the work on the file")
        jobs.stop()
    indexer.held.clear()

    def slow_launch() -> None:
        launch()
        until(lambda: dbos.DBOS.list_workflows()[0].status not in ("ENQUEUED", "PENDING"), "the end of the job")

    monkeypatch.setattr(dbos.DBOS, "launch", slow_launch)
    with queue_in(tmp_path, indexer) as again:
        assert again.job(job_id).state is JobState.DONE


def test_what_fails_once_its_process_lets_go_is_not_held_against_the_file(tmp_path: Path) -> None:
    """A server lets go of its jobs, ends its streams, and only then stops them; Ctrl-C hits its helpers at once."""

    class Breaking(HeldIndexer):
        def index(
            self, job_id: str, addition: Addition, step: Step, report: ReportStage, found: ReportIdentity
        ) -> Outcome:
            def fail() -> None:
                self.log.append("at work")
                until(lambda: jobs._is_letting_go, "the letting go")
                raise WorkerDiedError("what reads media was killed")

            if "at work" not in self.log:
                step("decode", fail)
            return super().index(job_id, addition, step, report, found)

    indexer = Breaking()
    jobs = IndexJobs(indexer, f"sqlite:///{tmp_path / 'jobs.sqlite'}", "local", 1)  # type: ignore[arg-type]
    with jobs.running():
        job_id = jobs.enqueue(Path("/videos/a.mp4"))
        until(lambda: "at work" in indexer.log, "the work on the file")
        jobs.let_go()
        until(lambda: not jobs.running_here(), "the end of the work")
        assert jobs.job(job_id).state is JobState.RUNNING
    assert indexer.failed == {}
    with queue_in(tmp_path, indexer) as again:
        until(lambda: again.job(job_id).is_over, "the end of the job")
        assert again.job(job_id).state is JobState.DONE


@pytest.mark.parametrize("error", [RuntimeError("the pool is closed"), StorageError("the vectors are closed")])
@pytest.mark.parametrize("within_step", [True, False])
def test_what_fails_while_its_process_ends_goes_on_in_another(
    tmp_path: Path, error: Exception, within_step: bool
) -> None:
    """What a job needs is closed under it then; that is no fault of the file."""

    class Breaking(HeldIndexer):
        def index(
            self, job_id: str, addition: Addition, step: Step, report: ReportStage, found: ReportIdentity
        ) -> Outcome:
            def fail() -> None:
                if "broke" not in self.log:
                    self.log.append("broke")
                    until(lambda: jobs._runs.is_stopping, "the end of the queue")
                    raise error

            step("identify", lambda: None)
            step("decode", fail) if within_step else fail()
            return super().index(job_id, addition, step, report, found)

    indexer = Breaking()
    jobs = IndexJobs(indexer, f"sqlite:///{tmp_path / 'jobs.sqlite'}", "local", 1)  # type: ignore[arg-type]
    with jobs.running():
        broken = jobs.enqueue(Path("/videos/a.mp4"))
        waiting = jobs.enqueue(Path("/videos/b.mp4"))
        until(lambda: "broke" in indexer.log, "the work on the file")
    with queue_in(tmp_path, indexer) as again:
        until(lambda: all(again.job(job_id).is_over for job_id in (broken, waiting)), "the end of the jobs")
        assert [again.job(job_id).state for job_id in (broken, waiting)] == [JobState.DONE] * 2


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_moments_index_lets_go_of_its_jobs_however_it_is_stopped(tmp_path: Path, sign: signal.Signals) -> None:
    script = (
        "import os, sys, time; from pathlib import Path; from app.cli.commands.index import stop_at_once\n"
        "with stop_at_once() as before_that:\n"
        "    before_that.append(Path(sys.argv[1]).touch)\n"
        "    os.kill(os.getpid(), int(sys.argv[2]))\n"
        "    time.sleep(60)\n"
    )
    marker = tmp_path / "let go"
    done = subprocess.run(
        [sys.executable, "-c", script, str(marker), str(int(sign))],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, marker.exists()) == (128 + sign, True)
    assert "stopped; the same command goes on from here" in done.stderr


def test_a_server_lets_go_of_its_jobs_before_anything_else_and_off_its_loop() -> None:
    said: list[str] = []

    def let_go() -> None:
        with pytest.raises(RuntimeError, match="no running event loop"):
            asyncio.get_running_loop()
        said.append("jobs")

    async def nothing(scope: object, receive: object, send: object) -> None:
        """An application that is never asked."""

    config = uvicorn.Config(nothing, port=0, lifespan="off", log_level="critical")
    server = _Server(config, lambda: said.append("streams"), let_go, None)
    served = threading.Thread(target=server.run)
    served.start()
    until(lambda: server.started, "the start of the server")
    server.should_exit = True
    served.join(60)
    assert said == ["streams", "jobs"]


class TestDeaths:
    @pytest.fixture
    def kept(self) -> dict[str, Kept]:
        return {}

    def another(self, kept: dict[str, Kept]) -> Deaths:
        """What a new process knows."""

        def write(job: str, value: Kept) -> None:
            kept[job] = Kept.from_dict(kept.get(job, Kept()).as_dict() | value.as_dict())

        return Deaths(lambda job: kept.get(job, Kept()), write)

    def die(self, kept: dict[str, Kept], *jobs: str) -> None:
        """What a process leaves that begins these jobs and is killed."""
        process = self.another(kept)
        with ExitStack() as begun:
            for job in jobs:
                begun.enter_context(process.working(job, job, lambda: None))
            before = dict(kept)
        kept.update(before)

    def test_a_block_that_ends_is_no_death(self, kept: dict[str, Kept]) -> None:
        for _ in range(5):
            with self.another(kept).working("a", "a.mp4", lambda: None):
                pass
        with pytest.raises(RuntimeError), self.another(kept).working("a", "a.mp4", lambda: None):
            raise RuntimeError("one that was caught")
        assert kept["a"] == Kept(deaths=0, at_work=False)

    def test_deaths_add_up(self, kept: dict[str, Kept]) -> None:
        self.die(kept, "a")
        self.die(kept, "a")
        with pytest.raises(WorkerDiedError, match="died 2 times"), self.another(kept).working("a", "a", lambda: None):
            pass

    def test_a_suspect_waits_for_the_other_and_can_be_stopped(self, kept: dict[str, Kept]) -> None:
        self.die(kept, "a", "b")
        process = self.another(kept)

        def stop() -> None:
            raise InterruptedError

        with process.working("a", "a", lambda: None):
            with pytest.raises(InterruptedError), process.working("b", "b", stop):
                pass
            assert kept["b"] == Kept(deaths=1, at_work=False)
            with process.working("c", "c", stop):  # under no suspicion
                pass
        with process.working("b", "b", stop):
            assert kept["b"].at_work

    def test_letting_go_is_for_good(self, kept: dict[str, Kept]) -> None:
        process = self.another(kept)
        with process.working("a", "a", lambda: None):
            process.let_go()
            with process.working("b", "b", lambda: None):
                assert (kept["a"].at_work, kept["b"].at_work) == (False, False)
