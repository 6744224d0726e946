"""What a process knows of the jobs that run in it."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from indexer.intake.addition import Addition
from indexer.jobs.runs import RunProgress, Runs
from indexer.pipeline import STEPS, Cancelled, Stopped
from tests.job_fakes import until

FILM = Addition("/videos/film.mp4")


def test_what_an_earlier_process_did_is_no_speed_of_this_one(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(float(second) for second in range(100, 200))
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    runs = Runs(lambda _: None, 1)
    runs.begin("job", FILM, None)
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
    runs = Runs(told.append, 1)
    runs.begin("job", FILM, None)
    runs.cancel({"another"})
    runs.report("job", "decode", 0.5)
    runs.cancel({"job", "another"})
    moves: tuple[Callable[[], None], ...] = (
        lambda: runs.report("job", "decode", 0.6),
        lambda: runs.enter("job", "look"),
    )
    for move in moves:
        with pytest.raises(Cancelled):
            move()
    runs.end("job")
    assert runs.progress() == {}
    assert set(told) == {"job"}


def test_a_job_that_runs_again_is_not_cancelled_any_more() -> None:
    runs = Runs(lambda _: None, 1)
    runs.begin("job", FILM, None)
    runs.cancel({"job"})
    runs.end("job")
    runs.begin("job", FILM, None)
    runs.enter("job", "decode")
    assert runs.progress()["job"].stage == "decode"


class Beginner(threading.Thread):
    """Begins a job in a thread of its own, and says how that ended."""

    def __init__(self, runs: Runs, job_id: str) -> None:
        super().__init__(daemon=True)
        self._runs, self._job_id = runs, job_id
        self.ended_by: str | None = None
        self.start()
        until(lambda: job_id in runs.waiting() or not self.is_alive(), "the wait")

    def run(self) -> None:
        try:
            self._runs.begin(self._job_id, FILM, None)
        except (Cancelled, Stopped) as error:
            self.ended_by = type(error).__name__


def test_no_more_jobs_run_than_may_and_the_rest_come_in_their_order() -> None:
    runs = Runs(lambda _: None, 2)
    for name in "ab":
        runs.begin(name, FILM, None)
    waiting = [Beginner(runs, name) for name in "cde"]
    assert runs.waiting() == ("c", "d", "e")
    for ends, begins in (("a", 0), ("c", 1), ("b", 2)):
        runs.end(ends)
        waiting[begins].join(60)
        assert not waiting[begins].is_alive()
        assert len(runs.progress()) == 2
    assert set(runs.progress()) == {"d", "e"}


def test_what_waits_can_be_cancelled_and_holds_up_nobody() -> None:
    runs = Runs(lambda _: None, 1)
    runs.begin("a", FILM, None)
    first, second = Beginner(runs, "b"), Beginner(runs, "c")
    runs.cancel({"b"})
    first.join(60)
    assert first.ended_by == "Cancelled"
    runs.end("a")
    second.join(60)
    assert set(runs.progress()) == {"c"}


def test_a_job_that_is_tried_again_waits_for_its_own_end() -> None:
    runs = Runs(lambda _: None, 2)
    runs.begin("a", FILM, None)
    runs.cancel({"a"})
    again = Beginner(runs, "a")
    assert runs.waiting() == ("a",)
    with pytest.raises(Cancelled):
        runs.report("a", "decode", 0.5)
    runs.end("a")
    again.join(60)
    assert again.ended_by is None
    runs.report("a", "decode", 0.5)


def test_what_runs_and_waits_ends_when_the_process_does() -> None:
    runs = Runs(lambda _: None, 1)
    runs.begin("a", FILM, None)
    waiting = Beginner(runs, "b")
    runs.stop()
    waiting.join(60)
    assert waiting.ended_by == "Stopped"
    with pytest.raises(Stopped):
        runs.report("a", "decode", 0.5)
    with pytest.raises(Stopped):
        runs.begin("c", FILM, None)
    assert set(runs.progress()) == {"a"}


def test_progress_is_kept_as_json() -> None:
    progress = RunProgress(datetime(2026, 5, 31, tzinfo=UTC), "look", 0.5, 0.3, 2.5, 60.0, 300.0, "0" * 16)
    assert RunProgress.from_dict(progress.as_dict()) == progress
