"""Jobs: how far videos are on their way into the index."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from indexer.intake.addition import Origin
from indexer.jobs.job import JobState
from indexer.pipeline import Status

_RUNNING: dict[str, JsonValue] = {
    "job_id": "5f0c2f0e-6f0b-4a0e-9a51-6a5d3f1f7a11",
    "path": "/videos/talk.mp4",
    "title": "talk",
    "source": "path",
    "state": "running",
    "stage": "look",
    "share": 0.41,
    "progress": 0.27,
    "speed_x": 6.3,
    "remaining_s": 93.0,
    "position": None,
    "duration_s": 812.4,
    "created_at": "2026-05-31T14:30:00Z",
    "started_at": "2026-05-31T14:30:02Z",
    "ended_at": None,
    "video_id": "8c1f0e3b5a7d9246",
    "outcome": None,
    "crash": None,
}


class FailureAnswer(BaseModel):
    """Why a video could not be indexed."""

    code: Annotated[str, Field(description="The code of the error; stable.")]
    message: str


class OutcomeAnswer(BaseModel):
    """What became of one video; the same as `moments --json index` prints."""

    path: str
    video_id: str | None
    status: Status
    duration_s: float | None
    seconds: Annotated[float, Field(description="How long indexing took.")]
    windows: int
    warnings: list[str]
    error: FailureAnswer | None


class JobAnswer(BaseModel):
    """One video on its way into the index."""

    model_config = ConfigDict(json_schema_extra={"examples": [_RUNNING]})

    job_id: str
    path: Annotated[str, Field(description="Where the file lies; an address until it is fetched.")]
    title: str
    source: Annotated[Origin, Field(description="How the video came.")]
    state: JobState
    stage: Annotated[str | None, Field(description="The step it is at, or was at when it ended.")]
    share: Annotated[float, Field(description="How much of the stage is done, 0 to 1.")]
    progress: Annotated[float, Field(description="How much of everything is done, 0 to 1.")]
    speed_x: Annotated[float | None, Field(description="Seconds of video done per second.")]
    remaining_s: Annotated[float | None, Field(description="Roughly how long it still takes.")]
    position: Annotated[int | None, Field(description="Its place among the jobs that wait; 1 is next.")]
    duration_s: Annotated[float | None, Field(description="How long the video is, once that is known.")]
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    video_id: str | None
    outcome: OutcomeAnswer | None
    crash: Annotated[str | None, Field(description="An error that nobody foresaw.")]


class JobsAnswer(BaseModel):
    """Some jobs, newest first."""

    jobs: list[JobAnswer]
    next_cursor: Annotated[str | None, Field(description="What `cursor` takes for the next page; null at the end.")]
