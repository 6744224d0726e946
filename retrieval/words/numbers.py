"""Numbers in words and in digits. Pure."""

import re
from collections.abc import Sequence

_UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_SCALES = {"thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
_ORDINAL_UNITS = (
    "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
    "fifteenth sixteenth seventeenth eighteenth nineteenth"
).split()
_ORDINAL_TENS = [word[:-1] + "ieth" for word in _TENS]

_VALUES = {word: value for value, word in enumerate(_UNITS)} | {word: 20 + 10 * n for n, word in enumerate(_TENS)}
_ORDINALS = {word: value for value, word in enumerate(_ORDINAL_UNITS)} | {
    word: 20 + 10 * n for n, word in enumerate(_ORDINAL_TENS)
}
_LARGE_ORDINALS = {"hundredth": "hundred", "thousandth": "thousand", "millionth": "million"}

MOST_IN_WORDS = 999_999
"""Larger numbers are hardly ever written out."""

WORD = "|".join(sorted([*_VALUES, *_ORDINALS, *_LARGE_ORDINALS, *_SCALES, "hundred"], key=len, reverse=True))
"""A pattern of any word that a number in words has, but for the "and" within."""


def value_of(words: Sequence[str]) -> tuple[int, bool] | None:
    """The number that these words in lower case are, and whether it is an ordinal; None if they are none as a whole.

    As people count ("two hundred and five"), and as they say years ("nineteen eighty-four").
    """
    said = [word for word in words if word != "and"]
    if not said or words[0] == "and" or words[-1] == "and":
        return None
    ordinal = said[-1] in _ORDINALS or said[-1] in _LARGE_ORDINALS
    if said[-1] in _LARGE_ORDINALS:
        said[-1] = _LARGE_ORDINALS[said[-1]]
    elif ordinal:
        value = _ORDINALS[said[-1]]
        said[-1] = (_TENS[value // 10 - 2]) if value >= 20 else _UNITS[value]
    counted = _counted(said)
    if counted is None and not ordinal:
        counted = _year(said)
    return None if counted is None else (counted, ordinal)


def in_words(value: int, *, ordinal: bool = False) -> str:
    """A number from 0 to ``MOST_IN_WORDS`` as people write it out: "two hundred five", "twenty-fifth"."""
    if ordinal:
        *before, last = re.split(r"(?<=[ -])", in_words(value))
        return "".join(before) + _ordinal(last)
    if value < 20:
        return _UNITS[value]
    if value < 100:
        return _TENS[value // 10 - 2] + (f"-{_UNITS[value % 10]}" if value % 10 else "")
    size, name = (100, "hundred") if value < 1_000 else (1_000, "thousand")
    rest = f" {in_words(value % size)}" if value % size else ""
    return f"{in_words(value // size)} {name}{rest}"


def ordinal_digits(value: int) -> str:
    """The ordinal in digits: 1st, 12th, 23rd."""
    ending = "th" if value % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
    return f"{value}{ending}"


def _ordinal(word: str) -> str:
    if word in _TENS:
        return _ORDINAL_TENS[_TENS.index(word)]
    if word in _UNITS:
        return _ORDINAL_UNITS[_UNITS.index(word)]
    return word + "th"


def _counted(said: Sequence[str]) -> int | None:
    total, part, least = 0, None, 1_000_000_000_000
    for word in said:
        if word in _SCALES:
            if part is None or _SCALES[word] >= least:
                return None
            total, part, least = total + part * _SCALES[word], None, _SCALES[word]
        elif word == "hundred":
            if part is None or not 1 <= part <= 99:
                return None
            part *= 100
        else:
            value = _VALUES.get(word)
            if value is None:
                return None
            if part is None:
                part = value
            elif (part % 100 == 0 and part and value > 0) or (part % 10 == 0 and part % 100 >= 20 and 0 < value < 10):
                part += value
            else:
                return None
    return total + (part or 0)


def _year(said: Sequence[str]) -> int | None:
    """ "nineteen eighty four", "twenty oh five": two numbers below 100 in a row."""
    for at in range(1, len(said)):
        century = _counted(said[:at])
        rest = said[at + 1 :] if said[at] == "oh" else said[at:]
        within = _counted(rest)
        if century is None or within is None or not (10 <= century <= 99 and within <= 99):
            continue
        if within >= 10 or said[at] == "oh":
            return 100 * century + within
    return None
