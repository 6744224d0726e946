"""What lies in a video as plain JSON values, and what is said in it as cues."""

from collections.abc import Sequence
from typing import Any

from retrieval.answer.timeline import CurvePoint
from retrieval.domain import Segment, Span
from retrieval.storage.records import VideoContents, VideoRecord


def transcript_json(record: VideoRecord, segments: Sequence[Segment]) -> dict[str, Any]:
    """What is said in the video; times in seconds to the millisecond."""
    return {
        "video_id": record.id,
        "title": record.title,
        "duration_s": record.duration_s,
        "segments": [
            {
                **_span(segment.span),
                "text": segment.text,
                "confidence": round(segment.confidence, 4),
                "origin": segment.origin.value,
                "language": segment.language,
                "words": [{**_span(word.span), "text": word.text} for word in segment.words],
            }
            for segment in segments
        ],
    }


def timeline_json(record: VideoRecord, contents: VideoContents, thumbnails_s: Sequence[float]) -> dict[str, Any]:
    """What lies where in the video."""
    return {
        **transcript_json(record, contents.segments),
        "shots": [_span(shot.span) for shot in contents.shots],
        "screen_texts": [{**_span(shown.span), "text": shown.text} for shown in contents.screen_texts],
        "sound_events": [
            {**_span(event.span), "label": event.label, "score": round(event.score, 4)}
            for event in contents.sound_events
        ],
        "thumbnails_s": list(thumbnails_s),
    }


def curve_json(curve: Sequence[CurvePoint]) -> list[dict[str, float]]:
    """The score curve of a query, window by window."""
    return [{**_span(point.span), "confidence": round(point.confidence, 4)} for point in curve]


def _span(span: Span) -> dict[str, float]:
    return {"start_s": round(span.start_s, 3), "end_s": round(span.end_s, 3)}
