"""Queries that describe a sight or a sound, and those that ask for words."""

import pytest

from retrieval.asking.query import described_by, lane_weights, parse_term
from retrieval.domain import Lane, LaneWeight, WeightSource

ALL = frozenset(Lane)


@pytest.mark.parametrize(
    "text",
    [
        "a dog barks",
        "someone in a hat",
        "a person",
        "two dogs playing",
        "show me a red car",
        "the moment when a child falls",
        "There is a boy at the baseball field",
        "the sound of rain",
        "applause",
        "a man telling a story",
        "A man talks on a phone",
        "A Man In A Hat",
    ],
)
def test_a_description_is_of_a_sight_or_a_sound(text: str) -> None:
    assert described_by(parse_term(text)) is not None


@pytest.mark.parametrize(
    "text",
    [
        "she says a dog barks",
        '"a dog barks"',
        "«a dog barks»",
        "a riddle about a lobster",
        "a plan for the hiring",
        "a soloist who played with Miller",
        "I heard a beep",
        "why a dog barks",
        "25 percent",
        "two to one",
        "the refund policy",
        "Q3 projections",
        "the slide with a dog",
    ],
)
def test_what_is_said_or_written_or_named_is_no_description(text: str) -> None:
    assert described_by(parse_term(text)) is None


def test_words_prove_little_of_what_is_described() -> None:
    weights = lane_weights(parse_term("a dog barks"), ALL, None)
    assert weights[Lane.SPEECH].proves == 0.25
    assert weights[Lane.SCREEN].proves == 0.5
    assert (weights[Lane.SPEECH].described, weights[Lane.VISUAL].described) == ("a dog", None)
    assert weights[Lane.VISUAL].proves == weights[Lane.SOUND].proves == 1.0


def test_words_prove_what_is_asked_of_them_alone() -> None:
    assert lane_weights(parse_term("a dog barks"), frozenset({Lane.SPEECH}), None)[Lane.SPEECH].proves == 1.0
    assert lane_weights(parse_term("speech: a dog barks"), ALL, None)[Lane.SPEECH].proves == 1.0
    assert lane_weights(parse_term("a dog"), ALL, {Lane.SPEECH: 2.0})[Lane.SPEECH] == LaneWeight(
        2.0, WeightSource.CALLER, None, 0.25, "a dog"
    )


def test_what_writing_is_on_is_proved_by_the_writing() -> None:
    weights = lane_weights(parse_term("a poster of a concert"), ALL, None)
    assert (weights[Lane.SCREEN].proves, weights[Lane.SPEECH].proves) == (1.0, 0.25)
