"""What people say of returned moments, as JSON."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from app.contract.values import Text
from retrieval.domain import Lane
from retrieval.storage.records import Judgement


class JudgementAnswer(BaseModel):
    """One verdict on a moment."""

    judgement_id: int
    query: Text
    video_id: str
    start_s: float
    end_s: float
    lane: Lane | None
    is_right: bool
    created_at: datetime

    @classmethod
    def of(cls, judgement: Judgement) -> "JudgementAnswer":
        """The verdict, as it is told."""
        return cls(
            judgement_id=judgement.id,
            query=judgement.query,
            video_id=judgement.video_id,
            start_s=judgement.span.start_s,
            end_s=judgement.span.end_s,
            lane=judgement.lane,
            is_right=judgement.is_right,
            created_at=judgement.created_at,
        )


class JudgementsAnswer(BaseModel):
    """Some verdicts, oldest first."""

    judgements: list[JudgementAnswer]
    next_cursor: Annotated[str | None, Field(description="What `cursor` takes for the next page; null at the end.")]
