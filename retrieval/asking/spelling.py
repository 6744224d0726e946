"""Misspelt words of a query, corrected to what the library says and shows, or to common English. Pure."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import log10

from retrieval.asking.query import QUOTED
from retrieval.domain import Correction
from retrieval.lanes.terms import folded, stem

SHORTEST = 4
"""Letters of the shortest word that is corrected; too many short words are neighbours."""

LONG = 8
"""From so many letters on, two slips are forgiven, else one."""

SHORTEST_TO_ENGLISH = 5
LEAST_SAID = 100
"""What a word must have to be corrected to plain English, and how common that must be: else it is a name."""

TENFOLD = 0.02
"""Likeness that a word ten times as common may lack."""

_LATIN = "A-Za-z\u00c0-\u024f"
_WORD = re.compile(rf"(?<![\w@#&/.:'’+-])[{_LATIN}]+(?![\w@#&/:'’+-]|\.\w)")
"""A word of Latin letters that stands alone: no part of a number, a code, an address or a contraction."""

_WORDS_OF_TEXT = re.compile(rf"[{_LATIN}]+")


class Vocabulary:
    """Words in lower case without accents, and how often each stands there."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        self.counts = counts

    @classmethod
    def of(cls, texts: Iterable[str]) -> "Vocabulary":
        """The words of these texts."""
        counts: Counter[str] = Counter()
        for text in texts:
            counts.update(_WORDS_OF_TEXT.findall(text.lower() if text.isascii() else folded(text)))
        return cls(counts)

    def has(self, word: str) -> bool:
        """Whether the word stands there in any of its forms."""
        return word in self.counts or stem(word) in self._stems

    def near(self, word: str, *, slips: int, same_start: bool) -> dict[str, int]:
        """Words that at most so many slips make the word of, with how many; if wanted, none with another first letter.

        A slip is a letter too much, missing, wrong, or exchanged with the next.
        """
        from rapidfuzz import process
        from rapidfuzz.distance import OSA

        found: dict[str, int] = {}
        for first in (word[0],) if same_start else tuple(self._by_shape):
            by_length = self._by_shape.get(first, {})
            for length in range(max(SHORTEST, len(word) - slips), len(word) + slips + 1):
                near = process.extract(
                    word, by_length.get(length, ()), scorer=OSA.distance, score_cutoff=slips, limit=None
                )
                found |= {candidate: round(distance) for candidate, distance, _ in near}
        return found

    @cached_property
    def _stems(self) -> frozenset[str]:
        return frozenset(map(stem, self.counts))

    @cached_property
    def _by_shape(self) -> Mapping[str, Mapping[int, list[str]]]:
        """The words by their first letter and their length."""
        words: dict[str, dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
        for word in self.counts:
            words[word[0]][len(word)].append(word)
        return words


@dataclass(frozen=True, slots=True)
class Speller:
    """Corrects queries of one library. What takes long to make is a function, called when a word needs it.

    ``english`` has English words by how common they are; ``is_known`` says whether a word, as it was written but
    in lower case, is right for another reason.
    """

    english: Callable[[], Vocabulary]
    library: Callable[[], Vocabulary]
    is_known: Callable[[str], bool]

    def correct(self, text: str) -> tuple[str, tuple[Correction, ...]]:
        """The text with its misspelt words corrected, and which those were.

        Left alone: words that are known, in quotation marks, in other scripts, or in capitals; and a text most of
        whose words are not known.
        """
        quoted = [found.span() for found in QUOTED.finditer(text)]
        words = [
            found for found in _WORD.finditer(text) if not any(start <= found.start() < end for start, end in quoted)
        ]
        unknown = [found for found in words if not self._is_right(found.group())]
        if len(words) > 2 and 2 * len(unknown) > len(words):
            return text, ()
        meant = {found.start(): self._meant(found.group(), is_first=found.start() == 0) for found in unknown}
        corrected = _WORD.sub(lambda found: meant.get(found.start()) or found.group(), text)
        corrections = (Correction(found.group(), meant[found.start()] or "") for found in unknown)
        return corrected, tuple(dict.fromkeys(one for one in corrections if one.meant))

    def _is_right(self, written: str) -> bool:
        word = folded(written)
        return word in self.english().counts or self.library().has(word)

    def _meant(self, written: str, *, is_first: bool) -> str | None:
        """The word that was probably meant, None where the word may be right."""
        if len(written) < SHORTEST or not written[1:].islower():
            return None
        word = folded(written)
        is_name = written[0].isupper() and not is_first
        best = self._nearest(word, to_english=not is_name and len(word) >= SHORTEST_TO_ENGLISH)
        return None if best is None or self.is_known(written.lower()) else best

    def _nearest(self, word: str, *, to_english: bool) -> str | None:
        """The likeliest of the words nearby: fewest slips, same first letter, one of the library, most alike."""
        from rapidfuzz.distance import JaroWinkler

        slips = _slips(word)
        counts, english = self.library().counts, self.english().counts
        near = self.library().near(word, slips=slips, same_start=False)
        if to_english:
            there = self.english().near(word, slips=slips, same_start=True)
            near |= {candidate: number for candidate, number in there.items() if english[candidate] >= LEAST_SAID}
        near = {candidate: number for candidate, number in near.items() if number <= _slips(candidate)}

        def rank(candidate: str) -> tuple[int, bool, bool, float, str]:
            # What was read once off a screen and is no English may be misread.
            is_sure = counts.get(candidate, 0) > (0 if candidate in english else 1)
            likeness = JaroWinkler.similarity(word, candidate) + TENFOLD * log10(1 + english.get(candidate, 0))
            return near[candidate], candidate[0] != word[0], not is_sure, -likeness, candidate

        return min(near, key=rank, default=None)


def _slips(word: str) -> int:
    return 1 if len(word) < LONG else 2
