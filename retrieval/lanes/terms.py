"""Words as sparse vectors: terms of a text, BM25 weights, and which words of a text a query matched."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from zlib import crc32

from retrieval.lanes.stems import STEMMED, stem_in, stemmed_language
from retrieval.storage.vectors import SparseVector
from retrieval.words.expressions import expressions
from retrieval.words.inflections import bases, forms
from retrieval.words.spellings import spellings

K1 = 1.2
B = 0.75

_STOP_WORDS = """
a an and are as at be been but by for from has have he her his i if in into is it its me my of on or our
she so that the their them then there these they this to was we were will with you your
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())

_TOKEN = re.compile(
    r"""
      [^\W_]+\([^()\n]{1,30}\)          # P(A|B), O(log n)
    | [^\W_]+(?:\+\+|\#)                # C++, F#
    | [^\W_]+(?:[-_.,:/@&|'’][^\W_]+)+  # 4.2.0, 19.90, foo_bar, AT&T, didn't
    | [^\W_]+
    """,
    re.VERBOSE,
)
_PART = re.compile(r"[^\W_]+")
_ELISION = re.compile(r"^(?:[cdjlmnst]|(?:jus|lors|puis)?qu|(?:qu|d|n|s)?ell|dall|all|un)['’](?=\w{2})")
"""French and Italian leave out the end of little words before a vowel: ``l'eau``, ``dell'acqua``."""

_POSSESSIVE = re.compile(r"['’]s$")
_APOSTROPHE = re.compile(r"['’]")

_SYLLABIC = "\u3400-\u9fff\uac00-\ud7a3\U00020000-\U0003134f"
_UNSPACED = f"\u3040-\u30ff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff{_SYLLABIC}"
_RUN = re.compile(f"(?P<unspaced>[{_UNSPACED}]+)|[^{_UNSPACED}]+")
"""Scripts that write words without spaces (kana, Thai, Lao, Burmese, Khmer, Han), and Hangul, whose particles cling."""

_UNSPACED_SIGN = re.compile(f"[{_UNSPACED}]")
WITHOUT_SPACES = re.compile(f"(?![\uac00-\ud7a3])[\u3000-\u303f\uff00-\uffef{_UNSPACED}]")
_MAY_BE_A_WORD = re.compile(f"[{_SYLLABIC}]")
_VOWEL = re.compile(r"[aeiouy]")

INITIALS = range(2, 6)
"""Letters of a word that may be short for as many words: NASA may be written N.A.S.A."""


@dataclass(frozen=True, slots=True)
class Token:
    """A word or a code as it is written, from character ``start`` to ``end`` of a text.

    ``terms`` are its terms, each with the word, in lower case and without accents, that it is the stem of.
    """

    surface: str
    start: int
    end: int
    terms: tuple[tuple[str, str], ...]


def terms(text: str) -> list[str]:
    """Terms of the text in order, stop words left out; a code comes whole, then in its parts."""
    return [term for token in tokens(text) for term, _ in token.terms]


def document_terms(text: str) -> list[str]:
    """The terms by which the text is found: its own, and each character that is a word in some languages."""
    return [term for token in tokens(text) for term in with_characters([term for term, _ in token.terms])]


def stem_terms(text: str, language: str) -> Mapping[str, str]:
    """Of each word, by its plain term: the term of its stem in one of ``STEMMED``, which no other language has."""
    return dict(_stem_terms(text, language))


def document_vector(text: str, average_length: float, language: str | None = None) -> SparseVector:
    """BM25 weights of the text's terms without IDF, which the store knows.

    A line in a language of ``STEMMED`` has the stems of its words too, each of weight 1.
    ``average_length`` is the mean count of terms over the collection; 0 if there is none yet.
    """
    counts = Counter(document_terms(text))
    length = counts.total()
    norm = 1 - B + B * (length / average_length if average_length > 0 else 1.0)
    plain = _sparse({term: count * (K1 + 1) / (count + K1 * norm) for term, count in counts.items()})
    snowball = stemmed_language(language)
    return plain if snowball is None else with_terms(plain, stem_terms(text, snowball).values(), 1.0)


def query_vector(text: str) -> SparseVector:
    """Weight 1 for every distinct term of the query, and for those of texts that write the same in another way.

    And for its stem in every language: it has none of its own.
    """
    stemmed = [term for language in STEMMED for term in stem_terms(text, language).values()]
    return _sparse(dict.fromkeys([*terms(text), *_of_other_ways(text), *stemmed], 1.0))


