"""Indexing as durable work: a killed run goes on at the step it was in."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.places import ROOT

WORKER = """
import json, os, sys, time
from pathlib import Path
from indexer.jobs.queue import IndexJobs
from indexer.outcome import Outcome, Status

log = Path(sys.argv[1])

class SlowIndexer:
    def check(self, addition):
        pass

    def index(self, job_id, addition, step, report, found):
        path = Path(addition.where)

        def run(name):
            with log.open("a") as out:
                out.write(f"{os.getpid()} {name} {path.name}\\n")
            report(name, 0.5)
            if name == "second" and len(sys.argv) > 4:
                time.sleep(60)
            return name
        names = [step(name, lambda name=name: run(name)) for name in ("first", "second", "third")]
        return Outcome(str(path), "0" * 16, Status.INDEXED, windows=len(names))

jobs = IndexJobs(SlowIndexer(), sys.argv[2], "local", 1)
with jobs.running():
    ids = [jobs.enqueue(Path(name)) for name in sys.argv[3].split(",")]
    while True:
        found = [jobs.job(job_id) for job_id in ids]
        if all(job.outcome for job in found):
            break
        time.sleep(0.05)
    print(json.dumps([[job.id, job.state, job.outcome.windows] for job in found]))
"""


def worker(folder: Path, files: str, *hang: str) -> subprocess.Popen[str]:
    arguments = [str(folder / "log"), f"sqlite:///{folder / 'jobs.sqlite'}", files, *hang]
    root = ROOT
    return subprocess.Popen([sys.executable, "-c", WORKER, *arguments], stdout=subprocess.PIPE, text=True, cwd=root)


def logged(folder: Path) -> list[str]:
    log = folder / "log"
    return log.read_text().splitlines() if log.exists() else []


def wait_for(folder: Path, ending: str) -> None:
    deadline = time.monotonic() + 60
    while not any(line.endswith(ending) for line in logged(folder)):
        assert time.monotonic() < deadline, f"{ending!r} never ran: {logged(folder)}"
        time.sleep(0.05)


def test_a_killed_run_goes_on_at_its_step_and_with_what_waited(tmp_path: Path) -> None:
    doomed = worker(tmp_path, "a.mp4,b.mp4", "hang")
    wait_for(tmp_path, "second a.mp4")
    os.kill(doomed.pid, signal.SIGKILL)
    doomed.communicate()
    before = len(logged(tmp_path))

    out, _ = worker(tmp_path, "a.mp4,b.mp4").communicate(timeout=90)

    steps = [line.split(" ", 1)[1] for line in logged(tmp_path)[before:]]
    assert [line for line in steps if line.endswith("a.mp4")] == ["second a.mp4", "third a.mp4"]
    assert [line for line in steps if line.endswith("b.mp4")] == ["first b.mp4", "second b.mp4", "third b.mp4"]
    assert [row[1:] for row in json.loads(out)] == [["done", 3], ["done", 3]]


def test_a_file_that_waits_already_keeps_its_job(tmp_path: Path) -> None:
    out, _ = worker(tmp_path, "a.mp4,a.mp4").communicate(timeout=90)
    first, second = json.loads(out)
    assert first == second
    assert len(logged(tmp_path)) == 3
