from hypothesis import given
from hypothesis import strategies as st

from retrieval.encoders.spoken_language import languages_of, runs_of

ENGLISH = {"en": 0.95, "de": 0.02}
GERMAN = {"de": 0.95, "en": 0.02}
UNSURE = {"zh": 0.4, "en": 0.3, "de": 0.2}


def test_each_utterance_is_in_the_language_it_was_heard_in() -> None:
    assert languages_of([ENGLISH, GERMAN, GERMAN, ENGLISH], [4.0] * 4) == ["en", "de", "de", "en"]


def test_what_is_unsure_is_in_the_language_around_it() -> None:
    assert languages_of([ENGLISH, UNSURE, ENGLISH, GERMAN, UNSURE], [4.0] * 5) == ["en", "en", "en", "de", "de"]


def test_a_word_or_two_change_no_language() -> None:
    assert languages_of([ENGLISH, GERMAN, ENGLISH], [4.0, 0.4, 4.0]) == ["en", "en", "en"]


def test_what_was_spoken_before_decides_where_the_first_is_unsure() -> None:
    assert languages_of([UNSURE], [2.0]) == ["zh"]
    assert languages_of([UNSURE], [2.0], "de") == ["de"]
    assert languages_of([ENGLISH], [2.0], "de") == ["en"]


def test_nothing_heard_is_in_no_language() -> None:
    assert languages_of([], []) == []
    assert runs_of([]) == []


@given(st.lists(st.sampled_from(["en", "de", "fr"]), min_size=1))
def test_runs_hold_all_and_change_between_each_other(languages: list[str]) -> None:
    runs = runs_of(languages)
    assert [n for first, last in runs for n in range(first, last)] == list(range(len(languages)))
    assert all(len(set(languages[first:last])) == 1 for first, last in runs)
    assert all(languages[last - 1] != languages[last] for _, last in runs[:-1])
