"""Languages as files write them, in one form: ``eng``, ``English`` and ``en`` are ``en``, ``pt_BR`` is ``pt-BR``."""

import re
from functools import lru_cache

from retrieval.errors import InputError

_TAG = re.compile(r"([a-z]{2,3})(?:-[a-z]{4})?(?:-(?:[a-z]{2}|\d{3}))?", re.IGNORECASE)
_USUAL: dict[str, str] = {
    "brazilian": "pt-BR",
    "chs": "zh-Hans",
    "cht": "zh-Hant",
    "cmn": "zh",
    "cn": "zh",
    "cz": "cs",
    "farsi": "fa",
    "gr": "el",
    "greek": "el",
    "iw": "he",
    "jp": "ja",
    "jw": "jv",
    "malay": "ms",
    "nepali": "ne",
    "pb": "pt-BR",
    "pob": "pt-BR",
    "punjabi": "pa",
    "swahili": "sw",
    "ua": "uk",
    "yue": "yue",
}
"""What no standard has and many files do."""

_LONGEST_NAME = 60
_NO_LANGUAGE = frozenset({"mis", "mul", "und", "zxx"})


@lru_cache(maxsize=1_024)
def language_tag(name: str) -> str | None:
    """The shortest tag of the language that ``name`` is the code or English name of, None if it is neither.

    Codes are those of ISO 639-1 and 639-2, with country and script: every three letters are a language of 639-3.
    """
    import babelfish

    text = name.strip().replace("_", "-")
    if text.lower() in _USUAL:
        return _USUAL[text.lower()]
    code = _TAG.fullmatch(text)
    for written in (_cased(text), code[1].lower()) if code else (text,):
        for read in (babelfish.Language.fromietf, babelfish.Language.fromalpha3b, babelfish.Language.fromname):
            try:
                language = read(written)
                _ = language.alpha3b  # there is none outside of ISO 639-2
            except (ValueError, babelfish.Error):
                continue
            return None if language.alpha3 in _NO_LANGUAGE else str(language)
    return None


def is_same_language(one: str, other: str) -> bool:
    """Whether both name one language, whatever its country and script."""
    return main_language(one) == main_language(other)


def main_language(name: str) -> str:
    """The language alone that a code, tag or name means, without country and script: ``pt`` of ``pt-BR``.

    Of what names no language, as much as stands before a hyphen.
    """
    return (language_tag(name) or name).partition("-")[0].lower()


def parse_language(name: str) -> str:
    """The code of a language, without country and script, that a person names. Raises InputError."""
    tag = language_tag(name) if len(name) <= _LONGEST_NAME else None
    if tag is None:
        raise InputError(
            f"unknown language {name[:_LONGEST_NAME]!r}; give a code of ISO 639, as de or deu, "
            "or the language's English name, as German"
        )
    return main_language(tag)


def language_name(code: str) -> str:
    """The English name of the language with this code; the code itself if it has none."""
    import babelfish

    try:
        name: str = babelfish.Language.fromietf(code).name
    except (ValueError, babelfish.Error):
        return code
    return name.partition(" (")[0]


def _cased(tag: str) -> str:
    """``en-US``, ``zh-Hans``: language, country and script each in the case that standards write them in."""
    main, *rest = tag.split("-")
    return "-".join([main.lower(), *(part.upper() if len(part) == 2 else part.title() for part in rest)])
