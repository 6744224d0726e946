"""What lies in a video as JSON: shots, speech, screen text and sounds."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Self

from pydantic import BaseModel, Field

from app.contract.speakers import SpeakerAnswer
from app.contract.values import Probability, Seconds, Text, TimeS
from app.contract.videos import PlainVideo
from retrieval.domain import Segment, Span, Speaker, SpeechOrigin
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
    speaker: Annotated[SpeakerAnswer | None, Field(description="Whose voice it is; null where that is not known.")]
    translation: Annotated[Text | None, Field(description="Rough English by the recogniser; null where there is none.")]
    words: Annotated[list[WordAnswer], Field(description="Empty where the times of words are not known.")]

    @classmethod
    def of(cls, segment: Segment, speakers: Mapping[int, Speaker]) -> "SegmentAnswer":
        """The utterance, as it is told; ``speakers`` are those of the video, by number."""
        speaker = speakers.get(segment.speaker) if segment.speaker is not None else None
        return cls.at(
            segment.span,
            text=segment.text,
            confidence=segment.confidence,
            origin=segment.origin,
            language=segment.language,
            speaker=None if speaker is None else SpeakerAnswer.of(speaker),
            translation=segment.translation,
            words=[WordAnswer.at(word.span, text=word.text) for word in segment.words],
        )


class ScreenTextAnswer(SpanAnswer):
    """Text that was seen."""

    text: Text
    confidence: Annotated[Probability, Field(description="How sure it is that this is what was written there.")]


class SoundEventAnswer(SpanAnswer):
    """A sound that was heard."""

    label: str
    score: Probability


class TranscriptAnswer(BaseModel):
    """What is said in a video."""

    video_id: str
    title: Text
    duration_s: TimeS | None
    segments: list[SegmentAnswer]

    @classmethod
    def of(
        cls, record: VideoRecord, segments: Sequence[Segment], speakers: Mapping[int, Speaker]
    ) -> "TranscriptAnswer":
        """The transcript, as it is told."""
        return cls(
            video_id=record.id,
            title=record.title,
            duration_s=record.duration_s,
            segments=[SegmentAnswer.of(segment, speakers) for segment in segments],
        )


class ContentsFields(BaseModel):
    """What lies where in a video, in time order."""

    shots: Annotated[list[SpanAnswer], Field(description="What lies between cuts.")]
    screen_texts: list[ScreenTextAnswer]
    sound_events: list[SoundEventAnswer]


def contents_told(contents: VideoContents) -> dict[str, Any]:
    """What lies in a video besides speech, as it is told, by the names of ``ContentsFields``."""
    return {
        "shots": [SpanAnswer.at(shot.span) for shot in contents.shots],
        "screen_texts": [
            ScreenTextAnswer.at(shown.span, text=shown.text, confidence=shown.confidence)
            for shown in contents.screen_texts
        ],
        "sound_events": [
            SoundEventAnswer.at(event.span, label=event.label, score=event.score) for event in contents.sound_events
        ],
    }


class ShownVideo(PlainVideo, ContentsFields):
    """One video with what lies in it, as `moments --json show` prints it."""

    segments: list[SegmentAnswer]

    @classmethod
    def of_contents(cls, record: VideoRecord, contents: VideoContents, speakers: Mapping[int, Speaker]) -> "ShownVideo":
        """The video and what lies in it, as it is told."""
        segments = [SegmentAnswer.of(segment, speakers) for segment in contents.segments]
        return cls.of(record, segments=segments, **contents_told(contents))
