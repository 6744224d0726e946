"""What lies where in a video as JSON, and with a query how likely it is answered where."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import BaseModel, Field

from app.contract.contents import ContentsFields, SpanAnswer, TranscriptAnswer, contents_told
from app.contract.explanations import CorrectionAnswer, corrections_told
from app.contract.linked import MomentAnswer
from app.contract.values import Probability, Text, is_none
from retrieval.answer.timeline import CurvePoint
from retrieval.domain import Answer, Speaker
from retrieval.storage.records import VideoContents, VideoRecord


class CurvePointAnswer(SpanAnswer):
    """How likely one window is what was meant."""

    confidence: Probability


class TimelineAnswer(TranscriptAnswer, ContentsFields):
    """What lies where in a video; with a query, also how likely it is answered where."""

    thumbnails_s: Annotated[list[float], Field(description="Seconds of which there is a picture.")]
    curve: Annotated[
        list[CurvePointAnswer] | None,
        Field(
            description="With a query: every window of the video, in time order; between them nothing was seen.",
            exclude_if=is_none,
        ),
    ] = None
    corrected: Annotated[
        list[CorrectionAnswer] | None,
        Field(description="With a query: its words that were taken for others, if any.", exclude_if=is_none),
    ] = None
    warnings: Annotated[
        list[Text] | None,
        Field(description="With a query: what could not be searched, if anything.", exclude_if=is_none),
    ] = None
    moments: Annotated[
        list[MomentAnswer] | None,
        Field(description="With a query: its moments here, best first.", exclude_if=is_none),
    ] = None

    @classmethod
    def of_contents(
        cls,
        record: VideoRecord,
        contents: VideoContents,
        thumbnails_s: Sequence[float],
        speakers: Mapping[int, Speaker],
    ) -> "TimelineAnswer":
        """What lies where, as it is told, without a query."""
        return cls(
            **dict(TranscriptAnswer.of(record, contents.segments, speakers)),
            **contents_told(contents),
            thumbnails_s=list(thumbnails_s),
        )

    def with_found(
        self, answer: Answer, curve: Sequence[CurvePoint], moments: Sequence[MomentAnswer]
    ) -> "TimelineAnswer":
        """The timeline with what a query found in the video; ``moments`` are the answer's, with addresses."""
        return self.model_copy(
            update={
                "curve": [CurvePointAnswer.at(point.span, confidence=point.confidence) for point in curve],
                "corrected": corrections_told(answer.corrected),
                "warnings": list(answer.warnings) or None,
                "moments": list(moments),
            }
        )


class WaveformAnswer(BaseModel):
    """How loud a stretch of a video is."""

    peaks: Annotated[list[Probability], Field(description="Of each part of it, in order; the loudest has 1.")]
