"""Paths as text: file systems keep bytes, which catalogs, JSON and people cannot always read.

Python gives a byte that is no UTF-8 as half a surrogate pair ("surrogateescape"). Such a path opens its file,
but cannot be written as UTF-8. It is shown with the byte as ``\\xNN``, and stored with a character of its own.
"""

import os
import re
import unicodedata
from collections.abc import Iterable

_FIRST_BYTE, _FIRST_ESCAPED, _FIRST_STORED = 0x80, 0xDC80, 0x10FE80
"""The lowest byte that can be undecodable, how Python has it, and how the catalog does: in the last private plane."""

_TO_STORED = {_FIRST_ESCAPED + number: _FIRST_STORED + number for number in range(0x80)}
_FROM_STORED = {stored: escaped for escaped, stored in _TO_STORED.items()}
_STORED_CHARACTERS = re.compile(f"[{chr(_FIRST_STORED)}-{chr(_FIRST_STORED + 0x7F)}]")
_SHOWN_BYTE = re.compile(r"\\x([89a-f][0-9a-f])")


def readable(path: str) -> str:
    """The path as valid Unicode for people and programs: a byte that is no text as ``\\xNN``."""
    return _with_bytes(path).encode("utf-8", "backslashreplace").decode() if _has_surrogates(path) else path


def composed(text: str) -> str:
    """The text as people write it, in NFC: a letter and its accent are one character, whatever typed or named it."""
    return unicodedata.normalize("NFC", text)


def spellings(texts: Iterable[str]) -> frozenset[str]:
    """The paths that texts may mean: each as it is, and with the bytes that ``readable`` writes out."""
    return frozenset(path for text in texts for path in (text, _with_real_bytes(text)))


def meant(text: str) -> str:
    """The file that text means: the one of that name, or the one that ``readable`` writes so if only that is there."""
    real = _with_real_bytes(text)
    return real if real != text and not os.path.lexists(text) and os.path.lexists(real) else text


def stored(path: str) -> str:
    """The path as any database keeps it: valid Unicode, another for every path."""
    plain = _STORED_CHARACTERS.sub(lambda found: found.group().encode().decode("ascii", "surrogateescape"), path)
    return plain.translate(_TO_STORED)


def loaded(text: str) -> str:
    """The path that ``stored`` wrote so."""
    if not _STORED_CHARACTERS.search(text):
        return text
    return text.translate(_FROM_STORED).encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")


def is_unicode(text: str) -> bool:
    """Whether the text is valid Unicode, without halves of surrogate pairs."""
    return not _has_surrogates(text)


def _with_real_bytes(text: str) -> str:
    return _SHOWN_BYTE.sub(lambda found: chr(_FIRST_ESCAPED - _FIRST_BYTE + int(found.group(1), 16)), text)


def _has_surrogates(text: str) -> bool:
    return not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text)


def _with_bytes(text: str) -> str:
    """The text with every undecodable byte written out."""
    return re.sub("[\udc80-\udcff]", lambda found: f"\\x{ord(found.group()) - 0xDC00:02x}", text)
