"""Words that are spelt right whatever a library holds: English with its frequencies, and words of elsewhere."""

import gzip
import json
import pkgutil
import re
from functools import lru_cache

from retrieval.asking.spelling import Vocabulary
from retrieval.encoders.tensor_files import package_folder
from retrieval.lanes.terms import folded

_NEIGHBOURS = ("de", "es", "fr", "it", "nl", "pt")
"""Languages in Latin letters whose words look like misspelt English: "Hund" is no "hand"."""

_BRITISH = (
    ("our", "or"),
    (r"is(?=e|i|ation)", "iz"),
    (r"ys(?=e|i)", "yz"),
    ("aught", "aft"),
    ("ould", "old"),
    ("sceptic", "skeptic"),
    ("aero", "air"),
    ("paed", "ped"),
)
"""What is spelt otherwise in Britain, and the American spelling: the list of words has common British ones only."""

SHORTEST_PART = 3
LEAST_SAID_OF_PART = 5_000
"""Letters of the parts of a compound, and how common they must be: "offsite" is right, "witha" is not."""

_END_OF_WORD = "</w>"
_MERGES = 48_894
"""So many of the file's lines are CLIP's; what follows is rarer, and often misspelt."""


@lru_cache(maxsize=1)
def english() -> Vocabulary:
    """About 160,000 English words, with how often films say them."""
    return Vocabulary(json.loads(_word_list("en")))


def is_english_elsewhere(word: str) -> bool:
    """Whether the word is British, or of two common words written as one, as "backsplash"."""
    counts = english().counts
    if any(re.sub(there, here, word) in counts for there, here in _BRITISH if re.search(there, word)):
        return True
    return any(
        min(counts.get(word[:at], 0), counts.get(word[at:], 0)) >= LEAST_SAID_OF_PART
        for at in range(SHORTEST_PART, len(word) - SHORTEST_PART + 1)
    )


@lru_cache(maxsize=4_096)
def is_word_elsewhere(word: str) -> bool:
    """Whether the word in lower case, with its accents, is right although ``english`` lacks it.

    Such are words of other languages, names and words of the web, British spellings, and compounds.
    """
    if is_english_elsewhere(folded(word)):
        return True
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
