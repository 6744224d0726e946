"""The feed of news: nobody who listens misses how a job ends."""

import threading
from datetime import UTC, datetime
from pathlib import Path

from indexer.intake.addition import Addition
from indexer.jobs.feed import JobFeed
from indexer.jobs.job import Job, JobState
from tests.job_fakes import Heard, until


class Table:
    """Two jobs, and a reader of them that can be held in the middle of its work, when it has the ids to ask for."""

    def __init__(self) -> None:
        self.states = dict.fromkeys("ab", JobState.RUNNING)
        self.asked: list[set[str]] = []
        self.open = threading.Event()
        self.open.set()
        self.errors: list[Exception] = []

    def read(self, job_ids: set[str]) -> list[Job]:
        self.asked.append(job_ids)
        self.open.wait(60)
        if self.errors:
            raise self.errors.pop()
        return [
            Job(name, Addition(str(Path(name))), state, datetime(2026, 1, 1, tzinfo=UTC))
            for name, state in self.states.items()
        ]


def is_done(heard: Heard, job_id: str) -> bool:
    return any(job.id == job_id and job.state is JobState.DONE for job in heard.jobs)


def test_who_comes_while_the_jobs_are_read_hears_what_was_read() -> None:
    """The newcomer looked just before the job ended, and the feed just after."""
    table, first, newcomer = Table(), Heard(), Heard()
    feed = JobFeed(table.read)
    with feed.listening(first):
        until(lambda: len(first.jobs) == 2, "the first news")
        table.open.clear()
        rounds = len(table.asked)
        until(lambda: len(table.asked) > rounds, "the next look")
        with feed.listening(newcomer):
            table.states["a"] = JobState.DONE
            table.open.set()
            until(lambda: is_done(newcomer, "a"), "the news of the end")
    feed.close()


def test_a_look_that_fails_costs_no_news_and_does_not_end_the_feed() -> None:
    table, heard = Table(), Heard()
    feed = JobFeed(table.read)
    with feed.listening(heard):
        until(lambda: len(heard.jobs) == 2, "the first news")
        table.open.clear()
        rounds = len(table.asked)
        until(lambda: len(table.asked) > rounds, "the next look")
        feed.poke("z")
        table.errors = [RuntimeError("nobody foresaw it"), RuntimeError("nor this")]
        table.states["b"] = JobState.DONE
        table.open.set()
        until(lambda: is_done(heard, "b"), "the news of the end")
    feed.close()
    assert [asked for asked in table.asked if "z" in asked][-1] >= {"a", "b"}, "what failed is asked for again"
    assert sum("z" in asked for asked in table.asked) >= 2
