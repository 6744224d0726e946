"""What languages are spoken during the units of a video, and whose voices are heard: what they are filtered by."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from retrieval.domain import Line, Segment, Span, joined
from retrieval.languages import main_language
from retrieval.storage.vectors import voice_key


@dataclass(frozen=True, slots=True)
class Spoken:
    """Codes of languages, without country and script, and keys of voices, each sorted."""

    languages: tuple[str, ...] = ()
    voices: tuple[str, ...] = ()


def spoken_in_lines(lines: Sequence[Line], segments: Sequence[Segment], video_id: str) -> list[Spoken]:
    """For each line its own language and voice if it is said, otherwise what is spoken during it."""
    during = spoken_during([line.span for line in lines], segments, video_id)
    return [
        Spoken(*_keywords(line, video_id)) if isinstance(line, Segment) else meanwhile
        for line, meanwhile in zip(lines, during, strict=True)
    ]


def spoken_during(spans: Sequence[Span], segments: Iterable[Segment], video_id: str) -> list[Spoken]:
    """For each of the spans, in any order, what is spoken during any part of it."""
    by_language: dict[str, list[Span]] = defaultdict(list)
    by_voice: dict[str, list[Span]] = defaultdict(list)
    for segment in segments:
        languages, voices = _keywords(segment, video_id)
        for language in languages:
            by_language[language].append(segment.span)
        for voice in voices:
            by_voice[voice].append(segment.span)
    languages_of, voices_of = _heard_during(spans, by_language), _heard_during(spans, by_voice)
    return [Spoken(*of_one) for of_one in zip(languages_of, voices_of, strict=True)]


def _keywords(segment: Segment, video_id: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    languages = () if segment.language is None else (main_language(segment.language),)
    return languages, () if segment.speaker is None else (voice_key(video_id, segment.speaker),)


def _heard_during(spans: Sequence[Span], heard: Mapping[str, list[Span]]) -> list[tuple[str, ...]]:
    found: list[list[str]] = [[] for _ in spans]
    for keyword in sorted(heard):
        stretches = joined(heard[keyword])
        starts_s = [stretch.start_s for stretch in stretches]
        for place, span in enumerate(spans):
            # Stretches lie apart: of those that start before the span ends, the last one ends last.
            before = bisect_left(starts_s, span.end_s)
            if before and stretches[before - 1].end_s > span.start_s:
                found[place].append(keyword)
    return [tuple(keywords) for keywords in found]
