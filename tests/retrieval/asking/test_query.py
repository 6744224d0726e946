"""What may be asked, and which lanes words hint at."""

import pytest

from retrieval.asking.query import MAX_QUERY_CHARS, Query, Term, lane_hints, lane_weights, parse_lane, parse_term
from retrieval.domain import Lane, LaneWeight, WeightSource
from retrieval.errors import InputError, QueryError

ALL = frozenset(Lane)


@pytest.mark.parametrize("text", ["", "   ", "\n\t"])
def test_an_empty_query_is_an_error(text: str) -> None:
    with pytest.raises(QueryError, match="empty"):
        parse_term(text)


def test_a_query_of_ten_thousand_characters_is_an_error_that_names_the_limit() -> None:
    with pytest.raises(QueryError, match=r"10,000 characters; at most 1,000"):
        parse_term("a" * 10_000)
    assert parse_term("a" * MAX_QUERY_CHARS).text == "a" * MAX_QUERY_CHARS


@pytest.mark.parametrize("text", ["?!", "...", "— « »", "🙂"])
def test_a_query_of_punctuation_only_is_an_error(text: str) -> None:
    with pytest.raises(QueryError, match="no letter or digit"):
        parse_term(text)


@pytest.mark.parametrize("text", ["4.2.0", "P(A|B)", "猫", "Ωμέγα"])
def test_numbers_codes_and_other_scripts_are_queries(text: str) -> None:
    assert parse_term(text) == Term(text)


def test_a_scoped_term_names_its_lane() -> None:
    assert parse_term("Screen: hiring plan") == Term("hiring plan", Lane.SCREEN)
    assert parse_term("note: hiring plan") == Term("note: hiring plan")


def test_an_unknown_lane_is_an_error_that_lists_the_lanes() -> None:
    with pytest.raises(InputError, match="unknown lane 'smell'; allowed are visual, sound, speech, screen"):
        parse_lane("smell")


@pytest.mark.parametrize(
    ("text", "lanes"),
    [
        ("where she mentions the Q3 projections", {Lane.SPEECH}),
        ("the sound of rain", {Lane.SOUND}),
        ("a dog barking", {Lane.SOUND}),
        ("the slide with the agenda", {Lane.SCREEN}),
        ('"ask not what"', {Lane.SPEECH, Lane.SCREEN}),
        ("a red car on a bridge", set()),
    ],
)
def test_words_hint_at_lanes(text: str, lanes: set[Lane]) -> None:
    assert set(lane_hints(parse_term(text))) == lanes


def test_the_callers_weights_win_over_hints() -> None:
    weights = lane_weights(Term("the sound of rain"), ALL, {Lane.SOUND: 0.0, Lane.VISUAL: 3.0})
    assert Lane.SOUND not in weights
    assert weights[Lane.VISUAL] == LaneWeight(3.0, WeightSource.CALLER)
    assert weights[Lane.SPEECH].value < 1.0


def test_a_scoped_term_is_searched_in_its_lane_only() -> None:
    assert set(lane_weights(Term("rain", Lane.SCREEN), ALL, None)) == {Lane.SCREEN}
    assert lane_weights(Term("rain", Lane.SCREEN), frozenset({Lane.SOUND}), None) == {}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"limit": 0}, "limit is 0; allowed is 1 to 100"),
        ({"limit": 101}, "limit is 101"),
        ({"within_s": 0.0}, "within_s is 0.0"),
        ({"lanes": frozenset()}, "no lane"),
        ({"weights": {Lane.SOUND: -1.0}}, "weight of lane sound is -1.0"),
        ({"steps": ()}, "empty"),
        ({"steps": (Term("a"),) * 9}, "9 steps"),
    ],
)
def test_a_query_that_cannot_be_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Query(**{"steps": (Term("a"),), **change})  # type: ignore[arg-type]


@pytest.mark.parametrize("marks", ['""', "“”", "„“", "«»", "»«", "‘’", "‚‘", "‹›", "「」", "『』"])
def test_any_quotation_marks_quote(marks: str) -> None:
    assert parse_term(f"says {marks[0]}don’t panic{marks[1]} twice").quoted == ("don’t panic",)


@pytest.mark.parametrize(
    "text", ["the dog’s and the cat’s bowls", "don't say it isn't", "rock 'n' roll", "5' 10\" tall"]
)
def test_apostrophes_do_not_quote(text: str) -> None:
    assert parse_term(text).quoted == ()
