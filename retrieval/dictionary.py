"""Words that are spelt right whatever a library holds: English with its frequencies, and words of elsewhere."""

import gzip
import json
import pkgutil
from functools import lru_cache

from retrieval.encoders.tensor_files import package_folder
from retrieval.lexical import folded
from retrieval.spelling import Vocabulary

_NEIGHBOURS = ("de", "es", "fr", "it", "nl", "pt")
"""Languages in Latin letters whose words look like misspelt English: "Hund" is no "hand"."""

_END_OF_WORD = "</w>"
_MERGES = 48_894
"""So many of the file's lines are CLIP's; what follows is rarer, and often misspelt."""


@lru_cache(maxsize=1)
def english() -> Vocabulary:
    """About 160,000 English words, with how often films say them."""
    return Vocabulary(json.loads(_word_list("en")))


@lru_cache(maxsize=4_096)
def is_word_elsewhere(word: str) -> bool:
    """Whether the word in lower case, with its accents, is one of another language, or a name or word of the web."""
    return f'\n"{word}":'.encode() in _foreign() or folded(word) in _of_the_web()


@lru_cache(maxsize=1)
def _foreign() -> bytes:
    """The word lists of the neighbours as they are: to look up a word now and then, parsing them would be slower."""
    return b"\n".join(_word_list(language) for language in _NEIGHBOURS)


@lru_cache(maxsize=1)
def _of_the_web() -> frozenset[str]:
    """Whole words that CLIP's tokeniser has a token for: what picture captions say often, as "selfie" or "esports"."""
    lines = gzip.decompress((package_folder("open_clip") / "bpe_simple_vocab_16e6.txt.gz").read_bytes()).decode()
    merged = ("".join(line.split()) for line in lines.splitlines()[1 : 1 + _MERGES])
    return frozenset(token.removesuffix(_END_OF_WORD) for token in merged if token.endswith(_END_OF_WORD))


def _word_list(language: str) -> bytes:
    packed = pkgutil.get_data("spellchecker", f"resources/{language}.json.gz")
    assert packed is not None, "pyspellchecker carries its word lists"
    return gzip.decompress(packed)
