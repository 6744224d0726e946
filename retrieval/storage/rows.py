"""Between the catalog's rows and the values that leave it, both ways."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from retrieval.domain import (
    Label,
    Lane,
    Profile,
    ScreenText,
    Segment,
    Shot,
    SoundEvent,
    Span,
    SpeechOrigin,
    Voice,
    Window,
    Word,
)
from retrieval.encoders.base import EncoderSpec
from retrieval.languages import main_language
from retrieval.path_text import composed, readable
from retrieval.storage import voice_match
from retrieval.storage.records import Failure, VideoContents, VideoFile, VideoRecord, VideoStatus, VideoWindow
from retrieval.storage.tables import (
    ScreenTextRow,
    SegmentRow,
    ShotRow,
    SoundEventRow,
    SpaceRow,
    TimedColumns,
    VideoPathRow,
    VideoRow,
    VoiceRow,
    WindowRow,
)
from retrieval.stream_clock import StreamClock

CONTENT_TABLES = (ShotRow, WindowRow, SegmentRow, ScreenTextRow, SoundEventRow)


def video_values(record: VideoRecord) -> dict[str, Any]:
    """Columns of the video's row that indexing writes; its tags are rows of their own."""
    return {
        "id": record.id,
        "content_hash": record.content_hash,
        "path": record.path,
        "title": composed(readable(record.title)),
        "size_bytes": record.size_bytes,
        "modified_ns": record.modified_ns,
        "status": record.status.value,
        "duration_s": record.duration_s,
        "width": record.width,
        "height": record.height,
        "profile": record.profile.value if record.profile else None,
        "encoders": {lane.value: space for lane, space in record.encoders.items()},
        "warnings": [readable(warning) for warning in record.warnings],
        "error_code": record.failure.code if record.failure else None,
        "error_message": record.failure.message if record.failure else None,
        "failed_at": record.failed_at,
        "windows": record.windows,
        "index_s": record.index_s,
        "indexed_at": record.indexed_at,
        "created_at": record.created_at,
        "recorded_at": record.recorded_at,
        "has_sound": record.has_sound,
        "was_changing": record.was_changing,
        "sound_track": record.sound_track,
        "clock": record.clock.to_json() if record.clock else None,
        "vectors": {lane.value: count for lane, count in record.vectors.items()},
        "construction": record.construction,
    }


def video_of(row: VideoRow, tags: tuple[str, ...], files: tuple[VideoFile, ...]) -> VideoRecord:
    """The record; what a person gave stands before what the file says."""
    return VideoRecord(
        id=row.id,
        content_hash=row.content_hash,
        path=row.path,
        title=row.given_title or row.title,
        size_bytes=row.size_bytes,
        modified_ns=row.modified_ns,
        status=VideoStatus(row.status),
        duration_s=row.duration_s,
        width=row.width,
        height=row.height,
        profile=Profile(row.profile) if row.profile else None,
        encoders={Lane(lane): space for lane, space in row.encoders.items()},
        warnings=tuple(row.warnings),
        failure=Failure(row.error_code, row.error_message or "") if row.error_code else None,
        failed_at=row.failed_at,
        windows=row.windows,
        index_s=row.index_s,
        indexed_at=row.indexed_at,
        created_at=row.created_at,
        tags=tags,
        recorded_at=row.given_recorded_at or row.recorded_at,
        has_sound=row.has_sound,
        was_changing=bool(row.was_changing),
        files=tuple(sorted(files, key=lambda file: (file.path != row.path, file.path))),
        sound_track=row.sound_track,
        clock=StreamClock.from_json(row.clock) if row.clock else None,
        vectors=vectors_of(row.vectors),
        construction=row.construction,
    )


def encoders_of(stored: str) -> dict[Lane, str]:
    """The space of each lane, by the text of the column."""
    return {Lane(lane): space for lane, space in json.loads(stored).items()}


def vectors_of(stored: Mapping[str, int] | None) -> dict[Lane, int]:
    return {Lane(lane): count for lane, count in (stored or {}).items()}


def file_of(row: VideoPathRow) -> VideoFile:
    return VideoFile(row.path, row.size_bytes, row.modified_ns, row.sidecars)


