"""Bodies of judgements."""

from typing import Annotated

from pydantic import Field

from app.schemas.body import Body
from retrieval.domain import Lane


class JudgementBody(Body):
    """Whether a moment that a search returned was right."""

    query: Annotated[str, Field(description="The words that were searched for.")]
    video_id: Annotated[str, Field(min_length=1, description="Id, path or file name of the video.")]
    start_s: float
    end_s: float
    is_right: bool
    lane: Annotated[Lane | None, Field(description="Lane that the verdict is about.")] = None