def _of_other_ways(text: str) -> Iterator[str]:
    """Terms of other forms and spellings of the words, of numbers in words or digits, of abbreviations."""
    words = {word for token in tokens(text) for _, word in token.terms}
    meant = {spelt for word in words for base in bases(word) for spelt in spellings(base)}
    yield from (stem(form) for word in meant for form in forms(word))
    yield from (".".join(word) for word in words if word.isalpha() and len(word) in INITIALS)
    ways = {way for expression in expressions(folded(text)) for way in expression.ways}
    yield from (term for way in ways for term in terms(way))


def with_terms(vector: SparseVector, extra: Iterable[str], weight: float) -> SparseVector:
    """The vector with further terms, each of ``weight`` whatever its count."""
    weights = dict(zip(vector.indices, vector.values, strict=True))
    for term in set(extra):
        index = crc32(term.encode())
        weights[index] = weights.get(index, 0.0) + weight
    return SparseVector(tuple(weights), tuple(weights.values()))


def stem(word: str) -> str:
    """The word without English endings of number and tense; equal for all its forms, if not always a word."""
    if len(word) < 4 or not word.isalpha():
        return word
    if word.endswith("ies"):
        word = word[:-3] + "y"
    elif re.search(r"(?:ch|sh|ss|x|zz)es$", word):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending in ("ing", "ed"):
        root = word.removesuffix(ending)
        if root != word and len(root) >= 3 and _VOWEL.search(root):
            word = root[:-1] if root[-1] == root[-2] and root[-1] not in "lsz" else root
            break
    return word[:-1] if word.endswith("e") and len(word) > 3 else word


@lru_cache(maxsize=8_192)
def tokens(text: str) -> tuple[Token, ...]:
    """The tokens of a text, composed (NFC), in order; those that are stop words alone are left out."""
    found = _TOKEN.finditer(unicodedata.normalize("NFC", text))
    all_of_them = (Token(one[0], one.start(), one.end(), _terms_of(folded(one[0]))) for one in found)
    return tuple(token for token in all_of_them if token.terms)


@lru_cache(maxsize=8_192)
def _stem_terms(text: str, language: str) -> tuple[tuple[str, str], ...]:
    written = _PART.findall(unicodedata.normalize("NFC", text).lower())
    words = ((word, folded(word)) for word in written if word.isalpha() and not _UNSPACED_SIGN.search(word))
    return tuple(
        (stem(plain), f"{language}~{folded(stem_in(language, word))}")
        for word, plain in words
        if plain not in STOP_WORDS
    )


@lru_cache(maxsize=65_536)
def _terms_of(token: str) -> tuple[tuple[str, str], ...]:
    plain = _APOSTROPHE.sub("", _POSSESSIVE.sub("", _ELISION.sub("", token)))
    parts = [pair for part in _PART.findall(plain) for pair in _terms_of_word(part)]
    if plain.isalnum():
        return tuple(parts)
    code = re.sub(r"\s", "", plain)
    return ((code, code), *parts)


def _terms_of_word(word: str) -> Iterator[tuple[str, str]]:
    """The word's stem; of scripts without spaces overlapping pairs of characters, which stand for words there."""
    for run in _RUN.finditer(word):
        token = run.group()
        if run["unspaced"]:
            yield from ((token[i : i + 2], token[i : i + 2]) for i in range(max(1, len(token) - 1)))
        elif token not in STOP_WORDS:
            yield stem(token), token


def with_characters(found: Sequence[str]) -> list[str]:
    """The terms, and the characters of their pairs that may be words: a query of one character finds them."""
    extra = [character for term in found if len(term) == 2 for character in _MAY_BE_A_WORD.findall(term)]
    return [*found, *dict.fromkeys(extra)]


def spaced(texts: Iterable[str]) -> str:
    """The texts as one, with spaces between them but where the script has none."""
    joined = ""
    for text in texts:
        is_one_word = joined and text and WITHOUT_SPACES.match(joined[-1]) and WITHOUT_SPACES.match(text[0])
        joined += text if is_one_word or not joined else f" {text}"
    return joined


def folded(text: str) -> str:
    """The text in lower case without accents, compatibility characters replaced."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(character for character in decomposed if not unicodedata.combining(character))
    return unicodedata.normalize("NFC", plain)  # which puts the syllables of Hangul together again


def _sparse(weights: Mapping[str, float]) -> SparseVector:
    """Terms by hash; two terms that share one add up."""
    hashed: dict[int, float] = {}
    for term, weight in weights.items():
        index = crc32(term.encode())
        hashed[index] = hashed.get(index, 0.0) + weight
    return SparseVector(tuple(hashed), tuple(hashed.values()))
