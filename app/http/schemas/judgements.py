"""Bodies of judgements."""

from typing import Annotated

from pydantic import ConfigDict, Field

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
