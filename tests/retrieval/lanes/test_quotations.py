"""Words in quotation marks, found as they stand or nearly so."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.lanes.quotations import LEAST_LIKE, Quotation, quotation

SAID = "Mr. Quilter is the apostle of the middle classes, and we are glad to welcome his gospel.".split()
WORD = st.text(st.sampled_from("abcdefgh"), min_size=1, max_size=9)


@pytest.mark.parametrize(
    ("phrase", "first", "last"),
    [
        ("the middle classes and we", 6, 10),
        ("The Middle Classes", 6, 8),
        ("and we are", 9, 11),
        ("gospel", 16, 16),
        ("mr quilter", 0, 1),
    ],
)
def test_a_phrase_is_found_where_it_stands_whatever_its_case_and_marks(phrase: str, first: int, last: int) -> None:
    assert quotation(phrase, SAID) == Quotation(first, last, 1.0)


@pytest.mark.parametrize(
    "phrase", ["the apostle of the muddled classes", "glad to walk home his gospel", "is the a postle of"]
)
def test_a_phrase_of_which_a_word_was_misheard_is_found_as_less_like(phrase: str) -> None:
    found = quotation(phrase, SAID)
    assert found is not None
    assert LEAST_LIKE < found.likeness < 1.0


@pytest.mark.parametrize("phrase", ["we are sad about the news today", "apostles of war and peace", "cats", "..."])
def test_a_phrase_that_nobody_says_is_not_found(phrase: str) -> None:
    assert quotation(phrase, SAID) is None


@pytest.mark.parametrize(("phrase", "said"), [("art", "the heart of it"), ("ring", "bring it"), ("to be", "tobacco")])
def test_a_short_word_is_not_found_inside_of_another(phrase: str, said: str) -> None:
    assert quotation(phrase, said.split()) is None


def test_little_words_count_as_much_as_others() -> None:
    assert quotation("to be or not to be", "to be, or not to be".split()) == Quotation(0, 5, 1.0)
    assert quotation("to be or not to be", ["not"]) is None


def test_scripts_without_spaces_are_quoted_by_their_characters() -> None:
    """A recogniser's words of Japanese are pieces of it: what is quoted may end within one."""
    assert quotation("復興契約を", ["内部", "復興", "契約", "を変わした"]) == Quotation(1, 3, 1.0)
    assert quotation("復興計画", ["内部", "復興", "契約"]) is None
    assert quotation("お天気", []) is None


@given(st.lists(WORD, min_size=1, max_size=8), st.lists(WORD, max_size=8), st.lists(WORD, max_size=8))
def test_what_stands_there_word_for_word_is_always_found(
    phrase: list[str], before: list[str], after: list[str]
) -> None:
    found = quotation(" ".join(phrase), [*before, *phrase, *after])
    assert found is not None
    assert found.likeness == 1.0
