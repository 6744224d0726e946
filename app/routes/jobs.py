"""`GET /v1/jobs/{id}`: how far a file is on its way into the index."""

from typing import Any

from fastapi import APIRouter

from app.answers import job_json
from app.dependencies import JobsOf

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])


@router.get("/{job_id}", summary="Get a job")
def get_job(job_id: str, jobs: JobsOf) -> dict[str, Any]:
    """State, stage and outcome."""
    return job_json(jobs.job(job_id))
