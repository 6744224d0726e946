"""Stems of words in languages other than English, by Snowball, as terms that only lines of their language have."""

import threading
from collections.abc import Callable, Mapping
from functools import cache, lru_cache

_CODES = {
    "arabic": "ar ara", "armenian": "hy arm hye", "basque": "eu baq eus", "catalan": "ca cat", "czech": "cs cze ces",
    "danish": "da dan", "dutch": "nl dut nld", "esperanto": "eo epo", "estonian": "et est", "finnish": "fi fin",
    "french": "fr fre fra", "german": "de ger deu", "greek": "el gre ell", "hindi": "hi hin", "hungarian": "hu hun",
    "indonesian": "id ind", "irish": "ga gle", "italian": "it ita", "lithuanian": "lt lit", "nepali": "ne nep",
    "norwegian": "no nor nb nob nn nno", "persian": "fa per fas", "polish": "pl pol", "portuguese": "pt por",
    "romanian": "ro rum ron", "russian": "ru rus", "serbian": "sr srp", "spanish": "es spa", "swedish": "sv swe",
    "tamil": "ta tam", "turkish": "tr tur", "yiddish": "yi yid",
}  # fmt: skip
"""Snowball's name of each language, and its codes of ISO 639-1 and 639-2: containers write both."""

_STEMMERS: Mapping[str, str] = {code: name for name, codes in _CODES.items() for code in codes.split()}
STEMMED = tuple(_CODES)
"""The languages whose words are stemmed, by Snowball's names."""

_STEMMING = threading.Lock()
"""A stemmer writes down the word that it is at: two threads at once get stems of neither."""


def stemmed_language(tag: str | None) -> str | None:
    """Snowball's name of a line's language; None for English, for one it has no stemmer of, and if none is known."""
    return None if tag is None else _STEMMERS.get(tag.replace("_", "-").partition("-")[0].lower())


@lru_cache(maxsize=65_536)
def stem_in(language: str, word: str) -> str:
    """The stem of a word, in lower case with its accents: they tell endings apart."""
    with _STEMMING:
        return _stemmer(language)(word)


@cache
def _stemmer(language: str) -> Callable[[str], str]:
    import snowballstemmer

    stemmed: Callable[[str], str] = snowballstemmer.stemmer(language).stemWord
    return stemmed
