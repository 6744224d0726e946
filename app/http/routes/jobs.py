"""Jobs: list, get, cancel, try again, follow."""

from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import aclosing
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Depends, Header, Query
from fastapi.sse import EventSourceResponse, ServerSentEvent

from app.contract.jobs import JobAnswer, JobsAnswer
from app.http.dependencies import JobsOf, ToldOf
from app.http.job_events import JobEvents, NothingMore, mark_of
from indexer.jobs.job import Job, JobState
from indexer.jobs.queue import IndexJobs

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])

EVENTS_OF = 100
"""So many of the newest jobs are told first to who follows all."""

_EVENTS: dict[int | str, dict[str, Any]] = {
    200: {"description": "Events named `job`, each with a job as its data; comments keep it alive."}
}


def _known(job_id: str, jobs: JobsOf) -> Job:
    return jobs.job(job_id)


JobOf = Annotated[Job, Depends(_known)]
LastEventId = Annotated[
    str | None, Header(description="The `id` of the last event that was seen: only what is new since is told.")
]


def _followed(job: JobOf, last_event_id: LastEventId = None) -> Job:
    if job.is_over and mark_of(job) == last_event_id:
        raise NothingMore
    return job


FollowedOf = Annotated[Job, Depends(_followed)]


@router.get("", operation_id="listJobs", summary="List jobs")
def list_jobs(
    jobs: JobsOf,
    state: Annotated[JobState | None, Query(description="Only jobs in this state.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="At most so many.")] = 100,
    cursor: Annotated[str | None, Query(description="The `next_cursor` of the page before.")] = None,
) -> JobsAnswer:
    """Jobs, newest first: those that wait and run, and those that are over."""
    page = jobs.page(limit, state=state, cursor=cursor)
    return JobsAnswer(jobs=[JobAnswer.of(job) for job in page.jobs], next_cursor=page.next_cursor)


@router.get(
    "/events",
    operation_id="followJobs",
    summary="Follow all jobs",
    response_class=EventSourceResponse,
    responses=_EVENTS,
)
async def follow_jobs(jobs: JobsOf, told: ToldOf, last_event_id: LastEventId = None) -> AsyncIterable[ServerSentEvent]:
    """The newest 100 jobs, then each job whenever it changes, as server-sent events without end."""
    seen = told.number_of(last_event_id)
    with JobEvents().following(jobs) as events:
        present = await to_thread.run_sync(_present, jobs, told.may_be_news(seen) if seen else set())
        # What was heard meanwhile is newer than what was read.
        present |= {job.id: job for job in events.waiting()}
        for number, job in told.news(present.values(), seen):
            seen = number
            yield _event(job, told.event_id(number))
        async for changed in events.changes():
            for number, job in told.news(changed, seen):
                seen = number
                yield _event(job, told.event_id(number))


def _present(jobs: IndexJobs, others: set[str]) -> dict[str, Job]:
    """The newest jobs, oldest first, and the others."""
    newest = {job.id: job for job in reversed(jobs.page(EVENTS_OF).jobs)}
    return newest | {job.id: job for job in jobs.some(others - newest.keys())}


@router.get("/{job_id}", operation_id="getJob", summary="Get a job")
def get_job(job: JobOf) -> JobAnswer:
    """State, stage, progress and outcome."""
    return JobAnswer.of(job)


@router.post(
    "/{job_id}/cancel",
    operation_id="cancelJob",
    summary="Cancel a job",
    responses={409: {"description": "The job is over."}},
)
def cancel_job(job_id: str, jobs: JobsOf) -> JobAnswer:
    """Stop a job that waits or runs. Nothing of its video stays; what was uploaded or fetched for it is deleted."""
    return JobAnswer.of(jobs.cancel(job_id))


@router.post(
    "/{job_id}/retry",
    operation_id="retryJob",
    summary="Try a job again",
    responses={409: {"description": "The job did not fail and was not cancelled, or its upload was deleted."}},
)
def retry_job(job_id: str, jobs: JobsOf) -> JobAnswer:
    """Put a job that failed or was cancelled on the queue again, from its first step, under the same id."""
    return JobAnswer.of(jobs.retry(job_id))


@router.get(
    "/{job_id}/events",
    operation_id="followJob",
    summary="Follow a job",
    response_class=EventSourceResponse,
    responses=_EVENTS | {204: {"description": "The job is over, and the event of that was seen."}},
)
async def follow_job(
    job: FollowedOf, jobs: JobsOf, last_event_id: LastEventId = None
) -> AsyncIterable[ServerSentEvent]:
    """The job, and again whenever it changes, as server-sent events; they end when the job does."""
    seen = last_event_id
    async with aclosing(_states(jobs, job.id)) as states:
        async for now in states:
            if (mark := mark_of(now)) != seen:
                seen = mark
                yield _event(now, mark)
            if now.is_over:
                return


async def _states(jobs: IndexJobs, job_id: str) -> AsyncGenerator[Job, None]:
    """The job as it is, and as it is after each change."""
    with JobEvents().following(jobs, job_id) as events:
        yield await to_thread.run_sync(jobs.job, job_id)
        async for changed in events.changes():
            for job in changed:
                yield job


def _event(job: Job, event_id: str) -> ServerSentEvent:
    return ServerSentEvent(event="job", data=JobAnswer.of(job).model_dump(mode="json"), id=event_id)
