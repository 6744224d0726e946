"""Bodies of what lies in a video: its transcript and its timeline."""

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, Field

from app.http.schemas.moments import CorrectionAnswer, MomentAnswer, Probability, Seconds
from retrieval.domain import SpeechOrigin


class TranscriptFormat(StrEnum):
    """How a transcript is written."""

    JSON = "json"
    VTT = "vtt"
    SRT = "srt"


class SpanAnswer(BaseModel):
    """A stretch of the video."""

    start_s: Seconds
    end_s: Seconds


class WordAnswer(SpanAnswer):
    """One spoken word."""

    text: str


class SegmentAnswer(SpanAnswer):
    """One utterance."""

    text: str
    confidence: Probability
    origin: Annotated[SpeechOrigin, Field(description="Whether it was heard, or read from subtitles.")]
    language: str | None
    words: Annotated[list[WordAnswer], Field(description="Empty where the times of words are not known.")]


class ScreenTextAnswer(SpanAnswer):
    """Text that was seen."""

    text: str


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
    title: str
    duration_s: float | None
    segments: list[SegmentAnswer]


class TimelineAnswer(TranscriptAnswer):
    """What lies where in a video; with a query, also how likely it is answered where."""

    shots: Annotated[list[SpanAnswer], Field(description="What lies between cuts.")]
    screen_texts: list[ScreenTextAnswer]
    sound_events: list[SoundEventAnswer]
    thumbnails_s: Annotated[list[float], Field(description="Seconds of which there is a picture.")]
    curve: Annotated[
        list[CurvePointAnswer] | None,
        Field(description="With a query: every window of the video, in time order; between them nothing was seen."),
    ] = None
    corrected: Annotated[
        list[CorrectionAnswer] | None,
        Field(description="With a query: its words that were taken for others, if any."),
    ] = None
    warnings: Annotated[
        list[str] | None, Field(description="With a query: what could not be searched, if anything.")
    ] = None
    moments: Annotated[list[MomentAnswer] | None, Field(description="With a query: its moments here, best first.")] = (
        None
    )
