"""Names that people give to voices, and when two of them are one."""

import re
import unicodedata

from retrieval.errors import InputError
from retrieval.path_text import composed, is_unicode

MAX_NAME_CHARS = 100

_BARRED = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Kinds of characters that control what a text looks like: controls, halves of pairs, ends of lines, paragraphs."""
_TURNS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""What turns the direction of the text around a name."""
_RESERVED = re.compile(r"speaker ?\d+")


def parse_name(text: str) -> str:
    """The name as it is kept: trimmed, in NFC, one space between words. Raises InputError for what cannot be one."""
    name = composed(text.strip())
    if not 1 <= len(name) <= MAX_NAME_CHARS:
        raise InputError(f"a name of {len(name):,} characters; 1 to {MAX_NAME_CHARS} are allowed")
    if not is_unicode(name):
        raise InputError(f"the name {name!r} has half a surrogate pair, which is no character")
    barred = next((letter for letter in name if unicodedata.category(letter) in _BARRED or letter in _TURNS), None)
    if barred is not None:
        raise InputError(f"the name {name!r} has the control character U+{ord(barred):04X}; any other is allowed")
    name = " ".join(name.split())
    if not any(unicodedata.category(letter)[0] in "LNPS" for letter in name):
        raise InputError(f"the name {name!r} has nothing that can be seen")
    if _RESERVED.fullmatch(name_key(name)):
        raise InputError(f"{name!r} is what a voice without a name is called; give another name, or none")
    return name


def name_key(name: str) -> str:
    """What a name is found by: the same for all ways of writing it in capitals, with spaces, or decomposed."""
    return composed(composed(" ".join(name.split())).casefold())
