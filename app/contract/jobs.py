"""Jobs: how far videos are on their way into the index."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from app.contract.failures import FailureAnswer
from app.contract.values import Share, Speed, Text, TimeS
from indexer.intake.addition import Origin
from indexer.jobs.job import Job, JobState
from indexer.outcome import Outcome, Status
from retrieval.domain import Lane

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


class OutcomeAnswer(BaseModel):
    """What became of one video; the same as `moments --json index` prints."""

    path: Text
    video_id: str | None
    status: Status
    duration_s: TimeS | None
    seconds: Annotated[TimeS, Field(description="How long indexing took.")]
    windows: int
    warnings: list[Text]
    lanes: Annotated[list[Lane], Field(description="Those that were made anew, where only some were.")]
    outdated: Annotated[
        list[Lane], Field(description="Lanes of an unchanged video that want it to be reindexed: `POST /v1/reindex`.")
    ]
    error: FailureAnswer | None

    @classmethod
    def of(cls, outcome: Outcome) -> "OutcomeAnswer":
        """The outcome, as it is told."""
        return cls(
            path=outcome.path,
            video_id=outcome.video_id,
            status=outcome.status,
            duration_s=outcome.duration_s,
            seconds=outcome.seconds,
            windows=outcome.windows,
            warnings=list(outcome.warnings),
            lanes=list(outcome.lanes),
            outdated=list(outcome.outdated),
            error=FailureAnswer.of(outcome.failure) if outcome.failure is not None else None,
        )


class JobAnswer(BaseModel):
    """One video on its way into the index."""

    model_config = ConfigDict(json_schema_extra={"examples": [_RUNNING]})

    job_id: str
    path: Annotated[Text, Field(description="Where the file lies; an address until it is fetched.")]
    title: Text
    source: Annotated[Origin, Field(description="How the video came.")]
    state: JobState
    stage: Annotated[str | None, Field(description="The step it is at, or was at when it ended.")]
    share: Annotated[Share, Field(description="How much of the stage is done, 0 to 1.")]
    progress: Annotated[Share, Field(description="How much of everything is done, 0 to 1.")]
    speed_x: Annotated[Speed | None, Field(description="Seconds of video done per second.")]
    remaining_s: Annotated[float | None, Field(description="Roughly how long it still takes.")]
    position: Annotated[int | None, Field(description="Its place among the jobs that wait; 1 is next.")]
    duration_s: Annotated[TimeS | None, Field(description="How long the video is, once that is known.")]
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    video_id: str | None
    outcome: OutcomeAnswer | None
    crash: Annotated[Text | None, Field(description="An error that nobody foresaw.")]

    @classmethod
    def of(cls, job: Job) -> "JobAnswer":
        """The job, as it is told."""
        known = job.progress
        whole = known.whole if known is not None else 0.0
        return cls(
            job_id=job.id,
            path=job.path,
            title=job.title,
            source=job.addition.origin,
            state=job.state,
            stage=known.stage if known is not None else None,
            share=known.share if known is not None else 0.0,
            progress=1.0 if job.state is JobState.DONE else whole,
            speed_x=known.speed_x if known is not None else None,
            remaining_s=known.remaining_s if known is not None and not job.is_over else None,
            position=job.position,
            duration_s=job.duration_s,
            created_at=job.created_at,
            started_at=job.started_at,
            ended_at=job.ended_at,
            video_id=job.video_id,
            outcome=OutcomeAnswer.of(job.outcome) if job.outcome is not None else None,
            crash=job.crash,
        )


class JobsAnswer(BaseModel):
    """Some jobs, newest first."""

    jobs: list[JobAnswer]
    next_cursor: Annotated[str | None, Field(description="What `cursor` takes for the next page; null at the end.")]


class ReindexAnswer(BaseModel):
    """What is being reindexed."""

    jobs: Annotated[list[str], Field(description="The ids of the jobs, one a video.")]
    left: Annotated[
        list[OutcomeAnswer],
        Field(description="Outdated videos that stay as they are, with why, as where their file is gone."),
    ]
    up_to_date: Annotated[list[str], Field(description="Ids of those of the videos named that do not want it.")]


class AddedAnswer(BaseModel):
    """The job that puts a file into the library."""

    job_id: str
