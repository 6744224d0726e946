"""Videos with known contents for a catalog, and what it asks of its database."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, event

from retrieval.domain import (
    Label,
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
from retrieval.storage.records import (
    VideoContents,
    VideoRecord,
    VideoWindow,
)

NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


def video(number: int, path: str | None = None, **changes: object) -> VideoRecord:
    """Video ``number``, created that many minutes after noon."""
    digits = f"{number:016x}"
    record = VideoRecord(
        id=digits,
        content_hash=digits * 4,
        path=path or f"/films/{number}.mp4",
        title=f"Film {number}",
        size_bytes=2**40 + number,
        modified_ns=1_772_366_400_123_456_789,
        created_at=NOON + timedelta(minutes=number),
    )
    return replace(record, **changes)  # type: ignore[arg-type]


def contents(seconds: int) -> VideoContents:
    """One shot per 10 s, and one window, segment, screen text and sound per second."""
    spans = [Span(float(i), i + 1.0) for i in range(seconds)]
    return VideoContents(
        shots=tuple(Shot(i, Span(i * 10.0, min(seconds, (i + 1) * 10.0))) for i in range(math.ceil(seconds / 10))),
        windows=tuple(
            VideoWindow(Window(i, i // 10, span), frame_s=i + 0.48, labels=(Label("cat", 0.75), Label("dog", 0.125)))
            for i, span in enumerate(spans)
        ),
        segments=tuple(
            Segment(
                span=span,
                text=f"line {i} – „так“",
                words=(Word("line", Span(i, i + 0.25), 0.5), Word(str(i), Span(i + 0.25, i + 0.5), 1.0)),
                language="en",
                confidence=0.875,
                origin=SpeechOrigin.TRANSCRIBED,
                avg_logprob=-0.25,
                no_speech_prob=0.0625,
                compression_ratio=1.5,
                translation="a house",
            )
            for i, span in enumerate(spans)
        ),
        screen_texts=tuple(ScreenText(span, f"slide {i}", 0.9) for i, span in enumerate(spans)),
        sound_events=tuple(SoundEvent(span, "applause", 0.6) for span in spans),
    )


def spoken(*voices: Voice) -> VideoContents:
    """A second for each of the voices, which say a line in turn."""
    said = contents(max(1, len(voices)))
    lines = tuple(replace(segment, speaker=one.number) for segment, one in zip(said.segments, voices, strict=False))
    return replace(said, segments=lines, voices=voices)


def statements_of(engine: Engine) -> list[str]:
    """A list that fills with every SELECT sent from now on."""
    seen: list[str] = []

    @event.listens_for(engine, "before_cursor_execute")
    def note(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith("SELECT"):
            seen.append(statement)

    return seen
