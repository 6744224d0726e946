"""Speech of one video: voice activity, then a transcriber, then the gate that invented speech fails."""

import math
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import partial
from itertools import islice, takewhile

from indexer.steps.attended import attended
from retrieval.domain import Segment, Span, Word
from retrieval.encoders.base import SPEECH_RATE_HZ, Recording, Transcriber
from retrieval.encoders.speech_trust import MIN_SPEECH_PROBABILITY, Doubt, doubt_of
from retrieval.encoders.voice_activity import Speech, SpeechFinder, to_float

WRITTEN_WITHIN_S = 1.0
LEAST_UNWRITTEN_S = 1.0
LEAST_WRITTEN = 0.25
"""Share of the speech that subtitles must stand for to stand in for any of it; a line or two are foreign, or signs."""

_BLOCK_S = 300.0  # samples are held as float32 for one block only: 19 MB

_FINDING = 0.05
"""Share of the work that finding speech is, before any is transcribed."""

_SAME_WORDS = 0.7
"""Share of words that two transcripts of one utterance have in common at least: an engine's slips differ by track."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was said in one video: trusted segments in time order, and what was left out and why."""

    segments: tuple[Segment, ...]
    rejected: Mapping[Doubt, int]
    speech_s: float


def transcribe(
    samples: Recording,
    transcriber: Callable[[], Transcriber],
    voice_activity: SpeechFinder,
    on_progress: Callable[[float], None] = lambda _: None,
    written: Sequence[Span] = (),
    *,
    translate: bool = False,
) -> Transcript:
    """Trusted segments of 16 kHz samples of any length; memory holds five minutes at a time.

    ``on_progress`` gets the second up to which all is done, the same again while nothing is. What is said during the
    ``written`` spans is left out, but for too few of them (``LEAST_WRITTEN``), and the transcriber is only built if
    there is more. With ``translate`` segments in other languages than English have translations.
    """
    total_s = len(samples) / SPEECH_RATE_HZ

    def told(transcribed_s: float) -> None:
        on_progress(_FINDING * total_s + (1 - _FINDING) * min(transcribed_s, total_s))

    found = voice_activity.find_speech(samples, lambda heard_s: on_progress(_FINDING * heard_s))
    speech = [s for s in found if s.probability >= MIN_SPEECH_PROBABILITY]
    kept: list[Segment] = []
    rejected: Counter[Doubt] = Counter()
    unheard = not_written(speech, () if _are_few(written, speech) else written)
    done_s = 0.0
    for block in blocks_of(unheard):
        segments = _heard(samples, attended(transcriber, partial(told, done_s)), block, translate)
        while (segment := attended(partial(next, segments, None), partial(told, done_s))) is not None:
            doubt = doubt_of(segment)
            if doubt:
                rejected[doubt] += 1
            else:
                kept.append(segment)
            done_s = max(done_s, segment.span.end_s)
            told(done_s)
        done_s = max(done_s, block[-1].end_s)
        told(done_s)
    on_progress(total_s)
    kept.sort(key=lambda segment: segment.span)
    return Transcript(tuple(kept), dict(rejected), math.fsum(s.span.duration_s for s in speech))


def not_written(speech: Sequence[Speech], written: Iterable[Span]) -> list[Speech]:
    """Speech without what is said during the ``written`` spans.

    Subtitles come a little early or late and leave little words out: speech that comes within ``WRITTEN_WITHIN_S`` of
    them is left only if ``LEAST_UNWRITTEN_S`` of it are further away.
    """
    spans = _merged(written)
    near = _merged(Span(span.start_s - WRITTEN_WITHIN_S, span.end_s + WRITTEN_WITHIN_S) for span in spans)
    left = []
    for one in speech:
        for rest in _without(one.span, spans):
            away = list(_without(rest, near))
            if away == [rest] or sum(span.duration_s for span in away) >= LEAST_UNWRITTEN_S:
                left.append(replace(one, span=rest))
    return left


