"""How well a line of text answers a query word for word, and which words of it do. Pure."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from retrieval.domain import Word
from retrieval.lanes.little_words import little_terms
from retrieval.lanes.stems import stemmed_language
from retrieval.lanes.terms import INITIALS, Token, document_terms, folded, stem_terms, terms, tokens, with_characters
from retrieval.words.expressions import Expression, expressions
from retrieval.words.inflections import bases
from retrieval.words.spellings import american

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

    ``language`` is the text's: its other forms of a word count too. Of a query that is all framing and little words a
    text with the same ones has as little as they prove.
    """
    total = sum(term_weight(term, language) for term in set(terms(query)))
    found = sum(term_weight(term, language) for term in covered_terms(query, text, language))
    return found / max(total, 1.0)


def covered_terms(query: str, text: str, language: str | None = None) -> frozenset[str]:
    """Those terms of the query that the text has: as forms of the same word, in any spelling, in digits or in words.

    In a ``language`` other than English by its stems.
    """
    return _covered(query, _meant_by(text), text, language)


def covered_by_each(query: str, words: Sequence[str], language: str | None = None) -> list[frozenset[str]]:
    """For each of the words in a row the terms of the query that it has, or has a part in ("third quarter": Q3)."""
    spans, at = [], 0
    for word in words:
        spans.append((at, at + len(word)))
        at += len(word) + 1
    return _covered_at(query, " ".join(words), spans, language)


def matched_words(query: str, text: str, language: str | None = None) -> tuple[str, ...]:
    """Words and codes of the text, as written there and once each, that say what a term of the query says."""
    composed = unicodedata.normalize("NFC", text)
    found = tokens(composed)
    covered = _covered_at(query, composed, [(token.start, token.end) for token in found], language)
    return tuple(dict.fromkeys(token.surface for token, those in zip(found, covered, strict=True) if those))


def _covered_at(query: str, text: str, spans: Sequence[tuple[int, int]], language: str | None) -> list[frozenset[str]]:
    """For each stretch of characters of the text the terms of the query that stand there, or partly there."""
    together = _expressions(text)
    covered = []
    for start, end in spans:
        word = text[start:end]
        covered.append(_covered(query, _meant_by(word) | _keys_at(together, start, end), word, language))
    return covered


def _covered(query: str, found: frozenset[str], text: str, language: str | None) -> frozenset[str]:
    covered = frozenset(term for term, meant in _asked(query).items() if not meant.isdisjoint(found))
    snowball = stemmed_language(language)
    if snowball is None:
        return covered
    asked = frozenset(terms(query))
    stems = set(stem_terms(text, snowball).values())
    by_stem = stem_terms(query, snowball).items()
    return covered.union(
        asked.intersection(document_terms(text)),
        (term for term, stemmed in by_stem if term in asked and stemmed in stems),
    )


@lru_cache(maxsize=256)
def _asked(query: str) -> Mapping[str, frozenset[str]]:
    """The terms of a query, each with the keys of which a text must have one to say it too."""
    together = _expressions(query)
    asked: dict[str, frozenset[str]] = {}
    for token in tokens(query):
        around = _keys_at(together, token.start, token.end) | _initials(token)
        for term, word in token.terms:
            asked[term] = asked.get(term, frozenset()) | _keys(word) | around
    return asked


@lru_cache(maxsize=8_192)
def _meant_by(text: str) -> frozenset[str]:
    """The keys of all that stands in a text."""
    words = {word for token in tokens(text) for word in with_characters([word for _, word in token.terms])}
    keys = frozenset(key for word in words for key in _keys(word))
    return keys.union(*map(_initials, tokens(text)), *(one.keys for one in _expressions(text)))


def _initials(token: Token) -> frozenset[str]:
    """The key of a word in capitals that may be short for others, as if it had its dots: "US" is U.S., "us" is not."""
    is_short = len(token.surface) in INITIALS and token.surface.isalpha() and token.surface.isupper()
    return frozenset((".".join(token.surface.lower()),)) if is_short else frozenset()


@lru_cache(maxsize=65_536)
def _keys(word: str) -> frozenset[str]:
    """What two words have in common if they are forms of one, however it is spelt."""
    return frozenset(map(american, bases(word)))


def _keys_at(together: Iterable[Expression], start: int, end: int) -> frozenset[str]:
    """The keys of the expressions that stand, at least partly, between two characters of their text."""
    return frozenset(key for one in together if one.start < end and one.end > start for key in one.keys)


def _expressions(text: str) -> tuple[Expression, ...]:
    """Those of a text, by its own characters."""
    composed = unicodedata.normalize("NFC", text)
    plain = folded(composed)
    return tuple(expressions(plain if len(plain) == len(composed) else composed.lower()))


def matching_words(query: str, words: Sequence[Word], language: str | None = None) -> tuple[int, int] | None:
    """The first and the last of the words in a row that have most of the query's terms and the fewest others.

    None if no word matches.
    """
    asked = {term: term_weight(term, language) for term in set(terms(query))}
    total = sum(asked.values())
    said = covered_by_each(query, [word.text for word in words], language)
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
