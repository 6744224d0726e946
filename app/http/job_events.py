"""Jobs as they change, for clients on the event loop, each of which may come back and go on where it was."""

import asyncio
import hashlib
import secrets
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from app.contract.jobs import JobAnswer
from indexer.jobs.job import Job
from indexer.jobs.queue import IndexJobs

_MOST_STATES = 10_000


class NothingMore(Exception):  # noqa: N818
    """Who asks for a stream of events has been told all that there will ever be."""


class JobEvents:
    """What the feed tells, handed from its thread to the event loop; a slow client gets the latest of each job."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Event()
        self._latest: dict[str, Job] = {}
        self._ended = False

    @contextmanager
    def following(self, jobs: IndexJobs, job_id: str | None = None) -> Iterator["JobEvents"]:
        """The events of one job, or of all, for the block."""
        with jobs.feed.listening(self._hear, job_id):
            yield self

    async def changes(self) -> AsyncIterator[list[Job]]:
        """Jobs that changed since the last ones, until the feed ends."""
        while not self._ended:
            await self._news.wait()
            yield self.waiting()

    def waiting(self) -> list[Job]:
        """Jobs that changed and were not asked for yet."""
        self._news.clear()
        latest, self._latest = self._latest, {}
        return list(latest.values())

    def _hear(self, job: Job | None) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._put, job)

    def _put(self, job: Job | None) -> None:
        if job is None:
            self._ended = True
        else:
            self._latest[job.id] = job
        self._news.set()


@dataclass(frozen=True, slots=True)
class _State:
    """How a job was when it was last told: a mark of that, and its number in the order of all that was told."""

    mark: str
    number: int
    is_over: bool


class Told:
    """Numbers the states of jobs in the order in which they were first told, to whomever.

    Each client is told states in the order of their numbers, so that the last number says all that it knows. One
    process' memory: after a restart, all is news. For the event loop only.
    """

    def __init__(self) -> None:
        self._run = secrets.token_hex(4)
        self._last = 0
        self._states: OrderedDict[str, _State] = OrderedDict()

    def news(self, jobs: Iterable[Job], after: int) -> list[tuple[int, Job]]:
        """The jobs whose state has a number above ``after``, with that, in order."""
        numbered = [(self._number(job), job) for job in jobs]
        return sorted(((number, job) for number, job in numbered if number > after), key=lambda pair: pair[0])

    def event_id(self, number: int) -> str:
        """What a client gives back to go on after that number."""
        return f"{self._run}-{number}"

    def number_of(self, event_id: str | None) -> int:
        """The number in an event's id; 0 for that of another run, and for what is none."""
        run, _, number = (event_id or "").partition("-")
        return int(number) if run == self._run and number.isdecimal() and len(number) < 20 else 0

    def may_be_news(self, after: int) -> set[str]:
        """Ids of jobs that were told since, or were not over when they were."""
        return {job_id for job_id, state in self._states.items() if state.number > after or not state.is_over}

    def _number(self, job: Job) -> int:
        # What leaves a queue moves all that wait behind it, which alone is no news.
        mark = mark_of(replace(job, position=None))
        known = self._states.get(job.id)
        if known is None or known.mark != mark:
            self._last += 1
            known = self._states[job.id] = _State(mark, self._last, job.is_over)
            self._states.move_to_end(job.id)
            if len(self._states) > _MOST_STATES:
                self._states.popitem(last=False)
        return known.number


def mark_of(job: Job) -> str:
    """A short text that another state of the job would not have; the id of events about one job."""
    return hashlib.blake2b(JobAnswer.of(job).model_dump_json().encode(), digest_size=8).hexdigest()
