"""Word-for-word matches in lines of text."""

from retrieval.domain import Span, Word
from retrieval.lanes.little_words import LANGUAGES, little_terms
from retrieval.lanes.stems import STEMMED
from retrieval.lanes.word_match import coverage, matching_words, to_pauses


def spoken(text: str, start_s: float = 0.0, pauses: dict[int, float] | None = None) -> list[Word]:
    """Words of 0.4 s each, with a pause before those whose index is given."""
    words, at = [], start_s
    for index, word in enumerate(text.split()):
        at += (pauses or {}).get(index, 0.0)
        words.append(Word(word, Span(at, at + 0.4), 1.0))
        at += 0.4
    return words


def test_all_words_found_is_full_coverage_and_none_is_none() -> None:
    assert coverage("hiring plan for Lisbon", "Hiring plan 2027: six engineers in Lisbon") == 1.0
    assert coverage("hiring plan", "photosynthesis in leaves") == 0.0
    assert coverage("the of and", "the of and") == 0.0


def test_words_that_only_frame_a_query_prove_little() -> None:
    assert coverage("the slide about churn", "a slide about nothing") < 0.3
    assert coverage("the slide about churn", "churn is down") > 0.6


def test_words_that_only_frame_a_query_prove_little_without_any_other() -> None:
    assert coverage("a person", "a person has to eat") < 0.2
    assert coverage("what they say", "what they say") < 0.5


def test_a_word_with_the_same_stem_and_another_meaning_is_no_match() -> None:
    assert coverage("a man in a hat", "I hate that man") < 0.2
    assert coverage("a man in a hat", "men in hats") == 1.0
    words = spoken("I hate that he planned to wear a hat")
    assert matching_words("a hat", words) == (8, 8)


def test_codes_and_numbers_prove_more_than_words() -> None:
    text = "tag version 4.2.0 today"
    assert coverage("release 4.2.0", text) > coverage("release version", text)


def test_the_matching_words_are_those_with_most_of_the_query_and_fewest_others() -> None:
    words = spoken("good morning all now the budget is tight this year any questions", pauses={3: 1.0, 10: 1.0})
    assert matching_words("the budget is tight", words) == (5, 7)
    assert to_pauses(words, 5, 7) == (3, 9)


def test_words_that_are_not_there_match_none() -> None:
    assert matching_words("budget", spoken("good morning all")) is None
    assert matching_words("budget", []) is None


def test_little_words_of_the_lines_language_prove_little() -> None:
    text = "mais plutôt à une phrase dans les mots"
    assert coverage("des cristaux dans les reins", text, "fr") < 0.2 < coverage("des cristaux dans les reins", text)
    assert coverage("die Höhle bei Mekka", "Die Höhle liegt nördlich von Mekka.", "de") > 0.9
    assert coverage("der die das", "das ist es", "de") > 0.0


def test_every_language_that_has_little_words_has_a_stemmer() -> None:
    assert all(little_terms(language) for language in ("danish", "russian", "swedish"))
    assert set(LANGUAGES) <= set(STEMMED)
    assert little_terms(None) == little_terms("tamil") == frozenset()
