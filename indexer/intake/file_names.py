"""Names that others gave to files, made safe to keep files under."""

import unicodedata

MAX_NAME_BYTES = 200
"""File systems take 255; the rest is for the suffixes of sidecars and drafts."""

_MAX_SUFFIX_BYTES = 20
_NAMELESS = "video"


def safe_name(name: str) -> str:
    """The last part of ``name`` without what file systems or terminals take for more than a letter.

    At most 200 bytes of UTF-8, the suffix kept; "video" if nothing is left.
    """
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    letters = "".join(letter for letter in unicodedata.normalize("NFC", last) if _is_visible(letter))
    plain = " ".join(letters.split()).lstrip(". -")
    stem, dot, suffix = plain.rpartition(".")
    if not stem or len(f".{suffix}".encode()) > _MAX_SUFFIX_BYTES:
        stem, dot, suffix = plain, "", ""
    room = MAX_NAME_BYTES - len(f"{dot}{suffix}".encode())
    stem = stem.encode()[:room].decode(errors="ignore").rstrip(". ")
    return f"{stem}{dot}{suffix}".rstrip(". ") if stem else _NAMELESS


def _is_visible(letter: str) -> bool:
    # Other, control, surrogate, unassigned: NUL, line breaks, marks that turn the reading direction.
    return letter == " " or not unicodedata.category(letter).startswith(("C", "Z"))
