"""Words in quotation marks, found as they stand, or nearly so where a word or two were misheard. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from retrieval.lanes.terms import WITHOUT_SPACES, folded, spaced

LEAST_LIKE = 0.65
"""Of five words in a row that are nowhere said, hardly any stretch of talk has more than 0.6."""

SHORT, SHORT_UNSPACED = 12, 5
LEAST_LIKE_SHORT = 0.85
"""So few letters are soon like others: one ending more or less is forgiven."""

_WORD = re.compile(r"[^\W_]+")
_APOSTROPHE = re.compile(r"['’]")


@dataclass(frozen=True, slots=True)
class Quotation:
    """The first and the last of the words that say a phrase, and how nearly they do, up to 1 for word for word."""

    first: int
    last: int
    likeness: float


def quotation(phrase: str, words: Sequence[str]) -> Quotation | None:
    """Where words in a row say the phrase best; None where they do not, nor nearly.

    The likeness is what Levenshtein's distance leaves of the longer of the two.
    """
    from rapidfuzz.distance import Levenshtein

    asked, said, places = _plain(phrase), "", []
    for word in map(_plain, words):
        said = spaced([said, word])
        places.append((len(said) - len(word), len(said)))
    is_spaced = not WITHOUT_SPACES.match(asked)
    least = LEAST_LIKE if len(asked) >= (SHORT if is_spaced else SHORT_UNSPACED) else LEAST_LIKE_SHORT
    if not asked or len(said) < least * len(asked):
        return None
    begin, end = _best(asked, said, " " if is_spaced else "")
    # Where words have spaces, those count of which half is there, and they count whole.
    share = 0.5 if is_spaced else 0.0
    inside = [n for n, place in enumerate(places) if _shared(*place, begin, end) > share]
    if not inside:
        return None
    first, last = inside[0], inside[-1]
    if is_spaced:
        begin, end = places[first][0], places[last][1]
    likeness = Levenshtein.normalized_similarity(asked, said[begin:end])
    return Quotation(first, last, likeness) if likeness >= least else None


def _best(asked: str, said: str, edge: str) -> tuple[int, int]:
    """Where characters in a row are most like those asked for, from one ``edge`` to the next: their start and end."""
    from rapidfuzz import fuzz

    found = fuzz.partial_ratio_alignment(edge + asked + edge, edge + said + edge)
    if found is None or len(said) <= len(asked):
        return 0, len(said)
    return found.dest_start, found.dest_end - 2 * len(edge)


def _shared(start: int, stop: int, begin: int, end: int) -> float:
    """How much of [start, stop) lies in [begin, end)."""
    return (min(stop, end) - max(start, begin)) / max(1, stop - start)


def _plain(text: str) -> str:
    return spaced(_WORD.findall(_APOSTROPHE.sub("", folded(text))))
