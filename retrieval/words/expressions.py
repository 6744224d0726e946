"""Stretches of a text that are written in several ways: numbers, scores, quarters, abbreviations. Pure."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from retrieval.words.numbers import MOST_IN_WORDS, WORD, in_words, ordinal_digits, value_of

_ABBREVIATIONS = """
approx approximately | apr april | apt apartment | asap as soon as possible | aug august | ave avenue | bldg building
ch chapter | cm centimetre | co company | corp corporation | dec december | dept department | dr doctor | eg for example
etc et cetera | eur euro | feb february | fig figure | fri friday | gbp pound | gov government | govt government
hr hour | hrs hour | inc incorporated | info information | jan january | jr junior | kg kilogram | km kilometre
lb pound | ltd limited | max maximum | mgmt management | min minute | mins minute | mm millimetre | mr mister
mrs missus | mt mount | nov november | oct october | ok okay | pct percent | prof professor | rd road | sec second
secs second | sept september | sr senior | st saint | st street | temp temperature | thu thursday | tue tuesday
tv television | usd dollar | vol volume | vs versus | wk week | yr year | yrs year
"""
"""An abbreviation without its dots, and what it stands for."""

_STANDS_FOR: dict[str, tuple[str, ...]] = {}
for _entry in _ABBREVIATIONS.replace("\n", "|").split("|"):
    if _entry.split():
        _short, _, _full = _entry.strip().partition(" ")
        _STANDS_FOR[_short] = (*_STANDS_FOR.get(_short, ()), _full)
_SHORT_FOR: dict[str, tuple[str, ...]] = {}
for _short, _fulls in _STANDS_FOR.items():
    for _full in _fulls:
        _SHORT_FOR[_full] = (*_SHORT_FOR.get(_full, ()), _short)

_SIGNS = {"%": "percent", "$": "dollar", "€": "euro", "£": "pound"}

_NUMBER = rf"(?:{WORD})(?:(?:[\s-]+(?:and[\s-]+|oh[\s-]+)?)(?:{WORD}))*"


@dataclass(frozen=True, slots=True)
class Expression:
    """Characters ``start`` to ``end`` of a text. Texts that share one of the ``keys`` say the same there.

    ``ways`` are texts in which it may stand elsewhere.
    """

    start: int
    end: int
    keys: frozenset[str]
    ways: tuple[str, ...]


def expressions(text: str) -> Iterator[Expression]:
    """Those of a text that was put in lower case and has no accents; one may lie within another."""
    for pattern, read in _KINDS:
        for found in pattern.finditer(text):
            meant = read(found)
            if meant is not None:
                yield Expression(found.start(), found.end(), frozenset(meant[0]), meant[1])


Meant = tuple[set[str], tuple[str, ...]] | None
"""Keys and ways of what a pattern found; None if it is nothing after all."""


def _digits(words: str) -> tuple[int, bool] | None:
    return value_of(re.split(r"[\s-]+", words))


def _in_words(found: re.Match[str]) -> Meant:
    number = _digits(found[0])
    if number is None or found[0] == "one":  # which is mostly no number
        return None
    value, is_ordinal = number
    digits = ordinal_digits(value) if is_ordinal else str(value)
    ways = (digits, in_words(value, ordinal=is_ordinal))
    return {digits}, ways if value < 1_000 or is_ordinal else (*ways, f"{value:,}")


def _in_digits(found: re.Match[str]) -> Meant:
    digits = found[1].replace(",", "")
    if len(digits) > 1 and digits.startswith("0"):
        return None
    value = int(digits) if len(digits) <= len(str(MOST_IN_WORDS)) else MOST_IN_WORDS + 1
    if value > MOST_IN_WORDS:
        return {digits}, (digits,)
    if found[2]:
        written = ordinal_digits(value)
        return {written}, (written, in_words(value, ordinal=True))
    ways = [digits, f"{value:,}", in_words(value)] if value >= 1_000 else [digits, in_words(value)]
    if 1_100 <= value <= 2_099 and value % 100:
        ways.append(f"{in_words(value // 100)} {in_words(value % 100)}")
    return {digits}, tuple(ways)


def _either(words: str) -> str | None:
    """A number in digits, whichever way it was written."""
    if words.isdigit():
        return words
    number = _digits(words)
    return str(number[0]) if number and not number[1] else None


def _score(found: re.Match[str]) -> Meant:
    """2:1, 2-1, two to one."""
    pair = [_either(group) for group in found.groups() if group]
    if None in pair or any(len(one or "") > 3 for one in pair):
        return None
    left, right = (one or "" for one in pair)
    both = [in_words(int(left)), in_words(int(right))]
    return {f"{left}:{right}"}, (f"{left}:{right}", f"{left}-{right}", " ".join(both))


def _decimal(found: re.Match[str]) -> Meant:
    """Four point two point zero, 4.2.0."""
    said = re.split(r"\s+point\s+|\.", found[0])
    parts = ["0" if part == "oh" else part if part.isdigit() else _digit_by_digit(part) for part in said]
    if None in parts:
        return None
    written = ".".join(part or "" for part in parts)
    spoken = " point ".join(in_words(int(part)) if len(part or "") < 3 else "" for part in parts if part)
    return {written}, (written, spoken)


def _digit_by_digit(words: str) -> str | None:
    """14 of "one four" as of "fourteen"."""
    whole = _either(words)
    if whole is not None:
        return whole
    digits = [_either("zero" if word == "oh" else word) for word in re.split(r"[\s-]+", words)]
    return "".join(one or "" for one in digits) if all(one and len(one) == 1 for one in digits) else None


def _quarter(found: re.Match[str]) -> Meant:
    """Q3, third quarter, quarter three."""
    word = next(group for group in found.groups() if group)
    if word[0].isdigit():
        number = int(word[0])
    else:
        value = _digits(word)
        number = value[0] if value else 0
    if not 1 <= number <= 4:
        return None
    ways = (f"q{number}", f"{in_words(number, ordinal=True)} quarter", f"{ordinal_digits(number)} quarter")
    return {f"q{number}"}, (*ways, f"quarter {in_words(number)}")


def _initials(found: re.Match[str]) -> Meant:
    """N.A.S.A., U.S. Two letters without their dots may well be a word."""
    letters = re.sub(r"[^a-z]", "", found[0])
    dotted = ".".join(letters)
    return {dotted} | ({letters} if len(letters) > 2 else set()), (dotted, letters)


def _abbreviation(found: re.Match[str]) -> Meant:
    """An abbreviation, or what it stands for."""
    full, short = _STANDS_FOR.get(found[0], ()), _SHORT_FOR.get(found[0], ())
    return {*full, *([found[0]] if short else [])}, (*full, *short)


def _always(key: str, *ways: str) -> Callable[[re.Match[str]], Meant]:
    return lambda _: ({key}, ways)


def _sign(found: re.Match[str]) -> Meant:
    word = next(_SIGNS[sign] for sign in found.groups() if sign)
    return {word}, (word, *_SHORT_FOR.get(word, ()))


_NUMERAL = rf"(?:\d+|{_NUMBER})"
_SHORT_AND_FULL = "|".join(sorted([*_STANDS_FOR, *_SHORT_FOR], key=len, reverse=True))

_KINDS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Meant]], ...] = (
    (re.compile(rf"\b{_NUMBER}\b"), _in_words),
    (re.compile(r"(?<![\w.,:/])(\d{1,3}(?:,\d{3})+|\d+)(st|nd|rd|th)?\b(?![.,:/]\d)"), _in_digits),
    (
        re.compile(
            r"(?<![\w.:,-])(\d{1,3})\s?[:–-]\s?(\d{1,3})(?![\w:.,-]*\d)\b"
            rf"|(?<![\w.:,-])({_NUMERAL})\s+to\s+({_NUMERAL})(?![\w:.,-]*\d)\b"
        ),
        _score,
    ),
    (re.compile(rf"\b(?:{_NUMERAL})(?:\s+point\s+(?:{_NUMERAL}|oh))+\b|(?<![\w.])\d+(?:\.\d+)+(?!\w)"), _decimal),
    (
        re.compile(
            r"\bq([1-4])\b|\b(first|second|third|fourth|[1-4](?:st|nd|rd|th)) quarter\b"
            r"|\bquarter (one|two|three|four|[1-4])\b"
        ),
        _quarter,
    ),
    (re.compile(r"\b(?!e\.g\b)[a-z](?:\.[a-z]){1,7}\b"), _initials),
    (re.compile(r"\be\.g\b|\bfor example\b|\bfor instance\b"), _always("for example", "e.g", "for example")),
    (re.compile(rf"\b(?:{_SHORT_AND_FULL})\b"), _abbreviation),
    (re.compile(r"(?<=\d)\s?(%)|(?<=\d)\s?(€|£|\$)|(\$|€|£)(?=\s?\d)"), _sign),
    (re.compile(r"\bper ?cent\b"), _always("percent", "percent", "per cent")),
)
