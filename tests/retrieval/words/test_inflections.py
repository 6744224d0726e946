"""Forms of English words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.lanes.terms import stem
from retrieval.words.inflections import bases, forms


def are_one_word(one: str, other: str) -> bool:
    return not bases(one).isdisjoint(bases(other))


@pytest.mark.parametrize(
    "family",
    [
        ("project", "projects", "projecting", "projected"),
        ("hope", "hopes", "hoping", "hoped"),
        ("hop", "hops", "hopping", "hopped"),
        ("movie", "movies"),
        ("city", "cities"),
        ("box", "boxes"),
        ("potato", "potatoes"),
        ("travel", "travelled", "traveled", "travelling"),
        ("go", "goes", "went", "gone", "going"),
        ("run", "ran", "running"),
        ("child", "children"),
        ("man", "men"),
        ("use", "used", "using"),
        ("die", "dies", "died", "dying"),
        ("agree", "agreed", "agreeing"),
    ],
)
def test_forms_of_one_word_are_one_word(family: tuple[str, ...]) -> None:
    assert all(are_one_word(family[0], form) for form in family)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("hat", "hate"),
        ("hats", "hated"),
        ("car", "caring"),
        ("plan", "plane"),
        ("star", "staring"),
        ("rat", "rates"),
        ("hop", "hoping"),
        ("new", "news"),
        ("even", "evening"),
        ("glass", "glasses"),
        ("us", "uses"),
        ("heroin", "heroine"),
        ("cloth", "clothes"),
    ],
)
def test_words_with_one_stem_and_two_meanings_are_two(one: str, other: str) -> None:
    assert not are_one_word(one, other)


WORDS = st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=12)


@given(WORDS)
def test_a_word_is_a_form_of_itself_and_its_regular_forms_are_forms_of_it(word: str) -> None:
    assert word in bases(word)
    assert word in forms(word)
    if len(word) > 2 and word.endswith(("t", "k", "n", "l", "p", "y")) and set(word[:-1]) & set("aeiou"):
        assert all(are_one_word(word, form) for form in forms(word)), forms(word)


@given(st.one_of(WORDS, st.text(max_size=12)))
def test_any_text_has_bases_and_forms(word: str) -> None:
    assert word in bases(word)
    assert forms(word)[0] == word
    assert all(map(stem, forms(word))) or not word
