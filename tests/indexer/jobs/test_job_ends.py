"""The line of the log at each job's end, whatever the end."""

import logging
import re
from pathlib import Path
from typing import Any

import pytest

from indexer.intake.addition import Addition, Origin
from tests.job_fakes import HeldIndexer, ended, looking, queue_in, until


def fields(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [record.__dict__["fields"] for record in caplog.records if record.name == "indexer.jobs.ends"]


def test_every_end_is_one_line_with_outcome_time_and_code(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    indexer = HeldIndexer()
    monkeypatch.setattr(logging.getLogger("indexer.jobs.queue"), "disabled", True)  # it tells all of the crash
    with caplog.at_level(logging.INFO, "indexer.jobs.ends"), queue_in(tmp_path, indexer) as jobs:
        ended(jobs, jobs.enqueue(Path("/videos/good.mp4")))
        ended(jobs, jobs.enqueue(Path("/videos/bad\n.mp4")))
        ended(jobs, jobs.enqueue(Path("/videos/crash.mp4")))
        indexer.held.add("long.mp4")
        running = looking(jobs, jobs.enqueue(Path("/videos/long.mp4")))
        waiting = jobs.add(Addition("https://example.org/next.mp4?key=secret", Origin.URL))
        jobs.cancel(waiting)
        jobs.cancel(running.id)
        until(lambda: len(fields(caplog)) == 5, "all ends")
    told = {one["file"]: (one["outcome"], one["code"], one["speed_x"]) for one in fields(caplog)}
    assert told == {
        "good.mp4": ("indexed", None, 60.0),
        "bad\n.mp4": ("failed", "not_media", None),
        "crash.mp4": ("failed", "internal_error", None),
        "long.mp4": ("cancelled", None, None),
        "next.mp4": ("cancelled", None, None),
    }
    assert re.search(r"'bad\\n\.mp4' failed in \d\.\d s: not_media", caplog.text)
    assert "'good.mp4' indexed in 1.0 s, 60.0× real time" in caplog.text
    assert "secret" not in caplog.text


def test_a_job_that_goes_on_in_another_process_has_not_ended(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    indexer = HeldIndexer()
    indexer.held.add("long.mp4")
    with caplog.at_level(logging.INFO, "indexer.jobs.ends"):
        with queue_in(tmp_path, indexer) as jobs:
            job_id = looking(jobs, jobs.enqueue(Path("/videos/long.mp4"))).id
            jobs.stop()
        assert fields(caplog) == []
        with queue_in(tmp_path, indexer) as again:
            ended(again, job_id)
            until(lambda: bool(fields(caplog)), "the end")
    (end,) = fields(caplog)
    assert end["outcome"] == "indexed"
