"""How well a line of text answers a query word for word, and which words of it do. Pure."""

from collections.abc import Sequence

from retrieval.domain import Word
from retrieval.lanes.little_words import little_terms
from retrieval.lanes.stems import stemmed_language
from retrieval.lanes.terms import covered_terms, terms

_FRAMING = """
about ask asks clip discuss discusses display displays everybody everyone explain explains footage frame
hear he her herself him himself how image its line man mention mentions mentioning moment moments part
people person picture read reads say saying says scene screen she shot show showing shown shows slide
slides somebody someone somewhere speak speaking speaks talk talking talks tell tells text that their them
they thing things video what when where which who whose woman word words
"""
FRAMING_TERMS = frozenset(term for word in _FRAMING.split() for term in terms(word))
"""Terms that say how something is shown rather than what: they prove little when they match."""

_FRAMING_WEIGHT = 0.15
_CODE_WEIGHT = 2.0
PAUSE_S = 0.3
"""A silence of this length ends a phrase."""

_NEAR_S = 1.5
"""A phrase is not grown by more than this on either side."""


def term_weight(term: str, language: str | None = None) -> float:
    """How much a term proves that a text in ``language`` has too: framing and little words little, codes much."""
    if term in FRAMING_TERMS or term in little_terms(stemmed_language(language)):
        return _FRAMING_WEIGHT
    if any(character.isdigit() for character in term) or not term.isalnum():
        return _CODE_WEIGHT
    return 1.0


def coverage(query: str, text: str, language: str | None = None) -> float:
    """Share of the query's terms that the text has too, by weight, 0 to 1; 0 for a query without terms.

    ``language`` is the text's: its other forms of a word count too.
    """
    asked = set(terms(query))
    total = sum(term_weight(term, language) for term in asked)
    if total <= 0:
        return 0.0
    return sum(term_weight(term, language) for term in covered_terms(query, text, language)) / total


def matching_words(query: str, words: Sequence[Word], language: str | None = None) -> tuple[int, int] | None:
    """The first and the last of the words in a row that have most of the query's terms and the fewest others.

    None if no word matches.
    """
    asked = {term: term_weight(term, language) for term in set(terms(query))}
    total = sum(asked.values())
    if total <= 0:
        return None
    said = [covered_terms(query, word.text, language) for word in words]
    hits = [index for index, found in enumerate(said) if found]
    best: tuple[float, int, int] | None = None
    for place, first in enumerate(hits):
        seen: set[str] = set()
        for last in hits[place:]:
            if last - first > 3 * len(asked) + 8:
                break
            seen |= said[last]
            share = sum(asked[term] for term in seen) / total
            others = sum(1 for index in range(first, last + 1) if not said[index])
            if best is None or share - 0.02 * others > best[0]:
                best = (share - 0.02 * others, first, last)
    return None if best is None else best[1:]


def to_pauses(words: Sequence[Word], first: int, last: int) -> tuple[int, int]:
    """The stretch with what belongs to the same breath: up to a pause, at most a few seconds away."""
    start_s, end_s = words[first].span.start_s, words[last].span.end_s
    begin, finish = first, last
    while begin > 0 and words[begin].span.start_s - words[begin - 1].span.end_s < PAUSE_S:
        if start_s - words[begin - 1].span.start_s > _NEAR_S:
            break
        begin -= 1
    while finish + 1 < len(words) and words[finish + 1].span.start_s - words[finish].span.end_s < PAUSE_S:
        if words[finish + 1].span.end_s - end_s > _NEAR_S:
            break
        finish += 1
    return begin, finish
