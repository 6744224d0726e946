"""Bodies of judgements."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from app.http.schemas.body import Body
from retrieval.asking.query import MAX_QUERY_CHARS
from retrieval.domain import Lane
from retrieval.video_filter import MAX_REFERENCE_CHARS


class JudgementBody(Body):
    """Whether a moment that a search returned was right."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "query": "someone writing on a whiteboard",
                    "video_id": "8c1f0e3b5a7d9246",
                    "start_s": 12.5,
                    "end_s": 17.0,
                    "is_right": True,
                }
            ]
        },
    )

    query: Annotated[str, Field(max_length=MAX_QUERY_CHARS, description="The words that were searched for.")]
    video_id: Annotated[
        str, Field(min_length=1, max_length=MAX_REFERENCE_CHARS, description="Id, path or file name of the video.")
    ]
    start_s: float
    end_s: float
    is_right: bool
    lane: Annotated[Lane | None, Field(description="Lane that the verdict is about.")] = None


class JudgementAnswer(BaseModel):
    """One verdict on a moment."""

    judgement_id: int
    query: str
    video_id: str
    start_s: float
    end_s: float
    lane: Lane | None
    is_right: bool
    created_at: datetime


class JudgementsAnswer(BaseModel):
    """Some verdicts, oldest first."""

    judgements: list[JudgementAnswer]
    next_cursor: Annotated[str | None, Field(description="What `cursor` takes for the next page; null at the end.")]
