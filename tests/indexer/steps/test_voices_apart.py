from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from indexer.steps.voice_turns import PIECE_S, Piece, pieces_of, turns_of
from indexer.steps.voices_apart import LEAST_S, Matrix, VoicesMet, told_apart
from retrieval.domain import Span

DIM = 16
SPREAD = np.full(DIM, 15.0)


def heard(order: list[int], seed: int = 1, scatter: float = 1.0) -> NDArray[np.float64]:
    """Traits of pieces by these voices, each as far from the mean voice as is usual, in a direction of its own."""
    random = np.random.default_rng(seed)
    places = np.linalg.qr(random.normal(size=(DIM, DIM)))[0] * np.sqrt(SPREAD.sum())
    return np.asarray(places[order] + random.normal(0, scatter, (len(order), DIM)))


def apart(traits: NDArray[np.float64], pauses: bool = False) -> Matrix:
    vectors = traits / np.linalg.norm(traits, axis=1, keepdims=True)
    after_pause = np.full(len(traits), pauses)
    after_pause[0] = True
    return told_apart(vectors, traits, SPREAD, after_pause)


def same_parting(found: NDArray[np.int64], order: list[int]) -> bool:
    """Whether both call the same pieces one voice."""
    return len(set(zip(found.tolist(), order, strict=True))) == len(set(found.tolist())) == len(set(order))


@pytest.mark.parametrize("voices", [1, 2, 3, 5])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_voices_are_told_apart_and_counted(voices: int, seed: int) -> None:
    order = [voice for voice in [*range(voices), *range(voices)] for _ in range(8)]
    shares = apart(heard(order, seed))
    assert shares.sum(1) == pytest.approx(1.0)
    assert same_parting(shares.argmax(1), order)


def test_a_voice_that_scatters_stays_one() -> None:
    """Twice as much as voices do: groups that are alike at first are joined."""
    assert len(set(apart(heard([0] * 60, scatter=2.0)).argmax(1))) == 1


def test_a_single_piece_is_a_voice() -> None:
    assert apart(heard([0])).argmax(1).tolist() == [0]


def test_long_speech_keeps_to_numbers_that_can_be_counted_with() -> None:
    shares = apart(heard([0, 1] * 1500), pauses=True)
    assert np.isfinite(shares).all()
    assert same_parting(shares.argmax(1), [0, 1] * 1500)


def test_a_voice_of_another_block_is_known_again() -> None:
    """The second block has the voices of the first in the other order, and a new one."""
    met = VoicesMet()
    first, second = [0] * 10 + [1] * 10, [1] * 10 + [2] * 10 + [0] * 10
    traits = heard(first + second)
    vectors = traits / np.linalg.norm(traits, axis=1, keepdims=True)
    found = []
    for part in (slice(0, 20), slice(20, 50)):
        found += met.meet(vectors[part], apart(traits[part]), np.full(len(vectors[part]), 0.4))
    assert same_parting(np.array(found), first + second)
    voice = met.voice(found[0], 3)
    assert voice.number == 3
    assert voice.speech_s == pytest.approx(8.0)
    assert np.linalg.norm(voice.vector) == pytest.approx(1.0)


def test_who_says_next_to_nothing_is_no_voice() -> None:
    order = [0] * 20 + [1] + [0] * 20
    traits = heard(order)
    vectors = traits / np.linalg.norm(traits, axis=1, keepdims=True)
    assert len(set(VoicesMet().meet(vectors, apart(traits), np.full(41, LEAST_S - 0.1)))) == 1
    assert len(set(VoicesMet().meet(vectors, apart(traits), np.full(41, LEAST_S)))) == 2


def test_a_voice_is_the_surer_the_longer_it_speaks_and_the_less_another_is_like_it() -> None:
    def certainty(cosine: float, pieces: int) -> float:
        one, other = np.array([1.0, 0.0]), np.array([cosine, np.sqrt(1 - cosine**2)])
        met = VoicesMet()
        shares = np.repeat(np.eye(2), pieces, axis=0)
        found = met.meet(np.repeat([one, other], pieces, axis=0), shares, np.full(2 * pieces, 1.0))
        return met.voice(found[0], 1).certainty

    assert 0.9 < certainty(0.0, 30) <= 1.0
    assert certainty(0.0, 2) < certainty(0.0, 30) - 0.2
    assert certainty(0.6, 30) < certainty(0.2, 30) - 0.2


def test_pieces_are_all_of_the_speech() -> None:
    speech = [Span(0.2, 0.9), Span(1.5, 3.2), Span(4.0, 14.0)]
    pieces = pieces_of(speech)
    for number, span in enumerate(speech):
        own = [piece for piece in pieces if piece.stretch == number]
        assert (own[0].span.start_s, own[-1].span.end_s) == (span.start_s, span.end_s)
        assert all(one.span.end_s == other.span.start_s for one, other in pairwise(own))
    assert [piece.is_whole for piece in pieces] == [False, *[True] * (len(pieces) - 1)]
    assert all(piece.start % 160 == 0 for piece in pieces)
    middle_s = pieces[0].start / 16_000 + PIECE_S / 2
    assert middle_s == pytest.approx(0.55, abs=0.01)


def test_pieces_of_one_voice_are_a_turn_unless_a_pause_is_between() -> None:
    spans = [Span(0.0, 1.0), Span(1.0, 2.0), Span(2.3, 3.0), Span(3.0, 4.0), Span(6.0, 7.0)]
    turns = turns_of([Piece(span, 0, 0, True) for span in spans], [4, 4, 4, 5, 5])
    assert [(turn.span, turn.voice) for turn in turns] == [
        (Span(0.0, 3.0), 4),
        (Span(3.0, 4.0), 5),
        (Span(6.0, 7.0), 5),
    ]
