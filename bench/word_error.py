"""How far what was heard is from what was said, in words; in characters where words are not parted by spaces."""

from collections.abc import Callable, Sequence
from functools import cache

CHARACTERS = frozenset({"ja", "th", "yue", "zh"})
"""Languages that are counted in characters."""


def units(text: str, language: str) -> list[str]:
    """The words of a text as Whisper's own evaluation compares them.

    Case and punctuation do not count. In English neither do ways of writing numbers, spellings and contractions;
    elsewhere accents do.
    """
    return _normaliser(language)(text).split()


@cache
def _normaliser(language: str) -> Callable[[str], str]:
    from whisper.normalizers import BasicTextNormalizer, EnglishTextNormalizer

    normaliser: Callable[[str], str] = (
        EnglishTextNormalizer() if language == "en" else BasicTextNormalizer(split_letters=language in CHARACTERS)
    )
    return normaliser


def edits(said: Sequence[str], heard: Sequence[str]) -> int:
    """The least number of words put in, left out and replaced that makes the one of the other (Levenshtein)."""
    row = list(range(len(heard) + 1))
    for count, word in enumerate(said, 1):
        before, row[0] = row[0], count
        for place, other in enumerate(heard, 1):
            before, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, before + (word != other))
    return row[-1]
