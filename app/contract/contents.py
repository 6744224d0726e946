"""What lies in a video as JSON: its transcript and its timeline."""

from collections.abc import Sequence
from typing import Annotated, Any, Self

from pydantic import BaseModel, Field

from app.contract.explanations import CorrectionAnswer, corrections_told
from app.contract.linked import MomentAnswer
from app.contract.values import Probability, Seconds, Text, is_none
from retrieval.answer.timeline import CurvePoint
from retrieval.domain import Answer, Segment, Span, SpeechOrigin
from retrieval.storage.records import VideoContents, VideoRecord


class SpanAnswer(BaseModel):
    """A stretch of the video."""

    start_s: Seconds
    end_s: Seconds

    @classmethod
    def at(cls, span: Span, **what: Any) -> Self:
        """The stretch, as it is told, with ``what`` is there."""
        return cls(start_s=span.start_s, end_s=span.end_s, **what)


class WordAnswer(SpanAnswer):
    """One spoken word."""

    text: Text


class SegmentAnswer(SpanAnswer):
    """One utterance."""

    text: Text
    confidence: Probability
    origin: Annotated[SpeechOrigin, Field(description="Whether it was heard, or read from subtitles.")]
    language: str | None
    words: Annotated[list[WordAnswer], Field(description="Empty where the times of words are not known.")]

    @classmethod
    def of(cls, segment: Segment) -> "SegmentAnswer":
        """The utterance, as it is told."""
        return cls.at(
            segment.span,
            text=segment.text,
            confidence=segment.confidence,
            origin=segment.origin,
            language=segment.language,
            words=[WordAnswer.at(word.span, text=word.text) for word in segment.words],
        )


class ScreenTextAnswer(SpanAnswer):
    """Text that was seen."""

    text: Text


class SoundEventAnswer(SpanAnswer):
    """A sound that was heard."""

    label: str
    score: Probability


class CurvePointAnswer(SpanAnswer):
    """How likely one window is what was meant."""

    confidence: Probability


class TranscriptAnswer(BaseModel):
    """What is said in a video."""

    video_id: str
    title: Text
    duration_s: float | None
    segments: list[SegmentAnswer]

    @classmethod
    def of(cls, record: VideoRecord, segments: Sequence[Segment]) -> "TranscriptAnswer":
        """The transcript, as it is told."""
        return cls(
            video_id=record.id,
            title=record.title,
            duration_s=record.duration_s,
            segments=[SegmentAnswer.of(segment) for segment in segments],
        )


class TimelineAnswer(TranscriptAnswer):
    """What lies where in a video; with a query, also how likely it is answered where."""

    shots: Annotated[list[SpanAnswer], Field(description="What lies between cuts.")]
    screen_texts: list[ScreenTextAnswer]
    sound_events: list[SoundEventAnswer]
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
        cls, record: VideoRecord, contents: VideoContents, thumbnails_s: Sequence[float]
    ) -> "TimelineAnswer":
        """What lies where, as it is told, without a query."""
        return cls(
            **dict(TranscriptAnswer.of(record, contents.segments)),
            shots=[SpanAnswer.at(shot.span) for shot in contents.shots],
            screen_texts=[ScreenTextAnswer.at(shown.span, text=shown.text) for shown in contents.screen_texts],
            sound_events=[
                SoundEventAnswer.at(event.span, label=event.label, score=event.score) for event in contents.sound_events
            ],
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
