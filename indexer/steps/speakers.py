"""Who spoke, without names: the voices of one video, and which of them says each segment."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from indexer.steps.attended import attended
from indexer.steps.said_by import said_by
from indexer.steps.voice_turns import Piece, VoiceTurn, pieces_of, turns_of
from indexer.steps.voices_apart import VoicesMet, told_apart
from retrieval.domain import Segment, Span, Voice
from retrieval.encoders.base import Recording, Vectors, VoiceEncoder

BATCH_PIECES = 32
BLOCK_PIECES = 3_000
"""Pieces that are told apart at a time, 20 minutes of speech: the cosines of all pairs take 70 MB."""

_HEARING = 0.9
"""Share of the work that hearing the pieces is, before they are told apart."""


@dataclass(frozen=True, slots=True)
class SpeakersTold:
    """Segments with their speakers, cut where another voice goes on, and the voices by number."""

    segments: tuple[Segment, ...]
    voices: tuple[Voice, ...]


def tell_speakers(
    samples: Recording,
    speech: Sequence[Span],
    segments: Sequence[Segment],
    encoder: VoiceEncoder,
    on_progress: Callable[[float], None] = lambda _: None,
) -> SpeakersTold:
    """Who says the ``segments``, by the voices in the ``speech`` that they lie in; ``on_progress`` gets the share done.

    Voices that say none of them are left out, the others numbered from 1 by who says one first.
    """
    turns, met = turns_in(samples, speech_of_segments(speech, segments), encoder, on_progress)
    told = said_by(segments, turns)
    numbers: dict[int, int] = {}
    for segment in told:
        if segment.speaker is not None:
            numbers.setdefault(segment.speaker, len(numbers) + 1)
    voices = [met.voice(met_as, number) for met_as, number in numbers.items()]
    return SpeakersTold(tuple(_numbered(told, numbers)), tuple(voices))


def speech_of_segments(speech: Sequence[Span], segments: Sequence[Segment]) -> list[Span]:
    """The stretches of speech in which some segment lies."""
    spans = sorted(segment.span for segment in segments)
    found, at = [], 0
    reach_s = 0.0
    for stretch in speech:
        while at < len(spans) and spans[at].start_s < stretch.end_s:
            reach_s = max(reach_s, spans[at].end_s)
            at += 1
        if reach_s > stretch.start_s:
            found.append(stretch)
    return found


def turns_in(
    samples: Recording,
    speech: Sequence[Span],
    encoder: VoiceEncoder,
    on_progress: Callable[[float], None] = lambda _: None,
) -> tuple[list[VoiceTurn], VoicesMet]:
    """Whose turn it is to speak, in time order, and the voices; ``speech`` is in time order and apart."""
    pieces = pieces_of(speech)
    met = VoicesMet()
    voices: list[int] = []
    for first in range(0, len(pieces), BLOCK_PIECES):
        block = pieces[first : first + BLOCK_PIECES]

        def told(share: float, first: int = first, size: int = len(block)) -> None:
            on_progress((first + size * share) / len(pieces))

        vectors = np.concatenate([*_heard(samples, block, encoder, told)])
        after_pause = np.array([one.stretch for one in block]) != np.array([-1, *(one.stretch for one in block[:-1])])
        apart = partial(told_apart, vectors, encoder.traits(vectors), encoder.spread, after_pause)
        shares = attended(apart, partial(told, _HEARING))
        voices += met.meet(vectors, shares, np.array([piece.span.duration_s for piece in block]))
    on_progress(1.0)
    return turns_of(pieces, voices), met


def _heard(
    samples: Recording, pieces: Sequence[Piece], encoder: VoiceEncoder, told: Callable[[float], None]
) -> Iterator[Vectors]:
    for first in range(0, len(pieces), BATCH_PIECES):
        starts = [piece.start for piece in pieces[first : first + BATCH_PIECES]]
        yield attended(partial(encoder.embed_voices, samples, starts), partial(told, _HEARING * first / len(pieces)))
        told(_HEARING * min(1.0, (first + BATCH_PIECES) / len(pieces)))


def _numbered(segments: Sequence[Segment], numbers: dict[int, int]) -> Iterator[Segment]:
    for segment in segments:
        yield segment if segment.speaker is None else replace(segment, speaker=numbers[segment.speaker])
