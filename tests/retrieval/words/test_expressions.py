"""What is written in several ways matches in all of them, word for word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.asking.dictionary import english
from retrieval.lanes.terms import STOP_WORDS, document_vector, query_vector
from retrieval.lanes.word_match import coverage, covered_by_each, matched_words
from retrieval.words.expressions import expressions
from retrieval.words.inflections import forms
from retrieval.words.numbers import MOST_IN_WORDS, in_words
from retrieval.words.spellings import spellings

SAME = [
    ("2:1", "two to one"),
    ("2:1", "2-1"),
    ("25", "twenty-five"),
    ("25", "twenty five"),
    ("1999", "nineteen ninety nine"),
    ("1,000", "one thousand"),
    ("1000", "1,000"),
    ("4.2.0", "four point two point zero"),
    ("4.2.0", "four point two point oh"),
    ("Q3", "third quarter"),
    ("Q3", "quarter three"),
    ("Q3", "3rd quarter"),
    ("3rd", "third"),
    ("21st", "twenty-first"),
    ("N.A.S.A.", "NASA"),
    ("U.S. army", "US army"),
    ("Dr. Smith", "Doctor Smith"),
    ("e.g. lobster", "for example lobster"),
    ("dogs vs. cats", "dogs versus cats"),
    ("14 %", "14 percent"),
    ("14%", "fourteen per cent"),
    ("$5", "five dollars"),
    ("19.90 EUR", "19.90 euros"),
    ("colour", "color"),
    ("two aeroplanes", "2 airplanes"),
    ("favourite theatres", "favorite theater"),
    ("movies", "movie"),
    ("a child ran", "children run"),
]


@pytest.mark.parametrize(("one", "other"), [*SAME, *((other, one) for one, other in SAME)])
def test_two_ways_of_writing_cover_each_other_and_are_found_in_the_index(one: str, other: str) -> None:
    assert coverage(one, f"and {other} then") == 1.0
    assert has_score(one, other)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("a man in a hat", "they hate the man"),
        ("2:1", "2:0"),
        ("twenty-five", "twenty"),
        ("Q3", "the first quarter"),
        ("the red one", "1"),
        ("4.2.0", "4.2.1"),
        ("NASA", "nasal"),
        ("the U.S.", "tell us"),
    ],
)
def test_what_is_not_the_same_is_not_covered(query: str, text: str) -> None:
    assert coverage(query, text) < 0.9


def test_words_that_say_one_thing_together_all_match() -> None:
    said = ["In", "the", "third", "quarter,", "churn", "fell."]
    assert [bool(found) for found in covered_by_each("Q3 churn", said)] == [False, False, True, True, True, False]
    assert matched_words("Q3 churn", " ".join(said)) == ("third", "quarter", "churn")
    assert matched_words("twenty-five", "25 people") == ("25",)
    assert matched_words("2:1", "We won two to one.") == ("two", "one")


def test_letters_outside_ascii_keep_their_place() -> None:
    assert matched_words("two to one", "Łódź — Málaga 2:1 (ﬁnal)") == ("2:1",)
    assert matched_words("crème brûlée twenty five", "25 crèmes brûlées") == ("25", "crèmes", "brûlées")


@given(st.integers(0, MOST_IN_WORDS))
def test_any_number_is_found_in_digits_and_in_words(value: int) -> None:
    if value != 1:  # "one" is mostly no number
        assert coverage(str(value), in_words(value)) == coverage(in_words(value), str(value)) == 1.0
        assert has_score(in_words(value), str(value))


COMMON = sorted(word for word, count in english().counts.items() if count > 20_000 and word not in STOP_WORDS)


@given(st.sampled_from(COMMON), st.data())
def test_what_matches_word_for_word_is_found_in_the_index(word: str, data: st.DataObject) -> None:
    form = data.draw(st.sampled_from(forms(word)))
    spelt = data.draw(st.sampled_from(spellings(form)))
    if matched_words(word, spelt):
        assert has_score(word, spelt)
    if matched_words(spelt, word):
        assert has_score(spelt, word)


@given(st.text(max_size=80))
def test_any_text_has_expressions_within_it(text: str) -> None:
    for found in expressions(text):
        assert 0 <= found.start < found.end <= len(text)
        assert found.keys


@given(st.text("0123456789:.,-–%$ to twoneq", max_size=40))
def test_any_figures_have_expressions(text: str) -> None:
    assert all(found.keys for found in expressions(text))


def has_score(query: str, text: str) -> bool:
    """Whether a search of the index by words finds the text."""
    return not set(query_vector(query).indices).isdisjoint(document_vector(text, 5.0).indices)
