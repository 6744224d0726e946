"""British and American spellings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.words.spellings import american, spellings

PAIRS = """
colour color, neighbourhood neighborhood, favourite favorite, centre center, theatre theater, organise organize,
organisation organization, travelled traveled, traveller traveler, analyse analyze, tyre tire, aeroplane airplane,
grey gray, jewellery jewelry, modelling modeling, marvellous marvelous, litre liter, fibre fiber, catalogue catalog,
harbour harbor, coloured colored, realised realized, licence license, moustache mustache
"""


@pytest.mark.parametrize("pair", [pair.split() for pair in PAIRS.replace("\n", " ").split(",")])
def test_both_spellings_are_one_word_and_each_is_found_by_the_other(pair: list[str]) -> None:
    british, there = pair
    assert american(british) == american(there)
    assert there in spellings(british)
    assert british in spellings(there)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("four", "for"),
        ("hour", "hor"),
        ("tour", "tor"),
        ("scouring", "scoring"),
        ("prise", "prize"),
        ("story", "storey"),
    ],
)
def test_words_that_only_look_british_are_not_turned_into_others(one: str, other: str) -> None:
    assert american(one) != american(other)


@given(st.text(max_size=15))
def test_any_word_has_one_american_spelling_and_is_one_of_its_own(word: str) -> None:
    assert american(american(word)) == american(american(american(word)))
    assert spellings(word)[0] == word
