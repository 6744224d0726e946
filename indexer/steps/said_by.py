"""Which voice says each segment, by whose turn it is. Pure."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice, pairwise, takewhile

from indexer.steps.voice_turns import VoiceTurn
from retrieval.domain import Segment, Span, Word
from retrieval.encoders.utterances import split_segment

NEAR_S = 0.5
"""A word this far from a turn at most is said in it."""
CLEAR = 0.7
"""Share of what is said during a segment without words that one voice has at least, to be who says it."""


def said_by(segments: Sequence[Segment], turns: Sequence[VoiceTurn]) -> list[Segment]:
    """The segments in their order with their speakers, each cut before the words at which another voice goes on.

    ``turns`` are in time order and apart. Where it is nobody's turn, or nobody's clearly, the speaker is None.
    """
    ends_s = [turn.span.end_s for turn in turns]
    told: list[Segment] = []
    for segment in segments:
        first = bisect_left(ends_s, segment.span.start_s - NEAR_S)
        until_s = segment.span.end_s + NEAR_S
        near = list(takewhile(lambda turn: turn.span.start_s < until_s, islice(turns, first, None)))  # noqa: B023
        told += _by_words(segment, near) if segment.words else [replace(segment, speaker=_clear(segment.span, near))]
    return told


def _by_words(segment: Segment, turns: Sequence[VoiceTurn]) -> Iterator[Segment]:
    voices = steady([_voice_of(word, turns) for word in segment.words])
    cuts = [at for at, (one, other) in enumerate(pairwise(voices), start=1) if one != other]
    for part, first in zip(split_segment(segment, cuts), [0, *cuts], strict=True):
        yield replace(part, speaker=voices[first])


def _voice_of(word: Word, turns: Sequence[VoiceTurn]) -> int | None:
    """The voice whose turn it is in the middle of the word, or nearest to that."""
    middle_s = (word.span.start_s + word.span.end_s) / 2
    nearest = min(turns, key=lambda turn: _away_s(middle_s, turn.span), default=None)
    return nearest.voice if nearest and _away_s(middle_s, nearest.span) <= NEAR_S else None


def _away_s(time_s: float, span: Span) -> float:
    return max(span.start_s - time_s, time_s - span.end_s, 0.0)


def steady(voices: Sequence[int | None]) -> list[int | None]:
    """Whose the words are: a single one goes with those before it, at the start with those after it.

    So does one of which nothing is known. A turn's edge is a few tenths of a second wide, and so is a word.
    """
    runs: list[tuple[int | None, int]] = []
    for voice in voices:
        runs[-1:] = [(voice, runs[-1][1] + 1)] if runs and runs[-1][0] == voice else [*runs[-1:], (voice, 1)]
    firm = [(voice, size) for voice, size in runs if voice is not None and size > 1]
    if not firm:
        known = [voice for voice in voices if voice is not None]
        return [max(known, key=known.count) if known else None] * len(voices)
    steadied: list[int | None] = []
    for voice, size in runs:
        is_firm = voice is not None and size > 1
        steadied += [voice if is_firm else steadied[-1] if steadied else firm[0][0]] * size
    return steadied


def _clear(span: Span, turns: Sequence[VoiceTurn]) -> int | None:
    said_s: defaultdict[int, float] = defaultdict(float)
    for turn in turns:
        said_s[turn.voice] += span.overlap_s(turn.span)
    most = max(said_s, key=said_s.__getitem__, default=None)
    return (
        most if most is not None and said_s[most] > CLEAR * sum(said_s.values()) - 1e-9 and said_s[most] > 0 else None
    )
