"""What an earlier version kept of jobs is read by this one: its rows, its progress, and what its steps had returned."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from indexer.intake.addition import Addition, Origin
from indexer.intake.identify import IdentifiedFile
from indexer.jobs.job import JobState
from indexer.jobs.kept import Kept
from indexer.jobs.runs import RunProgress
from indexer.outcome import Identified, Outcome, Status
from retrieval.storage.records import Failure
from tests.job_fakes import HeldIndexer, queue_in
from tests.places import ROOT

EARLIER = """
import sys
import dbos
from indexer.intake.addition import Origin
from indexer.jobs.queue import IndexingCrashed, IndexingFailed
from indexer.outcome import Status

dbos.DBOS(config={"name": "moments", "system_database_url": sys.argv[1], "application_version": "1",
                  "executor_id": "local", "console_log_level": "CRITICAL", "enable_otlp": False})
OUTCOME = {"path": "/videos/a.mp4", "video_id": "0" * 16, "status": Status.INDEXED, "duration_s": 60.0, "seconds": 9.5,
           "windows": 30, "warnings": ("no sound",), "failure": None}
FAILURE = {"code": "not_media", "message": "b.mp4 is not a media file"}
PROGRESS = {"started_at": "2026-05-31T14:30:00+00:00", "stage": "publish", "share": 1.0, "whole": 1.0, "speed_x": 6.3,
            "remaining_s": None, "duration_s": 60.0, "video_id": "0" * 16}
ADDITION = {"where": "/videos/a.mp4", "origin": Origin.UPLOAD, "title": "A talk", "tags": ("work",), "again": True}

@dbos.DBOS.workflow(name="index_video")
def index_video(path, addition=None):
    dbos.DBOS.update_workflow_attributes(dbos.DBOS.workflow_id, {"progress": PROGRESS, "deaths": 1, "at_work": False})
    if path == "b.mp4":
        raise IndexingFailed({**OUTCOME, "status": Status.FAILED, "video_id": None, "failure": FAILURE})
    if path == "c.mp4":
        raise IndexingCrashed("RuntimeError: out of cheese")
    return OUTCOME

dbos.DBOS.launch()
for job_id, path, addition in (("a", "/videos/a.mp4", ADDITION), ("b", "b.mp4", None), ("c", "c.mp4", None)):
    with dbos.SetWorkflowID(job_id):
        try:
            index_video(path, addition)
        except (IndexingCrashed, IndexingFailed):
            pass
