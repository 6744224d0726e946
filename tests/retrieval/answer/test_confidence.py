"""A score says what a confidence says, without an end to it; words say it to people."""

from math import exp, inf, isclose, nextafter
from re import findall

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.answer.confidence import LEAST, MOST_SCORE, ConfidenceWords, percent_of, score_of, words_of
from retrieval.asking.query import Query, Term
from retrieval.search import SearchEngine
from tests.fakes import TWO_VIDEOS, FakeEncoders, library_of

CONFIDENCES = st.floats(0.0, 1.0)


@pytest.mark.parametrize(
    ("confidence", "score"), [(0.0, -40.0), (5e-324, -40.0), (0.5, 0.0), (0.9, 2.1972), (0.1, -2.1972), (1.0, 40.0)]
)
def test_a_score_is_the_log_odds_of_the_confidence(confidence: float, score: float) -> None:
    assert round(score_of(confidence), 4) == score


@given(CONFIDENCES)
def test_the_confidence_is_the_logistic_of_the_score(confidence: float) -> None:
    assert isclose(1.0 / (1.0 + exp(-score_of(confidence))), confidence, rel_tol=1e-12, abs_tol=1e-15)


@given(CONFIDENCES, CONFIDENCES)
def test_scores_are_in_the_order_of_confidences(one: float, other: float) -> None:
    assert -MOST_SCORE <= score_of(one) <= MOST_SCORE
    assert (one <= other and score_of(one) <= score_of(other)) or (one >= other and score_of(one) >= score_of(other))


@given(CONFIDENCES)
def test_the_next_confidence_has_no_lower_score(confidence: float) -> None:
    assert score_of(nextafter(confidence, inf)) >= score_of(confidence)


def test_the_bound_is_above_every_confidence_but_certainty() -> None:
    assert 36.0 < score_of(nextafter(1.0, 0.0)) < MOST_SCORE


def test_the_moments_of_an_answer_are_ordered_by_score(tmp_path_factory: pytest.TempPathFactory) -> None:
    with library_of(tmp_path_factory.mktemp("library"), TWO_VIDEOS) as library:
        engine = SearchEngine(library, FakeEncoders())
        moments = engine.search(Query((Term("red"),), limit=100)).moments
    assert len(moments) > 3
    assert [moment.score for moment in moments] == sorted((moment.score for moment in moments), reverse=True)
    for moment in moments:
        assert moment.score == score_of(moment.confidence) != moment.confidence


def test_why_an_answer_is_none_names_a_confidence_below_what_is_asked_for(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """However little is lacking."""
    with library_of(tmp_path_factory.mktemp("library"), TWO_VIDEOS) as library:
        engine = SearchEngine(library, FakeEncoders())
        best = engine.search(Query((Term("purple"),))).moments[0].confidence
        answer = engine.search(Query((Term("purple"),), min_confidence=best + 0.0004))
    assert best < 0.9
    assert answer.reason is not None
    had, asked = (float(figure) for figure in findall(r"([\d.]+)%", answer.reason))
    assert had <= 100 * best < asked


@pytest.mark.parametrize(
    ("confidence", "words"),
    [
        (1.0, "very likely"),
        (0.8, "very likely"),
        (0.79996, "very likely"),
        (0.7999, "likely"),
        (0.6, "likely"),
        (0.4, "perhaps"),
        (0.2, "doubtful"),
        (0.1999, "unlikely"),
        (0.0, "unlikely"),
        (-1e-9, "unlikely"),
    ],
)
def test_the_words_are_those_of_the_confidence_that_is_told(confidence: float, words: str) -> None:
    assert words_of(confidence) == words


@given(CONFIDENCES | st.integers(0, 10_000).map(lambda told: told / 10_000))
def test_the_percent_shown_are_of_the_words_beside_them(confidence: float) -> None:
    """And less than one from what is told, which has four digits."""
    percent = percent_of(confidence)
    assert words_of(percent / 100) == words_of(confidence)
    assert 0 <= 100 * confidence - percent + 0.005 + 1e-9 < 1.01 + 1e-6


@pytest.mark.parametrize(
    ("confidence", "percent"), [(0.0, 0), (0.29, 29), (0.57, 57), (0.7999, 79), (0.79996, 80), (0.8, 80), (1.0, 100)]
)
def test_percent_are_whole_and_never_too_many(confidence: float, percent: int) -> None:
    assert percent_of(confidence) == percent


def test_every_word_stands_for_something_and_they_go_down() -> None:
    assert [words for words, _ in LEAST] == list(ConfidenceWords)
    assert [least for _, least in LEAST] == sorted((least for _, least in LEAST), reverse=True)
    assert LEAST[-1][1] == 0.0
