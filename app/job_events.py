"""Jobs as they change, for one client on the event loop."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

from indexer.job import Job
from indexer.jobs import IndexJobs


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

    async def changes(self) -> AsyncIterator[Job]:
        """Jobs that changed, until the feed ends."""
        while not self._ended:
            await self._news.wait()
            self._news.clear()
            latest, self._latest = self._latest, {}
            for job in latest.values():
                yield job

    def _hear(self, job: Job | None) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._put, job)

    def _put(self, job: Job | None) -> None:
        if job is None:
            self._ended = True
        else:
            self._latest[job.id] = job
        self._news.set()
