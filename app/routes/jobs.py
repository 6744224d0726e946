"""Jobs: list, get, cancel, try again, follow."""

from collections.abc import AsyncIterable
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Depends, Query
from fastapi.sse import EventSourceResponse, ServerSentEvent

from app.answers import job_json
from app.dependencies import JobsOf
from app.job_events import JobEvents
from app.schemas.jobs import JobAnswer, JobsAnswer
from indexer.job import Job, JobState

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])

EVENTS_OF = 100
"""So many of the newest jobs are told first to who follows all."""

_EVENTS: dict[int | str, dict[str, Any]] = {
    200: {"description": "Events named `job`, each with a job as its data; comments keep it alive."}
}


def _known(job_id: str, jobs: JobsOf) -> Job:
    return jobs.job(job_id)


JobOf = Annotated[Job, Depends(_known)]


@router.get("", operation_id="listJobs", summary="List jobs", response_model=JobsAnswer)
def list_jobs(
    jobs: JobsOf,
    state: Annotated[JobState | None, Query(description="Only jobs in this state.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="At most so many.")] = 100,
    cursor: Annotated[str | None, Query(description="The `next_cursor` of the page before.")] = None,
) -> dict[str, Any]:
    """Jobs, newest first: those that wait and run, and those that are over."""
    page = jobs.page(limit, state=state, cursor=cursor)
    return {"jobs": [job_json(job) for job in page.jobs], "next_cursor": page.next_cursor}


@router.get(
    "/events",
    operation_id="followJobs",
    summary="Follow all jobs",
    response_class=EventSourceResponse,
    responses=_EVENTS,
)
async def follow_jobs(jobs: JobsOf) -> AsyncIterable[ServerSentEvent]:
    """The newest 100 jobs, oldest first, then each job whenever it changes, as server-sent events without end."""
    with JobEvents().following(jobs) as events:
        present = await to_thread.run_sync(jobs.page, EVENTS_OF)
        for job in reversed(present.jobs):
            yield _event(job)
        async for job in events.changes():
            yield _event(job)


@router.get("/{job_id}", operation_id="getJob", summary="Get a job", response_model=JobAnswer)
def get_job(job: JobOf) -> dict[str, Any]:
    """State, stage, progress and outcome."""
    return job_json(job)


@router.post(
    "/{job_id}/cancel",
    operation_id="cancelJob",
    summary="Cancel a job",
    response_model=JobAnswer,
    responses={409: {"description": "The job is over."}},
)
def cancel_job(job_id: str, jobs: JobsOf) -> dict[str, Any]:
    """Stop a job that waits or runs. Nothing of its video stays; what was uploaded or fetched for it is deleted."""
    return job_json(jobs.cancel(job_id))


@router.post(
    "/{job_id}/retry",
    operation_id="retryJob",
    summary="Try a job again",
    response_model=JobAnswer,
    responses={409: {"description": "The job did not fail and was not cancelled, or its upload was deleted."}},
)
def retry_job(job_id: str, jobs: JobsOf) -> dict[str, Any]:
    """Put a job that failed or was cancelled on the queue again, from its first step, under the same id."""
    return job_json(jobs.retry(job_id))


@router.get(
    "/{job_id}/events",
    operation_id="followJob",
    summary="Follow a job",
    response_class=EventSourceResponse,
    responses=_EVENTS,
)
async def follow_job(job: JobOf, jobs: JobsOf) -> AsyncIterable[ServerSentEvent]:
    """The job, and again whenever it changes, as server-sent events; they end when the job does."""
    with JobEvents().following(jobs, job.id) as events:
        now = await to_thread.run_sync(jobs.job, job.id)
        yield _event(now)
        if now.is_over:
            return
        async for changed in events.changes():
            yield _event(changed)
            if changed.is_over:
                return


def _event(job: Job) -> ServerSentEvent:
    return ServerSentEvent(event="job", data=JobAnswer.model_validate(job_json(job)).model_dump(mode="json"))
