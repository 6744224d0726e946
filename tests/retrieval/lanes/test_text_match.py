"""Word-for-word matches in lines of text."""

from retrieval.domain import Span, Word
from retrieval.lanes.word_match import contains_phrase, coverage, matching_phrase


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


def test_codes_and_numbers_prove_more_than_words() -> None:
    text = "tag version 4.2.0 today"
    assert coverage("release 4.2.0", text) > coverage("release version", text)


def test_a_phrase_has_to_stand_in_a_row() -> None:
    assert contains_phrase("freeze main", "please freeze main now")
    assert not contains_phrase("freeze main", "main will freeze")


def test_the_matching_phrase_starts_and_ends_at_pauses() -> None:
    words = spoken("good morning all now the budget is tight this year any questions", pauses={3: 1.0, 10: 1.0})
    phrase = matching_phrase("the budget is tight", words)
    assert phrase is not None
    assert phrase.text == "now the budget is tight this year"
    assert phrase.share == 1.0
    assert phrase.span == Span(words[3].span.start_s, words[9].span.end_s)


def test_words_that_are_not_there_have_no_phrase() -> None:
    assert matching_phrase("budget", spoken("good morning all")) is None
    assert matching_phrase("budget", []) is None