dbos.DBOS.destroy()
"""


def test_jobs_of_an_earlier_version_are_told(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", EARLIER, f"sqlite:///{tmp_path / 'jobs.sqlite'}"], cwd=ROOT, check=True)
    with queue_in(tmp_path, HeldIndexer()) as jobs:
        done, failed, crashed = (jobs.job(job_id) for job_id in "abc")
        died = jobs._kept("a").deaths
    assert done.outcome == Outcome(
        "/videos/a.mp4", "0" * 16, Status.INDEXED, 60.0, seconds=9.5, windows=30, warnings=("no sound",)
    )
    assert done.addition == Addition("/videos/a.mp4", Origin.UPLOAD, "A talk", ("work",), again=True)
    assert done.progress == RunProgress(
        datetime(2026, 5, 31, 14, 30, tzinfo=UTC), "publish", 1.0, 1.0, 6.3, None, 60.0, "0" * 16
    )
    assert (failed.state, failed.addition) == (JobState.FAILED, Addition("b.mp4"))
    assert failed.outcome is not None
    assert failed.outcome.failure == Failure("not_media", "b.mp4 is not a media file")
    assert (crashed.state, crashed.crash, died) == (JobState.FAILED, "RuntimeError: out of cheese", 1)


EARLIER_IDENTIFIED: dict[str, Any] = {
    "source": {
        "path": "/videos/a.mp4",
        "content_hash": "0" * 32,
        "size_bytes": 7,
        "modified_ns": 8,
        "width": 1280,
        "height": 720,
        "duration_s": 60.0,
        "recorded_at": "2026-05-31T14:30:00+00:00",
        "sidecars": {".en.srt": "1" * 32},
    },
    "unchanged": {
        "path": "/videos/a.mp4",
        "video_id": "0" * 16,
        "status": Status.UNCHANGED,
        "duration_s": 60.0,
        "seconds": 0.0,
        "windows": 30,
        "warnings": (),
        "failure": None,
    },
    "is_new": False,
    "at": 1780237800.5,
}
"""What the step "identify" of a job returned that a process of an earlier version began and did not end."""


def test_what_an_earlier_version_identified_is_gone_on_with() -> None:
    began = Identified.from_dict(EARLIER_IDENTIFIED)
    assert began.source.recorded_at == datetime(2026, 5, 31, 14, 30, tzinfo=UTC)
    assert began.source.file.sidecars == {".en.srt": "1" * 32}
    assert began.unchanged == Outcome("/videos/a.mp4", "0" * 16, Status.UNCHANGED, 60.0, windows=30)
    assert (began.is_new, began.began_at) == (False, 1780237800.5)
    source = EARLIER_IDENTIFIED["source"]
    least = {name: source[name] for name in list(source)[:6]}
    older = Identified.from_dict({"source": least, "unchanged": None, "is_new": True, "at": 1.0})
    assert older.source == IdentifiedFile("/videos/a.mp4", "0" * 32, 7, 8, 1280, 720)


TEXTS = st.text(max_size=8)
COUNTS = st.integers(0, 2**40)
MAYBE_SECONDS = st.none() | st.floats(0, 1e6)
TIMES = st.datetimes(timezones=st.just(UTC))
OUTCOMES = st.builds(
    Outcome,
    TEXTS,
    st.none() | TEXTS,
    st.sampled_from(Status),
    MAYBE_SECONDS,
    st.floats(0, 1e6),
    COUNTS,
    st.lists(TEXTS, max_size=3).map(tuple),
    st.none() | st.builds(Failure, TEXTS, TEXTS),
)
FILES = st.builds(
    IdentifiedFile,
    TEXTS,
    TEXTS,
    COUNTS,
    COUNTS,
    st.none() | COUNTS,
    st.none() | COUNTS,
    MAYBE_SECONDS,
    st.none() | TIMES,
    st.none() | st.dictionaries(TEXTS, TEXTS, max_size=2),
)
PROGRESS = st.builds(
    RunProgress,
    TIMES,
    st.none() | TEXTS,
    st.floats(0, 1),
    st.floats(0, 1),
    MAYBE_SECONDS,
    MAYBE_SECONDS,
    MAYBE_SECONDS,
    st.none() | TEXTS,
)


def plain(value: dict[str, Any]) -> Any:
    """The value after a way through JSON, which knows no class of ours."""
    return json.loads(json.dumps(value))


@given(OUTCOMES)
def test_an_outcome_is_kept_whole_and_without_our_classes(outcome: Outcome) -> None:
    assert type(outcome.as_dict()["status"]) is str
    assert Outcome.from_dict(plain(outcome.as_dict())) == outcome


@given(st.builds(Identified, FILES, st.none() | OUTCOMES, st.booleans(), st.floats(0, 2e9)))
def test_what_was_identified_is_kept_whole(identified: Identified) -> None:
    assert Identified.from_dict(plain(identified.as_dict())) == identified


@given(
    st.builds(Addition, TEXTS, st.sampled_from(Origin), st.none() | TEXTS, st.lists(TEXTS).map(tuple), st.booleans())
)
def test_an_addition_is_kept_whole_and_without_our_classes(addition: Addition) -> None:
    assert type(addition.as_dict()["origin"]) is str
    assert Addition.from_dict(plain(addition.as_dict())) == addition


@given(st.builds(Kept, st.none() | PROGRESS, st.none() | COUNTS, st.none() | st.booleans()))
def test_what_is_kept_beside_a_job_is_kept_whole(kept: Kept) -> None:
    assert Kept.from_dict(plain(kept.as_dict())) == kept
    assert Kept.from_dict(None) == Kept()
