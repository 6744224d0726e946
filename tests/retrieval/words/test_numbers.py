"""Numbers in words."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.words.numbers import MOST_IN_WORDS, in_words, ordinal_digits, value_of

NUMBERS = st.integers(0, MOST_IN_WORDS)


def words(text: str) -> list[str]:
    return re.split(r"[ -]", text)


@given(NUMBERS, st.booleans())
def test_a_number_written_out_is_read_back(value: int, ordinal: bool) -> None:
    assert value_of(words(in_words(value, ordinal=ordinal))) == (value, ordinal)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("two hundred and five", 205),
        ("nineteen eighty four", 1984),
        ("twenty oh five", 2005),
        ("two thousand and twenty six", 2026),
        ("twenty twenty six", 2026),
    ],
)
def test_numbers_are_read_as_people_say_them(text: str, value: int) -> None:
    assert value_of(words(text)) == (value, False)


@pytest.mark.parametrize(
    "text", ["two one", "hundred", "and five", "five and", "thousand", "twenty thirteen hundred", "a"]
)
def test_what_is_no_number_as_a_whole_is_none(text: str) -> None:
    assert value_of(words(text)) is None


@given(st.lists(st.sampled_from("one five ten twenty hundred thousand million third and oh zero dog".split())))
def test_any_words_are_a_number_or_none(said: list[str]) -> None:
    found = value_of(said)
    assert found is None or found[0] >= 0


def test_ordinals_in_digits() -> None:
    assert [ordinal_digits(n) for n in (1, 2, 3, 4, 11, 12, 13, 21, 112)] == (
        "1st 2nd 3rd 4th 11th 12th 13th 21st 112th".split()
    )
