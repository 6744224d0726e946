"""Why videos could not be indexed, as JSON."""

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, Field

from app.contract.values import Text
from retrieval.advice import what_to_do
from retrieval.storage.records import Failure, VideoRecord


class FailureAnswer(BaseModel):
    """Why a video could not be indexed."""

    code: Annotated[str, Field(description="The code of the error; stable.")]
    message: Text
    advice: Annotated[str, Field(description="What a person can do about it.")]

    @classmethod
    def of(cls, failure: Failure, **more: Any) -> Self:
        """The failure, as it is told, with whatever else its class has fields for."""
        return cls(code=failure.code, message=failure.message, advice=what_to_do(failure.code), **more)


class VideoFailureAnswer(FailureAnswer):
    """Why the last attempt to index a video failed."""

    failed_at: Annotated[datetime | None, Field(description="When; null if an earlier version noted it.")]

    @classmethod
    def of_video(cls, record: VideoRecord) -> "VideoFailureAnswer | None":
        """The failure of the video, as it is told; None if it has none."""
        return None if record.failure is None else cls.of(record.failure, failed_at=record.failed_at)
