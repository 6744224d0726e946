"""What is said during the moments, as cues on the clock of the clip or of the reel."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from retrieval.domain import Segment, Span
from retrieval.subtitle_text import Cue, cues_of

if TYPE_CHECKING:
    from app.exports.chosen import Chosen


def cues(moments: "Sequence[Chosen]", starts_s: Sequence[float]) -> list[Cue]:
    """The lines of each moment, shown from where it starts in what is exported: at ``starts_s``, one per moment."""
    return [
        replace(cue, span=Span(cue.span.start_s + shift_s, cue.span.end_s + shift_s))
        for moment, start_s in zip(moments, starts_s, strict=True)
        for shift_s in [start_s - moment.span.start_s]
        for cue in cues_of(_said_during(moment), moment.speakers)
    ]


def said_during(segment: Segment, span: Span) -> str:
    """The segment's words in the span; all of its text where its words have no times."""
    if not segment.words or (span.start_s <= segment.span.start_s and segment.span.end_s <= span.end_s):
        return segment.text
    return " ".join(word.text.strip() for word in segment.words if _is_half_in(word.span, span))


def _said_during(moment: "Chosen") -> Iterator[Segment]:
    """The segments as far as they lie in the moment."""
    for segment in moment.segments:
        words = [word for word in segment.words if _is_half_in(word.span, moment.span)]
        yield replace(
            segment,
            span=_clipped(segment.span, moment.span),
            text=said_during(segment, moment.span),
            words=tuple(replace(word, span=_clipped(word.span, moment.span)) for word in words),
        )


def _clipped(span: Span, moment: Span) -> Span:
    return Span(max(span.start_s, moment.start_s), min(span.end_s, moment.end_s))


def _is_half_in(word: Span, span: Span) -> bool:
    return span.start_s <= (word.start_s + word.end_s) / 2 < span.end_s
