"""Whose turn it is to speak: pieces of speech to be told apart by voice, and turns out of those of one voice. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from retrieval.domain import Span
from retrieval.encoders.base import SPEECH_RATE_HZ

PIECE_S = 1.6
HOP_S = 0.4
GRID = 160
"""Pieces start on multiples of this many samples."""
LONGEST_PAUSE_S = 0.5
"""Within a turn; after a longer pause it is another turn, of the same voice or not."""


@dataclass(frozen=True, slots=True)
class Piece:
    """1.6 s from sample ``start`` on, which stand for the ``span`` in the middle of them.

    ``stretch`` counts the stretches of speech. A stretch that is shorter is the middle of the one piece it is.
    """

    span: Span
    start: int
    stretch: int
    is_whole: bool


@dataclass(frozen=True, slots=True)
class VoiceTurn:
    """A span in which one voice speaks."""

    span: Span
    voice: int


def pieces_of(speech: Sequence[Span]) -> list[Piece]:
    """Pieces about every 0.4 s; their spans are all of the speech, in time order."""
    return [piece for number, span in enumerate(speech) for piece in _pieces(span, number)]


def _pieces(span: Span, number: int) -> Iterable[Piece]:
    spare_s = span.duration_s - PIECE_S
    if spare_s <= HOP_S / 2:
        middle_s = (span.start_s + span.end_s) / 2
        return [Piece(span, _on_grid(middle_s - PIECE_S / 2), number, spare_s >= 0)]
    steps = max(1, round(spare_s / HOP_S))
    starts_s = [span.start_s + step * spare_s / steps for step in range(steps + 1)]
    between_s = [(one + other + PIECE_S) / 2 for one, other in pairwise(starts_s)]
    edges_s = [span.start_s, *between_s, span.end_s]
    return [
        Piece(Span(first_s, end_s), _on_grid(start_s), number, True)
        for start_s, (first_s, end_s) in zip(starts_s, pairwise(edges_s), strict=True)
    ]


def _on_grid(time_s: float) -> int:
    return round(time_s * SPEECH_RATE_HZ / GRID) * GRID


def turns_of(pieces: Sequence[Piece], voices: Sequence[int]) -> list[VoiceTurn]:
    """Turns of the pieces' voices, in time order and apart."""
    turns: list[VoiceTurn] = []
    for piece, voice in zip(pieces, voices, strict=True):
        last = turns[-1] if turns else None
        if last and last.voice == voice and piece.span.start_s - last.span.end_s <= LONGEST_PAUSE_S:
            turns[-1] = VoiceTurn(Span(last.span.start_s, piece.span.end_s), voice)
        else:
            turns.append(VoiceTurn(piece.span, voice))
    return turns