def _are_few(written: Iterable[Span], speech: Sequence[Speech]) -> bool:
    spans = _merged(written)
    said_s = math.fsum(one.span.duration_s for one in speech)
    unwritten_s = math.fsum(rest.duration_s for one in speech for rest in _without(one.span, spans))
    return said_s - unwritten_s < LEAST_WRITTEN * said_s


def _merged(spans: Iterable[Span]) -> list[Span]:
    """The spans in time order, those that touch as one."""
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and span.start_s <= merged[-1].end_s:
            merged[-1] = Span(merged[-1].start_s, max(merged[-1].end_s, span.end_s))
        else:
            merged.append(span)
    return merged


def _without(span: Span, others: Sequence[Span]) -> Iterator[Span]:
    """What is left of ``span``; the others are in time order and apart."""
    start_s = span.start_s
    first = bisect_left(others, span.start_s, key=lambda other: other.end_s)
    for other in takewhile(lambda other: other.start_s < span.end_s, islice(others, first, None)):
        if other.start_s > start_s:
            yield Span(start_s, other.start_s)
        start_s = max(start_s, other.end_s)
    if start_s < span.end_s:
        yield Span(start_s, span.end_s)


def said_in_any(tracks: Sequence[Sequence[Segment]]) -> tuple[Segment, ...]:
    """The segments of all tracks in time order, without what a track before says in the same words at that time.

    Two tracks of one film may share most of what is said, as where one adds a description for the blind.
    """
    kept: list[Segment] = []
    for segments in tracks:
        longest_s = max((other.span.duration_s for other in kept), default=0.0)
        starts_s = [other.span.start_s for other in kept]
        fresh = []
        for segment in segments:
            around = kept[
                bisect_left(starts_s, segment.span.start_s - longest_s) : bisect_left(starts_s, segment.span.end_s)
            ]
            if not _repeats(segment, [other for other in around if segment.span.overlap_s(other.span) > 0]):
                fresh.append(segment)
        kept = sorted(kept + fresh, key=lambda segment: segment.span)
    return tuple(kept)


def _repeats(segment: Segment, others: Sequence[Segment]) -> bool:
    words, said = _plain(segment.text), [word for other in others for word in _plain(other.text)]
    shared = SequenceMatcher(None, words, said, autojunk=False).get_matching_blocks()
    return bool(words) and sum(block.size for block in shared) >= _SAME_WORDS * len(words)


def _plain(text: str) -> list[str]:
    return re.sub(r"[^\w\s]", "", text).casefold().split()


def blocks_of(speech: Sequence[Speech], block_s: float = _BLOCK_S) -> Iterator[list[Span]]:
    """Consecutive spans in groups that reach over at most ``block_s``; a longer span is cut."""
    block: list[Span] = []
    for span in (part for s in speech for part in _parts(s.span, block_s)):
        if block and span.end_s - block[0].start_s > block_s:
            yield block
            block = []
        block.append(span)
    if block:
        yield block


def _parts(span: Span, longest_s: float) -> Iterator[Span]:
    start_s = span.start_s
    while span.end_s - start_s > longest_s:
        yield Span(start_s, start_s + longest_s)
        start_s += longest_s
    yield Span(start_s, span.end_s)


def _heard(samples: Recording, transcriber: Transcriber, block: Sequence[Span], translate: bool) -> Iterator[Segment]:
    first = round(block[0].start_s * SPEECH_RATE_HZ)
    offset_s = first / SPEECH_RATE_HZ
    piece = to_float(samples[first : round(block[-1].end_s * SPEECH_RATE_HZ)])
    inside = [Span(max(0.0, span.start_s - offset_s), span.end_s - offset_s) for span in block]
    for segment in transcriber.transcribe(piece, inside, translate=translate):
        yield replace(
            segment,
            span=_moved(segment.span, offset_s),
            words=tuple(Word(w.text, _moved(w.span, offset_s), w.confidence) for w in segment.words),
        )


def _moved(span: Span, by_s: float) -> Span:
    return Span(span.start_s + by_s, span.end_s + by_s)