def content_values(video_id: str, contents: VideoContents) -> Iterator[tuple[type[TimedColumns], list[dict[str, Any]]]]:
    """Every content table with its rows for this video, tables without rows left out."""
    tables: dict[type[TimedColumns], list[dict[str, Any]]] = {
        ShotRow: [_timed(video_id, shot.ordinal, shot.span) for shot in contents.shots],
        WindowRow: [
            _timed(video_id, window.window.ordinal, window.window.span)
            | {
                "shot_ordinal": window.window.shot_ordinal,
                "frame_s": window.frame_s,
                "labels": [[label.name, label.score] for label in window.labels],
            }
            for window in contents.windows
        ],
        SegmentRow: [
            _timed(video_id, ordinal, segment.span)
            | {
                "text": _without_nul(segment.text),
                "words": [[word.text, word.span.start_s, word.span.end_s, word.confidence] for word in segment.words],
                "language": segment.language,
                "confidence": segment.confidence,
                "origin": segment.origin.value,
                "avg_logprob": segment.avg_logprob,
                "no_speech_prob": segment.no_speech_prob,
                "compression_ratio": segment.compression_ratio,
                "speaker": segment.speaker,
                "translation": None if segment.translation is None else _without_nul(segment.translation),
            }
            for ordinal, segment in enumerate(contents.segments)
        ],
        ScreenTextRow: [
            _timed(video_id, ordinal, text.span) | {"text": _without_nul(text.text), "confidence": text.confidence}
            for ordinal, text in enumerate(contents.screen_texts)
        ],
        SoundEventRow: [
            _timed(video_id, ordinal, event.span) | {"label": event.label, "score": event.score}
            for ordinal, event in enumerate(contents.sound_events)
        ],
    }
    return ((table, rows) for table, rows in tables.items() if rows)


def language_values(video_id: str, segments: Iterable[Segment]) -> list[dict[str, Any]]:
    """A row for each language that is spoken in the video."""
    seconds: dict[str, float] = defaultdict(float)
    for segment in segments:
        if segment.language is not None:
            seconds[main_language(segment.language)] += segment.span.duration_s
    return [
        {"video_id": video_id, "language": language, "speech_s": speech_s} for language, speech_s in seconds.items()
    ]


def space_values(spec: EncoderSpec) -> dict[str, Any]:
    """Columns of the space's row, but for the time it was made."""
    return {
        "name": spec.space,
        "lane": spec.lane.value,
        "encoder": spec.name,
        "dim": spec.dim,
        "revision": spec.revision,
        "asked_by": spec.asked_by,
    }


def space_of(row: SpaceRow) -> EncoderSpec:
    return EncoderSpec(row.encoder, Lane(row.lane), row.dim, row.revision, asked_by=row.asked_by)


def shot_of(row: ShotRow) -> Shot:
    return Shot(row.ordinal, _span(row))


def window_of(row: WindowRow) -> VideoWindow:
    labels = tuple(Label(name, score) for name, score in row.labels)
    return VideoWindow(Window(row.ordinal, row.shot_ordinal, _span(row)), row.frame_s, labels)


def segment_of(row: SegmentRow) -> Segment:
    return Segment(
        span=_span(row),
        text=row.text,
        words=tuple(Word(text, Span(start_s, end_s), confidence) for text, start_s, end_s, confidence in row.words),
        language=row.language,
        confidence=row.confidence,
        origin=SpeechOrigin(row.origin),
        avg_logprob=row.avg_logprob,
        no_speech_prob=row.no_speech_prob,
        compression_ratio=row.compression_ratio,
        speaker=row.speaker,
        translation=row.translation,
    )


def screen_text_of(row: ScreenTextRow) -> ScreenText:
    return ScreenText(_span(row), row.text, row.confidence)


def sound_event_of(row: SoundEventRow) -> SoundEvent:
    return SoundEvent(_span(row), row.label, row.score)


def voice_of(row: VoiceRow) -> Voice:
    [vector] = voice_match.unpacked([row.vector]).tolist()
    return Voice(row.number, tuple(vector), row.speech_s, row.certainty)


def _timed(video_id: str, ordinal: int, span: Span) -> dict[str, Any]:
    return {"video_id": video_id, "ordinal": ordinal, "start_s": span.start_s, "end_s": span.end_s}


def _span(row: TimedColumns) -> Span:
    return Span(row.start_s, row.end_s)


def _without_nul(text: str) -> str:
    """The text without NUL, which PostgreSQL refuses and damaged subtitles contain."""
    return text.replace("\0", "")
