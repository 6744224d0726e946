"""What a process knows of the jobs that run in it."""

from datetime import UTC, datetime

import pytest

from indexer.addition import Origin
from indexer.job_runs import Progress, Runs
from indexer.pipeline import STEPS, Cancelled


def test_what_an_earlier_process_did_is_no_speed_of_this_one(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(float(second) for second in range(100, 200))
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    runs = Runs(lambda _: None)
    runs.begin("job", Origin.PATH, None)
    runs.found("job", "0" * 16, 60.0)
    for stage in ("identify", "decode", "look"):
        runs.enter("job", stage)
    assert runs.progress()["job"].speed_x is None
    runs.report("job", "look", 0.5)
    runs.report("job", "look", 1.0)
    progress = runs.progress()["job"]
    assert progress.speed_x == pytest.approx(60.0 * 0.5 * STEPS["look"] / sum(STEPS.values()))


def test_only_jobs_that_run_here_are_stopped() -> None:
    told: list[str] = []
    runs = Runs(told.append)
    runs.begin("job", Origin.PATH, None)
    runs.cancel({"another"})
    runs.report("job", "decode", 0.5)
    runs.cancel({"job", "another"})
    for move in (lambda: runs.report("job", "decode", 0.6), lambda: runs.enter("job", "look")):
        with pytest.raises(Cancelled):
            move()
    runs.end("job")
    assert runs.progress() == {}
    assert set(told) == {"job"}


def test_a_job_that_runs_again_is_not_cancelled_any_more() -> None:
    runs = Runs(lambda _: None)
    runs.begin("job", Origin.PATH, None)
    runs.cancel({"job"})
    runs.end("job")
    runs.begin("job", Origin.PATH, None)
    runs.enter("job", "decode")
    assert runs.progress()["job"].stage == "decode"


def test_progress_is_kept_as_json() -> None:
    progress = Progress(datetime(2026, 5, 31, tzinfo=UTC), "look", 0.5, 0.3, 2.5, 60.0, 300.0, "0" * 16)
    assert Progress.from_dict(progress.as_dict()) == progress
