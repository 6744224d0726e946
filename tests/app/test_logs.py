"""The log: its lines as text and as JSON, with the request or the job that each is about."""

import io
import json
import logging
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.logs import JsonLines, LogFormat, TextLines, formatter_of
from indexer.steps.attended import attended
from retrieval.log_context import at_work, working_for
from tests.job_fakes import until
from tests.library import command, environment

FORGED = "film.mp4\n2026-05-31T14:30:02.125Z WARNING forged\x1b[2K\u2028"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


@contextmanager
def log_of(formatter: logging.Formatter) -> Iterator[tuple[logging.Logger, io.StringIO]]:
    """A log with lines of that kind, and what is written to it."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(formatter)
    log = logging.Logger("indexer.jobs.queue")
    log.addHandler(handler)
    yield log, written


def test_a_line_has_time_level_name_and_whom_it_is_about() -> None:
    with log_of(TextLines()) as (log, written):
        log.warning("the disk is full")
        with working_for(job_id="5f0c"):
            log.error("it failed")
            with working_for(request_id="r-1"):
                log.error("both")
        log.info("nobody")
    lines = written.getvalue().splitlines()
    assert re.fullmatch(rf"{TIME} WARNING indexer\.jobs\.queue: the disk is full", lines[0])
    assert re.fullmatch(rf"{TIME} ERROR indexer\.jobs\.queue \[job 5f0c\]: it failed", lines[1])
    assert re.fullmatch(rf"{TIME} ERROR indexer\.jobs\.queue \[job 5f0c\] \[request r-1\]: both", lines[2])
    assert re.fullmatch(rf"{TIME} INFO indexer\.jobs\.queue: nobody", lines[3])


@pytest.mark.parametrize("log_format", LogFormat)
def test_nothing_that_is_quoted_makes_a_line_of_its_own(log_format: LogFormat) -> None:
    with log_of(formatter_of(log_format)) as (log, written):
        log.warning("cannot read %s", FORGED)
        try:
            raise OSError(FORGED)
        except OSError:
            log.exception("%s failed", FORGED)
    text = written.getvalue()
    assert "\x1b" not in text
    assert "\u2028" not in text
    own = [line for line in text.split("\n") if line and not line.startswith("    ")]
    assert len(own) == 2
    if log_format is LogFormat.JSON:
        assert len(text.splitlines()) == 2


def test_json_has_the_same_as_fields_and_those_of_the_line() -> None:
    with log_of(JsonLines()) as (log, written), working_for(job_id="5f0c"):
        log.info("ended: %r", FORGED, extra={"fields": {"file": FORGED, "seconds": 1.5, "code": None}})
        try:
            raise RuntimeError("caf\udce9")
        except RuntimeError:
            log.exception("it failed")
    ended, failed = map(json.loads, written.getvalue().splitlines())
    assert re.fullmatch(TIME, ended.pop("time"))
    assert ended == {
        "level": "INFO",
        "logger": "indexer.jobs.queue",
        "message": f"ended: {FORGED!r}",
        "job_id": "5f0c",
        "file": FORGED,
        "seconds": 1.5,
        "code": None,
    }
    assert "RuntimeError: caf\\xe9" in failed["traceback"]


def test_threads_know_whom_they_work_for_and_no_other() -> None:
    """Of many jobs at once, each in a thread, with work in a thread of its own."""
    seen: dict[str, Any] = {}

    def work(job_id: str) -> None:
        with working_for(job_id=job_id):
            seen[job_id] = attended(at_work, lambda: None)

    threads = [threading.Thread(target=work, args=(str(number),)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == {str(number): {"job_id": str(number)} for number in range(20)}
    assert at_work() == {}


def is_there(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz").is_success
    except httpx.TransportError:
        return False


@contextmanager
def serving(data_dir: Path, **variables: str) -> Iterator[tuple[str, Path]]:
    """A server in a process of its own: where it answers, and the file of its log."""
    log = data_dir.parent / "log"
    with log.open("w") as errors:
        process = subprocess.Popen(
            command(data_dir, "serve", "--port", "0"), stderr=errors, env=environment() | variables
        )
        try:
            until(lambda: "Moments on " in log.read_text(), "the start", 60)
            found = re.search(r"Moments on (\S+)", log.read_text())
            assert found is not None
            until(lambda: is_there(found[1]), "an answer", 60)
            yield found[1], log
        finally:
            process.terminate()
            process.wait(60)


def test_a_server_logs_requests_and_ends_of_jobs_as_json_and_nothing_else(tmp_path: Path) -> None:
    junk = tmp_path / "junk\nWARNING forged.mp4"
    junk.write_text("no video")
    variables = {"MOMENTS_LOG_FORMAT": "json", "MOMENTS_LOG_LEVEL": "info"}
    with serving(tmp_path / "data", **variables) as (url, log):
        headers = {"X-Request-Id": "mine-1"}
        asked = httpx.get(f"{url}/v1/videos", params={"q": "a secret"}, headers=headers)
        assert asked.headers["x-request-id"] == "mine-1"
        job_id = httpx.post(f"{url}/v1/videos", json={"path": str(junk)}).raise_for_status().json()["job_id"]
        until(lambda: '"code": "not_media"' in log.read_text(), "the end of the job", 60)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert all({"time", "level", "logger", "message"} <= line.keys() for line in lines)
    (request,) = [line for line in lines if line.get("request_id") == "mine-1"]
    assert (request["method"], request["path"], request["status"]) == ("GET", "/v1/videos", 200)
    assert request["ms"] > 0
    (end,) = [line for line in lines if line.get("job_id") == job_id]
    assert (end["file"], end["outcome"], end["code"]) == (junk.name, "failed", "not_media")
    assert "secret" not in log.read_text()


def test_by_default_a_server_logs_the_ends_of_jobs_alone(tmp_path: Path) -> None:
    junk = tmp_path / "junk.mp4"
    junk.write_text("no video")
    with serving(tmp_path / "data") as (url, log):
        job_id = httpx.post(f"{url}/v1/videos", json={"path": str(junk)}).raise_for_status().json()["job_id"]
        until(lambda: "not_media" in log.read_text(), "the end of the job", 60)
    started, end = log.read_text().splitlines()
    assert started.startswith("Moments on http://")
    said = rf"{TIME} INFO indexer\.jobs\.ends \[job {job_id}\]: ended: 'junk\.mp4' failed in \d+\.\d s: not_media"
    assert re.fullmatch(said, end)


def test_a_format_that_is_none_is_refused() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "app.cli.main", "videos"],
        env=environment() | {"MOMENTS_LOG_FORMAT": "xml"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert "MOMENTS_LOG_FORMAT is 'xml'" in done.stderr
